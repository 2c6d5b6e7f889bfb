/* The readings' common part: the request of each ask, what takes its answer in, and what that answer says.
 * What a reading consists of is the business of tenant.c, roster.c and lookup.c. */
#include <stdlib.h>
#include <string.h>

#include "leadsquared_internal.h"

static struct lsq_ask *own(struct ask *a)
{
    return (struct lsq_ask *)a;
}

struct lsq_ask *lsq_ask_add(struct conn *c, enum ask_kind kind)
{
    struct lsq_ask *a = own(asks_add(&c->asks, kind));
    a->pass = 1;
    a->page = 1;
    a->record_count = -1;
    return a;
}

struct lsq_ask *lsq_ask_at(const struct conn *c, size_t i)
{
    return own(c->asks.ask[i]);
}

/* Answers on their way in ------------------------------------------------------------------------- */

static bool keep_seen(struct seen *s, const struct user *u)
{
    s->v = xgrow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
    s->v[s->n++] = (struct seen_user){ arena_str(&s->arena, u->id), u->state };
    return true;
}

static bool into_roster(const struct conn *c, const struct ask *a)
{
    (void)c;
    return a->kind == ASK_LOOKUP || a->kind == ASK_BY_ID ||
           (a->kind == ASK_PAGE && ((const struct lsq_ask *)a)->pass == 1);
}

static bool on_user(void *ctx, const struct user *u)
{
    struct ask *a = ctx;
    struct conn *c = a->conn;
    if (!into_roster(c, a))
        return keep_seen(&own(a)->seen, u);
    if (a->kind != ASK_PAGE && !wanted_user(&c->reading.wanted, u))
        return true;
    return roster_add(c->asks.goal.roster, a->read, u);
}

static bool is_listing(const struct ask *a)
{
    return a->kind == ASK_USERS_GET || a->kind == ASK_PAGE || a->kind == ASK_LOOKUP || a->kind == ASK_BY_ID;
}

static size_t body_max(const struct ask *a)
{
    return is_listing(a) ? ASK_ERROR_BODY_MAX : ANSWER_BODY_MAX;
}

static void close_ask(struct ask *ask)
{
    struct lsq_ask *a = own(ask);
    if (a->listing)
        listing_free(a->listing);
    free(a->listing);
    a->listing = NULL;
}

static void strike(struct ask *ask)
{
    struct lsq_ask *a = own(ask);
    close_ask(ask);
    free(a->seen.v);
    arena_deinit(&a->seen.arena);
    a->seen = (struct seen){ 0 };
}

static bool stream(struct conn *c, struct ask *ask)
{
    static const enum listing_shape shape[] = { [ASK_USERS_GET] = LISTING_USERS_GET,
                                                [ASK_PAGE] = LISTING_SEARCH,
                                                [ASK_LOOKUP] = LISTING_SEARCH,
                                                [ASK_BY_ID] = LISTING_BY_ID };
    struct lsq_ask *a = own(ask);
    if (ask->status != 200 || !is_listing(ask))
        return false;
    a->listing = xcalloc(1, sizeof(*a->listing));
    listing_begin(a->listing, c->config.schema, lsq_text(c, OPTION_OBSOLETE_STATUS), shape[ask->kind],
                  on_user, a);
    return true;
}

static void take_bytes(struct ask *a, const char *p, size_t n)
{
    listing_bytes(own(a)->listing, p, n);
}

/* The end of an answer ---------------------------------------------------------------------------- */

static void name_of(const struct conn *c, const struct ask *a, char *out, size_t cap)
{
    static const enum lsq_call call[] = {
        [ASK_SELF] = CALL_SELF,           [ASK_ATTRIBUTES] = CALL_ATTRIBUTES, [ASK_TEAMS] = CALL_TEAMS,
        [ASK_USERS_GET] = CALL_USERS_GET, [ASK_PAGE] = CALL_SEARCH,           [ASK_LOOKUP] = CALL_SEARCH,
        [ASK_BY_ID] = CALL_BY_ID,
    };
    const char *name = leadsquared_connector.vendor.endpoints[call[a->kind]].name;
    (void)c;
    if (a->kind == ASK_PAGE)
        say_text(out, cap, "%s, page %u", name, ((const struct lsq_ask *)a)->page);
    else
        say_text(out, cap, "%s", name);
}

