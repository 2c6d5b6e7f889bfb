/* Whole runs where nothing goes wrong: what is sent, in which order, how often, and what the run says of
 * itself. */
#include "engine_bed.h"

/* Everything that a feed can ask for, managers in an order that is wrong when taken as written. */
static void everything(struct bed *b)
{
    bed_user(b, "u1", "E1", "Ann", NULL, true);
    bed_user(b, "u2", "E2", "Bob", "u1", true);
    bed_user(b, "u3", "E3", "Cid", "u2", true);
    bed_user(b, "u4", "E4", "Dan", "u1", true);
    bed_user(b, "u5", "E5", "Eve", "u4", true);
    bed_user(b, "u6", "E6", "Fay", "u1", false);
    b->village.lag_us = 3 * SECOND_US;
    bed_row(b, "E1", "Ann", NULL, "Active");
    bed_row(b, "E2", "Bob", "E3", "Active"); /* below whom he stood above */
    bed_row(b, "E3", "Cid", "E1", "Active");
    bed_row(b, "E4", "Dan", NULL, "Left");
    bed_row(b, "E5", "Eva", "E1", "Active");  /* away from a leaver */
    bed_row(b, "E6", "Fay", "E10", "Active"); /* comes back, under a joiner */
    bed_row_phone(b, "E10", "Gus", "E1", "555");
    bed_row(b, "E11", "Hal", "E10", "Active");
    bed_row(b, "E12", "Ida", "E11", "Active");
}

static const char everything_done[] =
    "E1 on Ann -\nE10 on Gus E1 555\nE11 on Hal E10\nE12 on Ida E11\nE2 on Bob E3\nE3 on Cid E1\nE4 off Dan E1\nE5 on Eva E1\nE6 on Fay E10\n";

START_TEST(syncs_everything)
{
    struct bed b;
    bed_init(&b);
    everything(&b);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_OK);
    assert_village(&b, everything_done);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_APPLIED), 10);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_NONE), 0);
    bed_deinit(&b);
}
END_TEST

static size_t place(const struct bed *b, const char *what)
{
    const char *at = strstr(b->village.order, what);
    ck_assert_msg(at, "'%s' does not contain '%s'", b->village.order, what);
    return (size_t)(at - b->village.order);
}

START_TEST(keeps_the_order)
{
    struct bed b;
    bed_init(&b);
    everything(&b);
    bed_run(&b, VERB_SYNC);
    ck_assert_uint_lt(place(&b, "u5>u1"), place(&b, "off u4"));
    ck_assert_uint_lt(place(&b, "off u4"), place(&b, "create"));
    ck_assert_uint_lt(place(&b, "off u4"), place(&b, "on u6"));
    ck_assert_uint_lt(place(&b, "u3>u1"), place(&b, "u2>u3"));
    /* Three creates, the phone a create cannot carry and the new name; moves in three batches: the early one,
     * all others, and the one that waits for another. */
    ck_assert_uint_eq(b.village.made[V_CREATE], 3);
    ck_assert_uint_eq(b.village.made[V_UPDATE], 2);
    ck_assert_uint_eq(b.village.made[V_STATE], 2);
    ck_assert_uint_eq(b.village.made[V_MANAGERS], 3);
    ck_assert_uint_le(b.most_flying, 3);
    bed_deinit(&b);
}
END_TEST

START_TEST(second_run_has_nothing_to_do)
{
    struct bed b;
    bed_init(&b);
    everything(&b);
    bed_run(&b, VERB_SYNC);
    memset(b.village.made, 0, sizeof b.village.made);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_OK);
    for (int c = V_CREATE; c < V_CALLS; c++)
        ck_assert_uint_eq(b.village.made[c], 0);
    ck_assert_uint_eq(b.village.made[V_FIND], 0);
    bed_deinit(&b);
}
END_TEST

START_TEST(plan_writes_nothing_and_apply_does_it)
{
    struct bed b;
    bed_init(&b);
    everything(&b);
    b.config.detailed_exitcode = true;
    bed_run(&b, VERB_PLAN);
    assert_code(&b, EXIT_CHANGES);
    ck_assert_str_eq(b.village.order, "");
    b.config.detailed_exitcode = false;
    bed_run(&b, VERB_APPLY);
    assert_code(&b, EXIT_OK);
    assert_village(&b, everything_done);
    bed_run(&b, VERB_APPLY); /* it is done */
    assert_code(&b, EXIT_STALE_PLAN);
    bed_deinit(&b);
}
END_TEST

