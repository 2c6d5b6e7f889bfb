/* What the files of the SCIM 2.0 connector share (RFC 7643: schemas, RFC 7644: protocol). One file a subject:
 * vendor.c (tables), path.c (attribute names), request.c (requests), answer.c (what an answer means, whatever
 * the call), token.c (OAuth 2.0 client credentials), listing.c (streaming reader of users and groups),
 * tenant.c, roster.c, groups.c, lookup.c (the readings), lower.c, patch.c (operations of a PATCH), put.c,
 * bulk.c, pack.c, settle.c (writing), scim.c (life). */
#ifndef SCIM_INTERNAL_H
#define SCIM_INTERNAL_H

#include <jansson.h>

#include "../asks.h"
#include "../connectors_internal.h"

#define SCIM_ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
#define SCIM_CORE_USER "urn:ietf:params:scim:schemas:core:2.0:User"
#define SCIM_CORE_GROUP "urn:ietf:params:scim:schemas:core:2.0:Group"
#define SCIM_PATCH_OP "urn:ietf:params:scim:api:messages:2.0:PatchOp"
#define SCIM_BULK_REQUEST "urn:ietf:params:scim:api:messages:2.0:BulkRequest"

/* Endpoints, in the order of the table in vendor.c. */
enum scim_call {
    CALL_TOKEN,       /* POST to the option token_url */
    CALL_CONFIG,      /* GET /ServiceProviderConfig */
    CALL_SCHEMAS,     /* GET /Schemas */
    CALL_GROUPS,      /* GET /Groups, paged */
    CALL_USERS,       /* GET /Users, paged */
    CALL_SEARCH,      /* GET /Users?filter=: of a look-up */
    CALL_USER,        /* GET /Users/{id}: of a look-up, and before a PUT */
    CALL_CREATE,      /* POST /Users */
    CALL_PATCH,       /* PATCH /Users/{id} */
    CALL_PUT,         /* PUT /Users/{id}; its prelude is CALL_USER */
    CALL_DELETE,      /* DELETE /Users/{id} */
    CALL_GROUP_PATCH, /* PATCH /Groups/{id}; step.group is the group's id */
    CALL_BULK,        /* POST /Bulk; endpoint.inside */
    SCIM_CALLS
};

/* Options, in the order of the table in vendor.c. */
enum scim_option {
    OPTION_AUTH,            /* bearer | basic | oauth2 */
    OPTION_TOKEN_URL,       /* OPT_URL */
    OPTION_TOKEN_SCOPE,     /* text */
    OPTION_TOKEN_AUTH,      /* header | body: where client id and secret go */
    OPTION_ROSTER,          /* list | look_up; also read by the engine, by its name "roster" */
    OPTION_PAGING,          /* index: startIndex; cursor: RFC 9865, "?cursor" then nextCursor until there is
                               none; pages one after the other, no totalResults is promised (some services
                               list more than one page in no other way) */
    OPTION_PROOF,           /* total | two_passes; with cursors: two_passes unless a total is stated */
    OPTION_PAGE_SIZE,       /* 100 */
    OPTION_SORT_BY,         /* attribute to sort a listing by; "": as it comes */
    OPTION_ASK_ATTRIBUTES,  /* true: "attributes=" names what is needed */
    OPTION_READ_TRIES,      /* 4 */
    OPTION_MEDIA_TYPE,      /* application/scim+json | application/json: of bodies we send */
    OPTION_DISCOVERY,       /* auto | off: GET /ServiceProviderConfig */
    OPTION_SCHEMAS,         /* auto | off: mapped attributes are checked against GET /Schemas */
    OPTION_UPDATE_BY,       /* patch | put */
    OPTION_PATCH_SHAPE,     /* paths: an operation for each attribute; value: one operation without path */
    OPTION_EXTENSION_SHAPE, /* path: urn:...:User:department; object: path urn:...:User; value: no path */
    OPTION_MANAGER_SHAPE,   /* value: ...:manager.value; object: ...:manager {"value"}; text: ...:manager "id"
                             */
    OPTION_MARK_PRIMARY, /* true: the work e-mail (else the first) of a new user is sent with primary true */
    OPTION_CLEAR_SHAPE,  /* remove | empty | null */
    OPTION_ACTIVE_SHAPE, /* boolean | string ("True", "False") */
    OPTION_BULK,         /* auto | off */
    OPTION_BULK_OPERATIONS, /* 0: what the service says */
    OPTION_BULK_ID,         /* true: users of the same request are referred to as bulkId:... */
    OPTION_IF_MATCH,        /* auto | off */
    OPTION_MANAGED_GROUPS,  /* "*" or "Name; Name": the groups this job manages; "" none */
    OPTION_GROUPS_FROM,     /* users | groups: where memberships are read */
    OPTION_GROUP_BATCH,     /* members added or removed by one PATCH of a group: 100 */
    OPTION_THROTTLED_WAIT,  /* 5s */
    SCIM_OPTIONS
};

