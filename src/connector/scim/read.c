/* The readings' common part: the request of each ask, what takes its answer in, and what a bad answer means
 * here. Which asks there are is the business of tenant.c, groups.c, roster.c and lookup.c. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "scim_read.h"

/* What takes an answer in as it arrives. */
struct incoming {
    struct listing listing;
    struct user_reader user;
    struct group_reader group;
};

static struct scim_ask *own(struct ask *a)
{
    return (struct scim_ask *)a;
}

struct scim_ask *scim_ask_add(struct conn *c, enum ask_kind kind)
{
    struct scim_ask *a = own(asks_add(&c->asks, kind));
    a->start = 1;
    a->total = -1;
    return a;
}

bool scim_maps_groups(const struct conn *c)
{
    return scim_groups_slot(c->config.schema) >= 0;
}

struct scim_ask *scim_ask_again(struct conn *c, struct scim_ask *a)
{
    struct scim_ask *again = scim_ask_add(c, (enum ask_kind)a->ask.kind);
    again->start = a->start;
    again->wanted = a->wanted;
    again->pass = a->pass;
    again->want = a->want;
    again->spelling = a->spelling;
    again->plain = a->plain;
    again->searches = a->searches;
    again->cursor = a->cursor;
    a->cursor = NULL;
    return again;
}

void scim_seen_add(struct seen *s, struct str id, struct str other, enum user_state state)
{
    s->v = xgrow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
    s->v[s->n++] = (struct seen_id){ .id = arena_str(&s->arena, id),
                                     .other = arena_str(&s->arena, other),
                                     .state = state };
}

void scim_seen_clear(struct seen *s)
{
    free(s->v);
    arena_deinit(&s->arena);
    *s = (struct seen){ 0 };
}

/* Requests ---------------------------------------------------------------------------------------- */

static enum scim_call call_of(const struct scim_ask *a)
{
    static const enum scim_call call[] = {
        [ASK_CONFIG] = CALL_CONFIG, [ASK_SCHEMAS] = CALL_SCHEMAS, [ASK_PROBE] = CALL_USERS,
        [ASK_GROUPS] = CALL_GROUPS, [ASK_PAGE] = CALL_USERS,      [ASK_BEYOND] = CALL_USERS,
        [ASK_FIND] = CALL_SEARCH,   [ASK_BY_ID] = CALL_USER,
    };
    return a->ask.kind == ASK_PROBE && a->searches ? CALL_SEARCH : call[a->ask.kind];
}

void scim_page_path(const struct conn *c, const struct scim_ask *a, struct buf *out)
{
    if (scim_number(c, OPTION_PAGING) == SCIM_BY_CURSOR) {
        buf_puts(out, a->cursor ? "?cursor=" : "?cursor");
        url_encode(out, str_of(a->cursor));
        buf_printf(out, "&count=%" PRIu64, a->wanted);
    } else {
        buf_printf(out, "?startIndex=%" PRIu64 "&count=%" PRIu64, a->start, a->wanted);
    }
}

static void make_request(struct conn *c, struct ask *ask, struct request *out)
{
    struct scim_ask *a = own(ask);
    struct buf path = BUF_INIT(REQUEST_TARGET_MAX);
    struct str id = { 0 };
    switch ((enum ask_kind)ask->kind) {
    case ASK_CONFIG: buf_puts(&path, "/ServiceProviderConfig"); break;
    case ASK_SCHEMAS: buf_puts(&path, "/Schemas"); break;
    case ASK_PROBE: scim_tenant_probe_path(c, a, &path); break;
    case ASK_GROUPS: scim_groups_path(c, a, &path); break;
    case ASK_PAGE:
    case ASK_BEYOND: scim_roster_path(c, a, &path); break;
    case ASK_FIND: scim_lookup_path(c, a, &path); break;
    case ASK_BY_ID:
        buf_puts(&path, "/Users/");
        id = c->reading->wanted.v[a->want].value;
        break;
    }
    a->with_attributes = strstr(path.p, "&attributes=") != NULL;
    scim_request(c, out, call_of(a), HTTP_GET, path.p, id, (struct str){ 0 });
    buf_deinit(&path);
}

