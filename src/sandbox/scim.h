/*
 * A SCIM 2.0 service provider (RFC 7643, RFC 7644).
 *
 * A user is kept as JSON text (without id, meta, groups, schemas), in which managers and members are ids
 * only: names and addresses of others are filled in when somebody looks. Reads that want everything copy the
 * text; only filters, projections and writes parse it. Groups are objects of their own, with an index of
 * members.
 */
#ifndef SANDBOX_SCIM_H
#define SANDBOX_SCIM_H

#include "emulator.h"

#include "rollcall/base/clock.h"

#define SCIM_BASE "/scim/v2"
#define SCIM_USER "urn:ietf:params:scim:schemas:core:2.0:User"
#define SCIM_GROUP "urn:ietf:params:scim:schemas:core:2.0:Group"
#define SCIM_ENTERPRISE "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
/* An extension that no discovery tells about: what a careless PUT loses. */
#define SCIM_BADGE "urn:example:params:scim:schemas:extension:badge:2.0:User"
#define SCIM_MESSAGE "urn:ietf:params:scim:api:messages:2.0:"

#define SCIM_TYPE "application/scim+json"
#define SCIM_ID_MAX 256
#define SCIM_TOKENS 64
#define SCIM_DEPTH 32 /* of filters and of bodies */

/* Fields of a row of the state. */
enum scim_field {
    S_ID,
    S_NAME,
    S_EXTERNAL,
    S_DISPLAY,
    S_DOC,
    S_CREATED,
    S_MODIFIED,
    S_VERSION,
    S_GONE,
    S_COUNT
};

/* Switches of this vendor, in the order of their table. */
enum scim_switch {
    SW_AUTH = SW_CORE_COUNT,
    SW_TOKEN_LIFE,
    SW_TOKEN_CALLS,
    SW_DISCOVERY,
    SW_SCHEMAS,
    SW_PAGE_MAX,
    SW_PAGE_SHORT,
    SW_ITEMS_PER_PAGE,
    SW_BEYOND,
    SW_TOTAL,
    SW_PAGING,
    SW_SORT,
    SW_USER_NAME_CASE,
    SW_FILTER,
    SW_PATCH,
    SW_PATCH_EXTENSION,
    SW_PATCH_REFUSE,
    SW_PATCH_MANAGER,
    SW_PATCH_FILTER,
    SW_PATCH_NO_MATCH,
    SW_PATCH_ANSWER,
    SW_NOCHANGE,
    SW_ACTIVE,
    SW_REWRITE,
    SW_LOWER_USER_NAME,
    SW_PRIMARY_REQUIRED,
    SW_BULK,
    SW_BULK_MAX,
    SW_BULK_PAYLOAD,
    SW_BULK_STATUS,
    SW_BULK_STOP,
    SW_BULK_ID,
    SW_BULK_ORDER,
    SW_ETAG,
    SW_ETAG_REQUIRED,
    SW_IDS,
    SW_GROUPS,
    SW_USER_GROUPS,
    SW_MEMBERS,
    SW_DELETE,
    SW_THROTTLE_HINT,
    SW_THROTTLE_BODY,
    SW_ERROR_TYPE,
    SW_SCIM_END,
};

/* Values of the switches, in the order of their words. Of on|off `on` is 0. */
enum { AUTH_BEARER, AUTH_BASIC, AUTH_OAUTH };
enum { BEYOND_EMPTY, BEYOND_AGAIN, BEYOND_ERROR };
enum { TOTAL_RIGHT, TOTAL_PAGE, TOTAL_OFF };
enum { PAGING_INDEX, PAGING_CURSOR, PAGING_BOTH };
enum { FILTER_ON, FILTER_OFF, FILTER_USER_NAME };
enum { EXTENSION_ALL, EXTENSION_PATH, EXTENSION_OBJECT, EXTENSION_VALUE, EXTENSION_NONE };
enum { MANAGER_ALL, MANAGER_VALUE, MANAGER_OBJECT, MANAGER_TEXT };
enum { ACTIVE_BOOLEAN, ACTIVE_STRING, ACTIVE_BOTH };
enum { STATUS_STRING, STATUS_NUMBER, STATUS_OBJECT };
enum { IDS_UUID, IDS_MAIL, IDS_CASE };
enum { HINT_SECONDS, HINT_DATE, HINT_VENDOR, HINT_NONE };
enum { BODY_SCIM, BODY_HTML, BODY_EMPTY };

