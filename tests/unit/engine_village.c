/* The village: a vendor whose protocol is lines of tab-separated text. One half is its connector, the other
 * the tenant itself; they share the wire and nothing else. */
#include <stdarg.h>
#include <stdio.h>

#include "engine_bed.h"

/* Vendor ---------------------------------------------------------------------------------------------- */

#define ALWAYS (ATTR_READ | ATTR_CREATE | ATTR_UPDATE)

static const struct attr attrs[] = { { .name = "Number", .flags = ALWAYS },
                                     { .name = "Name", .flags = ALWAYS },
                                     { .name = "Phone", .flags = ATTR_READ | ATTR_UPDATE } };

static const struct endpoint endpoints[V_CALLS] = {
    [V_SELF] = { .name = "Self", .batch = 1, .harmless = true },
    [V_LIST] = { .name = "List", .batch = 1, .harmless = true },
    [V_FIND] = { .name = "Find", .batch = 1, .harmless = true },
    [V_CREATE] = { .name = "Create", .write = true, .batch = 1 },
    [V_UPDATE] = { .name = "Update", .write = true, .batch = 1, .harmless = true },
    [V_MANAGERS] = { .name = "Managers",
                     .write = true,
                     .bulk_rate = true,
                     .batch = VILLAGE_BATCH,
                     .harmless = true,
                     .in_flight = 1,
                     .verified = true },
    [V_STATE] = { .name = "State", .write = true, .batch = 1 },
};

static const struct option options[] = {
    { .name = "move_reports_first", .type = OPT_BOOL, .fallback = "true" }
};

/* Reading --------------------------------------------------------------------------------------------- */

struct conn {
    struct read_goal goal;
    unsigned id, failures;
    unsigned page; /* of the list; look-ups done */
    bool open, over, gave_up;
    struct buf body;
};

static struct conn *conn_new(const struct conn_config *config)
{
    (void)config;
    struct conn *c = xcalloc(1, sizeof *c);
    buf_init(&c->body, 1024 * 1024);
    return c;
}

static void conn_free(struct conn *c)
{
    if (c)
        buf_deinit(&c->body);
    free(c);
}

static void read_begin(struct conn *c, const struct read_goal *goal)
{
    c->goal = *goal;
    c->page = c->failures = 0;
    c->open = c->over = c->gave_up = false;
    c->id += 100;
}

static void request_to(struct request *out, enum village_call call, struct str body)
{
    request_clear(out);
    out->method = HTTP_POST;
    out->target = arena_str(&out->arena, str_of(endpoints[call].name));
    out->log_target = out->target;
    out->endpoint = (uint8_t)call;
    out->write = endpoints[call].write;
    out->harmless = endpoints[call].harmless;
    out->body = arena_str(&out->arena, body);
}

static enum read_next read_over(struct conn *c, struct read_state *state)
{
    state->proof = c->goal.kind == READ_ROSTER ? PROOF_ALL : PROOF_LOOKED_UP;
    if (c->goal.kind == READ_LOOKUP)
        roster_merge_repeats(c->goal.roster);
    if (!c->gave_up && (c->goal.kind == READ_TENANT || roster_seal(c->goal.roster, NULL) == ROSTER_SEALED))
        return READ_COMPLETE;
    state->again = AGAIN_LATER;
    snprintf(state->why, sizeof state->why, "pages do not agree");
    return READ_INCOMPLETE;
}

static enum read_next read_next(struct conn *c, struct request *out, unsigned *id, struct read_state *state)
{
    struct buf body = BUF_INIT(10000);
    if (c->open)
        return READ_WAIT;
    if (c->over || c->gave_up || (c->goal.kind == READ_LOOKUP && c->page >= c->goal.n_lookups))
        return read_over(c, state);
    if (c->goal.kind == READ_ROSTER)
        buf_printf(&body, "%u", c->page);
    for (size_t i = c->page;
         c->goal.kind == READ_LOOKUP && i < c->page + VILLAGE_FIND && i < c->goal.n_lookups; i++)
        buf_printf(&body, "%d\t%.*s\n", c->goal.lookups[i].slot, STR_ARG(c->goal.lookups[i].value));
    request_to(out,
               c->goal.kind == READ_TENANT   ? V_SELF
               : c->goal.kind == READ_ROSTER ? V_LIST
                                             : V_FIND,
               buf_view(&body));
    buf_deinit(&body);
    *id = ++c->id;
    c->open = true;
    return READ_REQUEST;
}

