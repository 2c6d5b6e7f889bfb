/* Sessions: they are opened first, alone, and end when they like. */
#include <stdio.h>

#include "engine_bed.h"

static void company(struct bed *b, int n)
{
    bed_init(b);
    b->job.target.option[V_SESSION].number = 1;
    for (int i = 0; i < n; i++) {
        char id[16], number[16];
        snprintf(id, sizeof id, "u%02d", i);
        snprintf(number, sizeof number, "E%02d", i);
        bed_user(b, id, number, "Ann", NULL, true);
        bed_row(b, number, "Anne", NULL, "Active");
    }
}

static void assert_done(const struct bed *b)
{
    for (size_t i = 0; i < b->village.n; i++)
        ck_assert_str_eq(b->village.user[i].text[V_NAME], "Anne");
}

START_TEST(one_login)
{
    struct bed b;
    company(&b, 20);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_OK);
    assert_done(&b);
    ck_assert_uint_eq(b.sum[V_LOGIN].planned, 1);
    ck_assert_uint_eq(b.sum[V_LOGIN].made, 1);
    ck_assert_uint_eq(b.sum[V_LOGIN].retried, 0);
    bed_deinit(&b);
}
END_TEST

/* In the middle of readings and writes, with calls in flight: none of them has failed. */
START_TEST(sessions_end)
{
    for (unsigned calls = 1; calls <= 12; calls++) {
        struct bed b;
        company(&b, 20);
        b.village.token_calls = calls;
        bed_run(&b, VERB_SYNC);
        assert_code(&b, EXIT_OK);
        assert_done(&b);
        ck_assert_uint_gt(b.sum[V_LOGIN].made, 1);
        ck_assert_uint_eq(b.sum[V_LOGIN].planned, 1);
        for (size_t i = 0; i < V_CALLS; i++)
            ck_assert_uint_eq(b.sum[i].failed, 0);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(no_session_is_ever_good)
{
    struct bed b;
    company(&b, 3);
    b.village.token_never = true;
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_TARGET);
    ck_assert_msg(strstr(b.result.message, "credentials were refused") != NULL, "%s", b.result.message);
    ck_assert_uint_eq(b.village.made[V_LOGIN], 3);
    ck_assert_uint_eq(b.village.made[V_SELF], 3);
    bed_deinit(&b);
}
END_TEST

/* The same in the middle of the writing: what was not done is done by the run that follows. */
START_TEST(no_session_is_good_any_more)
{
    struct bed b;
    company(&b, 20);
    bed_fault(&b, V_UPDATE, FROM(5), WRONG_LOGIN, 0);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_TARGET);
    ck_assert(b.result.resumable);
    bed_resume(&b);
    assert_code(&b, EXIT_OK);
    assert_done(&b);
    bed_deinit(&b);
}
END_TEST

/* A connector that says so and has no login would be asked for ever. */
START_TEST(nobody_logs_in)
{
    struct bed b;
    struct connector mute = village_connector;
    mute.login = NULL;
    company(&b, 3);
    b.config.connector = &mute;
    bed_fault(&b, V_SELF, 0, WRONG_LOGIN, 0);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_TARGET);
    bed_deinit(&b);
}
END_TEST

START_TEST(faults_of_the_login)
{
    static const struct {
        unsigned nth;
        enum wrong wrong;
        int code;
        unsigned made;
    } row[] = { { 1, WRONG_BUSY, EXIT_OK, 2 },      { 1, WRONG_LOST_DONE, EXIT_OK, 2 },
                { 1, WRONG_NOT_SENT, EXIT_OK, 2 },  { 1, WRONG_THROTTLED, EXIT_OK, 2 },
                { 0, WRONG_BUSY, EXIT_TARGET, 7 },  { 0, WRONG_REFUSED, EXIT_TARGET, 1 },
                { 0, WRONG_LOGIN, EXIT_TARGET, 1 }, { 0, WRONG_THROTTLED, EXIT_INTERRUPTED, 0 } };
    for (size_t i = 0; i < array_len(row); i++) {
        struct bed b;
        company(&b, 3);
        bed_fault(&b, V_LOGIN, row[i].nth, row[i].wrong, 2 * SECOND_US);
        bed_run(&b, VERB_SYNC);
        ck_assert_msg(b.result.exit_code == row[i].code, "row %zu: exit %d: %s", i, b.result.exit_code,
                      b.result.message);
        if (row[i].made)
            ck_assert_uint_eq(b.village.made[V_LOGIN], row[i].made);
        if (row[i].code != EXIT_OK)
            ck_assert_uint_eq(b.village.made[V_SELF], 0);
        bed_deinit(&b);
    }
}
END_TEST

UNIT("engine login", one_login, sessions_end, no_session_is_ever_good, no_session_is_good_any_more,
     nobody_logs_in, faults_of_the_login)