enum scim_auth { SCIM_BEARER, SCIM_BASIC, SCIM_OAUTH2 };
enum scim_token_auth { SCIM_TOKEN_HEADER, SCIM_TOKEN_BODY };
enum scim_roster { SCIM_LIST, SCIM_LOOK_UP };
enum scim_paging { SCIM_BY_INDEX, SCIM_BY_CURSOR };
enum scim_proof { SCIM_TOTAL, SCIM_TWO_PASSES };
enum scim_update_by { SCIM_BY_PATCH, SCIM_BY_PUT };
enum scim_patch_shape { SCIM_PATHS, SCIM_VALUE };
enum scim_extension_shape { SCIM_EXT_PATH, SCIM_EXT_OBJECT, SCIM_EXT_VALUE };
enum scim_manager_shape { SCIM_MANAGER_VALUE, SCIM_MANAGER_OBJECT, SCIM_MANAGER_TEXT };
enum scim_clear { SCIM_CLEAR_REMOVE, SCIM_CLEAR_EMPTY, SCIM_CLEAR_NULL };
enum scim_active { SCIM_ACTIVE_BOOLEAN, SCIM_ACTIVE_STRING };
enum scim_auto { SCIM_AUTO, SCIM_OFF };
enum scim_groups_from { SCIM_FROM_USERS, SCIM_FROM_GROUPS };

/* Credentials, in the order of the table. */
enum scim_credential { CRED_TOKEN, CRED_USERNAME, CRED_PASSWORD, CRED_CLIENT_ID, CRED_CLIENT_SECRET };

#define SCIM_ID_MAX 80 /* bytes of an id with its NUL: what settlement.new_id holds */

/* path.c ------------------------------------------------------------------------------------------ */

/* An attribute as the job file spells it, in its parts (RFC 7644 3.10): `userName`; `name.givenName`;
 * `emails[type eq "work"].value`; `urn:...:User:department`; `urn:...:User:manager.value`. Slices of the
 * name. */
struct scim_path {
    struct str urn;  /* of an extension; empty: core (the core URN written out is empty too) */
    struct str attr; /* "emails" */
    struct str filter_attr,
        filter_value; /* "type", "work"; primary eq true: "primary", "true"; empty: none */
    struct str sub;   /* "value"; empty: none */
};
bool scim_path(struct str name, struct scim_path *out);
/* The `groups` slot of a schema, or -1. */
int scim_groups_slot(const struct schema *s);

/* What the service says of itself: defaults where it says nothing. */
struct scim_service {
    bool patch, bulk, filter, etag, sort;
    uint64_t bulk_operations, bulk_bytes, filter_results; /* 0: not said */
};

/* Versions of users by id, as last seen in any answer: for If-Match. Only kept where it is used. */
struct scim_versions {
    struct version {
        struct str id, etag; /* owned, one allocation each */
    } * v;                   /* owned */
    size_t n, cap;
    struct table by_id;
};
void versions_put(struct scim_versions *v, struct str id, struct str etag); /* an empty one: forgotten */
struct str versions_get(const struct scim_versions *v, struct str id);      /* {NULL,0}: none known */
void versions_free(struct scim_versions *v);

/* Users as they were right before a PUT, whole, as the service sent them. */
struct scim_documents {
    struct document {
        struct str id; /* owned */
        json_t *user;  /* owned */
    } * v;             /* owned */
    size_t n, cap;
};

struct scim_reading; /* reading side's own */
struct scim_token;   /* token.c's own */

struct conn {
    struct asks asks; /* first: see asks.h */
    struct conn_config config;
    struct scim_service service;
    struct scim_versions versions;
    struct scim_documents documents; /* put.c */
    struct scim_token *token;        /* owned; oauth2 only */
    struct scim_reading *reading;    /* owned */
    bool looked_up;                  /* the roster was looked up, not listed */
};

