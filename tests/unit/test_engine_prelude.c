/* Users who are replaced whole, as they were read right before, if they still are so. */
#include <stdio.h>

#include "engine_bed.h"

static void company(struct bed *b)
{
    bed_init(b);
    b->job.target.option[V_WRITES].number = VILLAGE_REPLACES;
    bed_user(b, "u1", "E1", "Ann", NULL, true);
    bed_user(b, "u2", "E2", "Bob", NULL, true);
    bed_user(b, "u3", "E3", "Cid", NULL, true);
    for (size_t i = 0; i < 3; i++)
        snprintf(b->village.user[i].nick, sizeof b->village.user[i].nick, "nick%zu", i);
    bed_row(b, "E1", "Anne", NULL, "Active");
    bed_row(b, "E2", "Bobby", NULL, "Active");
    bed_row(b, "E3", "Cid", NULL, "Active");
}

#define DONE "E1 on Anne -\nE2 on Bobby -\nE3 on Cid -\n"

static void meddle(struct bed *b, int slot, const char *with, unsigned times)
{
    b->village.meddles_slot = slot;
    b->village.meddles = with;
    b->village.meddles_left = times;
}

START_TEST(replaces_what_it_has_read)
{
    struct bed b;
    company(&b);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_OK);
    assert_village(&b, DONE);
    ck_assert_str_eq(b.village.user[0].nick, "nick0");
    ck_assert_str_eq(b.village.user[1].nick, "nick1");
    ck_assert_uint_eq(b.village.made[V_GET], 2);
    ck_assert_uint_eq(b.village.made[V_REPLACE], 2);
    ck_assert_uint_eq(b.sum[V_GET].planned, 2);
    ck_assert_uint_eq(b.sum[V_REPLACE].planned, 2);
    bed_deinit(&b);
}
END_TEST

/* What is planned is planned in a plan, too. */
START_TEST(preludes_are_planned)
{
    struct bed b;
    company(&b);
    bed_run(&b, VERB_PLAN);
    assert_code(&b, EXIT_OK);
    ck_assert_uint_eq(b.sum[V_GET].planned, 2);
    ck_assert_uint_eq(b.sum[V_GET].made, 0);
    bed_deinit(&b);
}
END_TEST

START_TEST(faults_of_the_prelude)
{
    static const struct {
        enum wrong wrong;
        int64_t wait_us;
        unsigned nth, made;
        int code;
    } row[] = { { WRONG_BUSY, 0, 1, 3, EXIT_OK },
                { WRONG_NOT_SENT, 0, 1, 3, EXIT_OK },
                { WRONG_LOST_DONE, 0, 1, 3, EXIT_OK }, /* read again: nothing is unknown */
                { WRONG_THROTTLED, 2 * SECOND_US, 1, 3, EXIT_OK },
                { WRONG_THROTTLED, HOUR_US, 1, 0, EXIT_INTERRUPTED },
                { WRONG_BUSY, 0, 0, 0, EXIT_INTERRUPTED }, /* five tries each are ten failed calls in a row */
                { WRONG_REFUSED, 0, 0, 2, EXIT_FAILURES },
                { WRONG_LOGIN, 0, 1, 0, EXIT_TARGET } };
    for (size_t i = 0; i < array_len(row); i++) {
        struct bed b;
        company(&b);
        bed_fault(&b, V_GET, row[i].nth, row[i].wrong, row[i].wait_us);
        mono_us begun = b.now;
        bed_run(&b, VERB_SYNC);
        ck_assert_msg(b.result.exit_code == row[i].code, "row %zu: exit %d: %s", i, b.result.exit_code,
                      b.result.message);
        if (row[i].made)
            ck_assert_uint_eq(b.village.made[V_GET], row[i].made);
        ck_assert_int_lt(b.now - begun, 29 * SECOND_US + HOUR_US * (row[i].nth == 0));
        if (row[i].code == EXIT_FAILURES)
            ck_assert_uint_eq(b.village.made[V_REPLACE], 0);
        else if (row[i].code != EXIT_OK)
            bed_resume(&b);
        b.village.n_faults = 0;
        bed_run(&b, VERB_SYNC);
        assert_code(&b, EXIT_OK);
        assert_village(&b, DONE);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(user_is_gone)
{
    struct bed b;
    company(&b);
    b.village.gone = "u1";
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_FAILURES);
    ck_assert_uint_eq(bed_said(&b, "Replace: the user is gone"), 1);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_FAILED), 1);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_APPLIED), 1);
    ck_assert_uint_eq(b.village.made[V_REPLACE], 1);
    bed_deinit(&b);
}
END_TEST

/* Conditional writes ---------------------------------------------------------------------------------- */

