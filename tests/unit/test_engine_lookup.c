/* A tenant whose users cannot be listed: whom the feed names is looked up. */
#include <stdio.h>

#include "engine_bed.h"

static void company(struct bed *b)
{
    bed_init(b);
    b->job.target.option[V_ROSTER].text = "look_up";
    bed_user(b, "u1", "E1", "Ann", NULL, true);
    bed_user(b, "u2", "E2", "Bob", "u9", true);
    bed_user(b, "u3", "E3", "Cid", "u9", true);
    bed_user(b, "u4", "E4", "Dan", "u1", true);
    bed_user(b, "u8", "E8", "Max", NULL, true); /* not in the feed */
    bed_user(b, "u9", "E9", "Old", NULL, true);
    bed_row(b, "E1", "Ann", NULL, "Active");
    bed_row(b, "E2", "Bob", "E1", "Active"); /* away from somebody who is known by his id only */
    bed_row(b, "E3", "Cyd", "E8", "Active"); /* under somebody who is only named as manager */
    bed_row(b, "E4", "Dan", NULL, "Left");
    bed_row_phone(b, "E10", "Gus", "E1", "555");
    bed_row(b, "E11", "Hal", "E10", "Active");
}

static const char done[] = "E1 on Ann -\nE10 on Gus E1 555\nE11 on Hal E10\nE2 on Bob E1\nE3 on Cyd E8\n"
                           "E4 off Dan E1\nE8 on Max -\nE9 on Old -\n";

START_TEST(syncs_without_a_listing)
{
    struct bed b;
    company(&b);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_OK);
    assert_village(&b, done);
    ck_assert_uint_eq(b.village.made[V_LIST], 0);
    ck_assert_uint_eq(b.feed_reads, 3); /* header, keys, rows */
    b.village.order[0] = '\0';
    memset(b.village.made, 0, sizeof b.village.made);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_OK);
    ck_assert_str_eq(b.village.order, "");
    ck_assert_uint_eq(b.village.made[V_FIND], 2); /* E1 to E4, E8, E10, E11: seven, once each */
    bed_deinit(&b);
}
END_TEST

START_TEST(absence_means_nothing)
{
    struct bed b;
    company(&b);
    b.job.absent = JOB_ABSENT_DEACTIVATE;
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_WITHHELD);
    assert_village(&b, done);
    bed_deinit(&b);
}
END_TEST

START_TEST(who_was_only_found_is_not_enough_for_a_create)
{
    struct bed b;
    company(&b);
    b.job.target.option[V_FOUND].number = 1;
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_WITHHELD);
    ck_assert_uint_eq(b.village.creates, 0);
    ck_assert_str_eq(b.village.user[2].text[V_NAME], "Cyd");
    char *overview = bed_text(&b, "overview");
    ck_assert(strstr(overview, "\"proof\":\"found\"") != NULL);
    free(overview);
    bed_deinit(&b);
}
END_TEST

START_TEST(apply_looks_up_whom_the_plan_names)
{
    struct bed b;
    company(&b);
    bed_run(&b, VERB_PLAN);
    assert_code(&b, EXIT_OK);
    memset(b.village.made, 0, sizeof b.village.made);
    bed_rename(&b, 2, "Cyd"); /* by hand, meanwhile */
    bed_run(&b, VERB_APPLY);
    assert_code(&b, EXIT_OK);
    assert_village(&b, done);
    ck_assert_uint_eq(b.village.made[V_LIST], 0);
    ck_assert_uint_eq(b.feed_reads, 0);
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_ALREADY), 1);
    bed_deinit(&b);
}
END_TEST

START_TEST(apply_finds_joiners_who_came_meanwhile)
{
    struct bed b;
    company(&b);
    bed_run(&b, VERB_PLAN);
    bed_user(&b, "u50", "E10", "Gus", "u1", true);
    bed_run(&b, VERB_APPLY);
    assert_code(&b, EXIT_FAILURES); /* somebody has made him, not as planned: nobody is made twice */
    ck_assert_uint_eq(bed_outcomes(&b, OUTCOME_STALE), 1);
    ck_assert_uint_eq(b.village.creates, 1);
    bed_deinit(&b);
}
END_TEST