START_TEST(apply_holds_changes_against_the_tenant)
{
    struct bed b;
    bed_init(&b);
    bed_user(&b, "u1", "E1", "Ann", NULL, true);
    bed_user(&b, "u2", "E2", "Bob", NULL, true);
    bed_user(&b, "u3", "E3", "Cid", NULL, true);
    bed_row(&b, "E1", "Anne", NULL, "Active");
    bed_row(&b, "E2", "Bobby", NULL, "Active");
    bed_row(&b, "E3", "Cyd", NULL, "Active");
    bed_run(&b, VERB_PLAN);
    bed_rename(&b, 0, "Anne");
    bed_rename(&b, 1, "Robert");
    bed_run(&b, VERB_APPLY);
    assert_code(&b, EXIT_FAILURES);
    assert_village(&b, "E1 on Anne -\nE2 on Robert -\nE3 on Cyd -\n");
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_ALREADY), 1);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_STALE), 1);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_APPLIED), 1);
    bed_deinit(&b);
}
END_TEST

START_TEST(stored_plan_is_refused)
{
    static const struct {
        int64_t later;
        char policy;
        const char *sha256, *says;
    } row[] = { { 25 * HOUR_US, 'a', NULL, "plan_ttl" },
                { 0, 'b', NULL, "job has changed" },
                { 0, 'a', "0000", "not the one asked for" } };
    for (size_t i = 0; i < array_len(row); i++) {
        struct bed b;
        bed_init(&b);
        everything(&b);
        bed_run(&b, VERB_PLAN);
        b.now += row[i].later;
        b.job.policy_sha256[0] = row[i].policy;
        b.config.plan_file_sha256 = row[i].sha256;
        bed_run(&b, VERB_APPLY);
        assert_code(&b, EXIT_STALE_PLAN);
        ck_assert_msg(strstr(b.result.message, row[i].says) != NULL, "%s", b.result.message);
        ck_assert_str_eq(b.village.order, "");
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(older_plan_is_refused_after_a_newer_one_was_applied)
{
    struct bed b;
    bed_init(&b);
    everything(&b);
    bed_run(&b, VERB_PLAN);
    b.now += MINUTE_US;
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_OK);
    b.config.verb = VERB_APPLY;
    struct engine_config old = b.config;
    memcpy(old.run_id, "run-1", 6);
    struct engine *e = engine_new(&old);
    engine_event(e, &(struct event){ .kind = EV_START }, b.now, 1700000000 * SECOND_US + b.now);
    ck_assert_int_eq(engine_result(e)->exit_code, EXIT_STALE_PLAN);
    engine_free(e);
    bed_deinit(&b);
}
END_TEST

/* Each way to choose: what is left out is withheld, and not done by a later apply of the run either. */
START_TEST(only_and_first)
{
    static const struct {
        const char *only;
        int64_t first;
        const char *want;
    } row[] = { { "E2", -1, "E1 on Ann -\nE2 on Bobby -\nE3 on Cid -\n" },
                { "u3", -1, "E1 on Ann -\nE2 on Bob -\nE3 on Cyd -\n" },
                { "E9", -1, "E1 on Ann -\nE2 on Bob -\nE3 on Cid -\n" },
                { NULL, 2, "E1 on Anne -\nE2 on Bobby -\nE3 on Cid -\n" },
                { NULL, 0, "E1 on Ann -\nE2 on Bob -\nE3 on Cid -\n" } };
    for (size_t i = 0; i < array_len(row); i++) {
        struct bed b;
        bed_init(&b);
        bed_user(&b, "u1", "E1", "Ann", NULL, true);
        bed_user(&b, "u2", "E2", "Bob", NULL, true);
        bed_user(&b, "u3", "E3", "Cid", NULL, true);
        bed_row(&b, "E1", "Anne", NULL, "Active");
        bed_row(&b, "E2", "Bobby", NULL, "Active");
        bed_row(&b, "E3", "Cyd", NULL, "Active");
        b.config.only = row[i].only;
        b.config.first = row[i].first;
        bed_run(&b, VERB_SYNC);
        assert_code(&b, EXIT_OK);
        assert_village(&b, row[i].want);
        ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_NONE), 0);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(pace_is_kept)
{
    struct bed b;
    bed_init(&b);
    b.job.target.rate = (struct rates){ { { 2, 10 * SECOND_US } }, 1 };
    everything(&b);
    mono_us begun = b.now;
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_OK);
    unsigned calls = 0;
    for (int c = 0; c < V_CALLS; c++)
        calls += b.village.made[c];
    /* The window counts as full at the start, and two calls go in each ten seconds. */
    ck_assert_int_ge(b.now - begun, (int64_t)((calls + 1) / 2) * 10 * SECOND_US);
    bed_deinit(&b);
}
END_TEST

