/* One fault a row: what becomes of the run, of the tenant, and how many calls it took. */
#include <stdio.h>

#include "engine_bed.h"

/* Somebody new with a phone and a manager, a new name, a move, a leaver. */
static void company(struct bed *b)
{
    bed_init(b);
    bed_user(b, "u1", "E1", "Ann", NULL, true);
    bed_user(b, "u2", "E2", "Bob", NULL, true);
    bed_user(b, "u3", "E3", "Cid", NULL, true);
    b->village.lag_us = SECOND_US;
    bed_row(b, "E1", "Anne", NULL, "Active");
    bed_row(b, "E2", "Bob", "E1", "Active");
    bed_row(b, "E3", "Cid", NULL, "Left");
    bed_row_phone(b, "E10", "Gus", "E1", "555");
}

#define ALL_DONE "E1 on Anne -\nE10 on Gus E1 555\nE2 on Bob E1\nE3 off Cid -\n"
#define ALL_BUT_CREATE "E1 on Anne -\nE2 on Bob E1\nE3 off Cid -\n"
#define NOTHING "E1 on Ann -\nE2 on Bob -\nE3 on Cid -\n"

struct row {
    const char *name;
    struct fault fault[4];
    size_t n;
    int code;
    const char *want;
    enum village_call call; /* made ... */
    unsigned made;          /* ... so often; 0: not looked at */
    int64_t least_us;       /* the run takes at least */
};

static const struct row rows[] = {
    { "create lost, done",
      { { V_CREATE, 1, WRONG_LOST_DONE, 0 } },
      1,
      EXIT_OK,
      ALL_DONE,
      V_CREATE,
      1,
      30 * SECOND_US },
    { "create lost, not done",
      { { V_CREATE, 1, WRONG_LOST_UNDONE, 0 } },
      1,
      EXIT_OK,
      ALL_DONE,
      V_CREATE,
      2,
      30 * SECOND_US },
    { "create lost, done later",
      { { V_CREATE, 1, WRONG_LOST_LATE, 0 } },
      1,
      EXIT_OK,
      ALL_DONE,
      V_CREATE,
      1,
      30 * SECOND_US },
    { "create lost twice",
      { { V_CREATE, 0, WRONG_LOST_UNDONE, 0 } },
      1,
      EXIT_FAILURES,
      ALL_BUT_CREATE,
      V_CREATE,
      2,
      60 * SECOND_US },
    { "create throttled, then lost",
      { { V_CREATE, 1, WRONG_THROTTLED, SECOND_US },
        { V_CREATE, 2, WRONG_THROTTLED, SECOND_US },
        { V_CREATE, 3, WRONG_LOST_UNDONE, 0 } },
      3,
      EXIT_OK,
      ALL_DONE,
      V_CREATE,
      4,
      30 * SECOND_US },
    { "update lost, done",
      { { V_UPDATE, 1, WRONG_LOST_DONE, 0 } },
      1,
      EXIT_OK,
      ALL_DONE,
      V_UPDATE,
      2,
      30 * SECOND_US },
    { "update lost, not done",
      { { V_UPDATE, 1, WRONG_LOST_UNDONE, 0 } },
      1,
      EXIT_OK,
      ALL_DONE,
      V_UPDATE,
      3,
      30 * SECOND_US },
    { "update of the joiner lost, not done",
      { { V_UPDATE, 2, WRONG_LOST_UNDONE, 0 } },
      1,
      EXIT_OK,
      ALL_DONE,
      V_UPDATE,
      3,
      30 * SECOND_US },
    { "move lost, done",
      { { V_MANAGERS, 1, WRONG_LOST_DONE, 0 } },
      1,
      EXIT_OK,
      ALL_DONE,
      V_MANAGERS,
      1,
      30 * SECOND_US },
    { "move lost, not done",
      { { V_MANAGERS, 1, WRONG_LOST_UNDONE, 0 } },
      1,
      EXIT_OK,
      ALL_DONE,
      V_MANAGERS,
      2,
      30 * SECOND_US },
    { "deactivation lost, done later",
      { { V_STATE, 1, WRONG_LOST_LATE, 0 } },
      1,
      EXIT_OK,
      ALL_DONE,
      V_STATE,
      1,
      30 * SECOND_US },
    { "throttled, 40 s",
      { { V_UPDATE, 1, WRONG_THROTTLED, 40 * SECOND_US } },
      1,
      EXIT_OK,
      ALL_DONE,
      V_UPDATE,
      3,
      40 * SECOND_US },
    { "throttled, does not say",
      { { V_UPDATE, 1, WRONG_THROTTLED, -1 } },
      1,
      EXIT_OK,
      ALL_DONE,
      V_UPDATE,
      3,
      5 * SECOND_US },
    { "throttled for longer than max_pause",
      { { V_UPDATE, 1, WRONG_THROTTLED, HOUR_US } },
      1,
      EXIT_INTERRUPTED,
      NULL,
      V_UPDATE,
      0,
      0 },
    { "throttled for ever",
      { { V_UPDATE, 0, WRONG_THROTTLED, SECOND_US } },
      1,
      EXIT_INTERRUPTED,
      NULL,
      V_UPDATE,
      0,
      0 },
    { "list throttled for ever",
      { { V_LIST, 0, WRONG_THROTTLED, SECOND_US } },
      1,
      EXIT_INTERRUPTED,
      NOTHING,
      V_LIST,
      0,
      0 },
    { "not sent once", { { V_CREATE, 1, WRONG_NOT_SENT, 0 } }, 1, EXIT_OK, ALL_DONE, V_CREATE, 2, 0 },
    { "busy twice",
      { { V_CREATE, 1, WRONG_BUSY, 0 }, { V_CREATE, 2, WRONG_BUSY, 0 } },
      2,
      EXIT_OK,
      ALL_DONE,
      V_CREATE,
      3,
      0 },
    { "busy for ever", { { V_CREATE, 0, WRONG_BUSY, 0 } }, 1, EXIT_FAILURES, ALL_BUT_CREATE, V_CREATE, 5, 0 },
    { "refused", { { V_CREATE, 1, WRONG_REFUSED, 0 } }, 1, EXIT_FAILURES, ALL_BUT_CREATE, V_CREATE, 1, 0 },
    { "credentials refused", { { V_CREATE, 1, WRONG_LOGIN, 0 } }, 1, EXIT_TARGET, NULL, V_CREATE, 1, 0 },
    { "own user refused", { { V_SELF, 0, WRONG_LOGIN, 0 } }, 1, EXIT_TARGET, NOTHING, V_SELF, 0, 0 },
    { "list busy once", { { V_LIST, 1, WRONG_BUSY, 0 } }, 1, EXIT_OK, ALL_DONE, V_LIST, 4, 0 },
    { "list cut once", { { V_LIST, 1, WRONG_CUT, 0 } }, 1, EXIT_OK, ALL_DONE, V_LIST, 4, 0 },
    { "list busy for ever", { { V_LIST, 0, WRONG_BUSY, 0 } }, 1, EXIT_TARGET, NOTHING, V_LIST, 12, 0 },
    { "list cut for ever", { { V_LIST, 0, WRONG_CUT, 0 } }, 1, EXIT_TARGET, NOTHING, V_LIST, 12, 0 },
};