/* The file changes between the two readings, or during either: it is a broken feed. */
START_TEST(feed_changes)
{
    for (unsigned pass = 2; pass <= 4; pass++) {
        struct bed b;
        company(&b);
        if (pass == 4) {
            buf_puts(&b.feed_again, b.feed.p);
            b.feed_again.p[b.feed_again.n - 30] ^= 1;
        } else {
            b.feed_changes_at = pass;
        }
        bed_run(&b, VERB_SYNC);
        ck_assert_msg(b.result.exit_code == EXIT_FEED, "pass %u: exit %d", pass, b.result.exit_code);
        ck_assert_uint_eq(b.village.creates, 0);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(feed_grows)
{
    struct bed b;
    company(&b);
    buf_puts(&b.feed_again, b.feed.p);
    buf_puts(&b.feed_again, "E12,Ida,,,Active\n");
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_FEED);
    ck_assert_uint_eq(b.village.creates, 0);
    bed_deinit(&b);
}
END_TEST

START_TEST(standard_input_is_refused)
{
    for (enum verb v = VERB_CHECK; v <= VERB_SYNC; v++) {
        struct bed b;
        company(&b);
        b.job.feed.path = (char *)"-";
        bed_run(&b, v);
        assert_code(&b, EXIT_USAGE);
        ck_assert_msg(strstr(b.result.message, "write it to a file") != NULL, "%s", b.result.message);
        ck_assert_uint_eq(b.village.made[V_SELF], 0);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(nobody_in_the_feed)
{
    struct bed b;
    company(&b);
    buf_clear(&b.feed);
    buf_puts(&b.feed, "Number,Name,Phone,Manager,Status\n");
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_FEED);
    ck_assert_str_eq(b.village.order, "");
    bed_deinit(&b);
}
END_TEST

START_TEST(look_ups_fail)
{
    struct bed b;
    company(&b);
    bed_fault(&b, V_FIND, 1, WRONG_BUSY, 0);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_OK);
    assert_village(&b, done);
    bed_deinit(&b);
    company(&b);
    bed_fault(&b, V_FIND, 0, WRONG_BUSY, 0);
    bed_run(&b, VERB_SYNC);
    assert_code(&b, EXIT_TARGET);
    ck_assert_msg(strstr(b.result.message, "could not be looked up in 3 tries") != NULL, "%s",
                  b.result.message);
    bed_deinit(&b);
}
END_TEST

/* Users are listed, and a search that finds nobody proves nothing: nobody is made twice for it, and nothing
 * that was done is said not to show. */
START_TEST(searches_that_prove_nothing)
{
    static const enum wrong wrong[] = { WRONG_NOT, WRONG_LOST_DONE, WRONG_LOST_UNDONE };
    for (size_t i = 0; i < array_len(wrong); i++) {
        struct bed b;
        company(&b);
        for (int k = 0; k < 40; k++) { /* searching is cheaper than listing */
            char id[16], number[16];
            snprintf(id, sizeof id, "x%d", k);
            snprintf(number, sizeof number, "X%d", k);
            bed_user(&b, id, number, "Xy", NULL, false);
        }
        b.job.target.option[V_ROSTER].text = "list";
        b.job.target.option[V_FOUND].number = 1;
        b.village.finds_nobody = true;
        if (wrong[i] != WRONG_NOT)
            bed_fault(&b, V_CREATE, 1, wrong[i], 0);
        bed_run(&b, VERB_SYNC);
        ck_assert_msg(b.result.exit_code == EXIT_OK, "fault %zu: exit %d: %s", i, b.result.exit_code,
                      b.result.message);
        ck_assert_uint_eq(b.village.creates, 2);
        ck_assert_uint_gt(b.village.made[V_FIND], 0);
        bed_deinit(&b);
    }
}
END_TEST

UNIT("engine lookup", syncs_without_a_listing, absence_means_nothing,
     who_was_only_found_is_not_enough_for_a_create, apply_looks_up_whom_the_plan_names,
     apply_finds_joiners_who_came_meanwhile, feed_changes, feed_grows, standard_input_is_refused,
     nobody_in_the_feed, look_ups_fail, searches_that_prove_nothing)