static void read_head(struct conn *c, unsigned id, int status)
{
    (void)status;
    ck_assert_uint_eq(id, c->id);
    buf_clear(&c->body);
}

static void read_bytes(struct conn *c, unsigned id, const char *p, size_t n)
{
    ck_assert_uint_eq(id, c->id);
    buf_add(&c->body, p, n);
}

/* The next piece of `s` up to `mark`, which is skipped. */
static struct str cut(struct str *s, char mark)
{
    const char *at = s->n ? memchr(s->p, mark, s->n) : NULL;
    struct str piece = { s->p, at ? (size_t)(at - s->p) : s->n };
    size_t skip = at ? piece.n + 1 : piece.n;
    *s = (struct str){ s->p ? s->p + skip : NULL, s->n - skip };
    return piece;
}

/* "id state manager number name phone" of everybody; "more" or "end" behind them. */
static bool take_users(struct conn *c)
{
    struct str text = buf_view(&c->body);
    unsigned read = roster_read_begin(c->goal.roster);
    bool whole = false;
    while (text.n > 0) {
        struct str line = cut(&text, '\n'), id = cut(&line, '\t');
        if (str_is(id, "more") || str_is(id, "end")) {
            whole = true;
            c->over = c->goal.kind == READ_ROSTER && str_is(id, "end");
            continue;
        }
        struct user u = { .id = id, .state = str_is(cut(&line, '\t'), "on") ? USER_ACTIVE : USER_INACTIVE };
        u.manager_id = cut(&line, '\t');
        for (size_t i = 0; i < V_SLOTS; i++)
            u.text[i] = cut(&line, '\t');
        ck_assert(roster_add(c->goal.roster, read, &u));
    }
    return roster_read_end(c->goal.roster, read, whole) && whole;
}

static struct read_verdict read_failed(struct conn *c, const struct answer *a)
{
    struct read_verdict v = { .again = AGAIN_LATER, .wait_us = a->retry_after_us };
    snprintf(v.text, sizeof v.text, "status %d", a->status);
    if (a->sent == SENT_ANSWERED && a->status == 429)
        v.again = AGAIN_THROTTLED;
    else if (a->status == 401 || ++c->failures > 3) {
        c->gave_up = true;
        v.again = AGAIN_NO;
    }
    return v;
}

static struct read_verdict read_end(struct conn *c, unsigned id, const struct answer *a)
{
    ck_assert(c->open && id == c->id);
    c->open = false;
    if (a->sent != SENT_ANSWERED || a->status != 200)
        return read_failed(c, a);
    if (c->goal.kind == READ_TENANT) {
        snprintf(c->goal.tenant->id, sizeof c->goal.tenant->id, "%s", c->body.n ? c->body.p : "");
        snprintf(c->goal.tenant->own_user, sizeof c->goal.tenant->own_user, "u0");
        c->over = true;
        return (struct read_verdict){ .good = true };
    }
    if (!take_users(c))
        return read_failed(c, a);
    c->page += c->goal.kind == READ_LOOKUP ? VILLAGE_FIND : 1;
    return (struct read_verdict){ .good = true };
}

static size_t lookup_calls(const struct conn *c, size_t n, uint8_t *endpoint)
{
    (void)c;
    *endpoint = V_FIND;
    return (n + VILLAGE_FIND - 1) / VILLAGE_FIND;
}

/* Writing --------------------------------------------------------------------------------------------- */

struct lowering {
    struct arena *arena;
    void (*emit)(void *ctx, const struct step *s);
    void *ctx;
    uint32_t create;
};

static struct step step_of(struct lowering *l, const struct change *c, uint32_t seq, enum village_call call,
                           enum step_rank rank)
{
    struct step s = { .change = { seq },
                      .n_changes = 1,
                      .endpoint = (uint8_t)call,
                      .rank = (uint8_t)rank,
                      .user_ref = NO_CHANGE,
                      .manager_ref = NO_CHANGE };
    s.user = c->user;
    if (l->create != NO_CHANGE && rank != RANK_CREATE) {
        s.user_ref = l->create;
        s.need[s.n_needs++] = (struct need){ NEED_CREATED, l->create };
    }
    return s;
}

static void emit(struct lowering *l, struct step *s, struct buf *args)
{
    s->args = arena_str(l->arena, buf_view(args));
    l->emit(l->ctx, s);
    buf_clear(args);
}

