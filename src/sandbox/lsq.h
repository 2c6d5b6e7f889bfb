/*
 * LeadSquared's User Management API, as its public documentation (apidocs.leadsquared.com) and reports of
 * integrators describe it. Where they are silent or disagree there is a switch; the defaults are the likelier
 * reading.
 */
#ifndef SANDBOX_LSQ_H
#define SANDBOX_LSQ_H

#include "body.h"
#include "emulator.h"

#define LSQ_SLOTS 20     /* mx_Custom_1 .. mx_Custom_20 */
#define LSQ_OLD_SLOTS 10 /* the ones that by-id reads and updates know */
#define LSQ_PAIRS_MAX 100
#define LSQ_BATCHES_KEPT 1000
#define LSQ_GUID 36
#define LSQ_TEAM_DEPTH 20 /* levels of teams under the root */

enum lsq_field {
    U_USERID,
    U_FIRST,
    U_MIDDLE,
    U_LAST,
    U_EMAIL,
    U_PHONES,
    U_ROLE,
    U_STATUS,
    U_DATEFORMAT,
    U_TIMEZONE,
    U_AGENT,
    U_TAG,
    U_USERTYPE,
    U_MANAGER,
    U_MANAGERNAME,
    U_ADDRESS,
    U_CITY,
    U_STATE,
    U_COUNTRY,
    U_ZIP,
    U_TELEPHONY,
    U_PHONEMAIN,
    U_PHONEMOBILE,
    U_PHONEOTHERS,
    U_CHECKEDIN,
    U_CHECKEDON,
    U_CHECKEDIP,
    U_AVAILABILITY,
    U_DESIGNATION,
    U_DEPARTMENT,
    U_OFFICE,
    U_SKILLS,
    U_REGIONS,
    U_EMPLOYEEID,
    U_JOINED,
    U_DELETION,
    U_HOLIDAYS,
    U_EMAILSENDER,
    U_WORKING,
    U_SIGNHTML,
    U_SIGNTEXT,
    U_TEMPLATES,
    U_WORKDAY,
    U_TEAM,
    U_TEAMID,
    U_TEAMNAME,
    U_GROUPS,
    U_CUSTOM,
    U_SET_IP = U_CUSTOM + LSQ_SLOTS,
    U_SET_MOBILE,
    U_SET_PHONE,
    U_SET_PT,
    U_SET_MANAGER,
    U_BILLING,
    U_AUTOMATION,
    U_LEADS,
    U_OPPORTUNITIES,
    U_COUNT,
};

/* Flags of fields. */
enum {
    F_SEARCH = 1,      /* in Advanced Search: answered, looked up, sorted by */
    F_BYID = 2,        /* in Retrieve/ByUserId */
    F_BYMAIL = 4,      /* in Retrieve/ByEmailAddress */
    F_UPDATE = 8,      /* User/Update takes it */
    F_SETTING = 16,    /* among userSettings of User/Update */
    F_CREATE = 32,     /* User/Create takes it */
    F_NULL = 64,       /* null, not "", when there is nothing */
    F_DERIVED = 128,   /* never stored: made from something else when read */
    F_FORGOTTEN = 256, /* taken and not kept */
    F_NEEDED = 512,    /* never empty */
    F_MARKUP = 1024,   /* may hold markup */
};