static void name_of(const struct conn *c, const struct ask *ask, char *out, size_t cap)
{
    const struct scim_ask *a = (const struct scim_ask *)ask;
    const char *name = scim_endpoints[call_of(a)].name;
    bool by_index = scim_number(c, OPTION_PAGING) == SCIM_BY_INDEX;
    if (by_index && (ask->kind == ASK_PAGE || ask->kind == ASK_BEYOND || ask->kind == ASK_GROUPS))
        say_text(out, cap, "%s from number %" PRIu64, name, a->start);
    else
        say_text(out, cap, "%s", name);
}

/* Answers on their way in ------------------------------------------------------------------------- */

static bool is_streamed(const struct scim_ask *a)
{
    return a->ask.kind != ASK_CONFIG && a->ask.kind != ASK_SCHEMAS;
}

static bool into_roster(const struct conn *c, const struct ask *ask)
{
    const struct scim_ask *a = (const struct scim_ask *)ask;
    (void)c;
    return (ask->kind == ASK_PAGE && a->pass == 0) || (ask->kind == ASK_FIND && a->spelling != SWAPPED) ||
           ask->kind == ASK_BY_ID;
}

static size_t body_max(const struct ask *ask)
{
    return is_streamed((const struct scim_ask *)ask) ? ASK_ERROR_BODY_MAX : ANSWER_BODY_MAX;
}

static bool on_user(void *ctx, const struct user *u, struct str version)
{
    struct scim_ask *a = ctx;
    struct conn *c = a->ask.conn;
    bool add = false;
    switch ((enum ask_kind)a->ask.kind) {
    case ASK_PAGE: add = scim_roster_on_user(c, a, u); break;
    case ASK_FIND:
    case ASK_BY_ID: add = scim_lookup_on_user(c, a, u); break;
    default: scim_seen_add(&a->seen, u->id, (struct str){ 0 }, u->state); return true;
    }
    /* A version seen is one that was, whatever becomes of this answer. */
    if (scim_uses_if_match(c))
        versions_put(&c->versions, u->id, version);
    return !add || roster_add(c->asks.goal.roster, a->ask.read, u);
}

static bool on_group(void *ctx, struct str id, struct str name, const struct str *members, size_t n)
{
    struct scim_ask *a = ctx;
    return scim_groups_on_group(a->ask.conn, a, id, name, members, n);
}

static void incoming_free(struct scim_ask *a)
{
    if (!a->in)
        return;
    scim_listing_free(&a->in->listing);
    scim_user_reader_deinit(&a->in->user);
    scim_group_reader_deinit(&a->in->group);
    free(a->in);
    a->in = NULL;
}

static bool stream(struct conn *c, struct ask *ask)
{
    struct scim_ask *a = own(ask);
    if (ask->status != 200 || !is_streamed(a))
        return false;
    struct incoming *in = xcalloc(1, sizeof(*in));
    a->in = in;
    if (ask->kind == ASK_GROUPS) {
        scim_group_reader_init(&in->group, &in->listing, on_group, a);
        scim_listing_begin(&in->listing, LISTING_MANY, scim_group_token, &in->group);
    } else {
        scim_user_reader_init(&in->user, &c->reading->map, &in->listing, on_user, a);
        scim_listing_begin(&in->listing, ask->kind == ASK_BY_ID ? LISTING_ONE : LISTING_MANY, scim_user_token,
                           &in->user);
    }
    return true;
}

static void take_bytes(struct ask *a, const char *p, size_t n)
{
    scim_listing_bytes(&own(a)->in->listing, p, n);
}

static void strike(struct ask *ask)
{
    struct scim_ask *a = own(ask);
    incoming_free(a);
    scim_seen_clear(&a->seen);
    free(a->next_cursor);
    a->next_cursor = NULL;
    a->found = a->respelled = false;
    if (ask->state != ASK_OPEN) {
        free(a->cursor);
        a->cursor = NULL;
    }
}

static void close_ask(struct ask *ask)
{
    struct scim_ask *a = own(ask);
    incoming_free(a);
    free(a->cursor);
    a->cursor = NULL;
    if (ask->kind != ASK_BEYOND && ask->kind != ASK_PROBE)
        scim_seen_clear(&a->seen);
}

/* The end of an answer ---------------------------------------------------------------------------- */

