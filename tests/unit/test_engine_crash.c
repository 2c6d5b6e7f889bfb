/* The process may end before and after every single thing it does, the ledger may fail at every call, a
 * signal may come in every phase: the run that follows finishes the work, nobody is created twice, and no
 * write ever left before its intent was durable (engine_bed.c asserts that of every call). */
#include <stdio.h>

#include "engine_bed.h"

/* How a vendor takes changes, and how it lets us know its users. */
struct way {
    const char *name;
    bool town; /* does not check who is whose manager */
    enum village_writes writes;
    int64_t limit;                   /* lines in a bulk call */
    unsigned stops_after, busy_line; /* of it */
    bool look_up, session;
    unsigned token_calls, meddles;
};

static const struct way plain = { .name = "plain" };
static const struct way ways[] = {
    { .name = "bulk", .town = true, .writes = VILLAGE_IN_BULK },
    { .name = "bulk, managers in order", .writes = VILLAGE_IN_BULK },
    { .name = "bulk of three", .town = true, .writes = VILLAGE_IN_BULK, .limit = 3 },
    { .name = "bulk that stops", .town = true, .writes = VILLAGE_IN_BULK, .stops_after = 4 },
    { .name = "bulk, a create is busy", .town = true, .writes = VILLAGE_IN_BULK, .busy_line = 3 },
    { .name = "replacing", .writes = VILLAGE_REPLACES },
    { .name = "replacing, somebody else at work", .writes = VILLAGE_REPLACES, .meddles = 2 },
    { .name = "looked up", .look_up = true },
    { .name = "sessions", .session = true, .token_calls = 3 },
    { .name = "everything",
      .town = true,
      .writes = VILLAGE_IN_BULK,
      .limit = 3,
      .look_up = true,
      .session = true,
      .token_calls = 5 },
};

static void company(struct bed *b, const struct way *w)
{
    bed_init(b);
    b->config.connector = w->town ? &town_connector : &village_connector;
    b->job.target.option[V_WRITES].number = w->writes;
    b->job.target.option[V_LIMIT].number = w->limit;
    b->job.target.option[V_SESSION].number = w->session;
    b->job.target.option[V_ROSTER].text = w->look_up ? "look_up" : "list";
    b->village.stops_after = w->stops_after;
    b->village.busy_line = w->busy_line;
    b->village.token_calls = w->token_calls;
    b->village.meddles_left = w->meddles;
    b->village.meddles_slot = -1;
    b->village.meddles = "Sue";
    bed_user(b, "u1", "E1", "Ann", NULL, true);
    bed_user(b, "u2", "E2", "Bob", "u1", true);
    bed_user(b, "u3", "E3", "Cid", "u2", true);
    bed_user(b, "u4", "E4", "Dan", "u1", true);
    bed_user(b, "u5", "E5", "Eve", "u4", true);
    bed_user(b, "u6", "E6", "Fay", "u1", false);
    b->village.lag_us = 2 * SECOND_US;
    bed_row(b, "E1", "Ann", NULL, "Active");
    bed_row(b, "E2", "Bob", "E3", "Active");
    bed_row(b, "E3", "Cid", "E1", "Active");
    bed_row(b, "E4", "Dan", NULL, "Left");
    bed_row(b, "E5", "Eva", "E1", "Active");
    bed_row(b, "E6", "Fay", "E10", "Active");
    bed_row_phone(b, "E10", "Gus", "E1", "555");
    bed_row(b, "E11", "Hal", "E10", "Active");
}

static const char done[] =
    "E1 on Ann -\nE10 on Gus E1 555\nE11 on Hal E10\nE2 on Bob E3\nE3 on Cid E1\nE4 off Dan E1\nE5 on Eva E1\nE6 on Fay E10\n";

/* Ends well whatever happened before, and leaves nothing to do. */
static void finish(struct bed *b, const char *what, uint64_t at)
{
    for (int i = 0; i < 3; i++) {
        bed_resume(b);
        if (b->result.exit_code == EXIT_OK)
            break;
    }
    bed_quiet(b);
    ck_assert_msg(b->result.exit_code == EXIT_OK, "%s %llu: exit %d: %s", what, (unsigned long long)at,
                  b->result.exit_code, b->result.message);
    ck_assert_msg(b->village.creates == 2, "%s %llu: %u creates", what, (unsigned long long)at,
                  b->village.creates);
    assert_village(b, done);
    ck_assert_uint_eq(bed_outcomes(b, OUTCOME_NONE), 0);
    b->village.order[0] = '\0';
    bed_run(b, VERB_SYNC);
    ck_assert_str_eq(b->village.order, "");
}

/* What is lost on its way when the process ends: the odd ones of the faults below make the unknown more
 * frequent. */
