/* What the files of the LeadSquared connector share. One file a subject: vendor.c (tables), check.c (options
 * that fit no table), answer.c (what an answer means, whatever the call), request.c (requests and the
 * search's body), listing.c (streaming readers), read.c (which request is next, which answer belongs to it),
 * tenant.c, roster.c, lookup.c (the three readings), lower.c, pack.c, settle.c (writing), leadsquared.c
 * (life). */
#ifndef LEADSQUARED_INTERNAL_H
#define LEADSQUARED_INTERNAL_H

#include <jansson.h>

#include "../asks.h"
#include "../connectors_internal.h"
#include "../wanted.h"

/* Endpoints, in the order of the table in vendor.c. */
enum lsq_call {
    CALL_SELF,
    CALL_ATTRIBUTES,
    CALL_TEAMS,
    CALL_USERS_GET,
    CALL_SEARCH,
    CALL_BY_ID,
    CALL_CREATE,
    CALL_UPDATE,
    CALL_BULK_TEAM,
    CALL_MANAGERS,
    CALL_ACTIVATE,
    CALL_DEACTIVATE,
    CALL_OBSOLETE,
    LSQ_CALLS
};

/* Options, in the order of the table in vendor.c. */
enum lsq_option {
    OPTION_PROOF,
    OPTION_PAGE_SIZE,
    OPTION_MATCH_ALL,
    OPTION_USERS_GET_CAP,
    OPTION_OBSOLETE_STATUS,
    OPTION_READ_TRIES,
    OPTION_LOOKUP_BATCH,
    OPTION_LOOKUP_BY_ID,
    OPTION_ATTRIBUTE_CHECK,
    OPTION_CUSTOM_NAMES,
    OPTION_CUSTOM_ON_CREATE,
    OPTION_UPDATE_CUSTOM_SLOTS,
    OPTION_UPDATE_ALSO,
    OPTION_UPDATE_INACTIVE,
    OPTION_UPDATE_ACCEPTS_MANAGER,
    OPTION_CREATE_ACCEPTS_MANAGER,
    OPTION_CLEAR_VALUE,
    OPTION_MOVE_REPORTS_FIRST, /* read by the engine, by its name */
    OPTION_BULK_TEAM_MIN,
    OPTION_BULK_TEAM_MAX,
    OPTION_MANAGER_BATCH,
    OPTION_ACTIVATE_METHOD,
    OPTION_ACTIVATE_PATH,
    OPTION_DEACTIVATE_METHOD,
    OPTION_DEACTIVATE_PATH,
    OPTION_OBSOLETE_PATH,
    OPTION_SEARCH_PATH,
    OPTION_THROTTLED_WAIT,
    LSQ_OPTIONS
};

enum lsq_proof { LSQ_TWO_LISTINGS, LSQ_TWO_PASSES, LSQ_COUNT };
enum lsq_match_all { LSQ_MATCH_EMAIL, LSQ_MATCH_NOTHING };
enum lsq_by_id { LSQ_BY_ID_RETRIEVE, LSQ_BY_ID_SEARCH };
enum lsq_attribute_check { LSQ_CHECK_CUSTOM, LSQ_CHECK_ALL };
enum lsq_clear { LSQ_CLEAR_EMPTY, LSQ_CLEAR_NULL };
enum lsq_method { LSQ_GET, LSQ_POST };

#define LSQ_ID_MAX 80           /* bytes of a user's id with its NUL; a GUID takes 37 */
#define LSQ_ROSTER_MAX 50000000 /* users: a stated count above it is not believed */
#define LSQ_PAGES_MAX 100000