/* The tables in vendor.c; scim.c puts them into scim_connector. */
#define SCIM_ATTRS 43
extern const struct attr scim_attrs[SCIM_ATTRS];
extern const struct option scim_options[SCIM_OPTIONS];
extern const struct endpoint scim_endpoints[SCIM_CALLS];
extern const struct credential scim_credentials[CRED_CLIENT_SECRET + 1];
bool scim_custom_attr(struct str name, struct attr *out); /* vendor.custom_attr */
void scim_check(const struct option_value *options, const bool *given,
                void (*say)(void *ctx, const char *where, const char *text), void *ctx); /* vendor.check */

struct conn *scim_conn_new(const struct conn_config *config);
void scim_conn_free(struct conn *c);
extern const struct scim_service scim_service_default;
const char *scim_text(const struct conn *c, enum scim_option o);
int64_t scim_number(const struct conn *c, enum scim_option o);
bool scim_uses_bulk(const struct conn *c);         /* the service has it and the job does not forbid it */
bool scim_uses_if_match(const struct conn *c);     /* the same of ETags */
size_t scim_bulk_operations(const struct conn *c); /* of one request, PACK_MAX of the engine (1000) at most */
size_t scim_bulk_bytes(const struct conn *c);

/* request.c --------------------------------------------------------------------------------------- */

/* Fills method, target, header fields and body of a call: Accept, Content-Type (with a body), User-Agent,
 * Authorization by the option `auth`. `path` begins with '/' and is complete up to `id`, which is appended
 * percent-encoded when it is not empty ("/Users/" and an id). Copies everything. Sets endpoint, write,
 * harmless and listing from the vendor's table. */
void scim_request(const struct conn *c, struct request *out, enum scim_call call, enum http_method method,
                  const char *path, struct str id, struct str body);
/* The same with "If-Match: version" when it is not empty. Call after scim_request(). */
void scim_if_match(struct request *out, struct str version);

/* answer.c ---------------------------------------------------------------------------------------- */

/* A SCIM error body (RFC 7644 3.12), or the start of any other. */
struct scim_error {
    int status;       /* as the body says; 0: not */
    char type[40];    /* scimType */
    char detail[400]; /* as received, cut */
};

/* Bodies that are no SCIM error (a page of HTML, a proxy's text) are told apart: only a short plain text is
 * quoted. */
void scim_error_of(const json_t *root, struct scim_error *out);

/* What an answer means, whatever the call; `root` is its parsed body or NULL. The one place. */
void scim_judge(const struct conn *c, const struct answer *a, const json_t *root, struct judged *out);
/* The same of one operation's status and response in a Bulk answer. */
void scim_judge_status(const struct conn *c, int status, const json_t *response, struct judged *out);
/* The same of an error body under a status of success. */
void scim_judge_error(const struct conn *c, const struct scim_error *e, struct judged *out);

/* token.c: login, login_end of the door. A 401 anywhere makes login offer a new one where the way to log in
 * is oauth2 (scim_token_refused); scim_can_login() tells settle() and read_end() whether AGAIN_LOGIN helps.
 */
bool scim_login(struct conn *c, struct request *out);
struct read_verdict scim_login_end(struct conn *c, const struct answer *a);
bool scim_can_login(const struct conn *c);
void scim_token_refused(struct conn *c);

/* The readings (read.c and its like): as the door names them -------------------------------------- */

void scim_read_begin(struct conn *c, const struct read_goal *goal);
size_t scim_lookup_calls(const struct conn *c, size_t n, uint8_t *endpoint);
void scim_reading_new(struct conn *c); /* the reading state of a new connection */
void scim_reading_free(struct conn *c);

/* Writing: as the door names them ----------------------------------------------------------------- */

void scim_lower(struct conn *c, const struct roster *roster, const struct change *const *change,
                const uint32_t *seq, size_t n, struct arena *arena,
                void (*emit)(void *ctx, const struct step *step), void *ctx);
size_t scim_pack(struct conn *c, const struct step *const *steps, size_t n,
                 struct str (*created)(void *ctx, uint32_t change), void *ctx, struct request *out);
void scim_prepare(struct conn *c, const struct step *const *steps, size_t n,
                  struct str (*created)(void *ctx, uint32_t change), void *ctx, struct request *out);
bool scim_prepared(struct conn *c, const struct step *const *steps, size_t n, const struct answer *a,
                   struct settlement *out);
void scim_settle(struct conn *c, const struct step *const *steps, size_t n, const struct answer *a,
                 struct settlement *out);
void scim_documents_free(struct scim_documents *d);

#endif