static const struct fault faults[] = {
    { V_SELF, 999, WRONG_NOT, 0 },       { V_CREATE, 1, WRONG_LOST_DONE, 0 },
    { V_CREATE, 1, WRONG_LOST_LATE, 0 }, { V_CREATE, 2, WRONG_LOST_UNDONE, 0 },
    { V_CREATE, 1, WRONG_BUSY, 0 },      { V_MANAGERS, 2, WRONG_LOST_LATE, 0 },
    { V_STATE, 1, WRONG_LOST_DONE, 0 },  { V_UPDATE, 1, WRONG_THROTTLED, 3 * SECOND_US }
};

START_TEST(crash_at_every_moment)
{
    const struct fault *f = &faults[_i];
    bool crashed = true;
    for (uint64_t at = 1; crashed; at++) {
        struct bed b;
        company(&b, &plain);
        bed_fault(&b, f->call, f->nth, f->wrong, f->wait_us);
        b.crash_at = at;
        crashed = bed_run(&b, VERB_SYNC) < 0;
        finish(&b, "crash at", at);
        bed_deinit(&b);
    }
}
END_TEST

/* The same where calls build on themselves, on what is read right before them, on a session. */
static const struct fault way_faults[] = {
    { V_SELF, 999, WRONG_NOT, 0 },        { V_BULK, 1, WRONG_LOST_HALF, 0 },
    { V_BULK, 1, WRONG_LOST_LATE, 0 },    { V_GET, 1, WRONG_THROTTLED, 3 * SECOND_US },
    { V_REPLACE, 1, WRONG_LOST_LATE, 0 }, { V_FIND, 1, WRONG_BUSY, 0 },
    { V_LOGIN, 2, WRONG_BUSY, 0 },
};

static bool meets(const struct way *w, enum village_call call)
{
    switch (call) {
    case V_BULK: return w->writes == VILLAGE_IN_BULK;
    case V_FIND: return w->look_up;
    case V_GET:
    case V_REPLACE: return w->writes == VILLAGE_REPLACES;
    case V_LOGIN: return w->session;
    default: return true;
    }
}

START_TEST(crash_at_every_moment_of_each_way)
{
    const struct way *w = &ways[_i];
    for (size_t k = 0; k < array_len(way_faults); k++) {
        const struct fault *f = &way_faults[k];
        bool crashed = meets(w, f->call);
        for (uint64_t at = 1; crashed; at++) {
            struct bed b;
            company(&b, w);
            bed_fault(&b, f->call, f->nth, f->wrong, f->wait_us);
            b.crash_at = at;
            crashed = bed_run(&b, VERB_SYNC) < 0;
            if (!crashed && k == 0)
                ck_assert_msg(b.result.exit_code == EXIT_OK, "%s: exit %d: %s", w->name, b.result.exit_code,
                              b.result.message);
            finish(&b, w->name, at);
            bed_deinit(&b);
        }
    }
}
END_TEST

