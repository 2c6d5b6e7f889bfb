/* What the wire tests of SCIM's writing half share: a connection without any reading before it, whose service
 * is as the test says, a few users, and JSON that is written with single quotes. Nothing is sent: requests
 * are compared byte for byte, answers are given as text. */
#ifndef WIRE_SCIM_WRITE_BED_H
#define WIRE_SCIM_WRITE_BED_H

#include <stdio.h>

#include "../unit/unit.h"
#include "scim/scim_internal.h"

#define STEPS_MAX 1100
#define EXT SCIM_ENTERPRISE

enum slot {
    USER_NAME,
    EXTERNAL,
    GIVEN,
    FAMILY,
    TITLE,
    MAIL,
    MOBILE,
    STREET,
    LOCALITY,
    DEPARTMENT,
    COST,
    GROUPS,
    PRIMARY,
    LEVEL,  /* of another extension, a number */
    REMOTE, /* of the same, true or false */
    BADGES, /* of the same, several-valued */
    SLOTS
};

static const char *const slot_name[SLOTS] = {
    "userName",
    "externalId",
    "name.givenName",
    "name.familyName",
    "title",
    "emails[type eq \"work\"].value",
    "phoneNumbers[type eq \"mobile\"].value",
    "addresses[type eq \"work\"].streetAddress",
    "addresses[type eq \"work\"].locality",
    EXT ":department",
    EXT ":costCenter",
    "groups",
    "emails[primary eq true].value",
    "urn:example:ext:2.0:User:level",
    "urn:example:ext:2.0:User:desk.remote",
    "urn:example:ext:2.0:User:badges[type eq \"door\"].value",
};

struct bed {
    struct schema schema;
    struct option_value option[SCIM_OPTIONS];
    struct secret token;
    struct conn_config config;
    struct conn *conn;
    struct roster *roster;
    struct arena arena;
    struct step step[STEPS_MAX];
    const struct step *at[STEPS_MAX];
    size_t n;
    struct request q;
    struct settlement out[STEPS_MAX];
    char id[4][80]; /* what created() tells of the changes 0 to 3; "": nothing */
};

static inline void bed_option(struct bed *b, enum scim_option o, const char *value)
{
    const struct option *table = &scim_options[o];
    struct option_value *v = &b->option[o];
    *v = (struct option_value){ .text = value };
    if (table->type == OPT_BOOL)
        v->number = strcmp(value, "true") == 0;
    if (table->type == OPT_INT)
        ck_assert(str_to_i64(str_of(value), &v->number));
    if (table->type == OPT_SPAN)
        ck_assert(time_parse_span(str_of(value), &v->number));
    if (table->type != OPT_CHOICE)
        return;
    v->number = -1;
    for (int64_t k = 0; table->choices[k]; k++)
        if (strcmp(table->choices[k], value) == 0)
            v->number = k;
    ck_assert_msg(v->number >= 0, "'%s' is no choice of '%s'", value, table->name);
}

static inline void bed_init(struct bed *b)
{
    memset(b, 0, sizeof(*b));
    for (int o = 0; o < SCIM_OPTIONS; o++)
        bed_option(b, (enum scim_option)o, scim_options[o].fallback);
    for (size_t i = 0; i < SLOTS; i++)
        ck_assert_msg(vendor_attr(&scim_connector.vendor, str_of(slot_name[i]), &b->schema.attr[i]),
                      "no attribute '%s'", slot_name[i]);
    b->schema.attr[LEVEL].type = ATTR_NUMBER;
    b->schema.attr[REMOTE].type = ATTR_BOOL;
    b->schema.n = SLOTS;
    b->schema.n_keys = 1; /* userName */
    b->schema.manager = true;
    secret_set(&b->token, STR("TOKEN"));
    b->config.credential[CRED_TOKEN] = &b->token;
    b->config.base_url = "https://scim.example.com/v2";
    b->config.schema = &b->schema;
    b->config.options = b->option;
    b->config.page_concurrency = 2;
    b->config.user_agent = "rollcall/0.1";
    b->conn = scim_connector.conn_new(&b->config);
    request_init(&b->q);
}

static inline void bed_deinit(struct bed *b)
{
    scim_connector.conn_free(b->conn);
    roster_free(b->roster);
    arena_deinit(&b->arena);
    request_deinit(&b->q);
    secret_deinit(&b->token);
}

