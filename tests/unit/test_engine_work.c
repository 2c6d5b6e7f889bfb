/* Changes -> steps -> waves -> calls. */
#include "engine_work_bed.h"

/* Waves ----------------------------------------------------------------------------------------------- */

START_TEST(seats_first_then_people_then_managers)
{
    struct bed b;
    bed_init(&b);
    user(&b, "A", NULL);
    user(&b, "B", NULL);
    user(&b, "D", NULL);
    user(&b, "X", NULL);
    joiner(&b, "N", "A");
    change(&b, CHANGE_ACTIVATE, "X");
    change(&b, CHANGE_UPDATE, "A");
    move(&b, "B", "A");
    change(&b, CHANGE_DEACTIVATE, "D");
    build(&b);
    waves(&b);
    assert_waves(&b, "off D, update A | on X, create N | move B, move N");
    ck_assert_uint_eq(b.calls[TINY_STATE], 2);
    ck_assert_uint_eq(b.calls[TINY_CREATE], 1);
    ck_assert_uint_eq(b.calls[TINY_UPDATE], 1);
    ck_assert_uint_eq(b.calls[TINY_MOVE], 1);
    bed_deinit(&b);
}
END_TEST

START_TEST(nobody_leaves_nobody_waits)
{
    struct bed b;
    bed_init(&b);
    user(&b, "A", NULL);
    joiner(&b, "N", NULL);
    change(&b, CHANGE_UPDATE, "A");
    build(&b);
    waves(&b);
    assert_waves(&b, "create N, update A");
    ck_assert_uint_eq(b.work.n_waves, 1);
    bed_deinit(&b);
}
END_TEST

START_TEST(chain_of_joiners)
{
    static const char *const who[] = { "N1", "N2", "N3", "N4", "N5" };
    struct bed b;
    bed_init(&b);
    for (size_t i = 0; i < 5; i++)
        joiner(&b, who[i], i ? who[i - 1] : NULL);
    build(&b);
    waves(&b);
    assert_waves(
        &b, "create N1, create N2, create N3, create N4, create N5 | move N2, move N3, move N4, move N5");
    for (size_t i = 0; i < b.work.n_steps; i++)
        if (b.work.step[i].rank == RANK_MANAGER)
            ck_assert_uint_eq(b.work.step[i].manager_ref, b.work.step[i].change[0] - 1);
    ck_assert_uint_eq(b.calls[TINY_CREATE], 5);
    ck_assert_uint_eq(b.calls[TINY_MOVE], 1);
    bed_deinit(&b);
}
END_TEST

