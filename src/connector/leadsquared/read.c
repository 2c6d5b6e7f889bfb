/* A reading as a set of asks: which request is next, which answer belongs to it, what a bad answer means.
 * What a reading consists of is the business of tenant.c, roster.c and lookup.c. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "leadsquared_internal.h"

struct ask *ask_add(struct conn *c, enum ask_kind kind)
{
    struct reading *r = &c->reading;
    r->ask = xgrow(r->ask, &r->cap_asks, r->n_asks + 1, sizeof(*r->ask));
    struct ask *a = xcalloc(1, sizeof(*a));
    *a = (struct ask){ .kind = kind, .state = ASK_READY, .pass = 1, .page = 1, .record_count = -1 };
    r->ask[r->n_asks++] = a;
    return a;
}

void reading_complete(struct conn *c, enum roster_proof proof, const char *fmt, ...)
{
    struct reading *r = &c->reading;
    va_list args;
    r->result = READ_COMPLETE;
    r->state = (struct read_state){ .proof = proof, .again = AGAIN_NO };
    va_start(args, fmt);
    vsnprintf(r->state.why, sizeof(r->state.why), fmt, args);
    va_end(args);
}

/* The first failure is the one that is told. */
void reading_fail(struct conn *c, enum again again, const char *fmt, ...)
{
    struct reading *r = &c->reading;
    char text[1024];
    va_list args;
    if (r->result != READ_WAIT)
        return;
    r->result = READ_INCOMPLETE;
    r->state = (struct read_state){ .proof = PROOF_NONE, .again = again };
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    lsq_cut(r->state.why, sizeof(r->state.why), str_of(text));
}

/* Answers on their way in ------------------------------------------------------------------------- */

static bool keep_seen(struct seen *s, const struct user *u)
{
    s->v = xgrow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
    s->v[s->n++] = (struct seen_user){ arena_str(&s->arena, u->id), u->state };
    return true;
}

static bool into_roster(const struct ask *a)
{
    return a->kind == ASK_LOOKUP || a->kind == ASK_BY_ID || (a->kind == ASK_PAGE && a->pass == 1);
}

static bool on_user(void *ctx, const struct user *u)
{
    struct open *o = ctx;
    if (!into_roster(o->ask))
        return keep_seen(&o->ask->seen, u);
    if (o->ask->kind != ASK_PAGE && !lookup_wants(o->conn, u))
        return true;
    return roster_add(o->conn->reading.goal.roster, o->read, u);
}

static void seen_clear(struct seen *s)
{
    free(s->v);
    arena_deinit(&s->arena);
    *s = (struct seen){ 0 };
}

static bool is_listing(const struct ask *a)
{
    return a->kind == ASK_USERS_GET || a->kind == ASK_PAGE || a->kind == ASK_LOOKUP || a->kind == ASK_BY_ID;
}

/* What an answer brought so far is void. */
static void open_strike(struct open *o)
{
    if (o->read_open)
        roster_read_end(o->conn->reading.goal.roster, o->read, false);
    if (o->listing_started)
        listing_free(&o->listing);
    seen_clear(&o->ask->seen);
    buf_clear(&o->body);
    o->read_open = o->listing_started = false;
    o->status = 0;
}

static void open_free(struct ask *a)
{
    struct open *o = a->open;
    if (!o)
        return;
    if (o->listing_started)
        listing_free(&o->listing);
    buf_deinit(&o->body);
    free(o);
    a->open = NULL;
}

static struct ask *ask_open(struct conn *c, unsigned id)
{
    for (size_t i = 0; i < c->reading.n_asks; i++)
        if (c->reading.ask[i]->state == ASK_OPEN && c->reading.ask[i]->id == id)
            return c->reading.ask[i];
    return NULL;
}

void lsq_read_head(struct conn *c, unsigned id, int status)
{
    static const enum listing_shape shape[] = { [ASK_USERS_GET] = LISTING_USERS_GET,
                                                [ASK_PAGE] = LISTING_SEARCH,
                                                [ASK_LOOKUP] = LISTING_SEARCH,
                                                [ASK_BY_ID] = LISTING_BY_ID };
    struct ask *a = ask_open(c, id);
    if (!a)
        return;
    struct open *o = a->open;
    open_strike(o);
    o->status = status;
    if (status != 200 || !is_listing(a))
        return;
    listing_begin(&o->listing, c->config.schema, lsq_text(c, OPTION_OBSOLETE_STATUS), shape[a->kind], on_user,
                  o);
    o->listing_started = true;
    if (into_roster(a)) {
        o->read = roster_read_begin(c->reading.goal.roster);
        o->read_open = true;
    }
}