struct conn *lsq_conn_new(const struct conn_config *config);
void lsq_conn_free(struct conn *c);
const char *lsq_text(const struct conn *c, enum lsq_option o);
int64_t lsq_number(const struct conn *c, enum lsq_option o);
/* Name of an attribute in an update, a listing and a condition; in a create. */
struct str lsq_wire_update(const struct attr *a);
struct str lsq_wire_create(const struct attr *a);
int lsq_custom_slot(struct str name);        /* N of "mx_Custom_N", or -1 */
struct str lsq_next_entry(struct str *rest); /* the next part of a list with commas, trimmed */
void lsq_check(const struct option_value *options, const bool *given,
               void (*say)(void *ctx, const char *where, const char *text), void *ctx); /* vendor.check */

/* answer.c ---------------------------------------------------------------------------------------- */

/* The vendor's error body (error-handling/), and what else top-level members say. */
struct envelope {
    char status[40];
    char type[80];
    char message[400]; /* as received; the start of a body that is plain text */
    bool mx;           /* an application error: never worth a repetition */
    bool error;
};

void envelope_of(struct envelope *e, struct str body, const json_t *root);
void envelope_string(struct envelope *e, struct str key, struct str value);
void envelope_end(struct envelope *e);

/* Section by section what an answer means; the one place. */
void judge(const struct conn *c, const struct answer *a, const struct envelope *e, struct judged *out);

/* request.c --------------------------------------------------------------------------------------- */

/* Fills method, target, header fields and body of a call. `path` is complete up to `id`, which is appended
 * percent-encoded when it is not empty; `body` is copied. */
void lsq_request(const struct conn *c, struct request *out, enum lsq_call call, enum http_method method,
                 const char *path, struct str id, struct str body);
/* A GUID as the vendor writes it (lower case, hyphens); any other text as it is. Lives in `arena`. */
struct str lsq_guid(struct arena *arena, struct str id);

struct condition {
    struct str name, value;
};
/* "Condition": [...] of one group, joined by OR (user-advanced-search/). */
void lsq_conditions(struct jw *w, const struct condition *v, size_t n, const char *op);
/* A search's whole body: n conditions (0: everybody), one page. */
void lsq_search_body(const struct conn *c, const struct condition *v, size_t n, uint32_t page,
                     struct buf *out);

/* listing.c --------------------------------------------------------------------------------------- */

enum listing_shape {
    LISTING_USERS_GET, /* a bare array; id is "ID" */
    LISTING_SEARCH,    /* an object with "Users" and "SearchInfo" */
    LISTING_BY_ID,     /* a bare array of nobody or one; has no StatusCode: who is shown is active */
};

struct listing {
    /* Set by listing_begin(). All borrowed. */
    const struct schema *schema;
    const char *obsolete_status;
    enum listing_shape shape;
    bool (*on_user)(void *ctx, const struct user *u); /* false: the value cannot be kept */
    void *ctx;
    /* Results. */
    size_t count;
    int64_t record_count;   /* -1: not stated */
    char first[LSQ_ID_MAX]; /* id of the first user */
    struct envelope envelope;
    char bad[200]; /* what is wrong with the shape; "" */
    /* State of the parse. */
    struct jsonread *json; /* owned */
    struct arena arena;    /* of the user being read */
    struct user user;
    struct str role, status;
    int member; /* of the top object: what the last key was */
    int field;  /* of the user: what the last key was */
    bool in_users, users_seen, in_info, info_count;
    uint8_t by_length[ATTR_NAME_MAX +
                      2]; /* fields sorted by the length of their name: where each length starts */
    struct listing_field {
        struct str name;
        int what; /* a slot, or an enum of listing.c */
    } field_table[SCHEMA_MAX + 8];
    size_t n_fields;
};

void listing_begin(struct listing *l, const struct schema *schema, const char *obsolete_status,
                   enum listing_shape shape, bool (*on_user)(void *ctx, const struct user *u), void *ctx);
void listing_bytes(struct listing *l, const char *p, size_t n);
/* The answer is whole: true when it was a listing and nothing else; else `bad` (or `envelope`) says what it
 * was. */
bool listing_end(struct listing *l);
void listing_free(struct listing *l);

