/* What the wire tests of all vendors share: a connection with a schema and options, and a service that is a
 * function from request to answer. Nothing here sends anything: requests are compared as text, answers are
 * fed as bytes. */
#ifndef WIRE_READING_BED_H
#define WIRE_READING_BED_H

#include <stdio.h>

#include "../unit/unit.h"
#include "rollcall/connector.h"

#define WIRE_OPTIONS_MAX 64
#define ANSWERS_MAX 4000 /* a reading that asks for more has gone astray */

struct wire {
    const struct connector *k;
    struct schema schema;
    struct option_value option[WIRE_OPTIONS_MAX];
    struct secret key[CONN_CREDENTIALS_MAX];
    struct conn_config config;
    struct conn *conn;
    struct tenant tenant;
    struct errs errs;
    struct roster *roster;
    struct arena arena;
    struct read_state state;
    size_t asked; /* requests of the last reading */
    size_t most_open;
};

static const struct hash_key wire_hash_key = { 1, 2 };

static inline void wire_option(struct wire *t, const char *name, const char *value)
{
    int i = vendor_option(&t->k->vendor, name);
    ck_assert_msg(i >= 0, "no option '%s'", name);
    const struct option *o = &t->k->vendor.options[i];
    struct option_value *v = &t->option[i];
    *v = (struct option_value){ .text = value };
    if (o->type == OPT_BOOL)
        v->number = strcmp(value, "true") == 0;
    if (o->type == OPT_INT)
        ck_assert(str_to_i64(str_of(value), &v->number));
    if (o->type == OPT_SPAN)
        ck_assert(time_parse_span(str_of(value), &v->number));
    if (o->type != OPT_CHOICE)
        return;
    v->number = -1;
    for (int64_t k = 0; o->choices[k]; k++)
        if (strcmp(o->choices[k], value) == 0)
            v->number = k;
    ck_assert_msg(v->number >= 0, "'%s' is no choice of '%s'", value, name);
}

static inline void wire_map(struct wire *t, const char *name)
{
    ck_assert_msg(vendor_attr(&t->k->vendor, str_of(name), &t->schema.attr[t->schema.n]), "no attribute '%s'",
                  name);
    t->schema.n++;
}

/* The vendor with its default options, nothing mapped, no credentials. */
static inline void wire_init(struct wire *t, const char *vendor)
{
    memset(t, 0, sizeof(*t));
    t->k = connector_named(vendor);
    ck_assert(t->k && t->k->vendor.n_options <= WIRE_OPTIONS_MAX);
    for (size_t i = 0; i < t->k->vendor.n_options; i++)
        wire_option(t, t->k->vendor.options[i].name, t->k->vendor.options[i].fallback);
    t->config.schema = &t->schema;
    t->config.options = t->option;
    t->config.page_concurrency = 4;
    t->config.user_agent = "rollcall/0.1";
    tenant_init(&t->tenant);
}

static inline void wire_credential(struct wire *t, size_t i, const char *value)
{
    secret_set(&t->key[i], str_of(value));
    t->config.credential[i] = &t->key[i];
}

/* After options and attributes are set. */
static inline void wire_connect(struct wire *t)
{
    t->conn = t->k->conn_new(&t->config);
    ck_assert(t->conn);
}

static inline void wire_deinit(struct wire *t)
{
    t->k->conn_free(t->conn);
    for (size_t i = 0; i < CONN_CREDENTIALS_MAX; i++)
        secret_deinit(&t->key[i]);
    tenant_deinit(&t->tenant);
    errs_deinit(&t->errs);
    roster_free(t->roster);
    arena_deinit(&t->arena);
}

/* Answers ----------------------------------------------------------------------------------------- */

struct reply {
    int status;
    struct str body;
    enum sent sent;
    int64_t retry_after_us; /* 0: none */
};

#define OK(text) ((struct reply){ .status = 200, .body = str_of(text) })
#define SAYS(code, text) ((struct reply){ .status = (code), .body = str_of(text) })

static inline struct answer answer_of(const struct reply *r)
{
    struct answer a = { .sent = r->sent, .status = r->sent == SENT_ANSWERED ? r->status : 0 };
    a.retry_after_us = r->retry_after_us ? r->retry_after_us : -1;
    if (r->sent != SENT_ANSWERED)
        a.error = r->sent == SENT_NOT ? NET_CONNECT : NET_TRUNCATED;
    return a;
}

/* Feeds a reply in pieces of `piece` bytes (0: whole). A cut answer's bytes arrive all the same. */
static inline struct read_verdict wire_feed(struct wire *t, unsigned id, const struct reply *r, size_t piece)
{
    struct answer a = answer_of(r);
    if (r->sent != SENT_NOT)
        t->k->read_head(t->conn, id, r->status);
    for (size_t at = 0, n; r->sent != SENT_NOT && at < r->body.n; at += n) {
        n = piece && piece < r->body.n - at ? piece : r->body.n - at;
        t->k->read_bytes(t->conn, id, r->body.p + at, n);
    }
    return t->k->read_end(t->conn, id, &a);
}

typedef struct reply (*wire_service)(void *ctx, const struct request *q);

/* Runs a reading to its end against a tenant. As many requests as the connector offers are open at once; the
 * last one offered is answered first, so that pages arrive out of order. */
static inline enum read_next wire_read(struct wire *t, const struct read_goal *goal, wire_service tenant,
                                       void *ctx)
{
    struct {
        struct request request;
        unsigned id;
    } open[32];
    size_t n = 0;
    t->asked = t->most_open = 0;
    t->k->read_begin(t->conn, goal);
    for (;;) {
        ck_assert_uint_lt(n, 32);
        request_init(&open[n].request);
        enum read_next next = t->k->read_next(t->conn, &open[n].request, &open[n].id, &t->state);
        if (next == READ_REQUEST) {
            n++;
            t->most_open = n > t->most_open ? n : t->most_open;
            ck_assert_uint_lt(++t->asked, ANSWERS_MAX);
            continue;
        }
        request_deinit(&open[n].request);
        if (next != READ_WAIT) {
            while (n > 0)
                request_deinit(&open[--n].request);
            return next;
        }
        ck_assert_uint_gt(n, 0);
        struct reply r = tenant(ctx, &open[--n].request);
        wire_feed(t, open[n].id, &r, 4096);
        request_deinit(&open[n].request);
    }
}

static inline struct read_goal wire_goal_roster(struct wire *t)
{
    roster_free(t->roster);
    t->roster = roster_new(&t->schema, &wire_hash_key);
    return (struct read_goal){ .kind = READ_ROSTER, .roster = t->roster };
}

static inline struct read_goal wire_goal_tenant(struct wire *t)
{
    return (struct read_goal){
        .kind = READ_TENANT, .tenant = &t->tenant, .schema = &t->schema, .errs = &t->errs
    };
}

static inline struct read_goal wire_goal_lookup(struct wire *t, const struct lookup *v, size_t n)
{
    struct read_goal g = wire_goal_roster(t);
    g.kind = READ_LOOKUP;
    g.lookups = v;
    g.n_lookups = n;
    return g;
}

/* Requests ---------------------------------------------------------------------------------------- */

static inline struct str header_of(const struct request *q, const char *name)
{
    for (size_t i = 0; i < q->n_headers; i++)
        if (strcmp(q->header[i].name, name) == 0)
            return q->header[i].value;
    return (struct str){ 0 };
}

static inline bool contains(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

#define assert_says(text, part) ck_assert_msg(contains(text, part), "'%s' does not say '%s'", text, part)

#endif
