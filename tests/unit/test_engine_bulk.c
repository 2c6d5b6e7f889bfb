/* Calls whose steps build on each other, and calls where each step has an outcome of its own. */
#include <stdio.h>

#include "engine_bed.h"

static void town(struct bed *b, int64_t limit)
{
    bed_init(b);
    b->config.connector = &town_connector;
    b->job.target.option[V_WRITES].number = VILLAGE_IN_BULK;
    b->job.target.option[V_LIMIT].number = limit;
    bed_user(b, "u1", "E1", "Ann", NULL, true);
    bed_user(b, "u2", "E2", "Bob", "u1", true);
    bed_user(b, "u3", "E3", "Cid", "u1", true);
    bed_row(b, "E1", "Ann", NULL, "Active");
}

/* Joiners in a chain, under each other and over somebody who stands there. */
static void chain(struct bed *b, int64_t limit)
{
    town(b, limit);
    bed_row(b, "E2", "Bob", "E12", "Active");
    bed_row(b, "E3", "Cyd", "E1", "Active");
    bed_row_phone(b, "E10", "Gus", "E1", "555");
    bed_row(b, "E11", "Hal", "E10", "Active");
    bed_row(b, "E12", "Ida", "E11", "Active");
}

static const char chain_done[] =
    "E1 on Ann -\nE10 on Gus E1 555\nE11 on Hal E10\nE12 on Ida E11\nE2 on Bob E12\nE3 on Cyd E1\n";

START_TEST(everything_in_one_call)
{
    struct bed b;
    chain(&b, 0);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_OK);
    assert_village(&b, chain_done);
    ck_assert_str_eq(b.village.order,
                     "create E10; update n1; create E11; move n2>n1; create E12; move n3>n2; "
                     "move u2>n3; update u3; bulk; ");
    ck_assert_uint_eq(b.sum[V_BULK].planned, 1);
    ck_assert_uint_eq(b.sum[V_BULK].made, 1);
    bed_deinit(&b);
}
END_TEST

START_TEST(pack_takes_what_it_wants)
{
    static const unsigned calls[] = { 8, 4, 3, 2, 2, 2, 2, 1 };
    for (int64_t limit = 1; limit <= 8; limit++) {
        struct bed b;
        chain(&b, limit);
        bed_run(&b, VERB_SYNC);
        assert_code(&b, EXIT_OK);
        assert_village(&b, chain_done);
        ck_assert_uint_eq(b.sum[V_BULK].planned, calls[limit - 1]);
        ck_assert_uint_eq(b.sum[V_BULK].made, calls[limit - 1]);
        bed_deinit(&b);
    }
}
END_TEST

/* Whoever needs somebody who was refused is withheld with the cause, in the same wave; nobody else is. */
START_TEST(create_is_refused)
{
    for (int64_t limit = 1; limit <= 8; limit++) {
        struct bed b;
        chain(&b, limit);
        b.village.refused = "E11";
        bed_run(&b, VERB_SYNC);
        assert_code(&b, EXIT_FAILURES);
        assert_village(&b, "E1 on Ann -\nE10 on Gus E1 555\nE12 on Ida -\nE2 on Bob E12\nE3 on Cyd E1\n");
        ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_APPLIED), 3);
        ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_FAILED), 2); /* E11, and E12 for want of his manager */
        ck_assert_uint_eq(bed_said(&b, "created; Bulk: needs the create of 'E11', which was not done"), 1);
        ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_NONE), 0);
        bed_deinit(&b);
    }
}
END_TEST

/* A joiner whose manager's create is not chosen comes without. */
START_TEST(manager_is_not_chosen)
{
    for (int64_t limit = 1; limit <= 2; limit++) {
        struct bed b;
        chain(&b, limit);
        b.config.only = "E11";
        bed_run(&b, VERB_SYNC);
        assert_code(&b, EXIT_FAILURES);
        ck_assert_uint_eq(b.village.creates, 1);
        ck_assert_uint_eq(bed_said(&b, "created; Bulk: the manager is a joiner who is not created"), 1);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(create_of_a_manager_is_refused)
{
    struct bed b;
    chain(&b, 0);
    b.village.refused = "E12";
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_FAILURES);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_WITHHELD), 1); /* the move of E2 */
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_FAILED), 1);
    ck_assert_uint_eq(b.village.made[V_BULK], 1);
    bed_deinit(&b);
}
END_TEST

