/* What the reading files of the SCIM connector share: listing.c (a ListResponse as it arrives), user.c and
 * group.c (one resource of it), groups.c (the groups a job manages, and who is in them), read.c (which
 * request is next, what answers mean), tenant.c, schemas.c, roster.c, lookup.c (the readings). */
#ifndef SCIM_READ_H
#define SCIM_READ_H

#include "../tokens.h"
#include "../wanted.h"
#include "scim_internal.h"

#define SCIM_ROSTER_MAX 50000000 /* users: a stated total above it is not believed */
#define SCIM_PAGES_MAX 100000
#define SCIM_CURSOR_MAX 4096
/* Its last page by index names a next one (RFC 9865): that is none. */
#define SCIM_GOES_ON_BY_CURSOR                                                                               \
    "%s ends with a page that names another by cursor: set the option 'paging' to 'cursor'"

/* listing.c --------------------------------------------------------------------------------------- */

enum listing_shape {
    LISTING_MANY, /* a ListResponse (RFC 7644 3.4.2) */
    LISTING_ONE,  /* the resource itself */
};

struct listing {
    enum listing_shape shape;
    /* Every token of every resource; depth 0 is its own object. False ends the parse. Borrowed. */
    bool (*on_token)(void *ctx, enum json_kind kind, unsigned depth, struct str text);
    void *ctx;
    /* Results. */
    size_t count;
    int64_t total;           /* totalResults; -1: not stated */
    struct buf cursor;       /* nextCursor; owned */
    struct scim_error error; /* of an error body, whatever the status */
    bool is_error;
    char bad[200]; /* what is wrong with the shape; "" */
    /* State of the parse. */
    struct jsonread *json; /* owned */
    int member;            /* of the top object: what the last key was */
    bool in_resources, resources_seen;
};

void scim_listing_begin(struct listing *l, enum listing_shape shape,
                        bool (*on_token)(void *ctx, enum json_kind kind, unsigned depth, struct str text),
                        void *ctx);
void scim_listing_bytes(struct listing *l, const char *p, size_t n);
/* The answer is whole: true when it was what was asked for and nothing else; else `bad` or `error` says what
 * it was. */