void lsq_read_bytes(struct conn *c, unsigned id, const char *p, size_t n)
{
    struct ask *a = ask_open(c, id);
    if (!a)
        return;
    if (a->open->listing_started)
        listing_bytes(&a->open->listing, p, n);
    else
        buf_add(&a->open->body, p, n);
}

/* The end of an answer ---------------------------------------------------------------------------- */

static const char *ask_name(const struct ask *a, char out[80])
{
    static const enum lsq_call call[] = {
        [ASK_SELF] = CALL_SELF,           [ASK_ATTRIBUTES] = CALL_ATTRIBUTES, [ASK_TEAMS] = CALL_TEAMS,
        [ASK_USERS_GET] = CALL_USERS_GET, [ASK_PAGE] = CALL_SEARCH,           [ASK_LOOKUP] = CALL_SEARCH,
        [ASK_BY_ID] = CALL_BY_ID,
    };
    const char *name = leadsquared_connector.vendor.endpoints[call[a->kind]].name;
    if (a->kind == ASK_PAGE)
        snprintf(out, 80, "%s, page %u", name, a->page);
    else
        snprintf(out, 80, "%s", name);
    return out;
}

static struct read_verdict verdict_bad(struct conn *c, struct ask *a, const struct judged *j)
{
    struct read_verdict v = { .good = false, .again = AGAIN_NO, .wait_us = -1 };
    char name[80];
    lsq_say(v.text, sizeof(v.text), "%s", j->text);
    a->state = ASK_READY;
    switch (j->fault) {
    case FAULT_THROTTLED:
        v.again = AGAIN_THROTTLED;
        v.wait_us = j->wait_us;
        return v;
    case FAULT_REFUSED:
    case FAULT_LOGIN:
        reading_fail(c, AGAIN_NO, "%s: %s", ask_name(a, name), j->text);
        c->reading.state.refused_login = c->reading.state.refused_login || j->fault == FAULT_LOGIN;
        return v;
    default:
        v.again = AGAIN_LATER;
        if (++a->tries >= (unsigned)lsq_number(c, OPTION_READ_TRIES))
            reading_fail(c, AGAIN_LATER, "%s failed %u times: %s", ask_name(a, name), a->tries, j->text);
        return v;
    }
}

/* A small answer: the same judgement for tenant's documents and every error. `root` is NULL when it is no
 * JSON. */
static void judge_body(struct conn *c, struct ask *a, const struct answer *answer, const json_t *root,
                       struct judged *j)
{
    struct envelope e;
    envelope_of(&e, buf_view(&a->open->body), root);
    judge(c, answer, &e, j);
    if (j->fault != FAULT_NONE)
        return;
    char why[200] = "";
    /* A listing's 200 never comes here: only an answer with another 2xx does. */
    if (is_listing(a))
        lsq_say(why, sizeof(why), "unexpected status %d", answer->status);
    else if (!root)
        lsq_say(why, sizeof(why), "the answer is no JSON");
    else if (tenant_take(c, a, root, why))
        return;
    j->fault = FAULT_PASSING;
    lsq_say(j->text, sizeof(j->text), "%s", why);
}

static void judge_listing(struct conn *c, struct ask *a, const struct answer *answer, struct judged *j)
{
    struct open *o = a->open;
    char why[200] = "";
    bool whole = answer->sent == SENT_ANSWERED && listing_end(&o->listing);
    judge(c, answer, &o->listing.envelope, j);
    if (j->fault != FAULT_NONE)
        return;
    a->count = o->listing.count;
    a->record_count = o->listing.record_count;
    lsq_cut(a->first, sizeof(a->first), str_of(o->listing.first));
    bool lookup = a->kind == ASK_LOOKUP || a->kind == ASK_BY_ID;
    if (whole && (!lookup || lookup_take(c, a, roster_read_count(c->reading.goal.roster, o->read) > 0, why)))
        return;
    j->fault = FAULT_PASSING;
    lsq_say(j->text, sizeof(j->text), "%s", whole ? why : o->listing.bad);
}