/* ---- attributes (scim_attr.c) ---- */

enum scim_type { T_STRING, T_BOOLEAN, T_COMPLEX, T_REFERENCE, T_DATETIME };
enum scim_flag {
    A_MULTI = 1,
    A_REQUIRED = 2,
    A_READONLY = 4,
    A_EXACT = 8,
    A_UNIQUE = 16,
    A_WRITEONLY = 32,
    A_IMMUTABLE = 64,
    A_COMMON = 128, /* of every resource, in no schema document */
};

struct scim_attr {
    const char *name, *about;
    enum scim_type type;
    unsigned flags;
    const char *canonical;       /* values joined by '|', or NULL */
    const struct scim_attr *sub; /* ends with a NULL name; NULL: none */
};

struct scim_schema {
    const char *urn, *name, *about;
    const struct scim_attr *attrs; /* ends with a NULL name */
    bool extension, hidden;
};

struct scim_filter;

/* Where something stands in a resource: attr NULL for a whole extension, sub NULL for a whole attribute. */
struct scim_path {
    const struct scim_schema *schema;
    const struct scim_attr *attr, *sub;
    struct scim_filter *filter; /* owned: the [...] behind attr, or NULL */
};

/* Of users, or of groups; ends with NULL. The first is the core schema. */
extern const struct scim_schema *const scim_user_family[], *const scim_group_family[];

const struct scim_attr *scim_attr_find(const struct scim_attr *attrs, const char *name, size_t len);
/* Of a schema; for a core schema the common attributes too. */
const struct scim_attr *scim_attr_of(const struct scim_schema *schema, const char *name, size_t len);
/* By its URN in a family, or NULL. */
const struct scim_schema *scim_schema_called(const struct scim_schema *const *family, const char *urn);

/*
 * Reads a path from *text and leaves *text behind it. In another case than documented it is taken and
 * recorded. NULL, or what is wrong with it (static); then nothing is owned.
 */
const char *scim_path_read(struct call *call, const struct scim_schema *const *family, const char **text,
                           struct scim_path *path);
void scim_path_free(struct scim_path *path);

/* The object in which the path's attribute stands: the resource, or its extension. NULL: there is none. */
json_t *scim_home(const json_t *resource, const struct scim_schema *schema);

/* ---- filters (scim_filter.c) ---- */

enum scim_node { N_AND, N_OR, N_NOT, N_TEST };
enum scim_compare { C_PR, C_EQ, C_NE, C_CO, C_SW, C_EW, C_GT, C_GE, C_LT, C_LE };

struct scim_filter {
    enum scim_node node;
    struct scim_filter *a, *b; /* owned */
    struct scim_path path;     /* of a test */
    enum scim_compare compare;
    json_t *value; /* owned */
};

/* Reads a filter, or one inside [...] behind attr, up to behind its bracket. NULL: the reason is in *why
 * (static). */
struct scim_filter *scim_filter_read(struct call *call, const struct scim_schema *const *family,
                                     const char *text, const char **why);
struct scim_filter *scim_filter_within(struct call *call, const struct scim_attr *attr, const char **text,
                                       const char **why);
bool scim_filter_matches(const struct call *call, const struct scim_filter *filter, const json_t *object);
void scim_filter_free(struct scim_filter *filter);

/* The value of a filter that is only `name eq "value"`, else NULL. */
const char *scim_filter_only(const struct scim_filter *filter, const char *name);

/* ---- the tenant (scim_tenant.c) ---- */