bool scim_listing_end(struct listing *l);
void scim_listing_free(struct listing *l);
/* Says what is wrong, once; false, for return. */
bool scim_listing_bad(struct listing *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* groups.c ---------------------------------------------------------------------------------------- */

/* The groups that the job manages, and, where memberships are read from groups, who is in them. Ids are
 * compared exactly. */
struct groups {
    struct group {
        struct str id, name; /* in the arena */
        bool managed;        /* by this job; the others only tell that a listing goes on */
        bool met;            /* in the listing under way */
    } * v;                   /* owned */
    size_t n, cap;
    struct arena arena;
    struct table by_id;
    struct membership {
        struct str user; /* in member_arena */
        uint32_t group;
    } * member; /* owned */
    size_t n_members, cap_members;
    struct arena member_arena;
    struct table by_user;
};

void groups_clear(struct groups *g);
void groups_clear_members(struct groups *g);
int64_t groups_find(const struct groups *g, struct str id); /* or -1 */
bool groups_has(const struct groups *g, struct str id);     /* a managed one */
void groups_add_member(struct groups *g, struct str user, uint32_t group);
/* Appends the ids of the groups that the user is in, a line each. */
void groups_of_user(const struct groups *g, struct str user, struct buf *out);
/* Whether the option managed_groups names this group; all of them with "*". */
bool groups_managed(const struct conn *c, struct str name);
bool groups_same_name(struct str a, struct str b);
/* The names in the option, one after the other; {NULL,0} at the end. `rest` starts as the option's text. */
struct str groups_next_name(struct str *rest);

/* user.c ------------------------------------------------------------------------------------------ */

/* Where each mapped attribute stands in a user; made once a reading. */
struct user_map {
    const struct schema *schema; /* borrowed */
    const struct groups *groups; /* borrowed */
    bool groups_from_members;
    int groups_slot; /* or -1 */
    struct scim_path path[SCHEMA_MAX];
    uint64_t core; /* slots of core attributes, a bit each */
    struct {
        struct str urn;
        uint64_t slots;
    } extension[SCHEMA_MAX + 1]; /* the enterprise extension first: it has the manager */
    size_t n_extensions;
};

void scim_user_map_init(struct user_map *m, const struct schema *schema, const struct groups *groups,
                        bool groups_from_members);

struct user_reader {
    const struct user_map *map; /* borrowed */
    struct listing *listing;    /* borrowed: takes what is wrong */
    bool (*on_user)(void *ctx, const struct user *u,
                    struct str version); /* false: the value cannot be kept */
    void *ctx;
    struct arena arena; /* of the user being read */
    struct user user;
    struct str active, version;
    struct buf in_groups;
    uint64_t filled; /* slots whose entry of a list was found */
    int extension;   /* that the parse is inside of; -1: none */
    bool extension_next;
    int what;       /* the attribute, besides its slots */
    uint64_t slots; /* that the attribute may fill */
    int form;       /* of its value */
    /* An entry of a list, or a complex value. */
    struct str type, value, entry[SCHEMA_MAX];
    bool primary;
    int sub; /* what the last key was */
    uint64_t sub_slots;
};

void scim_user_reader_init(struct user_reader *r, const struct user_map *map, struct listing *l,
                           bool (*on_user)(void *ctx, const struct user *u, struct str version), void *ctx);
void scim_user_reader_deinit(struct user_reader *r);
bool scim_user_token(void *reader, enum json_kind kind, unsigned depth, struct str text);

/* group.c ----------------------------------------------------------------------------------------- */

struct group_reader {
    struct listing *listing; /* borrowed */
    /* The group's members are read; without it only id and name matter. False: the value cannot be kept. */
    bool (*on_group)(void *ctx, struct str id, struct str name, const struct str *members, size_t n);
    void *ctx;
    struct arena arena; /* of the group being read */
    struct str id, name, value, type, ref;
    struct str *member; /* owned */
    size_t n_members, cap_members;
    int field, sub;
};

void scim_group_reader_init(struct group_reader *r, struct listing *l,
                            bool (*on_group)(void *ctx, struct str id, struct str name,
                                             const struct str *members, size_t n),
                            void *ctx);
void scim_group_reader_deinit(struct group_reader *r);
bool scim_group_token(void *reader, enum json_kind kind, unsigned depth, struct str text);

/* read.c ------------------------------------------------------------------------------------------ */

enum ask_kind {
    ASK_CONFIG,
    ASK_SCHEMAS,
    ASK_PROBE,  /* of users: are the credentials good; whose are they */
    ASK_GROUPS, /* a page */
    ASK_PAGE,   /* of users */
    ASK_BEYOND, /* what comes behind the last page */
    ASK_FIND,   /* a search */
    ASK_BY_ID,
};

enum spelling { AS_GIVEN, FOLDED, SWAPPED };

/* Ids that an answer brought, in order: of users with their state, of groups with their name or a member. */
struct seen {
    struct seen_id {
        struct str id, other; /* in the arena */
        enum user_state state;
        bool whole; /* of a group: the group itself, not a member */
    } * v;          /* owned */
    size_t n, cap;
    struct arena arena;
};

struct scim_ask {
    struct ask ask;
    struct incoming *in; /* owned while open: the readers */
    uint64_t start;      /* startIndex, from 1 */
    uint64_t wanted;     /* users or groups asked for; `count` */
    char *cursor;        /* owned; NULL: the first page */
    unsigned pass;       /* ASK_PAGE: 0 into the roster, 1 compared with it */
    size_t want;         /* ASK_FIND, ASK_BY_ID: entry of scim_reading.wanted */
    enum spelling spelling;
    bool plain;           /* ASK_FIND: the path without its value filter */
    bool searches;        /* ASK_PROBE: for the own user, or by a filter that finds nobody */
    bool with_attributes; /* the request said attributes= */
    /* Results. */
    size_t count;
    int64_t total;
    char *next_cursor; /* owned; NULL: none */
    bool found;        /* ASK_FIND, ASK_BY_ID: the user who was meant */
    bool found_before; /* ASK_FIND: on a page before */
    bool respelled;    /* ASK_FIND: found under another spelling than was asked for */
    struct seen seen;  /* ASK_GROUPS, ASK_BEYOND, ASK_PROBE, and ASK_PAGE where pages come one by one */
};

void scim_seen_add(struct seen *s, struct str id, struct str other, enum user_state state);
void scim_seen_clear(struct seen *s);

/* What is known of a service's filter on a slot: whether it finds anybody, and, where our own comparison
 * ignores upper and lower case, whether it does so too. Some answer a filter that they do not understand with
 * nobody. */
enum filter_sense { SENSE_NOT_KNOWN, SENSE_ASKED, SENSE_GOOD, SENSE_MINDS_CASE };

struct scim_reading {
    unsigned stage;
    struct user_map map;
    struct buf attributes; /* "&attributes=...", or empty */
    bool no_attributes;    /* kept: they were refused */
    struct groups groups;  /* read with the tenant; kept */
    /* READ_ROSTER */
    int64_t total;   /* one total: as every page must state it; one by one: the highest that was; -1: none */
    bool all_stated; /* one by one: every page stated that same total */
    uint64_t step;   /* users that the first page brought */
    uint64_t last;   /* one by one: that the last page brought */
    size_t brought;  /* by all pages of the pass */
    struct seen ids; /* of the first pass, and a table of them */
    struct table by_id;
    uint8_t *met; /* owned: users of the roster that the second pass met */
    /* READ_LOOKUP */
    struct wanted wanted;
    enum filter_sense sense[SCHEMA_MAX]; /* kept */
    bool cut_short;                      /* a search that found nobody goes on by cursor */
    bool plain_filters;                  /* kept: paths with a value filter were refused */
};

struct scim_ask *scim_ask_add(struct conn *c, enum ask_kind kind);
struct scim_ask *scim_ask_again(struct conn *c,
                                struct scim_ask *a); /* the same request once more; takes its cursor */
bool scim_maps_groups(const struct conn *c);         /* `groups` is mapped */

/* Each reading's own part. take() looks at a whole and well-formed answer; false: `why` says what is wrong
 * with it and it is asked for again. */
void scim_tenant_advance(struct conn *c);
void scim_tenant_take_config(struct conn *c, const json_t *root);
void scim_tenant_take_probe(struct conn *c, const struct scim_ask *a);
bool scim_tenant_probe_refused(struct conn *c, const struct scim_ask *a);
void scim_tenant_probe_path(const struct conn *c, const struct scim_ask *a, struct buf *out);
void scim_schemas_take(struct conn *c, const json_t *root);

void scim_groups_begin(struct conn *c); /* adds the first page's ask */
bool scim_groups_on_group(struct conn *c, struct scim_ask *a, struct str id, struct str name,
                          const struct str *members, size_t n);
bool scim_groups_take(struct conn *c, struct scim_ask *a, char why[200]);
void scim_groups_path(const struct conn *c, const struct scim_ask *a, struct buf *out);

void scim_roster_advance(struct conn *c);
bool scim_roster_on_user(struct conn *c, struct scim_ask *a, const struct user *u); /* into the roster? */
bool scim_roster_take(struct conn *c, struct scim_ask *a, char why[200]);
bool scim_roster_page_refused(struct conn *c, struct scim_ask *a, int status);
void scim_roster_path(const struct conn *c, const struct scim_ask *a, struct buf *out);
void scim_page_path(const struct conn *c, const struct scim_ask *a, struct buf *out); /* "?startIndex=..." */

void scim_lookup_begin(struct conn *c);
void scim_lookup_advance(struct conn *c);
bool scim_lookup_on_user(struct conn *c, struct scim_ask *a, const struct user *u); /* into the roster? */
bool scim_lookup_take(struct conn *c, struct scim_ask *a, char why[200]);
bool scim_lookup_refused(struct conn *c, struct scim_ask *a, int status);
void scim_lookup_path(const struct conn *c, const struct scim_ask *a, struct buf *out);
/* `?filter=attribute eq "value"`, percent-encoded; `plain` leaves out the path's own filter. */
void scim_filter_path(const struct attr *attr, bool plain, struct str value, struct buf *out);

#endif
