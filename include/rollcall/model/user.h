/* What the tenant says: users. */
#ifndef ROLLCALL_MODEL_USER_H
#define ROLLCALL_MODEL_USER_H

#include "rollcall/model/attr.h"

enum user_state {
    USER_ACTIVE,
    USER_INACTIVE,
    USER_GONE, /* obsolete or deleted: cannot be activated, does not hold its keys */
    USER_STATES
};

/* Every user of the roster has exactly one fate in a run. */
enum user_fate {
    USER_IN_SYNC,
    USER_CHANGED,
    USER_WAITING,  /* absent, but not for long enough */
    USER_WITHHELD, /* every change of the user is held by a guard or for want of proof */
    USER_AMBIGUOUS,
    USER_PROTECTED,
    USER_UNMANAGED, /* not this job's: no value of the first match key, or absent with "absent": "ignore" */
    USER_ABSENT,    /* managed, not in the feed; reported ("absent": "report") or already inactive */
    USER_REFUSED,   /* refused by the tenant earlier and nothing has changed since */
    USER_FATES
};
extern const char *const user_fate_name[USER_FATES]; /* "in_sync", "changed", ...: for reports and scripts */
extern const char *const user_state_name[USER_STATES]; /* "active", "inactive", "gone" */

/* A user as read. `text` is as the vendor wrote it; roster_add makes the canonical form. */
struct user {
    struct str id; /* the vendor's, as written */
    enum user_state state;
    struct str manager_id;       /* the vendor's id of the manager; empty: none */
    struct str text[SCHEMA_MAX]; /* by slot; null and missing are {NULL,0} */
    bool administrator;          /* holds the vendor's highest role */
};

#endif