/* Users: "full" has everything, "bare" a user name, "boss" and "b@ss/%" are managers. */
static inline void bed_roster(struct bed *b)
{
    static const struct hash_key key = { 1, 2 };
    static const char *const id[] = { "full", "bare", "boss", "b@ss/% 1" };
    b->roster = roster_new(&b->schema, &key);
    unsigned read = roster_read_begin(b->roster);
    for (size_t i = 0; i < array_len(id); i++) {
        struct user u = { .id = str_of(id[i]), .state = USER_ACTIVE };
        u.text[USER_NAME] = str_of(id[i]);
        if (i == 0) {
            u.text[MAIL] = STR("old@example.com");
            u.text[STREET] = STR("1 Road");
            u.text[BADGES] = STR("77");
        }
        ck_assert(roster_add(b->roster, read, &u));
    }
    ck_assert(roster_read_end(b->roster, read, true));
    ck_assert_int_eq(roster_seal(b->roster, NULL), ROSTER_SEALED);
}

/* Changes ----------------------------------------------------------------------------------------- */

static inline struct edit edit(enum slot slot, const char *before, const char *after)
{
    return (struct edit){ .slot = (uint8_t)slot, .before = str_of(before), .after = str_of(after) };
}

static inline void bed_emit(void *ctx, const struct step *s)
{
    struct bed *b = ctx;
    ck_assert_uint_lt(b->n, STEPS_MAX);
    b->step[b->n] = *s;
    b->at[b->n] = &b->step[b->n];
    b->n++;
}

/* Changes of one user, numbered from `first` on; steps are added to those that are there. */
static inline void lower(struct bed *b, const struct change *c, uint32_t first, size_t n)
{
    const struct change *change[8];
    uint32_t seq[8];
    if (!b->roster)
        bed_roster(b);
    for (size_t i = 0; i < n; i++) {
        change[i] = &c[i];
        seq[i] = first + (uint32_t)i;
    }
    scim_connector.lower(b->conn, b->roster, change, seq, n, &b->arena, bed_emit, b);
}

static inline void lower_one(struct bed *b, struct change c, uint32_t seq)
{
    lower(b, &c, seq, 1);
}

static inline struct change of_user(enum change_kind kind, const char *user)
{
    return (struct change){ .kind = kind, .user = str_of(user), .key = str_of(user) };
}

static inline struct change joiner(const char *key, struct edit *e, size_t n)
{
    return (struct change){ .kind = CHANGE_CREATE, .key = str_of(key), .edit = e, .n_edits = n };
}

static inline struct str bed_created(void *ctx, uint32_t change)
{
    struct bed *b = ctx;
    return change < array_len(b->id) ? str_of(b->id[change]) : (struct str){ 0 };
}

static inline void name_user(struct bed *b, uint32_t change, const char *id)
{
    snprintf(b->id[change], sizeof(b->id[change]), "%s", id);
}

static inline size_t pack(struct bed *b, size_t from, size_t n)
{
    return scim_connector.pack(b->conn, b->at + from, n, bed_created, b, &b->q);
}

/* A step of each kind of call: 0 create, 1 update, 2 delete, 3 and 4 members to add, 5 one to remove. */
static inline void steps_of_all(struct bed *b)
{
    struct edit name = edit(USER_NAME, "", "nila"), title = edit(TITLE, "", "T"), in = edit(GROUPS, "", "g"),
                out = edit(GROUPS, "g", "");
    struct change c[] = { joiner("nila", &name, 1),           of_user(CHANGE_UPDATE, "bare"),
                          of_user(CHANGE_RETIRE, "full"),     of_user(CHANGE_MEMBERSHIP, "bare"),
                          of_user(CHANGE_MEMBERSHIP, "full"), of_user(CHANGE_MEMBERSHIP, "boss") };
    struct edit *e[] = { &name, &title, NULL, &in, &in, &out };
    for (uint32_t i = 0; i < array_len(c); i++) {
        c[i].edit = e[i];
        c[i].n_edits = e[i] ? 1 : 0;
        lower_one(b, c[i], i);
    }
    ck_assert_uint_eq(b->n, 6);
}

/* Requests ---------------------------------------------------------------------------------------- */

static inline struct str header_of(const struct request *q, const char *name)
{
    for (size_t i = 0; i < q->n_headers; i++)
        if (strcmp(q->header[i].name, name) == 0)
            return q->header[i].value;
    return (struct str){ 0 };
}

