/* What the wire tests of SCIM's reading half share beside reading_bed.h: a connection with a bearer token,
 * match keys externalId and userName, and what every request has. JSON is written with single quotes. */
#ifndef WIRE_SCIM_H
#define WIRE_SCIM_H

#include "reading_bed.h"
#include "scim/scim_internal.h"

#define MAIL "emails[type eq \"work\"].value"
#define EXT SCIM_ENTERPRISE

static inline void scim_init(struct wire *t)
{
    wire_init(t, "scim");
    wire_credential(t, CRED_TOKEN, "T0KEN/+=");
    wire_map(t, "externalId");
    wire_map(t, "userName");
    t->schema.key[0] = 0;
    t->schema.key[1] = 1;
    t->schema.n_keys = 2;
    t->schema.manager = true;
    t->config.base_url = "https://scim.example.com/v2";
}

static inline void no_discovery(struct wire *t)
{
    wire_option(t, "discovery", "off");
    wire_option(t, "schemas", "off");
}

/* `text` with double quotes for single ones; lives as long as the bed. */
static inline struct str json_of(struct wire *t, const char *text)
{
    char *copy = arena_z(&t->arena, str_of(text));
    for (char *p = copy; *p; p++)
        if (*p == '\'')
            *p = '"';
    return (struct str){ copy, strlen(copy) };
}

static inline struct reply says(struct wire *t, int status, const char *text)
{
    return (struct reply){ .status = status, .body = json_of(t, text) };
}

/* A service that gives the answers of a table, by method and target; the table ends with a target of NULL.
 * What it has no answer for is a mistake of the test, or of the connector. */
struct script {
    struct wire *t;
    const struct line {
        const char *target;
        int status;
        const char *body;
    } * lines;
    size_t asked[32]; /* by line */
};

static inline struct reply script_answer(void *ctx, const struct request *q)
{
    struct script *s = ctx;
    for (size_t i = 0; s->lines[i].target; i++)
        if (str_is(q->target, s->lines[i].target)) {
            s->asked[i]++;
            return says(s->t, s->lines[i].status, s->lines[i].body);
        }
    ck_abort_msg("no answer to '%s'", q->target.p);
    return (struct reply){ 0 };
}

/* One whole reading against a table of answers. */
static inline enum read_next scim_read(struct wire *t, const struct read_goal *goal, const struct line *lines)
{
    struct script s = { .t = t, .lines = lines };
    return wire_read(t, goal, script_answer, &s);
}

static inline void assert_get(const struct wire *t, const struct request *q, const char *endpoint,
                              const char *target)
{
    ck_assert_str_eq(t->k->vendor.endpoints[q->endpoint].name, endpoint);
    ck_assert_int_eq(q->method, HTTP_GET);
    assert_str(q->target, target);
    assert_str(q->log_target, target);
    ck_assert(q->url.n == 0 && q->body.n == 0 && !q->write && q->harmless);
    assert_str(header_of(q, "Authorization"), "Bearer T0KEN/+=");
    assert_str(header_of(q, "Accept"), "application/scim+json, application/json");
    assert_str(header_of(q, "User-Agent"), "rollcall/0.1");
    ck_assert_uint_eq(q->n_headers, 3);
    for (size_t i = 0; i < q->n_headers; i++)
        ck_assert(q->header[i].secret == (strcmp(q->header[i].name, "Authorization") == 0));
}

#endif