struct read_verdict lsq_read_end(struct conn *c, unsigned id, const struct answer *answer)
{
    struct ask *a = ask_open(c, id);
    struct judged j;
    if (!a)
        return (struct read_verdict){ .good = true, .again = AGAIN_NO, .wait_us = -1 };
    struct open *o = a->open;
    if (o->listing_started) {
        judge_listing(c, a, answer, &j);
    } else {
        json_t *root =
            o->body.n && !o->body.full ? json_loadb(o->body.p, o->body.n, JSON_DECODE_ANY, NULL) : NULL;
        judge_body(c, a, answer, root, &j);
        json_decref(root);
    }
    c->reading.open--;
    if (j.fault != FAULT_NONE) {
        open_strike(o);
        open_free(a);
        c->reading.first_ready = 0;
        return verdict_bad(c, a, &j);
    }
    if (o->read_open)
        roster_read_end(c->reading.goal.roster, o->read, true);
    open_free(a);
    a->state = ASK_DONE;
    return (struct read_verdict){ .good = true, .again = AGAIN_NO, .wait_us = -1 };
}

/* What is next ------------------------------------------------------------------------------------ */

static void search_request(const struct conn *c, const struct ask *a, struct request *out)
{
    struct buf body = BUF_INIT(REQUEST_BODY_MAX);
    if (a->kind == ASK_LOOKUP)
        lookup_body(c, a, &body);
    else
        lsq_search_body(c, NULL, 0, a->page, &body);
    lsq_request(c, out, CALL_SEARCH, HTTP_POST, lsq_text(c, OPTION_SEARCH_PATH), (struct str){ 0 },
                buf_view(&body));
    buf_deinit(&body);
}

static void ask_request(struct conn *c, const struct ask *a, struct request *out)
{
    const struct str none = { 0 };
    switch (a->kind) {
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
    case ASK_LOOKUP: search_request(c, a, out); break;
    case ASK_BY_ID:
        lsq_request(c, out, CALL_BY_ID, HTTP_GET,
                    "/v2/UserManagement.svc/User/Retrieve/ByUserId?userId=", lookup_id(c, a), none);
        break;
    }
}

static struct ask *ask_ready(struct reading *r)
{
    for (; r->first_ready < r->n_asks; r->first_ready++)
        if (r->ask[r->first_ready]->state == ASK_READY)
            return r->ask[r->first_ready];
    return NULL;
}

static void ask_begin(struct conn *c, struct ask *a)
{
    struct open *o = xcalloc(1, sizeof(*o));
    o->conn = c;
    o->ask = a;
    buf_init(&o->body, a->kind == ASK_ATTRIBUTES || a->kind == ASK_TEAMS || a->kind == ASK_SELF
                           ? ANSWER_BODY_MAX
                           : LSQ_ERROR_BODY_MAX);
    a->open = o;
    a->state = ASK_OPEN;
    a->id = ++c->last_id;
    c->reading.open++;
}

static void advance(struct conn *c)
{
    switch (c->reading.goal.kind) {
    case READ_TENANT: tenant_advance(c); break;
    case READ_ROSTER: roster_advance(c); break;
    case READ_LOOKUP: lookup_advance(c); break;
    }
}

enum read_next lsq_read_next(struct conn *c, struct request *out, unsigned *id, struct read_state *state)
{
    struct reading *r = &c->reading;
    while (r->result == READ_WAIT) {
        struct ask *a = ask_ready(r);
        if (a && r->open < c->config.page_concurrency) {
            ask_begin(c, a);
            ask_request(c, a, out);
            *id = a->id;
            return READ_REQUEST;
        }
        if (a || r->open > 0)
            return READ_WAIT;
        advance(c);
    }
    *state = r->state;
    return r->result;
}

/* Life -------------------------------------------------------------------------------------------- */

void lsq_reading_free(struct conn *c)
{
    struct reading *r = &c->reading;
    for (size_t i = 0; i < r->n_asks; i++) {
        struct ask *a = r->ask[i];
        open_free(a);
        seen_clear(&a->seen);
        free(a);
    }
    free(r->ask);
    free(r->want);
    table_deinit(&r->by_canon);
    arena_deinit(&r->arena);
    *r = (struct reading){ 0 };
}

void lsq_read_begin(struct conn *c, const struct read_goal *goal)
{
    lsq_reading_free(c);
    struct reading *r = &c->reading;
    r->goal = *goal;
    r->result = READ_WAIT;
    r->proof = (enum lsq_proof)lsq_number(c, OPTION_PROOF);
    if (goal->kind == READ_LOOKUP)
        lookup_begin(c);
}