START_TEST(stop_at_every_moment_of_each_way)
{
    bool stopped = true;
    for (uint64_t at = 1; stopped; at++) {
        struct bed b;
        company(&b, &ways[_i]);
        bed_fault(&b, V_BULK, 1, WRONG_LOST_LATE, 0);
        b.stop_at = at;
        bed_run(&b, VERB_SYNC);
        stopped = b.stopped;
        assert_code(&b, stopped ? EXIT_INTERRUPTED : EXIT_OK);
        finish(&b, ways[_i].name, at);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(crash_twice_in_each_way)
{
    for (uint64_t first = 12; first < 80; first += 11)
        for (uint64_t second = 5; second < 45; second += 9) {
            struct bed b;
            company(&b, &ways[_i]);
            b.crash_at = first;
            struct run newest;
            bool stored = bed_run(&b, VERB_SYNC) < 0 && journal_newest(b.journal, &newest);
            b.crash_at = second;
            b.now += first % 2 ? SECOND_US : HOUR_US;
            bed_run(&b, stored ? VERB_APPLY : VERB_SYNC);
            finish(&b, ways[_i].name, second);
            bed_deinit(&b);
        }
}
END_TEST

START_TEST(crash_twice)
{
    for (uint64_t first = 20; first < 90; first += 3)
        for (uint64_t second = 5; second < 45; second += 4) {
            struct bed b;
            company(&b, &plain);
            b.crash_at = first;
            struct run newest;
            bool stored = bed_run(&b, VERB_SYNC) < 0 && journal_newest(b.journal, &newest);
            b.crash_at = second;
            b.now += first % 2 ? SECOND_US : HOUR_US;
            bed_run(&b, stored ? VERB_APPLY : VERB_SYNC);
            finish(&b, "crash twice, second at", second);
            bed_deinit(&b);
        }
}
END_TEST

/* A create that was sent twice in the first run and is sent again by the second, which ends while that one is
 * slowly on its way: the third must give that one the time to arrive, not an older one. */
START_TEST(each_intent_gets_its_time)
{
    struct bed b;
    bed_init(&b);
    bed_row(&b, "E10", "Gus", NULL, "Active");
    bed_fault(&b, V_CREATE, 1, WRONG_LOST_UNDONE, 0);
    bed_fault(&b, V_CREATE, 2, WRONG_LOST_UNDONE, 0);
    bed_fault(&b, V_CREATE, 3, WRONG_LOST_LATE, 0);
    b.crash_create = 2;
    ck_assert_int_eq(bed_run(&b, VERB_SYNC), -1);
    b.crash_create = 3;
    b.crash_at = 0;
    ck_assert_int_eq(bed_run(&b, VERB_APPLY), -1);
    bed_resume(&b);
    assert_code(&b, EXIT_OK);
    bed_quiet(&b);
    ck_assert_uint_eq(b.village.creates, 1);
    bed_deinit(&b);
}
END_TEST

/* What a create said is remembered over several ends: the user is known by his id, and not looked for by what
 * he may not show yet. */
START_TEST(created_once_even_when_not_shown)
{
    struct bed b;
    bed_init(&b);
    bed_row_phone(&b, "E10", "Gus", NULL, "555");
    bed_fault(&b, V_UPDATE, 1, WRONG_LOST_UNDONE, 0);
    b.stop_in = PHASE_APPLY;
    b.village.hides = "E10";
    b.crash_at = 0;
    bed_run(&b, VERB_SYNC);
    ck_assert_uint_eq(b.village.creates, 1);
    bed_resume(&b);
    ck_assert_uint_eq(b.village.creates, 1);
    ck_assert_int_ne(b.result.exit_code, EXIT_OK);
    bed_deinit(&b);
}
END_TEST

START_TEST(stop_at_every_moment)
{
    bool stopped = true;
    for (uint64_t at = 1; stopped; at++) {
        struct bed b;
        company(&b, &plain);
        bed_fault(&b, V_CREATE, 1, WRONG_LOST_LATE, 0);
        b.stop_at = at;
        bed_run(&b, VERB_SYNC);
        stopped = b.stopped;
        assert_code(&b, stopped ? EXIT_INTERRUPTED : EXIT_OK);
        finish(&b, "stop at", at);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(stop_in_every_phase)
{
    for (enum phase p = PHASE_TENANT; p < PHASE_DONE; p++) {
        struct bed b;
        company(&b, &plain);
        b.stop_in = p;
        bed_run(&b, VERB_SYNC);
        ck_assert(b.stopped);
        assert_code(&b, EXIT_INTERRUPTED);
        ck_assert(b.result.resumable ==
                  (p >= PHASE_PLAN)); /* planning takes no time: the signal comes when it is stored */
        finish(&b, "stop in phase", p);
        bed_deinit(&b);
    }
}
END_TEST

/* Exit 1 whichever call of the ledger it is; with room on the disk again the work is finished. */
START_TEST(ledger_fails_at_every_call)
{
    bool failed = true;
    for (uint64_t at = 1; failed; at++) {
        struct bed b;
        company(&b, &plain);
        bed_fault(&b, V_CREATE, 1, WRONG_LOST_DONE, 0);
        journal_fail_at(b.journal, at);
        bed_run(&b, VERB_SYNC);
        failed = journal_failed(b.journal);
        assert_code(&b, failed ? EXIT_INTERNAL : EXIT_OK);
        journal_crash(b.journal);
        finish(&b, "ledger fails at", at);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(ledger_fails_at_every_call_of_an_apply)
{
    bool failed = true;
    for (uint64_t at = 1; failed; at++) {
        struct bed b;
        company(&b, &plain);
        bed_run(&b, VERB_PLAN);
        journal_fail_at(b.journal, at);
        bed_run(&b, VERB_APPLY);
        failed = journal_failed(b.journal);
        assert_code(&b, failed ? EXIT_INTERNAL : EXIT_OK);
        journal_crash(b.journal);
        finish(&b, "apply's ledger fails at", at);
        bed_deinit(&b);
    }
}
END_TEST

static int run(void)
{
    Suite *suite = suite_create("engine crash");
    TCase *tcase = tcase_create("engine crash");
    tcase_set_timeout(tcase, UNIT_TIMEOUT_S);
    tcase_add_loop_test(tcase, crash_at_every_moment, 0, (int)array_len(faults));
    tcase_add_test(tcase, crash_twice);
    tcase_add_loop_test(tcase, crash_at_every_moment_of_each_way, 0, (int)array_len(ways));
    tcase_add_loop_test(tcase, stop_at_every_moment_of_each_way, 0, (int)array_len(ways));
    tcase_add_loop_test(tcase, crash_twice_in_each_way, 0, (int)array_len(ways));
    tcase_add_test(tcase, each_intent_gets_its_time);
    tcase_add_test(tcase, created_once_even_when_not_shown);
    tcase_add_test(tcase, stop_at_every_moment);
    tcase_add_test(tcase, stop_in_every_phase);
    tcase_add_test(tcase, ledger_fails_at_every_call);
    tcase_add_test(tcase, ledger_fails_at_every_call_of_an_apply);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(void)
{
    return run();
}
