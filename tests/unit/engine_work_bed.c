#include "engine_work_bed.h"

#include <stdio.h>

static const struct endpoint endpoints[] = {
    { .name = "state", .write = true, .batch = 1 },
    { .name = "create", .write = true, .batch = 1 },
    { .name = "update", .write = true, .batch = 1 },
    { .name = "move", .write = true, .batch = BATCH },
    { .name = "bulk", .write = true, .batch = BATCH, .inside = true },
    { .name = "read", .batch = 1 },
    { .name = "put", .write = true, .batch = 1, .prelude = 1 + TINY_READ }
};
static const struct hash_key key = { 1, 2 };

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
        s.endpoint = TINY_BULK;
    else if (lowering->puts && endpoint == TINY_UPDATE)
        s.endpoint = TINY_PUT;
    if (lowering->need_of[seq])
        s.need[s.n_needs++] = (struct need){ NEED_DONE, lowering->need_of[seq] - 1 };
    emit(ctx, &s);
}

static void emit_riding(uint32_t update, uint32_t move, struct str user,
                        void (*emit)(void *ctx, const struct step *step), void *ctx)
{
    emit(ctx, &(struct step){ .change = { update, move },
                              .n_changes = 2,
                              .endpoint = TINY_UPDATE,
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
    } as[CHANGE_KINDS] = { [CHANGE_CREATE] = { TINY_CREATE, RANK_CREATE },
                           [CHANGE_ACTIVATE] = { TINY_STATE, RANK_ACTIVATE },
                           [CHANGE_UPDATE] = { TINY_UPDATE, RANK_UPDATE },
                           [CHANGE_MANAGER] = { TINY_MOVE, RANK_MANAGER },
                           [CHANGE_DEACTIVATE] = { TINY_STATE, RANK_DEACTIVATE } };
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
            emit_one(create, seq[i], create, seq[i], TINY_MOVE, RANK_MANAGER, emit, ctx);
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

const struct connector tiny = {
    .vendor = { .name = "tiny", .endpoints = endpoints, .n_endpoints = array_len(endpoints) },
    .lower = lower,
    .pack = pack
};

const struct connector tiny_free = { .vendor = { .name = "tiny",
                                                 .endpoints = endpoints,
                                                 .n_endpoints = array_len(endpoints),
                                                 .managers_unordered = true },
                                     .lower = lower,
                                     .pack = pack };

/* Bed ------------------------------------------------------------------------------------------------- */

void bed_init(struct bed *b)
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

void bed_deinit(struct bed *b)
{
    work_deinit(&b->work);
    roster_free(b->roster);
}

void user(struct bed *b, const char *id, const char *manager)
{
    struct user u = { .id = str_of(id), .manager_id = str_of(manager), .text[0] = str_of(id) };
    ck_assert(roster_add(b->roster, b->read, &u));
}

struct change *change(struct bed *b, enum change_kind kind, const char *who)
{
    struct change *c = &b->change[b->n++];
    ck_assert_uint_le(b->n, CHANGES_MAX);
    *c = (struct change){ .kind = kind, .key = str_of(who) };
    if (kind != CHANGE_CREATE)
        c->user = str_of(who);
    return c;
}

void joiner(struct bed *b, const char *who, const char *manager_key)
{
    struct change *c = change(b, CHANGE_CREATE, who);
    c->manager_set = manager_key != NULL;
    c->manager_after.key = str_of(manager_key);
}

void move(struct bed *b, const char *who, const char *to)
{
    struct change *c = change(b, CHANGE_MANAGER, who);
    c->manager_set = true;
    c->manager_after.id = str_of(to);
}

void build(struct bed *b)
{
    ck_assert(roster_read_end(b->roster, b->read, true));
    ck_assert_int_eq(roster_seal(b->roster, NULL), ROSTER_SEALED);
    for (uint32_t i = 0; i < b->n; i++)
        work_add(&b->work, &b->change[i], i, b->change[i].hold == HOLD_NONE);
}

void waves_of(struct bed *b, const struct connector *k)
{
    work_build(&b->work, k, NULL, b->roster, &(struct work_options){ b->early });
    work_count(&b->work, k, NULL, b->calls);
}

void waves(struct bed *b)
{
    waves_of(b, &tiny);
}

/* "deactivate D | create N | move N>A, B>A": kinds as endpoints call them, waves apart. */
void assert_waves(struct bed *b, const char *want)
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

const char *text_of(const struct bed *b, uint32_t i)
{
    return b->work.item[i].text ? b->work.item[i].text : "";
}