/* Switches of this vendor, in the order of their table. */
enum lsq_switch {
    SW_LIMITED_ANSWER = SW_CORE_COUNT,
    SW_LOGICAL_STATUS,
    SW_UNAUTHORIZED,
    SW_HOST,
    SW_LISTING_CAP,
    SW_OBSOLETE_LISTED,
    SW_PAGE_CAP,
    SW_PAGE_OVER,
    SW_UNSTABLE_ORDER,
    SW_DERIVED_COLUMNS,
    SW_SEARCH_STATUS,
    SW_SEARCH_INFO,
    SW_EMPTY_CONDITIONS,
    SW_UPDATE_UNLISTED,
    SW_UNKNOWN_ATTRIBUTE_STATUS,
    SW_UPDATE_INACTIVE,
    SW_CLEAR,
    SW_XSS,
    SW_CREATE_ANSWER,
    SW_CREATE_CUSTOM,
    SW_BULK_INACTIVE,
    SW_MANAGER_DELAY,
    SW_MANAGER_BAD_PAIR,
    SW_MANAGER_APPLY,
    SW_MANAGER_CHECK,
    SW_MANAGER_CLEAR,
    SW_MANAGER_REFUSAL,
    SW_DEACTIVATE_MANAGER,
    SW_DEACTIVATION_RULE,
    SW_PROTECTED_USERS,
    SW_SAME_STATUS,
    SW_STATUS_METHOD,
    SW_LICENCES,
    SW_LSQ_END,
};

enum { LIMITED_429, LIMITED_200, LIMITED_EMPTY };
enum { UNAUTHORIZED_JSON, UNAUTHORIZED_EMPTY, UNAUTHORIZED_HOST };
enum { ACCEPT, REFUSE };
enum { BAD_PAIR_SKIP, BAD_PAIR_REJECT };
enum { APPLY_ALL, APPLY_NEVER, APPLY_HALF };
enum { METHOD_ANY, METHOD_GET, METHOD_POST };

struct lsq_team {
    char *id, *name, *about;                /* owned */
    char *smart_view, *work_day, *holidays; /* owned codes, "" for none */
    int64_t code, parent_code;              /* parent_code 0: the root */
    int64_t sequence;
};

struct lsq_group {
    char *id, *name; /* owned */
};

struct lsq_attribute {
    char *id, *schema_name, *slot, *title; /* owned; slot is the InternalSchemaName */
    char *options;                         /* owned JSON text or "" */
    int64_t data_type, max;
    bool custom, needed;
};

struct lsq_pair {
    char user_id[LSQ_GUID + 1], manager_id[LSQ_GUID + 1];
    const char *result; /* static: what became of it */
};

struct lsq_batch {
    uint64_t work_id, seq;
    uint64_t due_us;
    bool done;
    struct lsq_pair pair[LSQ_PAIRS_MAX];
    size_t pairs;
};

struct lsq {
    char *org_id, *org_name, *key_owner; /* owned */
    int64_t org_code;
    struct lsq_team *teams; /* owned */
    size_t nteams;
    struct lsq_group *groups; /* owned */
    size_t ngroups;
    struct lsq_attribute *attributes; /* owned */
    size_t nattributes;
    struct lsq_batch **batches; /* owned, oldest first */
    size_t nbatches;
    uint64_t last_work_id;
    struct rng rng;            /* ids of what is created at run time */
    struct lsq_search *search; /* owned: the last search, for its next page */
};

extern const struct schema lsq_schema;
extern const struct switch_def lsq_switches[];

static inline struct lsq *lsq_of(const struct call *call)
{
    return call->sb->data;
}

/* ---- the tenant (lsq_tenant.c) ---- */

void *lsq_create(struct sandbox *sb, uint64_t seed);
void lsq_destroy(void *data);
bool lsq_load(struct sandbox *sb, const json_t *root, struct buf *error);
void lsq_dump(struct sandbox *sb, struct jw *j);
void lsq_generate(struct sandbox *sb, size_t users, uint64_t seed);

const struct lsq_team *lsq_team_by_id(const struct lsq *lsq, const char *id);
const struct lsq_team *lsq_team_by_code(const struct lsq *lsq, int64_t code);
const struct lsq_group *lsq_group_by(const struct lsq *lsq, const char *name, const char *id);

/* Levels above a team: 0 for a root. */
int64_t lsq_team_depth(const struct lsq *lsq, const struct lsq_team *t);

/* Add one with copies of the texts. */
struct lsq_team *lsq_team_add(struct lsq *lsq, const char *id, const char *name, int64_t code,
                              int64_t parent_code);
void lsq_group_add(struct lsq *lsq, const char *id, const char *name);
struct lsq_attribute *lsq_attribute_add(struct lsq *lsq, const char *id, const char *schema_name,
                                        const char *slot, const char *title);