START_TEST(one_fault)
{
    const struct row *r = &rows[_i];
    struct bed b;
    company(&b);
    for (size_t i = 0; i < r->n; i++)
        b.village.fault[b.village.n_faults++] = r->fault[i];
    mono_us begun = b.now;
    bed_run(&b, VERB_SYNC);
    ck_assert_msg(b.result.exit_code == r->code, "%s: exit %d: %s", r->name, b.result.exit_code,
                  b.result.message);
    if (r->made)
        ck_assert_msg(b.village.made[r->call] == r->made, "%s: %u calls", r->name, b.village.made[r->call]);
    ck_assert_msg(b.now - begun >= r->least_us, "%s: too fast", r->name);
    bed_quiet(&b);
    if (r->want)
        assert_village(&b, r->want);
    /* What could not be done now is done by the run that follows. */
    if (r->code == EXIT_INTERRUPTED || r->code == EXIT_TARGET)
        bed_resume(&b);
    b.village.n_faults = 0;
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_OK);
    assert_village(&b, ALL_DONE);
    ck_assert_uint_eq(b.village.n, 4);
    bed_deinit(&b);
}
END_TEST

/* A batch that is refused whole is halved until the bad one stands alone. */
START_TEST(bad_one_of_a_batch)
{
    for (int bad = 1; bad <= VILLAGE_BATCH; bad++) {
        char id[8];
        struct bed b;
        bed_init(&b);
        bed_user(&b, "u0", "E0", "Boss", NULL, true);
        bed_row(&b, "E0", "Boss", NULL, "Active");
        for (int i = 1; i <= VILLAGE_BATCH; i++) {
            char number[8];
            snprintf(id, sizeof id, "u%d", i);
            snprintf(number, sizeof number, "E%d", i);
            bed_user(&b, id, number, "Ann", NULL, true);
            bed_row(&b, number, "Ann", "E0", "Active");
        }
        snprintf(id, sizeof id, "u%d", bad);
        b.village.refused = id;
        bed_run(&b, VERB_SYNC);
        assert_code(&b, EXIT_FAILURES);
        ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_APPLIED), VILLAGE_BATCH - 1);
        ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_FAILED), 1);
        for (size_t i = 1; i < b.village.n; i++)
            ck_assert_str_eq(b.village.user[i].manager, (int)i == bad ? "" : "u0");
        ck_assert_uint_le(b.village.made[V_MANAGERS], 7);
        bed_deinit(&b);
    }
}
END_TEST

