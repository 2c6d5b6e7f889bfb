/* The village: a vendor whose protocol is lines of tab-separated text. This is its connector; the tenant
 * itself is engine_tenant.c. They share the wire and nothing else.
 *
 * By its options it is several vendors: plain calls for everything; all writes in one bulk call whose lines
 * may refer to users that earlier lines make ("#0"); updates that replace the user whole, as he was read
 * right before, if he still is so; with a session that has to be opened first. */
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
    [V_BULK] = { .name = "Bulk", .write = true, .batch = VILLAGE_BULK, .inside = true, .in_flight = 1 },
    [V_GET] = { .name = "Get", .batch = 1, .harmless = true },
    [V_REPLACE] = { .name = "Replace", .write = true, .batch = 1, .harmless = true, .prelude = 1 + V_GET },
    [V_LOGIN] = { .name = "Login", .batch = 1, .harmless = true },
};

static const struct option options[V_OPTIONS] = {
    [V_EARLY] = { .name = "move_reports_first", .type = OPT_BOOL, .fallback = "true" },
    [V_ROSTER] = { .name = "roster", .type = OPT_CHOICE, .fallback = "list" },
    [V_WRITES] = { .name = "writes", .type = OPT_INT, .fallback = "0" },
    [V_SESSION] = { .name = "session", .type = OPT_BOOL, .fallback = "false" },
    [V_LIMIT] = { .name = "limit", .type = OPT_INT, .fallback = "0" },
    [V_FOUND] = { .name = "found", .type = OPT_BOOL, .fallback = "false" },
};

struct str village_cut(struct str *s, char mark)
{
    const char *at = s->n ? memchr(s->p, mark, s->n) : NULL;
    struct str piece = { s->p, at ? (size_t)(at - s->p) : s->n };
    size_t skip = at ? piece.n + 1 : piece.n;
    *s = (struct str){ s->p ? s->p + skip : NULL, s->n - skip };
    return piece;
}

/* Reading --------------------------------------------------------------------------------------------- */

struct conn {
    struct read_goal goal;
    const struct option_value *options;
    char token[16]; /* of the session; "" none */
    struct document {
        char id[16], line[200];
    } document[VILLAGERS_MAX]; /* users as they were right before they are replaced */
    size_t n_documents;
    unsigned id, failures;
    unsigned page; /* of the list; look-ups done */
    bool open, over, gave_up;
    struct buf body;
};