/* A small answer: the same judgement for tenant's documents and every error. */
static void judge_body(struct conn *c, struct ask *ask, const struct answer *answer, const json_t *root,
                       struct judged *j)
{
    struct lsq_ask *a = own(ask);
    struct envelope e;
    char why[200] = "";
    envelope_of(&e, buf_view(&a->ask.body), root);
    judge(c, answer, &e, j);
    if (j->fault != FAULT_NONE)
        return;
    /* A listing's 200 never comes here: only an answer with another 2xx does. */
    if (is_listing(&a->ask))
        say_text(why, sizeof(why), "unexpected status %d", answer->status);
    else if (!root)
        say_text(why, sizeof(why), "the answer is no JSON");
    else if (tenant_take(c, a, root, why))
        return;
    j->fault = FAULT_PASSING;
    say_cut(j->text, sizeof(j->text), str_of(why));
}

static void judge_listing(struct conn *c, struct ask *ask, const struct answer *answer, struct judged *j)
{
    struct lsq_ask *a = own(ask);
    struct listing *l = a->listing;
    char why[200] = "";
    bool whole = answer->sent == SENT_ANSWERED && listing_end(l);
    judge(c, answer, &l->envelope, j);
    if (j->fault != FAULT_NONE)
        return;
    a->count = l->count;
    a->record_count = l->record_count;
    say_cut(a->first, sizeof(a->first), str_of(l->first));
    bool lookup = a->ask.kind == ASK_LOOKUP || a->ask.kind == ASK_BY_ID;
    const struct roster *roster = c->asks.goal.roster;
    if (whole && (!lookup || lookup_take(c, a, roster_read_count(roster, a->ask.read) > 0, why)))
        return;
    j->fault = FAULT_PASSING;
    say_cut(j->text, sizeof(j->text), str_of(whole ? why : l->bad));
}

/* Requests ---------------------------------------------------------------------------------------- */

static void search_request(const struct conn *c, const struct lsq_ask *a, struct request *out)
{
    struct buf body = BUF_INIT(REQUEST_BODY_MAX);
    if (a->ask.kind == ASK_LOOKUP)
        lookup_body(c, a, &body);
    else
        lsq_search_body(c, NULL, 0, a->page, &body);
    lsq_request(c, out, CALL_SEARCH, HTTP_POST, lsq_text(c, OPTION_SEARCH_PATH), (struct str){ 0 },
                buf_view(&body));
    buf_deinit(&body);
}

static void make_request(struct conn *c, struct ask *a, struct request *out)
{
    const struct str none = { 0 };
    switch ((enum ask_kind)a->kind) {
    case ASK_SELF:
        lsq_request(c, out, CALL_SELF, HTTP_GET, "/v2/Authentication.svc/UserByAccessKey.Get", none, none);
        break;
    case ASK_ATTRIBUTES:
        lsq_request(c, out, CALL_ATTRIBUTES, HTTP_POST, "/v2/UserManagement.svc/User/Attribute/Retrieve",
                    none, none);
        break;
    case ASK_TEAMS:
        lsq_request(c, out, CALL_TEAMS, HTTP_GET, "/v2/TeamManagement.svc/Retrieve?getHierarchical=true",
                    none, none);
        break;
    case ASK_USERS_GET:
        lsq_request(c, out, CALL_USERS_GET, HTTP_GET, "/v2/UserManagement.svc/Users.Get", none, none);
        break;
    case ASK_PAGE:
    case ASK_LOOKUP: search_request(c, own(a), out); break;
    case ASK_BY_ID:
        lsq_request(c, out, CALL_BY_ID, HTTP_GET,
                    "/v2/UserManagement.svc/User/Retrieve/ByUserId?userId=", lookup_id(c, own(a)), none);
        break;
    }
}

static const struct asks_hooks hooks = {
    .ask_size = sizeof(struct lsq_ask),
    .request = make_request,
    .name = name_of,
    .into_roster = into_roster,
    .body_max = body_max,
    .stream = stream,
    .bytes = take_bytes,
    .strike = strike,
    .close = close_ask,
    .judge_streamed = judge_listing,
    .judge_held = judge_body,
    .advance = { [READ_TENANT] = tenant_advance,
                 [READ_ROSTER] = roster_advance,
                 [READ_LOOKUP] = lookup_advance },
};

/* Life -------------------------------------------------------------------------------------------- */

void lsq_reading_new(struct conn *c)
{
    asks_init(&c->asks, &hooks, &c->config, lsq_number(c, OPTION_READ_TRIES));
}

void lsq_reading_free(struct conn *c)
{
    asks_clear(&c->asks);
    wanted_deinit(&c->reading.wanted);
    c->reading = (struct lsq_reading){ 0 };
}

void lsq_read_begin(struct conn *c, const struct read_goal *goal)
{
    lsq_reading_free(c);
    asks_begin(&c->asks, goal);
    c->reading.proof = (enum lsq_proof)lsq_number(c, OPTION_PROOF);
    if (goal->kind == READ_LOOKUP)
        lookup_begin(c);
}