/* Refusals that a reading understands: some calls need not exist, some forms have another. */
static void refused(struct conn *c, struct scim_ask *a, int status, struct judged *j)
{
    if (j->fault != FAULT_REFUSED && j->fault != FAULT_GONE)
        return;
    bool taken = false;
    switch ((enum ask_kind)a->ask.kind) {
    case ASK_CONFIG:
    case ASK_SCHEMAS: taken = true; break; /* missing, or kept for others: nothing is known then */
    case ASK_PROBE: taken = scim_tenant_probe_refused(c, a); break;
    case ASK_PAGE:
    case ASK_BEYOND: taken = scim_roster_page_refused(c, a, status); break;
    case ASK_FIND: taken = scim_lookup_refused(c, a, status); break;
    case ASK_BY_ID: taken = j->fault == FAULT_GONE; break;
    case ASK_GROUPS: break;
    }
    if (!taken && status == 400 && a->with_attributes) {
        /* Some services know attributes= not at all, or not those of extensions. */
        buf_clear(&c->reading->attributes);
        c->reading->no_attributes = true;
        scim_ask_again(c, a);
        taken = true;
    }
    if (taken)
        j->fault = FAULT_NONE;
}

/* Where the first reading fails at once, it is often for one of a few slips. */
static void advise(const struct conn *c, const struct scim_ask *a, int status, struct judged *j)
{
    const char *advice = NULL;
    struct judged said = *j;
    bool first = a->ask.kind == ASK_PROBE || (a->ask.kind == ASK_PAGE && a->start == 1);
    if (j->fault == FAULT_NONE || !first || a->searches)
        return;
    if (status == 400 && scim_number(c, OPTION_PAGING) == SCIM_BY_INDEX)
        advice = "if it is startIndex that the service does not take, set the option 'paging' to 'cursor'";
    else if (status == 200 || status == 404)
        advice = "check the target's url: what stands before /Users";
    else if (status == 403)
        advice = "the credentials may not list users: check their scope or role at the service";
    if (advice)
        say_text(j->text, sizeof(j->text), "%s; %s", said.text, advice);
}

static void judge_held(struct conn *c, struct ask *ask, const struct answer *answer, const json_t *root,
                       struct judged *j)
{
    struct scim_ask *a = own(ask);
    struct answer whole = *answer;
    char why[200] = "";
    whole.body = buf_view(&a->ask.body);
    scim_judge(c, &whole, root, j);
    if (j->fault != FAULT_NONE) {
        refused(c, a, answer->status, j);
        advise(c, a, answer->status, j);
        return;
    }
    if (a->ask.kind == ASK_CONFIG)
        scim_tenant_take_config(c, root);
    else if (a->ask.kind == ASK_SCHEMAS)
        scim_schemas_take(c, root);
    else
        say_text(why, sizeof(why), "unexpected status %d", answer->status);
    if (!why[0])
        return;
    j->fault = FAULT_PASSING;
    say_cut(j->text, sizeof(j->text), str_of(why));
}

static bool take(struct conn *c, struct scim_ask *a, char why[200])
{
    switch ((enum ask_kind)a->ask.kind) {
    case ASK_PROBE: scim_tenant_take_probe(c, a); return true;
    case ASK_GROUPS: return scim_groups_take(c, a, why);
    case ASK_PAGE:
    case ASK_BEYOND: return scim_roster_take(c, a, why);
    case ASK_FIND:
    case ASK_BY_ID: return scim_lookup_take(c, a, why);
    default: return true;
    }
}

static void judge_streamed(struct conn *c, struct ask *ask, const struct answer *answer, struct judged *j)
{
    struct scim_ask *a = own(ask);
    struct listing *l = &a->in->listing;
    char why[200] = "";
    bool whole = answer->sent == SENT_ANSWERED && scim_listing_end(l);
    if (judged_transport(answer, j))
        return;
    *j = (struct judged){ .wait_us = -1 };
    if (l->is_error && l->count == 0) {
        scim_judge_error(c, &l->error, j);
        refused(c, a, l->error.status, j);
        advise(c, a, l->error.status, j);
        return;
    }
    if (l->is_error)
        scim_listing_bad(l, "the answer is an error and brings users all the same");
    a->count = l->count;
    a->total = l->total;
    if (l->cursor.n > 0)
        a->next_cursor = xmemdup(l->cursor.p, l->cursor.n);
    if (whole && take(c, a, why))
        return;
    j->fault = FAULT_PASSING;
    say_cut(j->text, sizeof(j->text), str_of(whole ? why : l->bad));
    if (l->count == 0)
        advise(c, a, 200, j);
}

