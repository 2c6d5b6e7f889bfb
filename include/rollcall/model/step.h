/* Steps: how a change is done. Made by a connector's `lower`, ordered by the engine, carried by calls. */
#ifndef ROLLCALL_MODEL_STEP_H
#define ROLLCALL_MODEL_STEP_H

#include "rollcall/model/change.h"
#include "rollcall/model/http.h"

#define STEP_CHANGES_MAX 6
#define STEP_NEEDS_MAX 6
#define NO_CHANGE UINT32_MAX

/* Order of steps inside a wave. */
enum step_rank {
    RANK_DEACTIVATE,
    RANK_ACTIVATE,
    RANK_CREATE,
    RANK_UPDATE,
    RANK_MEMBERSHIP,
    RANK_MANAGER,
    RANK_RETIRE
};

enum need_kind {
    NEED_CREATED,      /* the user that change `change` creates exists */
    NEED_ACTIVATED,    /* the activation `change` is done */
    NEED_DONE,         /* all steps of change `change` made before this one are done */
    NEED_SEAT,         /* a free seat */
    NEED_REPORTS_MOVED /* the manager change `change` (away from this user) is done, or will not be done */
};

struct need {
    enum need_kind kind;
    uint32_t change; /* index of the change in the plan's order; NO_CHANGE for NEED_SEAT */
};

struct step {
    uint32_t change[STEP_CHANGES_MAX]; /* changes it carries (a part of), by index in the plan's order */
    size_t n_changes;
    uint8_t endpoint; /* index in the vendor's endpoint table */
    uint8_t rank;     /* enum step_rank */
    struct need need[STEP_NEEDS_MAX];
    size_t n_needs;
    struct str user;      /* the vendor's id; empty while `user_ref` is to be created */
    uint32_t user_ref;    /* the create whose user this is about, or NO_CHANGE */
    uint32_t manager_ref; /* the create whose user is the manager to be set, or NO_CHANGE */
    struct str group;     /* only steps with equal endpoint and group share a call */
    struct str args;      /* JSON object, the connector's own; without ids not known yet (see the two refs) */
};

/* What became of one step, as the answer to its call tells. */
enum settled {
    SETTLED_DONE,
    SETTLED_REFUSED,
    SETTLED_NOT_DONE, /* surely not done: may be sent again */
    SETTLED_UNKNOWN,  /* look it up first */
    SETTLED_STALE,    /* surely not done: the user is no longer as he was read (a conditional write). Look at
                         him: done already, sent again on what he is now, or the change is stale */
};
/* How far a failure reaches. */
enum blast {
    BLAST_STEP,
    BLAST_CALL,
    BLAST_TENANT, /* throttled or down: everybody waits */
    BLAST_RUN,    /* credentials: nothing more can succeed */
};
enum again {
    AGAIN_NO,
    AGAIN_LATER,     /* a passing fault: back off */
    AGAIN_THROTTLED, /* wait `wait_us` */
    AGAIN_LOGIN,     /* the session ended: log in, then again */
};

#define SETTLED_TEXT_MAX 400

struct settlement {
    enum settled settled;
    enum blast blast;
    enum again again;
    bool verify;     /* asynchronous or count-only answer, done by the vendor's word: the read back decides */
    int64_t wait_us; /* AGAIN_THROTTLED: at least this long; -1: not said */
    char new_id[80]; /* of a created user; "" otherwise */
    char text[SETTLED_TEXT_MAX]; /* refusal for people: type and message through printable(); "" when done */
};

#endif