static struct conn *conn_new(const struct conn_config *config)
{
    struct conn *c = xcalloc(1, sizeof *c);
    c->options = config->options;
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

static void request_to(const struct conn *c, struct request *out, enum village_call call, struct str body)
{
    request_clear(out);
    if (c->token[0])
        request_header(out, "Token", str_of(c->token), true);
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
    state->proof = c->goal.kind == READ_ROSTER       ? PROOF_ALL
                   : c->options[V_FOUND].number != 0 ? PROOF_FOUND
                                                     : PROOF_LOOKED_UP;
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
    request_to(c, out,
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

/* "id state manager number name phone" of everybody; "more" or "end" behind them. */
static bool take_users(struct conn *c)
{
    struct str text = buf_view(&c->body);
    unsigned read = roster_read_begin(c->goal.roster);
    bool whole = false;
    while (text.n > 0) {
        struct str line = village_cut(&text, '\n'), id = village_cut(&line, '\t');
        if (str_is(id, "more") || str_is(id, "end")) {
            whole = true;
            c->over = c->goal.kind == READ_ROSTER && str_is(id, "end");
            continue;
        }
        struct user u = { .id = id,
                          .state = str_is(village_cut(&line, '\t'), "on") ? USER_ACTIVE : USER_INACTIVE };
        u.manager_id = village_cut(&line, '\t');
        for (size_t i = 0; i < V_SLOTS; i++)
            u.text[i] = village_cut(&line, '\t');
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
    else if (a->sent == SENT_ANSWERED && a->status == 401 && c->options[V_SESSION].number) {
        c->token[0] = '\0';
        v.again = AGAIN_LOGIN;
    } else if (a->status == 401 || ++c->failures > 3) {
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

static bool login(struct conn *c, struct request *out)
{
    if (!c->options[V_SESSION].number || c->token[0])
        return false;
    request_to(c, out, V_LOGIN, (struct str){ NULL, 0 });
    return true;
}

static struct read_verdict login_end(struct conn *c, const struct answer *a)
{
    struct read_verdict v = { .again = AGAIN_NO, .wait_us = a->retry_after_us };
    snprintf(v.text, sizeof v.text, "login: status %d", a->status);
    v.good = a->sent == SENT_ANSWERED && a->status == 200 && a->body.n < sizeof c->token;
    if (v.good)
        snprintf(c->token, sizeof c->token, "%.*s", STR_ARG(a->body));
    else if (a->sent == SENT_ANSWERED && a->status == 429)
        v.again = AGAIN_THROTTLED;
    else if (a->sent != SENT_ANSWERED || a->status == 503)
        v.again = AGAIN_LATER;
    return v;
}

static size_t lookup_calls(const struct conn *c, size_t n, uint8_t *endpoint)
{
    (void)c;
    *endpoint = V_FIND;
    return (n + VILLAGE_FIND - 1) / VILLAGE_FIND;
}

/* Writing --------------------------------------------------------------------------------------------- */

struct lowering {
    const struct conn *conn;
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
    static const char *const op[] = {
        [V_CREATE] = "create", [V_UPDATE] = "update", [V_MANAGERS] = "move", [V_STATE] = "state"
    };
    if (l->conn->options[V_WRITES].number == VILLAGE_IN_BULK) {
        struct buf line = BUF_INIT(10000);
        buf_printf(&line, "%s\t%.*s", op[s->endpoint], args->n ? (int)args->n : 0, args->n ? args->p : "");
        buf_clear(args);
        buf_str(args, buf_view(&line));
        buf_deinit(&line);
        s->endpoint = V_BULK;
    } else if (l->conn->options[V_WRITES].number == VILLAGE_REPLACES && s->endpoint == V_UPDATE &&
               s->user.n > 0) {
        s->endpoint = V_REPLACE;
    }
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
    if (l->conn->options[V_WRITES].number != VILLAGE_IN_BULK)
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
    struct lowering l = { conn, arena, emit_step, ctx, NO_CHANGE };
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

static struct str id_in_bulk(struct str id, uint32_t ref, const struct step *const *steps, size_t n,
                             struct str (*created)(void *ctx, uint32_t change), void *ctx, char text[16])
{
    if (id.n > 0 || ref == NO_CHANGE)
        return id;
    for (size_t i = 0; i < n; i++)
        if (steps[i]->rank == RANK_CREATE && steps[i]->change[0] == ref) {
            snprintf(text, 16, "#%u", (unsigned)i);
            return str_of(text);
        }
    return created(ctx, ref);
}

/* "op user args": users made by an earlier line are "#line". */
static size_t pack_bulk(struct conn *c, const struct step *const *steps, size_t n,
                        struct str (*created)(void *ctx, uint32_t change), void *ctx, struct request *out)
{
    struct buf body = BUF_INIT(100000);
    size_t limit = (size_t)c->options[V_LIMIT].number, k = limit && n > limit ? limit : n;
    for (size_t i = 0; i < k; i++) {
        char user[16], manager[16];
        struct str args = steps[i]->args, op = village_cut(&args, '\t');
        struct str who = id_in_bulk(steps[i]->user, steps[i]->user_ref, steps, i, created, ctx, user);
        if (str_is(op, "move"))
            args = id_in_bulk(args, steps[i]->manager_ref, steps, i, created, ctx, manager);
        buf_printf(&body, "%.*s\t%.*s\t%.*s\n", STR_ARG(op), STR_ARG(who), STR_ARG(args));
    }
    request_to(c, out, V_BULK, buf_view(&body));
    buf_deinit(&body);
    return k;
}

static struct document *document_of(struct conn *c, struct str id)
{
    for (size_t i = 0; i < c->n_documents; i++)
        if (str_is(id, c->document[i].id))
            return &c->document[i];
    return NULL;
}

/* The whole user as read, the edits in their places: "id version number name phone nick". */
static size_t pack_replace(struct conn *c, const struct step *s, struct request *out)
{
    struct document *d = document_of(c, s->user);
    struct str line = str_of(d ? d->line : ""), args = s->args, part[3 + V_SLOTS];
    struct buf body = BUF_INIT(10000);
    for (size_t i = 0; i < array_len(part); i++)
        part[i] = village_cut(&line, '\t');
    village_cut(&args, '\t');
    while (args.n > 0) {
        struct str edit = village_cut(&args, '\t'), slot = village_cut(&edit, '=');
        part[2 + (size_t)(slot.p[0] - '0')] = edit;
    }
    for (size_t i = 0; i < array_len(part); i++)
        buf_printf(&body, "%s%.*s", i ? "\t" : "", STR_ARG(part[i]));
    request_to(c, out, V_REPLACE, buf_view(&body));
    buf_deinit(&body);
    if (d)
        *d = c->document[--c->n_documents];
    return 1;
}

static void prepare(struct conn *c, const struct step *const *steps, size_t n,
                    struct str (*created)(void *ctx, uint32_t change), void *ctx, struct request *out)
{
    (void)created;
    (void)ctx;
    ck_assert_uint_eq(n, 1);
    request_to(c, out, V_GET, steps[0]->user);
}

/* A line per step: the user, then its args (for moves: the manager). */
static size_t pack(struct conn *c, const struct step *const *steps, size_t n,
                   struct str (*created)(void *ctx, uint32_t change), void *ctx, struct request *out)
{
    struct buf body = BUF_INIT(100000);
    enum village_call call = steps[0]->endpoint;
    if (call == V_BULK)
        return pack_bulk(c, steps, n, created, ctx, out);
    if (call == V_REPLACE)
        return pack_replace(c, steps[0], out);
    size_t k = n < endpoints[call].batch ? n : endpoints[call].batch;
    for (size_t i = 0; i < k; i++) {
        struct str user = id_of(steps[i]->user, steps[i]->user_ref, created, ctx);
        struct str args =
            call == V_MANAGERS ? id_of(steps[i]->args, steps[i]->manager_ref, created, ctx) : steps[i]->args;
        buf_printf(&body, "%.*s\t%.*s\n", STR_ARG(user), STR_ARG(args));
    }
    request_to(c, out, call, buf_view(&body));
    buf_deinit(&body);
    return k;
}

static struct settlement settle_one(struct conn *c, const struct answer *a, size_t n)
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
    } else if (a->status == 401 && c->options[V_SESSION].number) {
        s.settled = SETTLED_NOT_DONE;
        s.again = AGAIN_LOGIN;
        c->token[0] = '\0';
    } else if (a->status == 401) {
        s.settled = SETTLED_NOT_DONE;
        s.blast = BLAST_RUN;
    } else if (a->status == 412) {
        s.settled = SETTLED_STALE;
        s.blast = BLAST_STEP;
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

/* "status id" for each line that was done or refused; those behind where the village stopped are missing. */
static void settle_bulk(struct conn *c, size_t n, const struct answer *a, struct settlement *out)
{
    struct str text = a->body;
    for (size_t i = 0; i < n; i++) {
        struct str line = village_cut(&text, '\n'), status = village_cut(&line, '\t');
        int64_t code = 0;
        struct answer one = { .retry_after_us = SECOND_US, .body = line };
        str_to_i64(status, &code);
        one.status = code == 0 || code == 424 ? 503 : (int)code; /* absent; refers to one that failed */
        out[i] = settle_one(c, &one, 1);
    }
}

static void settle(struct conn *c, const struct step *const *steps, size_t n, const struct answer *a,
                   struct settlement *out)
{
    if (steps[0]->endpoint == V_BULK && a->sent == SENT_ANSWERED && a->status == 200) {
        settle_bulk(c, n, a, out);
        return;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = settle_one(c, a, n);
}

static bool prepared(struct conn *c, const struct step *const *steps, size_t n, const struct answer *a,
                     struct settlement *out)
{
    if (a->sent == SENT_ANSWERED && a->status == 200 && a->body.n > 0) {
        struct document *d = document_of(c, steps[0]->user);
        d = d ? d : &c->document[c->n_documents++];
        snprintf(d->id, sizeof d->id, "%.*s", STR_ARG(steps[0]->user));
        snprintf(d->line, sizeof d->line, "%.*s", STR_ARG(a->body));
        return true;
    }
    *out = settle_one(c, a, n);
    if (out->settled == SETTLED_DONE) { /* an answer with nobody in it */
        out->settled = SETTLED_REFUSED;
        snprintf(out->text, sizeof out->text, "the user is gone");
    }
    return false;
}

#define VENDOR(unordered)                                                                                    \
    .vendor = { .name = "village",                                                                           \
                .title = "Village",                                                                          \
                .attrs = attrs,                                                                              \
                .n_attrs = array_len(attrs),                                                                 \
                .options = options,                                                                          \
                .n_options = array_len(options),                                                             \
                .endpoints = endpoints,                                                                      \
                .n_endpoints = array_len(endpoints),                                                         \
                .kinds = 1U << CHANGE_CREATE | 1U << CHANGE_ACTIVATE | 1U << CHANGE_UPDATE |                 \
                         1U << CHANGE_MANAGER | 1U << CHANGE_DEACTIVATE,                                     \
                .managers_unordered = (unordered) },                                                         \
    .conn_new = conn_new, .conn_free = conn_free, .login = login, .login_end = login_end,                    \
    .read_begin = read_begin, .read_next = read_next, .read_head = read_head, .read_bytes = read_bytes,      \
    .read_end = read_end, .lookup_calls = lookup_calls, .lower = lower, .pack = pack, .prepare = prepare,    \
    .prepared = prepared, .settle = settle

const struct connector village_connector = { VENDOR(false) };
const struct connector town_connector = { VENDOR(true) };