static void lower_edits(struct lowering *l, const struct change *c, uint32_t seq, bool created,
                        struct buf *args)
{
    struct step s = step_of(l, c, seq, V_UPDATE, RANK_UPDATE);
    for (size_t i = 0; i < c->n_edits; i++)
        if (!created || c->edit[i].slot == V_PHONE)
            buf_printf(args, "\t%u=%.*s", c->edit[i].slot, STR_ARG(c->edit[i].after));
    if (args->n > 0)
        emit(l, &s, args);
}

static void lower_manager(struct lowering *l, const struct change *c, uint32_t seq, struct buf *args)
{
    struct step s = step_of(l, c, seq, V_MANAGERS, RANK_MANAGER);
    buf_str(args, c->manager_after.id);
    emit(l, &s, args);
}

static void lower_create(struct lowering *l, const struct roster *roster, const struct change *c,
                         uint32_t seq, struct buf *args)
{
    struct step s = step_of(l, c, seq, V_CREATE, RANK_CREATE);
    uint32_t m = c->manager_after.id.n ? roster_by_id(roster, c->manager_after.id) : NO_USER;
    bool inside = m != NO_USER && roster_state(roster, m) == USER_ACTIVE;
    struct str text[V_SLOTS] = { { NULL, 0 } };
    for (size_t i = 0; i < c->n_edits; i++)
        text[c->edit[i].slot] = c->edit[i].after;
    buf_printf(args, "%.*s\t%.*s\t%.*s", STR_ARG(text[V_NUMBER]), STR_ARG(text[V_NAME]),
               inside ? (int)c->manager_after.id.n : 0, c->manager_after.id.p);
    s.need[s.n_needs++] = (struct need){ NEED_SEAT, NO_CHANGE };
    emit(l, &s, args);
    lower_edits(l, c, seq, true, args);
    if (c->manager_set && !inside && (c->manager_after.id.n > 0 || c->manager_after.key.n > 0))
        lower_manager(l, c, seq, args);
}

static void lower_state(struct lowering *l, const struct change *c, uint32_t seq, struct buf *args)
{
    bool on = c->kind == CHANGE_ACTIVATE;
    struct step s = step_of(l, c, seq, V_STATE, on ? RANK_ACTIVATE : RANK_DEACTIVATE);
    if (on)
        s.need[s.n_needs++] = (struct need){ NEED_SEAT, NO_CHANGE };
    buf_puts(args, on ? "on" : "off");
    emit(l, &s, args);
}

static void lower(struct conn *conn, const struct roster *roster, const struct change *const *change,
                  const uint32_t *seq, size_t n, struct arena *arena,
                  void (*emit_step)(void *ctx, const struct step *step), void *ctx)
{
    (void)conn;
    struct lowering l = { arena, emit_step, ctx, NO_CHANGE };
    struct buf args = BUF_INIT(10000);
    for (size_t i = 0; i < n; i++)
        if (change[i]->kind == CHANGE_CREATE)
            l.create = seq[i];
    for (size_t i = 0; i < n; i++) {
        if (change[i]->kind == CHANGE_CREATE)
            lower_create(&l, roster, change[i], seq[i], &args);
        else if (change[i]->kind == CHANGE_ACTIVATE || change[i]->kind == CHANGE_DEACTIVATE)
            lower_state(&l, change[i], seq[i], &args);
        else if (change[i]->kind == CHANGE_UPDATE)
            lower_edits(&l, change[i], seq[i], false, &args);
        else if (change[i]->kind == CHANGE_MANAGER)
            lower_manager(&l, change[i], seq[i], &args);
    }
    buf_deinit(&args);
}

static struct str id_of(struct str id, uint32_t ref, struct str (*created)(void *ctx, uint32_t change),
                        void *ctx)
{
    return id.n > 0 || ref == NO_CHANGE ? id : created(ctx, ref);
}

/* A line per step: the user, then its args (for moves: the manager). */
static size_t pack(struct conn *c, const struct step *const *steps, size_t n,
                   struct str (*created)(void *ctx, uint32_t change), void *ctx, struct request *out)
{
    (void)c;
    struct buf body = BUF_INIT(100000);
    enum village_call call = steps[0]->endpoint;
    size_t k = n < endpoints[call].batch ? n : endpoints[call].batch;
    for (size_t i = 0; i < k; i++) {
        struct str user = id_of(steps[i]->user, steps[i]->user_ref, created, ctx);
        struct str args =
            call == V_MANAGERS ? id_of(steps[i]->args, steps[i]->manager_ref, created, ctx) : steps[i]->args;
        buf_printf(&body, "%.*s\t%.*s\n", STR_ARG(user), STR_ARG(args));
    }
    request_to(out, call, buf_view(&body));
    buf_deinit(&body);
    return k;
}

