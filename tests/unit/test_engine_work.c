/* Changes -> steps -> waves -> calls, with a tiny connector: every change is one step but a create, which has
 * its manager as a second one; moves go in batches. */
#include <stdio.h>

#include "unit.h"
#include "work.h"

enum { CALL_STATE, CALL_CREATE, CALL_UPDATE, CALL_MOVE, CALL_BULK, CALL_READ, CALL_PUT, CALLS };
#define BATCH 4
#define CHANGES_MAX 40

static const struct endpoint endpoints[] = { { .name = "state", .write = true, .batch = 1 },
                                             { .name = "create", .write = true, .batch = 1 },
                                             { .name = "update", .write = true, .batch = 1 },
                                             { .name = "move", .write = true, .batch = BATCH },
                                             { .name = "bulk", .write = true, .batch = BATCH, .inside = true },
                                             { .name = "read", .batch = 1 },
                                             { .name = "put", .write = true, .batch = 1, .prelude = 1 + CALL_READ } };
static const struct hash_key key = { 1, 2 };

struct bed {
    struct schema schema;
    struct roster *roster;
    unsigned read;
    struct change change[CHANGES_MAX];
    uint32_t n;
    struct work work;
    bool early, rides; /* rides: a move goes with the user's update, in one step */
    bool bulk, puts;   /* everything goes in bulk calls; updates need a prelude */
    uint32_t need_of[CHANGES_MAX]; /* of change i: change it needs, + 1 */
    uint64_t calls[CALLS];
};

static struct bed *lowering; /* the connector has no data of its own */

static void emit_one(const struct change *c, uint32_t seq, const struct change *create, uint32_t create_seq,
                     uint8_t endpoint, enum step_rank rank, void (*emit)(void *ctx, const struct step *step),
                     void *ctx)
{
    struct step s = { .change = { seq },
                      .n_changes = 1,
                      .endpoint = endpoint,
                      .rank = (uint8_t)rank,
                      .user = c->user,
                      .user_ref = NO_CHANGE,
                      .manager_ref = NO_CHANGE };
    if (create && rank != RANK_CREATE) {
        s.user_ref = create_seq;
        s.need[s.n_needs++] = (struct need){ NEED_CREATED, create_seq };
    }
    if (!lowering->bulk && (rank == RANK_CREATE || rank == RANK_ACTIVATE))
        s.need[s.n_needs++] = (struct need){ NEED_SEAT, NO_CHANGE };
    if (lowering->bulk)
        s.endpoint = CALL_BULK;
    else if (lowering->puts && endpoint == CALL_UPDATE)
        s.endpoint = CALL_PUT;
    if (lowering->need_of[seq])
        s.need[s.n_needs++] = (struct need){ NEED_DONE, lowering->need_of[seq] - 1 };
    emit(ctx, &s);
}

static void emit_riding(uint32_t update, uint32_t move, struct str user,
                        void (*emit)(void *ctx, const struct step *step), void *ctx)
{
    emit(ctx, &(struct step){ .change = { update, move },
                              .n_changes = 2,
                              .endpoint = CALL_UPDATE,
                              .rank = RANK_MANAGER,
                              .user = user,
                              .user_ref = NO_CHANGE,
                              .manager_ref = NO_CHANGE });
}

static void lower(struct conn *conn, const struct roster *roster, const struct change *const *change,
                  const uint32_t *seq, size_t n, struct arena *arena,
                  void (*emit)(void *ctx, const struct step *step), void *ctx)
{
    static const struct {
        uint8_t endpoint;
        enum step_rank rank;
    } as[CHANGE_KINDS] = { [CHANGE_CREATE] = { CALL_CREATE, RANK_CREATE },
                           [CHANGE_ACTIVATE] = { CALL_STATE, RANK_ACTIVATE },
                           [CHANGE_UPDATE] = { CALL_UPDATE, RANK_UPDATE },
                           [CHANGE_MANAGER] = { CALL_MOVE, RANK_MANAGER },
                           [CHANGE_DEACTIVATE] = { CALL_STATE, RANK_DEACTIVATE } };
    (void)conn;
    (void)roster;
    (void)arena;
    if (lowering->rides && n == 2 && change[0]->kind == CHANGE_UPDATE && change[1]->kind == CHANGE_MANAGER) {
        emit_riding(seq[0], seq[1], change[0]->user, emit, ctx);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct change *create = change[i]->kind == CHANGE_CREATE ? change[i] : NULL;
        emit_one(change[i], seq[i], create, seq[i], as[change[i]->kind].endpoint, as[change[i]->kind].rank,
                 emit, ctx);
        if (create && create->manager_set)
            emit_one(create, seq[i], create, seq[i], CALL_MOVE, RANK_MANAGER, emit, ctx);
    }
}

static size_t pack(struct conn *c, const struct step *const *steps, size_t n,
                   struct str (*created)(void *ctx, uint32_t change), void *ctx, struct request *out)
{
    (void)c;
    (void)created;
    (void)ctx;
    (void)out;
    size_t batch = endpoints[steps[0]->endpoint].batch;
    return n < batch ? n : batch;
}