/* JSON as it is compared and answered: single quotes are double ones. */
static inline const char *json(struct bed *b, const char *text)
{
    char *z = arena_z(&b->arena, str_of(text));
    for (char *p = z; *p; p++)
        if (*p == '\'')
            *p = '"';
    return z;
}

static inline void assert_request(struct bed *b, enum scim_call call, enum http_method method,
                                  const char *target, const char *body)
{
    ck_assert_str_eq(scim_endpoints[b->q.endpoint].name, scim_endpoints[call].name);
    ck_assert_int_eq(b->q.method, method);
    assert_str(b->q.target, target);
    assert_str(b->q.log_target, target);
    assert_str(b->q.body, body ? json(b, body) : "");
    assert_str(header_of(&b->q, "Authorization"), "Bearer TOKEN");
    assert_str(header_of(&b->q, "Content-Type"), body ? "application/scim+json" : "");
    ck_assert(b->q.write == scim_endpoints[call].write);
}

#define PATCH_OP "{'schemas':['urn:ietf:params:scim:api:messages:2.0:PatchOp'],'Operations':["
#define NEW_USER "{'schemas':['urn:ietf:params:scim:schemas:core:2.0:User'"
#define BULK "{'schemas':['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],'Operations':["

/* A single PATCH of one user with these operations. */
static inline void assert_patch(struct bed *b, size_t step, const char *user, const char *operations)
{
    char body[4096], target[256];
    ck_assert_uint_lt(step, b->n);
    ck_assert_uint_eq(pack(b, step, 1), 1);
    snprintf(body, sizeof(body), PATCH_OP "%s]}", operations);
    snprintf(target, sizeof(target), "/Users/%s", user);
    assert_request(b, CALL_PATCH, HTTP_PATCH, target, body);
}

static inline bool needs(const struct step *s, enum need_kind kind, uint32_t change)
{
    for (size_t i = 0; i < s->n_needs; i++)
        if (s->need[i].kind == kind && s->need[i].change == change)
            return true;
    return false;
}

static inline void assert_step(const struct bed *b, size_t i, enum scim_call call, enum step_rank rank)
{
    ck_assert_uint_lt(i, b->n);
    ck_assert_str_eq(scim_endpoints[b->step[i].endpoint].name, scim_endpoints[call].name);
    ck_assert_uint_eq(b->step[i].rank, rank);
}

/* Answers ----------------------------------------------------------------------------------------- */

static inline struct answer answer_of(struct bed *b, int status, const char *body)
{
    return (struct answer){ .sent = SENT_ANSWERED,
                            .status = status,
                            .body = body ? str_of(json(b, body)) : (struct str){ 0 },
                            .retry_after_us = -1 };
}

static inline void settle_with(struct bed *b, size_t from, size_t n, const struct answer *a)
{
    memset(b->out, 0x5a, sizeof(b->out[0]) * (n + 1)); /* nothing may be left as it was */
    scim_connector.settle(b->conn, b->at + from, n, a, b->out);
    ck_assert_int_eq(((unsigned char *)&b->out[n])[0], 0x5a);
}

/* The answer to a call with the steps [from, from + n). */
static inline void settle(struct bed *b, size_t from, size_t n, int status, const char *body)
{
    struct answer a = answer_of(b, status, body);
    settle_with(b, from, n, &a);
}

static inline void assert_settled(const struct bed *b, size_t i, enum settled settled, enum blast blast,
                                  enum again again)
{
    const struct settlement *s = &b->out[i];
    ck_assert_msg(s->settled == settled && s->blast == blast && s->again == again,
                  "step %zu: settled %d, blast %d, again %d: '%s'", i, (int)s->settled, (int)s->blast,
                  (int)s->again, s->text);
    ck_assert_msg((s->text[0] == '\0') == (settled == SETTLED_DONE), "step %zu says '%s'", i, s->text);
}

#define assert_done(b, i) assert_settled(b, i, SETTLED_DONE, BLAST_STEP, AGAIN_NO)
#define assert_refused(b, i) assert_settled(b, i, SETTLED_REFUSED, BLAST_STEP, AGAIN_NO)
#define assert_later(b, i) assert_settled(b, i, SETTLED_NOT_DONE, BLAST_STEP, AGAIN_LATER)
#define assert_says(text, part) ck_assert_msg(strstr(text, part), "'%s' does not say '%s'", text, part)

#endif