static struct settlement settle_one(const struct answer *a, size_t n)
{
    struct settlement s = {
        .settled = SETTLED_DONE, .again = AGAIN_NO, .wait_us = -1, .blast = n > 1 ? BLAST_CALL : BLAST_STEP
    };
    snprintf(s.text, sizeof s.text, "status %d", a->status);
    if (a->sent == SENT_UNKNOWN) {
        s.settled = SETTLED_UNKNOWN;
    } else if (a->sent == SENT_NOT || a->status == 503) {
        s.settled = SETTLED_NOT_DONE;
        s.again = AGAIN_LATER;
    } else if (a->status == 429) {
        s = (struct settlement){ .settled = SETTLED_NOT_DONE,
                                 .blast = BLAST_TENANT,
                                 .again = AGAIN_THROTTLED,
                                 .wait_us = a->retry_after_us };
    } else if (a->status == 401) {
        s.settled = SETTLED_NOT_DONE;
        s.blast = BLAST_RUN;
    } else if (a->status == 400) {
        s.settled = SETTLED_REFUSED;
    } else {
        s.verify = a->status == 202;
        s.text[0] = '\0';
        if (a->body.n > 0 && a->body.n < sizeof s.new_id)
            memcpy(s.new_id, a->body.p, a->body.n);
    }
    return s;
}

static void settle(struct conn *c, const struct step *const *steps, size_t n, const struct answer *a,
                   struct settlement *out)
{
    (void)c;
    (void)steps;
    for (size_t i = 0; i < n; i++)
        out[i] = settle_one(a, n);
}

const struct connector village_connector = {
    .vendor = { .name = "village",
                .title = "Village",
                .attrs = attrs,
                .n_attrs = array_len(attrs),
                .options = options,
                .n_options = array_len(options),
                .endpoints = endpoints,
                .n_endpoints = array_len(endpoints),
                .kinds = 1U << CHANGE_CREATE | 1U << CHANGE_ACTIVATE | 1U << CHANGE_UPDATE |
                         1U << CHANGE_MANAGER | 1U << CHANGE_DEACTIVATE },
    .conn_new = conn_new,
    .conn_free = conn_free,
    .read_begin = read_begin,
    .read_next = read_next,
    .read_head = read_head,
    .read_bytes = read_bytes,
    .read_end = read_end,
    .lookup_calls = lookup_calls,
    .lower = lower,
    .pack = pack,
    .settle = settle,
};

/* The tenant itself ----------------------------------------------------------------------------------- */

static struct villager *by_id(struct village *v, struct str id)
{
    for (size_t i = 0; i < v->n; i++)
        if (str_is(id, v->user[i].id))
            return &v->user[i];
    return NULL;
}

