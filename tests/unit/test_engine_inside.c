/* Steps that build on each other in one call, managers in any order, calls with a prelude. */
#include "apply.h"
#include "engine_work_bed.h"

START_TEST(joiners_and_their_moves_in_one_wave)
{
    static const char *const who[] = { "N1", "N2", "N3", "N4", "N5" };
    struct bed b;
    bed_init(&b);
    b.bulk = true;
    user(&b, "A", NULL);
    user(&b, "B", "A");
    change(&b, CHANGE_UPDATE, "A");
    for (size_t i = 0; i < 5; i++)
        joiner(&b, who[i], i < 4 ? who[i + 1] : NULL); /* each under the next */
    change(&b, CHANGE_MANAGER, "B");
    b.change[6].manager_set = true;
    b.change[6].manager_after.key = STR("N3");
    build(&b);
    waves_of(&b, &tiny_free);
    /* Each move right behind the later one of the two creates that it needs. */
    assert_waves(&b,
                 "create N1, create N2, move N1, create N3, move N2, move B, create N4, move N3, create N5, "
                 "move N4, update A");
    ck_assert_uint_eq(b.calls[TINY_BULK], 3);
    for (size_t i = 0; i < b.work.n_steps; i++)
        ck_assert_uint_eq(b.work.call[i], i / BATCH);
    bed_deinit(&b);
}
END_TEST

START_TEST(ordered_managers_keep_their_wave)
{
    struct bed b;
    bed_init(&b);
    b.bulk = true;
    user(&b, "A", NULL);
    user(&b, "B", NULL);
    joiner(&b, "N", "A");
    move(&b, "B", "A");
    change(&b, CHANGE_ACTIVATE, "A");
    build(&b);
    waves(&b);
    assert_waves(&b, "on A, create N | move B, move N");
    bed_deinit(&b);
}
END_TEST

/* Where the order of managers is free, only who has to exist is waited for. */
START_TEST(free_managers)
{
    struct bed b;
    bed_init(&b);
    user(&b, "A", NULL);
    user(&b, "B", "A");
    user(&b, "C", "B");
    user(&b, "X", NULL);
    move(&b, "A", "C"); /* upside down */
    move(&b, "C", "X"); /* who is activated */
    change(&b, CHANGE_ACTIVATE, "X");
    joiner(&b, "N1", NULL);
    joiner(&b, "N2", "N1");
    build(&b);
    waves_of(&b, &tiny_free);
    assert_waves(&b, "on X, create N1, create N2, move A, move C | move N2");
    bed_deinit(&b);
}
END_TEST

START_TEST(needs_inside_a_call)
{
    struct bed b;
    bed_init(&b);
    b.bulk = true;
    for (int i = 0; i < 4; i++)
        user(&b, (const char *[]){ "A", "B", "C", "D" }[i], NULL);
    for (int i = 0; i < 4; i++)
        change(&b, CHANGE_UPDATE, (const char *[]){ "A", "B", "C", "D" }[i]);
    b.need_of[0] = 4; /* A needs D, B needs A, C needs D */
    b.need_of[1] = 1;
    b.need_of[2] = 4;
    build(&b);
    waves(&b);
    assert_waves(&b, "update D, update A, update C, update B");
    bed_deinit(&b);
}
END_TEST

START_TEST(ring_inside_a_call)
{
    struct bed b;
    bed_init(&b);
    b.bulk = true;
    user(&b, "A", NULL);
    user(&b, "B", NULL);
    change(&b, CHANGE_UPDATE, "A");
    change(&b, CHANGE_UPDATE, "B");
    b.need_of[0] = 2;
    b.need_of[1] = 1;
    build(&b);
    waves(&b);
    assert_waves(&b, "");
    ck_assert_int_eq(b.work.item[0].outcome, OUTCOME_WITHHELD);
    ck_assert_int_eq(b.work.item[1].outcome, OUTCOME_WITHHELD);
    bed_deinit(&b);
}
END_TEST

START_TEST(preludes_are_counted)
{
    struct bed b;
    bed_init(&b);
    b.puts = true;
    user(&b, "A", NULL);
    user(&b, "B", NULL);
    change(&b, CHANGE_UPDATE, "A");
    change(&b, CHANGE_UPDATE, "B");
    change(&b, CHANGE_DEACTIVATE, "B");
    build(&b);
    waves(&b);
    ck_assert_uint_eq(b.calls[TINY_PUT], 2);
    ck_assert_uint_eq(b.calls[TINY_READ], 2);
    ck_assert_uint_eq(b.calls[TINY_STATE], 1);
    bed_deinit(&b);
}
END_TEST

/* A move under a joiner that goes with the user's update: it is the move that has the manager to come. */
START_TEST(riding_move_under_a_joiner)
{
    struct bed b;
    bed_init(&b);
    user(&b, "B", NULL);
    b.rides = true;
    change(&b, CHANGE_UPDATE, "B");
    struct change *c = change(&b, CHANGE_MANAGER, "B");
    c->manager_set = true;
    c->manager_after.key = STR("N");
    joiner(&b, "N", NULL);
    build(&b);
    waves_of(&b, &tiny_free);
    assert_waves(&b, "create N | move B");
    ck_assert_uint_eq(b.work.step[1].manager_ref, 2);
    ck_assert_uint_eq(b.work.item[0].made_manager, NO_CHANGE);
    ck_assert_uint_eq(b.work.item[1].made_manager, 2);
    bed_deinit(&b);
}
END_TEST

/* A joiner with more steps than the ledger has numbers for: the first keeps its own. */
START_TEST(numbers_of_many_steps)
{
    struct step step[40];
    uint32_t number[40];
    struct apply apply = { .number = number };
    struct engine e = { .apply = &apply, .work = { .step = step, .n_steps = 40 } };
    for (uint32_t i = 0; i < 40; i++) {
        step[i] = (struct step){ .change = { 3 }, .n_changes = 1 };
        number[i] = i;
    }
    for (uint32_t i = 0; i < 40; i++)
        ck_assert_uint_eq(step_number(&e, i, 0), 3 * STEPS_OF_CHANGE + (i < 15 ? i : 15));
}
END_TEST

UNIT("engine inside", joiners_and_their_moves_in_one_wave, ordered_managers_keep_their_wave, free_managers,
     needs_inside_a_call, ring_inside_a_call, preludes_are_counted, riding_move_under_a_joiner,
     numbers_of_many_steps)