START_TEST(quota_of_the_day_ends_the_run_and_the_next_day_goes_on)
{
    struct bed b;
    bed_init(&b);
    b.job.target.rate = (struct rates){ { { 20, 5 * SECOND_US }, { 10, DAY_US } }, 2 };
    everything(&b);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_INTERRUPTED);
    ck_assert(b.result.resumable);
    bed_run(&b, VERB_APPLY); /* nothing is left of the day */
    assert_code(&b, EXIT_INTERRUPTED);
    for (int day = 0; day < 5 && b.result.exit_code == EXIT_INTERRUPTED; day++) {
        b.now += DAY_US;
        bed_run(&b, VERB_APPLY);
    }
    assert_code(&b, EXIT_OK);
    assert_village(&b, everything_done);
    bed_deinit(&b);
}
END_TEST

START_TEST(max_time_ends_the_run)
{
    struct bed b;
    bed_init(&b);
    everything(&b);
    b.config.max_time_us = 7 * SECOND_US;
    mono_us begun = b.now;
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_INTERRUPTED);
    ck_assert_int_lt(b.now - begun, 8 * SECOND_US);
    b.config.max_time_us = 0;
    bed_resume(&b);
    assert_code(&b, EXIT_OK);
    assert_village(&b, everything_done);
    bed_deinit(&b);
}
END_TEST

START_TEST(tenant_at_work_elsewhere)
{
    struct bed b;
    bed_init(&b);
    everything(&b);
    b.lease = LEASE_HELD;
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_LOCKED);
    ck_assert_uint_eq(b.village.made[V_LIST], 0);
    bed_deinit(&b);
}
END_TEST

START_TEST(feed_decides_the_code)
{
    static const struct {
        const char *row;
        int64_t rejects_ok;
        int code;
    } row[] = { { "E1,Ann,,,Active\n", 0, EXIT_OK },
                { "E1,Ann,,,Perhaps\n", 0, EXIT_FAILURES },
                { "E1,Ann,,,Perhaps\n", 1, EXIT_OK },
                { "E1,Ann,,E99,Active\n", 0, EXIT_FAILURES } };
    for (size_t i = 0; i < array_len(row); i++) {
        struct bed b;
        bed_init(&b);
        bed_user(&b, "u1", "E1", "Ann", NULL, true);
        buf_puts(&b.feed, row[i].row);
        b.job.rejects_ok = row[i].rejects_ok;
        bed_run(&b, VERB_SYNC);
        ck_assert_msg(b.result.exit_code == row[i].code, "row %zu: exit %d", i, b.result.exit_code);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(guard_withholds_and_accept_releases)
{
    struct bed b;
    bed_init(&b);
    everything(&b);
    b.job.guard[CHANGE_CREATE] = (struct job_guard){ 1, -1 };
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_WITHHELD);
    ck_assert_uint_eq(b.village.made[V_CREATE], 0);
    bed_deinit(&b);

    bed_init(&b);
    everything(&b);
    b.job.guard[CHANGE_CREATE] = (struct job_guard){ 1, -1 };
    bed_run(&b, VERB_PLAN);
    assert_code(&b, EXIT_WITHHELD);
    b.config.accept[CHANGE_CREATE] = 2;
    bed_run(&b, VERB_APPLY);
    assert_code(&b, EXIT_USAGE);
    b.config.accept[CHANGE_CREATE] = 3;
    bed_run(&b, VERB_APPLY);
    ck_assert_uint_eq(b.village.made[V_CREATE], 3);
    bed_deinit(&b);
}
END_TEST

START_TEST(codes_have_an_order)
{
    static const int order[] = { EXIT_USAGE,    EXIT_LOCKED,     EXIT_INTERNAL, EXIT_INTERRUPTED,
                                 EXIT_TARGET,   EXIT_STALE_PLAN, EXIT_FEED,     EXIT_WITHHELD,
                                 EXIT_FAILURES, EXIT_CHANGES,    EXIT_OK };
    for (size_t i = 0; i < array_len(order); i++)
        for (size_t k = 0; k < array_len(order); k++)
            ck_assert_int_eq(exit_first(order[i], order[k]), order[i < k ? i : k]);
}
END_TEST

UNIT("engine run", syncs_everything, keeps_the_order, second_run_has_nothing_to_do,
     plan_writes_nothing_and_apply_does_it, apply_holds_changes_against_the_tenant, stored_plan_is_refused,
     older_plan_is_refused_after_a_newer_one_was_applied, only_and_first, pace_is_kept,
     quota_of_the_day_ends_the_run_and_the_next_day_goes_on, max_time_ends_the_run, tenant_at_work_elsewhere,
     feed_decides_the_code, guard_withholds_and_accept_releases, codes_have_an_order)