static void note(struct village *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(struct village *v, const char *fmt, ...)
{
    size_t n = strlen(v->order);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(v->order + n, sizeof v->order - n, fmt, ap);
    va_end(ap);
}

static void show(const struct village *v, const struct villager *u, struct buf *out)
{
    if (v->hides && strcmp(v->hides, u->text[V_NUMBER]) == 0)
        return;
    buf_printf(out, "%s\t%s\t%s\t%s\t%s\t%s\n", u->id, u->active ? "on" : "off", u->manager,
               u->text[V_NUMBER], u->text[V_NAME], u->text[V_PHONE]);
}

static int do_list(struct village *v, struct str body, struct buf *answer)
{
    int64_t page = 0;
    str_to_i64(body, &page);
    for (size_t i = (size_t)page * VILLAGE_PAGE; i < v->n && i < ((size_t)page + 1) * VILLAGE_PAGE; i++)
        show(v, &v->user[i], answer);
    buf_puts(answer, ((size_t)page + 1) * VILLAGE_PAGE < v->n ? "more\n" : "end\n");
    return 200;
}

static int do_find(struct village *v, struct str body, struct buf *answer)
{
    bool shown[VILLAGERS_MAX] = { false };
    while (body.n > 0) {
        struct str line = cut(&body, '\n'), slot = cut(&line, '\t');
        int64_t n = -1;
        str_to_i64(slot, &n);
        for (size_t i = 0; i < v->n; i++)
            shown[i] |= str_is(line, n < 0 ? v->user[i].id : v->user[i].text[n]);
    }
    for (size_t i = 0; i < v->n; i++)
        if (shown[i])
            show(v, &v->user[i], answer);
    buf_puts(answer, "end\n");
    return 200;
}

static void set(char *to, size_t size, struct str s)
{
    snprintf(to, size, "%.*s", STR_ARG(s));
}

static int do_create(struct village *v, struct str body, struct buf *answer)
{
    struct str line = cut(&body, '\n');
    cut(&line, '\t'); /* nobody yet */
    struct villager *u = &v->user[v->n];
    ck_assert_uint_lt(v->n, VILLAGERS_MAX);
    *u = (struct villager){ .active = true };
    set(u->text[V_NUMBER], sizeof u->text[0], cut(&line, '\t'));
    set(u->text[V_NAME], sizeof u->text[0], cut(&line, '\t'));
    set(u->manager, sizeof u->manager, line);
    snprintf(u->id, sizeof u->id, "n%u", ++v->creates);
    if (v->refused && strcmp(v->refused, u->text[V_NUMBER]) == 0)
        return 400;
    v->n++;
    note(v, "create %s; ", u->text[V_NUMBER]);
    buf_puts(answer, u->id);
    return 200;
}

static int do_update(struct village *v, struct str body)
{
    struct str line = cut(&body, '\n');
    struct villager *u = by_id(v, cut(&line, '\t'));
    if (!u || (v->refused && strcmp(v->refused, u->id) == 0))
        return 400;
    cut(&line, '\t');
    while (line.n > 0) {
        struct str edit = cut(&line, '\t'), slot = cut(&edit, '=');
        size_t n = (size_t)(slot.p[0] - '0');
        if (n != V_PHONE || !v->forgets_phone)
            set(u->text[n], sizeof u->text[n], edit);
    }
    note(v, "update %s; ", u->id);
    return 200;
}

static int do_state(struct village *v, struct str body)
{
    struct str line = cut(&body, '\n');
    struct villager *u = by_id(v, cut(&line, '\t'));
    if (!u || (v->refused && strcmp(v->refused, u->id) == 0))
        return 400;
    u->active = str_is(line, "on");
    note(v, "%s %s; ", u->active ? "on" : "off", u->id);
    return 200;
}

/* Whether somebody sits, over however many, under himself. */
static bool in_ring(struct village *v, const struct villager *u)
{
    const struct villager *m = u;
    for (size_t i = 0; i <= v->n && m; i++)
        if ((m = by_id(v, str_of(m->manager))) == u)
            return true;
    return false;
}

/* A batch is refused whole when one of its pairs is bad: nobody such, an inactive manager, a ring. */
static int do_managers(struct village *v, struct str body, bool really)
{
    struct village before = *v;
    bool good = body.n > 0;
    note(v, "managers");
    while (body.n > 0) {
        struct str line = cut(&body, '\n');
        struct villager *u = by_id(v, cut(&line, '\t')), *m = by_id(v, line);
        good = good && u && m && m->active && !(v->refused && strcmp(v->refused, u->id) == 0);
        if (!good)
            break;
        snprintf(u->manager, sizeof u->manager, "%s", m->id);
        good = !in_ring(v, u);
        note(v, " %s>%s", u->id, m->id);
    }
    note(v, "; ");
    if (!good || !really)
        *v = before;
    return good ? 202 : 400;
}

void village_moves(struct village *v, struct str body)
{
    do_managers(v, body, true);
}

int village_do(struct village *v, enum village_call call, struct str body, struct buf *answer)
{
    switch (call) {
    case V_SELF: buf_puts(answer, "village-1"); return 200;
    case V_LIST: return do_list(v, body, answer);
    case V_FIND: return do_find(v, body, answer);
    case V_CREATE: return do_create(v, body, answer);
    case V_UPDATE: return do_update(v, body);
    case V_STATE: return do_state(v, body);
    default: return do_managers(v, body, false);
    }
}

enum wrong village_fate(struct village *v, enum village_call call, int64_t *wait_us)
{
    unsigned nth = ++v->made[call];
    for (size_t i = 0; i < v->n_faults; i++) {
        unsigned which = v->fault[i].nth;
        if (v->fault[i].call == call &&
            (which == 0 || which == nth || (which >= FROM(0) && FROM(nth) >= which))) {
            *wait_us = v->fault[i].wait_us;
            return v->fault[i].wrong;
        }
    }
    return WRONG_NOT;
}