/* A create that has to wait: what needs it waits with it, and is not sent without. */
START_TEST(one_line_is_busy)
{
    for (unsigned line = 1; line <= 8; line++)
        for (int64_t limit = 2; limit <= 8; limit++)
            for (int status = 429; status <= 503; status += 503 - 429) {
                struct bed b;
                chain(&b, limit);
                b.village.busy_line = line;
                b.village.busy_status = status;
                bed_run(&b, VERB_SYNC);
                assert_code(&b, EXIT_OK);
                assert_village(&b, chain_done);
                ck_assert_uint_eq(b.village.creates, 3);
                ck_assert_uint_eq(b.sum[V_BULK].throttled, status == 429);
                bed_deinit(&b);
            }
}
END_TEST

/* The answer to any of the calls is lost, whatever had been done: nobody is made twice, and what builds on
 * the unknown waits until it was looked up. */
START_TEST(answers_are_lost)
{
    static const enum wrong wrong[] = { WRONG_LOST_DONE, WRONG_LOST_UNDONE, WRONG_LOST_HALF, WRONG_LOST_LATE,
                                        WRONG_NOT_SENT };
    for (size_t k = 0; k < array_len(wrong); k++)
        for (unsigned nth = 1; nth <= 4; nth++)
            for (int64_t limit = 2; limit <= 8; limit++) {
                struct bed b;
                chain(&b, limit);
                bed_fault(&b, V_BULK, nth, wrong[k], 0);
                bed_run(&b, VERB_SYNC);
                bed_quiet(&b);
                assert_code(&b, EXIT_OK);
                assert_village(&b, chain_done);
                ck_assert_uint_eq(b.village.creates, 3);
                bed_deinit(&b);
            }
}
END_TEST

START_TEST(service_stops_in_the_middle)
{
    for (unsigned stops = 1; stops <= 8; stops++) {
        struct bed b;
        chain(&b, 0);
        b.village.stops_after = stops;
        bed_run(&b, VERB_SYNC);
        /* Steps that are not done five times in a row are given up. */
        assert_code(&b, stops == 1 ? EXIT_FAILURES : EXIT_OK);
        if (stops > 1)
            assert_village(&b, chain_done);
        ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_NONE), 0);
        bed_deinit(&b);
    }
}
END_TEST

/* Single refusals in large calls ----------------------------------------------------------------------- */

/* `calls` calls of eight updates; every user whose place in his call is below `bad` is refused. */
static void updates(struct bed *b, unsigned calls)
{
    bed_init(b);
    b->config.connector = &town_connector;
    b->job.target.option[V_WRITES].number = VILLAGE_IN_BULK;
    for (unsigned i = 0; i < calls * VILLAGE_BULK; i++) {
        char id[16], number[16];
        snprintf(id, sizeof id, "u%03u", i);
        snprintf(number, sizeof number, "E%03u", i);
        bed_user(b, id, number, "Ann", NULL, true);
        bed_row(b, number, "Anne", NULL, "Active");
    }
}

/* One bad step is a failure of that step: the call is not halved, and is no failed call. */
START_TEST(one_of_eight_is_refused)
{
    struct bed b;
    updates(&b, 3);
    b.village.refused = "u003";
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_FAILURES);
    ck_assert_uint_eq(b.village.made[V_BULK], 3);
    ck_assert_uint_eq(b.sum[V_BULK].failed, 0);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_FAILED), 1);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_APPLIED), 23);
    bed_deinit(&b);
}
END_TEST

START_TEST(most_of_a_call_fails)
{
    for (unsigned stops = 3; stops <= 5; stops++) {
        struct bed b;
        updates(&b, 1);
        b.village.stops_after = stops;
        bed_run(&b, VERB_SYNC);
        assert_code(&b, EXIT_OK);
        ck_assert_uint_eq(b.sum[V_BULK].failed,
                          stops == 3 ? 1 : 0); /* five of eight missing; half is not most */
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(large_calls_trip_the_breaker)
{
    struct bed b;
    updates(&b, 12);
    b.village.refused = "*";
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_INTERRUPTED);
    ck_assert_msg(strstr(b.result.message, "10 calls in a row") != NULL, "%s", b.result.message);
    ck_assert_uint_eq(b.village.made[V_BULK], 10);
    bed_deinit(&b);
}
END_TEST

UNIT("engine bulk", everything_in_one_call, pack_takes_what_it_wants, create_is_refused,
     manager_is_not_chosen, create_of_a_manager_is_refused, one_line_is_busy, answers_are_lost,
     service_stops_in_the_middle, one_of_eight_is_refused, most_of_a_call_fails, large_calls_trip_the_breaker)