static const struct connector tiny = {
    .vendor = { .name = "tiny", .endpoints = endpoints, .n_endpoints = array_len(endpoints) },
    .lower = lower,
    .pack = pack
};

static const struct connector tiny_free = { .vendor = { .name = "tiny",
                                                        .endpoints = endpoints,
                                                        .n_endpoints = array_len(endpoints),
                                                        .managers_unordered = true },
                                            .lower = lower,
                                            .pack = pack };

/* Bed ------------------------------------------------------------------------------------------------- */

static void bed_init(struct bed *b)
{
    memset(b, 0, sizeof *b);
    snprintf(b->schema.attr[0].name, ATTR_NAME_MAX, "Number");
    b->schema.n = b->schema.n_keys = 1;
    b->schema.manager = true;
    b->roster = roster_new(&b->schema, &key);
    b->read = roster_read_begin(b->roster);
    work_init(&b->work);
    lowering = b;
}

static void bed_deinit(struct bed *b)
{
    work_deinit(&b->work);
    roster_free(b->roster);
}

static void user(struct bed *b, const char *id, const char *manager)
{
    struct user u = { .id = str_of(id), .manager_id = str_of(manager), .text[0] = str_of(id) };
    ck_assert(roster_add(b->roster, b->read, &u));
}

static struct change *change(struct bed *b, enum change_kind kind, const char *who)
{
    struct change *c = &b->change[b->n++];
    ck_assert_uint_le(b->n, CHANGES_MAX);
    *c = (struct change){ .kind = kind, .key = str_of(who) };
    if (kind != CHANGE_CREATE)
        c->user = str_of(who);
    return c;
}

static void joiner(struct bed *b, const char *who, const char *manager_key)
{
    struct change *c = change(b, CHANGE_CREATE, who);
    c->manager_set = manager_key != NULL;
    c->manager_after.key = str_of(manager_key);
}

static void move(struct bed *b, const char *who, const char *to)
{
    struct change *c = change(b, CHANGE_MANAGER, who);
    c->manager_set = true;
    c->manager_after.id = str_of(to);
}

static void build(struct bed *b)
{
    ck_assert(roster_read_end(b->roster, b->read, true));
    ck_assert_int_eq(roster_seal(b->roster, NULL), ROSTER_SEALED);
    for (uint32_t i = 0; i < b->n; i++)
        work_add(&b->work, &b->change[i], i, b->change[i].hold == HOLD_NONE);
}

static void waves_of(struct bed *b, const struct connector *k)
{
    work_build(&b->work, k, NULL, b->roster, &(struct work_options){ b->early });
    work_count(&b->work, k, NULL, b->calls);
}

static void waves(struct bed *b)
{
    waves_of(b, &tiny);
}

/* "deactivate D | create N | move N>A, B>A": kinds as endpoints call them, waves apart. */
static void assert_waves(struct bed *b, const char *want)
{
    static const char *const name[] = { "off", "on", "create", "update", "member", "move", "retire" };
    struct buf out = BUF_INIT(10000);
    for (size_t i = 0; i < b->work.n_steps; i++) {
        const struct step *s = &b->work.step[i];
        const struct change *c = b->work.item[s->change[0]].change;
        buf_puts(&out, i == 0 ? "" : b->work.wave[i] == b->work.wave[i - 1] ? ", " : " | ");
        buf_printf(&out, "%s %.*s", name[s->rank], STR_ARG(c->key));
    }
    assert_str(buf_view(&out), want);
    buf_deinit(&out);
}

static const char *text_of(const struct bed *b, uint32_t i)
{
    return b->work.item[i].text ? b->work.item[i].text : "";
}

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
    ck_assert_uint_eq(b.calls[CALL_STATE], 2);
    ck_assert_uint_eq(b.calls[CALL_CREATE], 1);
    ck_assert_uint_eq(b.calls[CALL_UPDATE], 1);
    ck_assert_uint_eq(b.calls[CALL_MOVE], 1);
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
    ck_assert_uint_eq(b.calls[CALL_CREATE], 5);
    ck_assert_uint_eq(b.calls[CALL_MOVE], 1);
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

/* Calls that build on themselves -------------------------------------------------------------------- */

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
    assert_waves(&b, "create N1, create N2, move N1, create N3, move N2, move B, create N4, move N3, create N5, "
                     "move N4, update A");
    ck_assert_uint_eq(b.calls[CALL_BULK], 3);
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
    ck_assert_uint_eq(b.calls[CALL_PUT], 2);
    ck_assert_uint_eq(b.calls[CALL_READ], 2);
    ck_assert_uint_eq(b.calls[CALL_STATE], 1);
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
        ck_assert_uint_eq(b.calls[CALL_MOVE], (n + BATCH - 1) / BATCH);
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
     joiners_and_their_moves_in_one_wave, ordered_managers_keep_their_wave, free_managers,
     needs_inside_a_call, ring_inside_a_call, preludes_are_counted, calls_are_counted_by_batches, held_changes_make_no_steps, nothing_to_do, chosen_users_only,
     manager_who_is_not_chosen)