/* read.c ------------------------------------------------------------------------------------------ */

enum ask_kind { ASK_SELF, ASK_ATTRIBUTES, ASK_TEAMS, ASK_USERS_GET, ASK_PAGE, ASK_LOOKUP, ASK_BY_ID };
/* Ids and states that one answer brought, to be compared. */
struct seen {
    struct seen_user {
        struct str id; /* in the arena */
        enum user_state state;
    } * v; /* owned */
    size_t n, cap;
    struct arena arena;
};

struct lsq_ask {
    struct ask ask;
    struct listing *listing; /* owned while open */
    unsigned pass;           /* ASK_PAGE: 0 first of two passes, 1 into the roster */
    uint32_t page;           /* ASK_PAGE, ASK_LOOKUP: from 1 */
    size_t from, n;          /* ASK_LOOKUP, ASK_BY_ID: entries of reading.wanted */
    struct seen seen;        /* ASK_USERS_GET, ASK_PAGE of pass 0 */
    size_t count;            /* users in the answer */
    int64_t record_count;
    char first[LSQ_ID_MAX];  /* id of the first user */
    char before[LSQ_ID_MAX]; /* ASK_LOOKUP: of the first user of the page before */
};

struct lsq_reading {
    unsigned stage;
    /* READ_ROSTER */
    enum lsq_proof proof;
    bool capped; /* Users.Get brought as many as its cap */
    /* READ_LOOKUP */
    struct wanted wanted;
    size_t n_by_key; /* of them */
};

struct conn {
    struct asks asks; /* first: see asks.h */
    struct conn_config config;
    struct lsq_reading reading;
    char api_host[120];     /* what the login said is this account's API; "" */
    bool listed, looked_up; /* readings that were completed */
};

struct lsq_ask *lsq_ask_add(struct conn *c, enum ask_kind kind);
struct lsq_ask *lsq_ask_at(const struct conn *c, size_t i);

/* Each reading's own part. advance() is called when nothing is open or ready: adds asks, completes or fails.
 * take() looks at a whole and well-formed answer; false: `why` says what is wrong with it and it is asked for
 * again. */
void tenant_advance(struct conn *c);
bool tenant_take(struct conn *c, const struct lsq_ask *a, const json_t *root, char why[200]);
void roster_advance(struct conn *c);
void lookup_begin(struct conn *c);
void lookup_advance(struct conn *c);
bool lookup_take(struct conn *c, struct lsq_ask *a, bool found, char why[200]);
struct str lookup_id(struct conn *c,
                     const struct lsq_ask *a); /* of the user that an ASK_BY_ID is about, as sent */
void lookup_body(const struct conn *c, const struct lsq_ask *a, struct buf *out);

void lsq_read_begin(struct conn *c, const struct read_goal *goal);
size_t lsq_lookup_calls(const struct conn *c, size_t n, uint8_t *endpoint);
void lsq_reading_new(struct conn *c);
void lsq_reading_free(struct conn *c);

/* lower.c, pack.c, settle.c ----------------------------------------------------------------------- */

void lsq_lower(struct conn *c, const struct roster *roster, const struct change *const *change,
               const uint32_t *seq, size_t n, struct arena *arena,
               void (*emit)(void *ctx, const struct step *step), void *ctx);
void lsq_combine(struct conn *c, const struct roster *roster, struct step *steps, size_t n,
                 struct arena *arena);
size_t lsq_pack(struct conn *c, const struct step *const *steps, size_t n,
                struct str (*created)(void *ctx, uint32_t change), void *ctx, struct request *out);
void lsq_settle(struct conn *c, const struct step *const *steps, size_t n, const struct answer *a,
                struct settlement *out);

/* Members of a step's args; {NULL,0} when there is none such. Lives in `arena`. */
struct str lsq_arg(struct arena *arena, struct str args, const char *key);

#endif