START_TEST(somebody_changes_something_else)
{
    for (unsigned times = 1; times <= 2; times++) {
        struct bed b;
        company(&b);
        meddle(&b, -1, "Sue", times);
        mono_us begun = b.now;
        bed_run(&b, VERB_SYNC);
        assert_code(&b, EXIT_OK);
        assert_village(&b, DONE);
        ck_assert_int_lt(b.now - begun, 30 * SECOND_US); /* nothing is on its way: nothing has to settle */
        ck_assert_str_eq(b.village.user[0].nick, times == 1 ? "Sue" : "Sue!");
        ck_assert_uint_eq(b.sum[V_REPLACE].retried, times);
        ck_assert_uint_eq(b.sum[V_REPLACE].failed, 0);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(somebody_never_stops)
{
    struct bed b;
    company(&b);
    meddle(&b, -1, "Sue", 1000);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_FAILURES);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_STALE), 2);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_FAILED), 0);
    ck_assert_uint_eq(
        bed_said(&b, "changed again and again while it was to be written: Name is 'Ann', not 'Anne'"), 1);
    ck_assert_uint_eq(b.village.made[V_REPLACE], 6);
    bed_deinit(&b);
}
END_TEST

START_TEST(somebody_changes_the_same)
{
    static const struct {
        const char *name;
        enum outcome outcome;
        int code;
        unsigned replaced;
    } row[] = { { "Anja", OUTCOME_STALE, EXIT_FAILURES, 2 }, { "Anne", OUTCOME_APPLIED, EXIT_OK, 2 } };
    for (size_t i = 0; i < array_len(row); i++) {
        struct bed b;
        company(&b);
        meddle(&b, V_NAME, row[i].name, 1);
        bed_run(&b, VERB_SYNC);
        ck_assert_int_eq(b.result.exit_code, row[i].code);
        ck_assert_str_eq(b.village.user[0].text[V_NAME], row[i].name);
        ck_assert_uint_eq(b.village.made[V_REPLACE], row[i].replaced);
        ck_assert_uint_eq(bed_outcomes(&b, row[i].outcome), row[i].outcome == OUTCOME_STALE ? 1 : 2);
        ck_assert_uint_eq(bed_said(&b, "changed meanwhile: Name is 'Anja', not 'Anne'"), 1 - i);
        bed_deinit(&b);
    }
}
END_TEST

/* Nobody can look at him: said so, and the next run does it. */
START_TEST(look_at_the_newer_fails)
{
    struct bed b;
    company(&b);
    meddle(&b, -1, "Sue", 1);
    bed_fault(&b, V_FIND, 0, WRONG_BUSY, 0);
    bed_fault(&b, V_LIST, FROM(2), WRONG_BUSY, 0);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_TARGET);
    bed_resume(&b);
    assert_code(&b, EXIT_OK);
    assert_village(&b, DONE);
    bed_deinit(&b);
}
END_TEST

/* Limits ---------------------------------------------------------------------------------------------- */

/* However many calls a day has left, between a prelude and its write as well. */
START_TEST(quota_ends_anywhere)
{
    for (uint32_t day = 5; day < 14; day++) {
        struct bed b;
        company(&b);
        b.job.target.rate = (struct rates){ { { 20, 5 * SECOND_US }, { day, DAY_US } }, 2 };
        bed_run(&b, VERB_SYNC);
        for (int i = 0; i < 9 && b.result.exit_code == EXIT_INTERRUPTED; i++) {
            b.now += DAY_US;
            bed_run(&b, VERB_APPLY);
        }
        assert_code(&b, EXIT_OK);
        assert_village(&b, DONE);
        ck_assert_uint_eq(b.village.made[V_REPLACE], 2);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(time_is_over_anywhere)
{
    for (int64_t ms = 5000; ms < 6000; ms += 20) {
        struct bed b;
        company(&b);
        b.config.max_time_us = ms * SECOND_US / 1000;
        bed_run(&b, VERB_SYNC);
        b.config.max_time_us = 0;
        if (b.result.exit_code != EXIT_OK)
            bed_resume(&b);
        assert_code(&b, EXIT_OK);
        assert_village(&b, DONE);
        ck_assert_uint_le(b.village.made[V_REPLACE], 3); /* one that was in flight is seen, or sent again */
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(pace_counts_preludes)
{
    struct bed b;
    company(&b);
    b.job.target.rate = (struct rates){ { { 1, 10 * SECOND_US } }, 1 };
    mono_us begun = b.now;
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_OK);
    unsigned calls = 0;
    for (int c = 0; c < V_CALLS; c++)
        calls += b.village.made[c];
    ck_assert_int_ge(b.now - begun, (int64_t)calls * 10 * SECOND_US);
    bed_deinit(&b);
}
END_TEST

/* Reading is allowed and writing never is: a read that goes well is no sign that the session is good. */
START_TEST(sessions_that_only_read)
{
    struct bed b;
    company(&b);
    b.job.target.option[V_SESSION].number = 1;
    bed_fault(&b, V_REPLACE, 0, WRONG_LOGIN, 0);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_TARGET);
    ck_assert_msg(strstr(b.result.message, "credentials were refused") != NULL, "%s", b.result.message);
    ck_assert_uint_le(b.village.made[V_LOGIN], 4);
    bed_deinit(&b);
}
END_TEST

UNIT("engine prelude", replaces_what_it_has_read, preludes_are_planned, faults_of_the_prelude, user_is_gone,
     somebody_changes_something_else, somebody_never_stops, somebody_changes_the_same,
     look_at_the_newer_fails, quota_ends_anywhere, time_is_over_anywhere, pace_counts_preludes,
     sessions_that_only_read)