START_TEST(early_moves_only_where_the_target_wants_them)
{
    for (int early = 0; early < 2; early++) {
        struct bed b;
        bed_init(&b);
        user(&b, "A", NULL);
        user(&b, "B", "D");
        user(&b, "C", "D");
        user(&b, "D", "A");
        user(&b, "E", "D");
        b.early = early;
        move(&b, "B", "A");
        joiner(&b, "N", "A");
        change(&b, CHANGE_DEACTIVATE, "D");
        struct change *c = change(&b, CHANGE_MANAGER, "E"); /* his new manager is not there yet: not early */
        c->manager_set = true;
        c->manager_after.key = STR("N");
        move(&b, "C", "B"); /* his moves himself: not early */
        build(&b);
        waves(&b);
        assert_waves(&b, early ? "move B | off D | create N | move E, move C, move N"
                               : "off D | create N | move E, move B, move C, move N");
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(upside_down_moves_wait)
{
    struct bed b;
    bed_init(&b);
    user(&b, "A", NULL);
    user(&b, "B", "A");
    user(&b, "C", "B");
    user(&b, "D", "C");
    user(&b, "X", NULL);
    move(&b, "A", "D"); /* D leaves from under A over C's move */
    move(&b, "C", "X");
    move(&b, "B", "C"); /* C stands under B: waits for it, too */
    build(&b);
    waves(&b);
    assert_waves(&b, "move C | move B, move A");
    bed_deinit(&b);
}
END_TEST

START_TEST(swap_of_three_levels)
{
    struct bed b;
    bed_init(&b);
    user(&b, "A", "X");
    user(&b, "B", "A");
    user(&b, "C", "B");
    user(&b, "X", NULL);
    move(&b, "A", "B");
    move(&b, "B", "C");
    move(&b, "C", "X");
    build(&b);
    waves(&b);
    assert_waves(&b, "move C | move B | move A");
    bed_deinit(&b);
}
END_TEST

START_TEST(manager_who_is_activated)
{
    struct bed b;
    bed_init(&b);
    user(&b, "A", NULL);
    user(&b, "B", NULL);
    change(&b, CHANGE_ACTIVATE, "A");
    move(&b, "B", "A");
    build(&b);
    waves(&b);
    assert_waves(&b, "on A | move B");
    ck_assert_uint_eq(b.work.step[1].n_needs, 1);
    ck_assert_int_eq(b.work.step[1].need[0].kind, NEED_ACTIVATED);
    ck_assert_uint_eq(b.work.step[1].need[0].change, 0);
    bed_deinit(&b);
}
END_TEST

/* A move that goes with the update of its user has its needs and its place all the same. */
START_TEST(riding_moves)
{
    struct bed b;
    bed_init(&b);
    user(&b, "A", NULL);
    user(&b, "B", "A");
    user(&b, "X", NULL);
    b.rides = true;
    change(&b, CHANGE_UPDATE, "A");
    change(&b, CHANGE_UPDATE, "B");
    move(&b, "A", "B");
    move(&b, "B", "X");
    change(&b, CHANGE_ACTIVATE, "X");
    build(&b);
    waves(&b);
    assert_waves(&b, "on X | move B | move A");
    ck_assert_int_eq(b.work.step[1].need[0].kind, NEED_ACTIVATED);
    ck_assert_uint_eq(b.work.step[1].n_changes, 2);
    bed_deinit(&b);
}
END_TEST

START_TEST(rings_are_withheld_and_nothing_else)
{
    struct bed b;
    bed_init(&b);
    user(&b, "A", NULL);
    user(&b, "B", NULL);
    user(&b, "C", NULL);
    user(&b, "D", NULL);
    for (int i = 0; i < 4; i++)
        change(&b, CHANGE_UPDATE, (const char *[]){ "A", "B", "C", "D" }[i]);
    joiner(&b, "N", NULL);
    move(&b, "D", "A");
    b.need_of[0] = 2; /* A needs B, B needs A, C needs A, the joiner C */
    b.need_of[1] = 1;
    b.need_of[2] = 1;
    b.need_of[4] = 3;
    build(&b);
    waves(&b);
    for (uint32_t i = 0; i < b.n; i++) {
        bool ring = i < 2;
        ck_assert_msg((b.work.item[i].outcome == OUTCOME_WITHHELD) == ring && b.work.item[i].todo == !ring,
                      "change %u", i);
        ck_assert_msg((strstr(text_of(&b, i), "ring") != NULL) == ring, "change %u: %s", i, text_of(&b, i));
    }
    ck_assert_msg(strstr(text_of(&b, 0), "A -> B -> A") || strstr(text_of(&b, 0), "B -> A -> B"), "%s",
                  text_of(&b, 0));
    assert_waves(&b, "update C, update D | create N | move D");
    bed_deinit(&b);
}
END_TEST

/* Calls ----------------------------------------------------------------------------------------------- */

START_TEST(calls_are_counted_by_batches)
{
    static const char *const who[] = { "B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9" };
    for (size_t n = 1; n <= array_len(who); n++) {
        struct bed b;
        bed_init(&b);
        user(&b, "A", NULL);
        for (size_t i = 0; i < n; i++)
            user(&b, who[i], NULL);
        for (size_t i = 0; i < n; i++)
            move(&b, who[i], "A");
        build(&b);
        waves(&b);
        ck_assert_uint_eq(b.calls[TINY_MOVE], (n + BATCH - 1) / BATCH);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(held_changes_make_no_steps)
{
    struct bed b;
    bed_init(&b);
    user(&b, "A", NULL);
    change(&b, CHANGE_UPDATE, "A");
    change(&b, CHANGE_DEACTIVATE, "A")->hold = HOLD_GUARD;
    build(&b);
    waves(&b);
    assert_waves(&b, "update A");
    ck_assert_int_eq(b.work.item[1].outcome, OUTCOME_WITHHELD);
    bed_deinit(&b);
}
END_TEST

START_TEST(nothing_to_do)
{
    struct bed b;
    bed_init(&b);
    build(&b);
    waves(&b);
    ck_assert_uint_eq(b.work.n_steps + b.work.n_waves, 0);
    ck_assert_uint_eq(wave_start(&b.work, 0) + wave_start(&b.work, 1), 0);
    bed_deinit(&b);
}
END_TEST

/* Choice ---------------------------------------------------------------------------------------------- */

START_TEST(chosen_users_only)
{
    static const struct {
        const char *only;
        int64_t first;
        const char *want;
    } row[] = { { "B", -1, "update B, move B" },
                { "N", -1, "create N" },
                { "Z", -1, "" },
                { "", 0, "" },
                { "", 1, "create N" },
                { "", 2, "create N, update A" },
                { "", 3, "create N, update A, update B | move B" },
                { "", 100, "create N, update A, update B | move B" },
                { "B", 1, "update B, move B" } };
    for (size_t i = 0; i < array_len(row); i++) {
        struct bed b;
        bed_init(&b);
        user(&b, "A", NULL);
        user(&b, "B", NULL);
        joiner(&b, "N", NULL);
        change(&b, CHANGE_UPDATE, "A");
        change(&b, CHANGE_UPDATE, "B");
        move(&b, "B", "A");
        build(&b);
        work_choose(&b.work, str_of(row[i].only), row[i].first);
        waves(&b);
        assert_waves(&b, row[i].want);
        for (uint32_t k = 0; k < b.n; k++)
            ck_assert(b.work.item[k].todo == (b.work.item[k].outcome == OUTCOME_NONE));
        bed_deinit(&b);
    }
}
END_TEST

/* A joiner whose manager is not chosen has a step without one: whoever sends it withholds it. */
START_TEST(manager_who_is_not_chosen)
{
    struct bed b;
    bed_init(&b);
    joiner(&b, "N1", NULL);
    joiner(&b, "N2", "N1");
    build(&b);
    work_choose(&b.work, STR("N2"), -1);
    waves(&b);
    assert_waves(&b, "create N2 | move N2");
    ck_assert_uint_eq(b.work.step[1].manager_ref, NO_CHANGE);
    bed_deinit(&b);
}
END_TEST

UNIT("engine work", seats_first_then_people_then_managers, nobody_leaves_nobody_waits, chain_of_joiners,
     early_moves_only_where_the_target_wants_them, upside_down_moves_wait, swap_of_three_levels,
     manager_who_is_activated, riding_moves, rings_are_withheld_and_nothing_else,
     calls_are_counted_by_batches, held_changes_make_no_steps, nothing_to_do, chosen_users_only,
     manager_who_is_not_chosen)