static bool login_again(struct conn *c)
{
    if (!scim_can_login(c))
        return false;
    scim_token_refused(c);
    return true;
}

static const struct asks_hooks hooks = {
    .ask_size = sizeof(struct scim_ask),
    .advance = { [READ_TENANT] = scim_tenant_advance,
                 [READ_ROSTER] = scim_roster_advance,
                 [READ_LOOKUP] = scim_lookup_advance },
    .request = make_request,
    .name = name_of,
    .body_max = body_max,
    .stream = stream,
    .into_roster = into_roster,
    .bytes = take_bytes,
    .judge_streamed = judge_streamed,
    .judge_held = judge_held,
    .login_again = login_again,
    .strike = strike,
    .close = close_ask,
};

/* Life -------------------------------------------------------------------------------------------- */

void scim_reading_new(struct conn *c)
{
    c->reading = xcalloc(1, sizeof(*c->reading));
    asks_init(&c->asks, &hooks, &c->config, scim_number(c, OPTION_READ_TRIES));
    buf_init(&c->reading->attributes, REQUEST_TARGET_MAX);
}

static void forget(struct conn *c)
{
    struct scim_reading *r = c->reading;
    asks_clear(&c->asks);
    scim_seen_clear(&r->ids);
    table_deinit(&r->by_id);
    free(r->met);
    r->met = NULL;
    wanted_deinit(&r->wanted);
    r->stage = 0;
    r->total = -1;
    r->all_stated = true;
    r->step = r->brought = 0;
}

void scim_reading_free(struct conn *c)
{
    if (!c->reading)
        return;
    forget(c);
    groups_clear(&c->reading->groups);
    buf_deinit(&c->reading->attributes);
    free(c->reading);
    c->reading = NULL;
}

/* The attributes that a listing needs, each named once. An attribute of a list is asked for whole: its other
 * parts tell which entry is meant. */
static void list_attributes(const struct conn *c, struct buf *out)
{
    const struct schema *s = c->config.schema;
    const struct user_map *m = &c->reading->map;
    buf_clear(out);
    if (!scim_number(c, OPTION_ASK_ATTRIBUTES) || c->reading->no_attributes)
        return;
    buf_puts(out, "&attributes=userName,active");
    for (size_t i = 0; i < s->n; i++) {
        const struct scim_path *p = &m->path[i];
        struct buf name = BUF_INIT(2 * ATTR_NAME_MAX);
        bool known =
            (int)i == m->groups_slot || !(s->attr[i].flags & ATTR_READ) || str_is(p->attr, "userName");
        if (p->urn.n > 0)
            buf_printf(&name, "%.*s:", STR_ARG(p->urn));
        buf_str(&name, p->attr);
        if (p->filter_attr.n == 0 && p->sub.n > 0)
            buf_printf(&name, ".%.*s", STR_ARG(p->sub));
        for (size_t k = 0; k < i && p->filter_attr.n > 0 && !known; k++)
            known = m->path[k].filter_attr.n > 0 && str_eq(m->path[k].urn, p->urn) &&
                    str_eq(m->path[k].attr, p->attr);
        if (!known)
            buf_printf(out, ",%s", name.p);
        buf_deinit(&name);
    }
    if (s->manager)
        buf_puts(out, "," SCIM_ENTERPRISE ":manager");
    if (m->groups_slot >= 0 && !m->groups_from_members)
        buf_puts(out, ",groups");
    if (scim_uses_if_match(c))
        buf_puts(out, ",meta");
}

void scim_read_begin(struct conn *c, const struct read_goal *goal)
{
    struct scim_reading *r = c->reading;
    forget(c);
    asks_begin(&c->asks, goal);
    scim_user_map_init(&r->map, c->config.schema, &r->groups,
                       scim_number(c, OPTION_GROUPS_FROM) == SCIM_FROM_GROUPS);
    list_attributes(c, &r->attributes);
    if (goal->kind == READ_LOOKUP)
        scim_lookup_begin(c);
}