struct scim_token {
    char text[48];
    uint64_t from_us, calls;
    bool dead;
};

/* Members by place; the map tells the place of an id. Ids are borrowed from the arenas, which keep them for
 * good. */
struct scim_members {
    const char **id; /* owned array */
    size_t count, size;
    struct textmap place;
};

struct scim_group {
    char *id, *display, *external; /* owned; external "" for none */
    struct scim_members members;
    unix_us created, modified;
    uint64_t version, edits; /* edits: of members and texts, since the start */
    bool gone;
    struct scim_group *before; /* owned: as reads see it until before_until_us */
    uint64_t before_until_us;
};

struct scim_search;

struct scim {
    struct scim_group **groups; /* owned, with those that are gone */
    size_t ngroups;
    struct arena arena; /* ids of members that nobody has */
    struct rng rng;     /* ids of what is created at run time */
    struct scim_token token[SCIM_TOKENS];
    uint64_t tokens;            /* handed out so far */
    uint64_t changes;           /* of groups */
    struct scim_search *search; /* owned: the last listing, for its next page */
};

extern const struct schema scim_rows;
extern const struct switch_def scim_switches[];

static inline struct scim *scim_of(const struct call *call)
{
    return call->sb->data;
}

void *scim_create(struct sandbox *sb, uint64_t seed);
void scim_destroy(void *data);
bool scim_load(struct sandbox *sb, const json_t *root, struct buf *error);
void scim_dump(struct sandbox *sb, struct jw *j);
bool scim_edit(struct call *call, struct buf *error);
void scim_switched(struct sandbox *sb);
void scim_generate(struct sandbox *sb, size_t users, uint64_t seed);

/* An id as the switch `ids` says, SCIM_ID_MAX bytes of room. */
void scim_new_id(struct sandbox *sb, struct rng *rng, const char *user_name, char *out);

/* A user as it is, or NULL when there is none (any more). */
struct user *scim_user(struct sandbox *sb, const char *id);
/* What a read sees of it, NULL: nothing. */
const char *const *scim_seen(const struct call *call, struct user *u);

/* Takes out what is about others, or made anew whenever somebody looks: the form that is kept. */
void scim_plain(json_t *doc);

/* Reads the document of a row; owned by the caller. */
json_t *scim_doc(const char *const *f);
/* Puts a document, made plain by this, into a row: u, or a new one with the id. */
struct user *scim_store(struct sandbox *sb, struct user *u, const char *id, json_t *doc, unix_us when,
                        uint64_t now);
/* Would reads show the truth about it, so that a client can be asked to know it? */
bool scim_known(const struct call *call, struct user *u);
void scim_remove(struct sandbox *sb, struct user *u, uint64_t now);

unix_us scim_time(const char *text);

/* ---- groups (scim_groups.c) ---- */

struct scim_group *scim_group(struct sandbox *sb, const char *id);
/* As a read at `now` sees it, or NULL. */
const struct scim_group *scim_group_seen(const struct call *call, struct scim_group *g);
struct scim_group *scim_group_add(struct sandbox *sb, const char *id, const char *display,
                                  const char *external, unix_us when);
/* Must precede the changes of one write. */
void scim_group_begin(struct sandbox *sb, struct scim_group *g, uint64_t now);
bool scim_member_is(const struct scim_group *g, const char *id);
void scim_member_add(struct sandbox *sb, struct scim_group *g, const char *id);
void scim_member_remove(struct scim_group *g, const char *id);
void scim_group_free(struct scim_group *g);
/* A copy, and back to it: for a PATCH that fails half-way. */
struct scim_group *scim_group_copy(const struct scim_group *g);
void scim_group_restore(struct scim_group *g, struct scim_group *copy);
void scim_group_text(const struct call *call, const struct scim_group *g, bool members, struct buf *out);

/* ---- showing (scim_show.c) ---- */

/* Which attributes a client asked for. */
struct scim_wish {
    struct scim_path *path; /* owned */
    size_t count;
    bool without; /* these are left out; else only these are shown */
};