/* A read back by listing is planned as the listing is that no fault has made longer. */
START_TEST(what_was_asked_again_is_not_planned_for_the_read_back)
{
    static const enum wrong wrong[] = { WRONG_BUSY, WRONG_THROTTLED };
    struct bed b;
    company(&b);
    bed_run(&b, VERB_PLAN);
    const uint64_t undisturbed = b.sum[V_LIST].planned;
    ck_assert_uint_gt(undisturbed, b.sum[V_LIST].made);
    bed_deinit(&b);
    for (size_t i = 0; i < array_len(wrong); i++) {
        company(&b);
        for (unsigned nth = 1; nth <= 2; nth++)
            bed_fault(&b, V_LIST, nth, wrong[i], SECOND_US);
        bed_run(&b, VERB_PLAN);
        assert_code(&b, EXIT_OK);
        ck_assert_uint_eq(b.sum[V_LIST].retried, 2);
        ck_assert_uint_eq(b.sum[V_LIST].planned, undisturbed);
        bed_deinit(&b);
    }
}
END_TEST

static void many(struct bed *b, int n)
{
    bed_init(b);
    for (int i = 0; i < n; i++) {
        char id[16], number[16];
        snprintf(id, sizeof id, "u%02d", i);
        snprintf(number, sizeof number, "E%02d", i);
        bed_user(b, id, number, "Ann", NULL, true);
        bed_row(b, number, "Anne", NULL, "Active");
    }
}

START_TEST(ten_failures_in_a_row_end_the_run)
{
    struct bed b;
    many(&b, 40);
    bed_fault(&b, V_UPDATE, 0, WRONG_REFUSED, 0);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_INTERRUPTED);
    ck_assert(b.result.resumable);
    ck_assert_uint_le(b.village.made[V_UPDATE], 10 + 2); /* two more were in flight */
    bed_resume(&b); /* those that were refused stay so, the others are done */
    assert_code(&b, EXIT_FAILURES);
    ck_assert_uint_ge(bed_outcomes(&b, OUTCOME_APPLIED), 28);
    bed_deinit(&b);
}
END_TEST

START_TEST(failures_apart_do_not)
{
    struct bed b;
    many(&b, 40);
    for (unsigned i = 0; i < 8; i++)
        bed_fault(&b, V_UPDATE, 4 * i + 1, WRONG_REFUSED, 0);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_FAILURES);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_FAILED), 8);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_APPLIED), 32);
    b.job.failures_ok = 8;
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_OK);
    bed_deinit(&b);
}
END_TEST

/* Accepted, and never to be seen: said so, after `visible`. */
START_TEST(accepted_and_not_done)
{
    struct bed b;
    company(&b);
    b.village.forgets_phone = true;
    mono_us begun = b.now;
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_FAILURES);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_NOT_VISIBLE), 1);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_APPLIED), 3);
    ck_assert_int_ge(b.now - begun, 4 * MINUTE_US);
    ck_assert_int_le(b.now - begun, 8 * MINUTE_US);
    bed_deinit(&b);
}
END_TEST

START_TEST(slow_managers_are_waited_for)
{
    struct bed b;
    company(&b);
    b.village.lag_us = 2 * MINUTE_US;
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_OK);
    ck_assert_uint_eq(b.village.made[V_MANAGERS], 1);
    bed_deinit(&b);
}
END_TEST

/* What needs somebody who could not be created is withheld, the rest goes on. */
START_TEST(needs_of_what_failed)
{
    struct bed b;
    company(&b);
    bed_row(&b, "E11", "Hal", "E10", "Active");
    b.village.refused = "E10";
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_FAILURES);
    assert_village(&b, "E1 on Anne -\nE11 on Hal -\nE2 on Bob E1\nE3 off Cid -\n");
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_FAILED), 2);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_NONE), 0);
    bed_deinit(&b);
}
END_TEST

/* Nobody can look what became of a lost call: said so, and a later run finds out. */
START_TEST(look_up_fails)
{
    struct bed b;
    company(&b);
    bed_fault(&b, V_CREATE, 1, WRONG_LOST_DONE, 0);
    bed_fault(&b, V_FIND, 0, WRONG_BUSY, 0);
    bed_fault(&b, V_LIST, FROM(2), WRONG_BUSY, 0);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_TARGET);
    ck_assert(b.result.resumable);
    ck_assert_uint_gt(bed_outcomes(&b, OUTCOME_UNRESOLVED), 0);
    bed_resume(&b);
    assert_code(&b, EXIT_OK);
    assert_village(&b, ALL_DONE);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_UNRESOLVED), 0);
    ck_assert_uint_eq(b.village.creates, 1);
    bed_deinit(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("engine faults");
    TCase *tcase = tcase_create("engine faults");
    tcase_set_timeout(tcase, UNIT_TIMEOUT_S);
    tcase_add_loop_test(tcase, one_fault, 0, (int)array_len(rows));
    tcase_add_test(tcase, bad_one_of_a_batch);
    tcase_add_test(tcase, what_was_asked_again_is_not_planned_for_the_read_back);
    tcase_add_test(tcase, ten_failures_in_a_row_end_the_run);
    tcase_add_test(tcase, failures_apart_do_not);
    tcase_add_test(tcase, accepted_and_not_done);
    tcase_add_test(tcase, slow_managers_are_waited_for);
    tcase_add_test(tcase, needs_of_what_failed);
    tcase_add_test(tcase, look_up_fails);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