/* The attribute definitions that every tenant has. */
void lsq_standard_attributes(struct lsq *lsq, struct rng *rng);

/* The custom attribute of slot n (from 0), or NULL when the tenant has not defined it. */
const struct lsq_attribute *lsq_slot(const struct lsq *lsq, size_t n);

/* Writes a GUID in the vendor's form; out has LSQ_GUID + 1 bytes. */
void lsq_guid(struct rng *rng, char *out);
bool lsq_is_guid(const char *text);

/* Status of a user: 0 active, 1 inactive, 2 obsolete (which the vendor never prints). */
bool lsq_active(const char *const *f);
bool lsq_obsolete(const char *const *f);
size_t lsq_active_users(const struct state *state);

/* Does a read at `now` show the user; its values, or NULL. */
const char *const *lsq_shown(const struct call *call, struct user *u);

/* ---- answers (lsq_answer.c) ---- */

bool lsq_admit(struct call *call);
void lsq_problem(struct call *call, enum problem problem, const char *detail);

/* A refusal by the application: HTTP status as the switch says, the vendor's error body. Returns false. */
bool lsq_refuse(struct call *call, const char *exception, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, when it was the client's own mistake. */
bool lsq_mistake(struct call *call, enum rule rule, const char *exception, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* {"Status":"Success"} */
void lsq_success(struct call *call);
void lsq_success_rows(struct call *call, int64_t rows, bool bulk);

/* One value under its name, in the vendor's form. */
void lsq_value(struct jw *j, const struct field *field, const char *text);
const char *lsq_manager_name(const struct call *call, const char *manager_id, struct buf *room);

/* The user that the query parameter names, checked for a write. NULL: answered. */
struct user *lsq_wanted_user(struct call *call, const char *param);

/* ---- conditions (lsq_filter.c) ---- */

enum lsq_operator { OP_EQ, OP_NEQ, OP_LIK, OP_NLIK, OP_LIK_S, OP_LIK_E, OP_N, OP_NN };

struct lsq_condition {
    size_t field;
    enum lsq_operator op;
    char *value; /* owned */
};

struct lsq_group_condition {
    struct lsq_condition *condition; /* owned */
    size_t count;
    bool any;     /* OR inside */
    bool or_next; /* OR with the next group */
};

struct lsq_filter {
    struct lsq_group_condition *group; /* owned */
    size_t count;
    size_t conditions;
};

/* Reads GroupConditions. False: answered. */
bool lsq_filter_read(struct call *call, const json_t *groups, struct lsq_filter *filter);
bool lsq_filter_matches(const struct lsq_filter *filter, const char *const *f);
void lsq_filter_free(struct lsq_filter *filter);

/* Field of a look-up or column name, U_COUNT when a search does not know it. */
size_t lsq_search_field(const struct call *call, const char *name);

void lsq_search_free(struct lsq_search *search);

/* ---- endpoints ---- */

void lsq_who_am_i(struct call *call);
void lsq_list_users(struct call *call);
void lsq_by_id(struct call *call);
void lsq_by_email(struct call *call);
void lsq_reporting(struct call *call);
void lsq_attributes(struct call *call);
void lsq_teams(struct call *call);
void lsq_team_create(struct call *call);
void lsq_notify(struct call *call);
void lsq_advanced_search(struct call *call);
void lsq_user_create(struct call *call);
void lsq_user_update(struct call *call);
void lsq_activate(struct call *call);
void lsq_deactivate(struct call *call);
void lsq_mark_obsolete(struct call *call);
void lsq_bulk_update(struct call *call);
void lsq_manager_bulk(struct call *call);

/* A value that a user may not have: answered, then false. Shared by create and update. */
bool lsq_value_good(struct call *call, size_t field, const char *text);

/* Manager batches that are due. */
void lsq_settle(struct sandbox *sb, uint64_t now);
void lsq_report(struct sandbox *sb, struct jw *j);

#endif