/* Reads attributes and excludedAttributes. */
void scim_wish_read(struct call *call, const struct scim_schema *const *family, struct scim_wish *wish);
void scim_wish_free(struct scim_wish *wish);
void scim_user_text(const struct call *call, const char *const *f, struct buf *out);
/* A resource's text with what is not wished for left out. */
void scim_show(const struct scim_wish *wish, const struct buf *text, struct buf *out);
/* Only what is wished for, and what is always shown (scim_project.c). */
void scim_project(const struct scim_wish *wish, const char *text, struct buf *out);
void scim_location(const struct call *call, const char *kind, const char *id, struct buf *out);
void scim_etag(uint64_t version, char out[32]);

/* ---- answers (scim_answer.c) ---- */

void scim_problem(struct call *call, enum problem problem, const char *detail);
/* An error as the answer; type may be NULL. Returns false. */
bool scim_refuse(struct call *call, int status, const char *type, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void scim_error_body(int status, const char *type, const char *detail, struct buf *out);
bool scim_media(const char *type);

/* ---- keys (scim_auth.c) ---- */

bool scim_admit(struct call *call);
void scim_token(struct call *call);

/* ---- writing (scim_write.c, scim_patch.c, scim_group_write.c) ---- */

struct scim_op {
    unsigned method;
    bool group;
    const char *id;      /* borrowed; NULL for a create */
    json_t *data;        /* borrowed */
    const char *version; /* what If-Match said; NULL: nothing */
};

struct scim_result {
    int status;
    const char *type; /* scimType; static; NULL */
    char detail[MESSAGE_MAX];
    char id[SCIM_ID_MAX]; /* of the resource */
    bool written;         /* it stands there now, or is deleted */
};

void scim_write_user(struct call *call, const struct scim_op *op, struct scim_result *r);
void scim_write_group(struct call *call, const struct scim_op *op, struct scim_result *r);

/* Says no. Returns false. */
bool scim_fail(struct scim_result *r, int status, const char *type, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Is the write allowed to go on by If-Match and the ETag switches? */
bool scim_match_version(struct call *call, const struct scim_op *op, uint64_t version, struct scim_result *r);

/* An id in a path as it was sent: recorded when it should have been escaped. */
void scim_check_id(struct call *call, const char *sent);

/* `schemas` names exactly what it should: recorded otherwise. */
void scim_check_schemas(struct call *call, const json_t *body, const char *urn);

/*
 * Holds an object against the schemas: unknown attributes are recorded and taken out, read-only ones taken
 * out, wrong types refused. Nulls stay.
 */
bool scim_check(struct call *call, const struct scim_schema *const *family, json_t *body,
                struct scim_result *r);
/* One value of an attribute (all of them, when it has several). */
bool scim_check_value(struct call *call, const struct scim_attr *attr, json_t *home, const char *key,
                      struct scim_result *r);

/* Applies the operations to doc. known: the client can know what is there. `skipped`: some shape was not
 * taken, and passed over. */
bool scim_patch(struct call *call, const json_t *body, json_t *doc, bool known, bool *skipped,
                struct scim_result *r);
/* The operations of a PatchOp, checked; NULL: refused. Names are in lower case. */
json_t *scim_operations(struct call *call, const json_t *body, struct scim_result *r);

/* Removes nulls and what is empty, all the way down. */
void scim_prune(json_t *value, int depth);

/* ---- endpoints ---- */

void scim_config(struct call *call);
void scim_resource_types(struct call *call);
void scim_schema_list(struct call *call);
void scim_schema_one(struct call *call);
void scim_me(struct call *call);
void scim_users_list(struct call *call);
void scim_groups_list(struct call *call);
void scim_users_get(struct call *call);
void scim_groups_get(struct call *call);
void scim_users_change(struct call *call);
void scim_groups_change(struct call *call);
void scim_bulk(struct call *call);

void scim_search_free(struct scim_search *search);
void scim_report(struct sandbox *sb, struct jw *j);

#endif
