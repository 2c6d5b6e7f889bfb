/* The inside of PHASE_APPLY, shared by applying.c (waves -> calls), prelude.c (what is read right before a
 * call), settling.c (answers -> what became of steps) and readback.c (what the tenant shows). */
#ifndef ROLLCALL_ENGINE_APPLY_H
#define ROLLCALL_ENGINE_APPLY_H

#include "engine_internal.h"

#define STEP_TRIES_MAX                                                                                       \
    5 /* sends of one step for passing faults; an unknown outcome is sent once more only                     \
       */
#define STALE_ROUNDS_MAX 3 /* looks at a user who changes under a conditional write again and again */
#define BREAKER_ROW 10     /* failed calls in a row ... */
#define BREAKER_WINDOW 50  /* ... or half of this many end the run */
#define READ_BACK_PAUSE_US (2 * SECOND_US)
#define READ_BACK_PAUSE_MAX_US (30 * SECOND_US)

/* A step's way: WAITS -> FLIES -> one of the others; back to WAITS when it may be sent again. It flies from
 * the prelude of its call on. UNKNOWN and MET_NEWER wait for a look at the user. */
enum step_way {
    STEP_WAITS,
    STEP_FLIES,
    STEP_IS_DONE,
    STEP_FAILED,
    STEP_WITHHELD,
    STEP_IS_STALE,
    STEP_IS_UNKNOWN,
    STEP_MET_NEWER,
};

/* What PHASE_APPLY is at: one thing at a time. */
enum apply_doing {
    DOING_STEPS,
    DOING_LOOK_UP /* what became of unknown steps */,
    DOING_READ_BACK,
    DOING_NOTHING
};

/* Steps whose call can be built: its prelude was answered. */
struct prepared {
    uint32_t *step; /* owned */
    size_t n;
};

struct apply {
    enum apply_doing doing;
    enum step_way *way; /* owned, by step */
    uint8_t *faults;    /* owned, by step: passing faults in this part of the run */
    uint8_t *lost;      /* owned, by step: answers lost in it */
    uint8_t *newer;     /* owned, by step: rounds of SETTLED_STALE in it */
    bool *opened;       /* owned, by planned call: this part of the run has made it; again, it is a retry */
    bool *asked;        /* owned, by planned call: the same of its prelude */
    uint16_t *at_most;  /* owned, by step: steps its call may carry (a failed call is halved); 0: no limit of
                           its own */
    uint32_t *number;   /* owned, by step: ordinal among the steps of its first change */
    struct by_change by_change;
    uint32_t *taken;                     /* owned, by step: the last call that was put together with it */
    uint32_t calls;                      /* put together so far */
    bool hopeless;                       /* a step ended badly whose wave has steps that may need it */
    struct prepared prepared[CALLS_MAX]; /* the oldest first */
    size_t n_prepared;
    uint32_t wave;
    size_t from, to; /* steps of this wave */
    size_t cursor;   /* no waiting step before it */
    unsigned flying_at[ENDPOINTS_MAX];
    mono_us not_before; /* backing off, or waiting for the tenant to settle */
    unsigned failed_in_row;
    uint64_t recent; /* bit per call, 1 = failed; the newest lowest */
    unsigned n_recent;
    struct lookups look;   /* of the reading under way */
    bool list_all;         /* a search has proven too little: the look again, listing everybody */
    bool final;            /* the read back under way is the last one */
    mono_us visible_until; /* when the read back gives up */
    int64_t pause;         /* until the next look */
    unsigned looks;        /* of this read back */
    uint64_t steps_over;   /* for progress */
};

/* settling.c */
/* Of a call that has been answered: what becomes of its steps, and what that means for pace, breaker and run.
 * Of a prelude that gave nothing to build on likewise. */
void settle_call(struct engine *e, const struct call *c, const struct settlement *out,
                 const struct answer *a);
void wait_again(struct engine *e, uint32_t step);
void step_over(struct engine *e, uint32_t step, enum step_way way,
               const char *text); /* done, failed or withheld: tells its changes */
/* Number of a step's part in its k-th change, the same in every part of a run. */
uint32_t step_number(const struct engine *e, uint32_t step, size_t k);
int step_record(struct engine *e, uint32_t step, enum step_state state, uint32_t call, int status,
                const char *text);
void item_outcome(struct engine *e, struct work_item *item, enum outcome outcome, const char *text);

/* readback.c */
void look_up_unknown(struct engine *e);
void read_back_begin(struct engine *e, bool final);
void read_back_again(struct engine *e);
bool wave_wants_read_back(const struct engine *e, uint32_t wave);
/* Id of the user that a create made, by any of its keys. {NULL,0} when nobody who is not gone has one, or
 * more than one user has (*several; may be NULL). */
struct str find_created(struct engine *e, const struct change *c, const struct roster *fresh, bool *several);
void plan_read_backs(struct engine *e); /* adds them to the planned calls */

/* prelude.c */
struct call *prelude_offer(struct engine *e, const uint32_t *number, size_t n);
void preludes_free(struct apply *a);

/* applying.c */
struct str created_id(void *ctx, uint32_t change); /* of a change's user; ctx: the engine */
void steps_of(const struct engine *e, const uint32_t *number, size_t n, const struct step **steps);
void wave_begin(struct engine *e, uint32_t wave);
void wave_over(struct engine *e);
void apply_over(struct engine *e);

/* sticks.c: 0 or the ledger's error */
int sticks_forget_sent(struct engine *e); /* of what is sent from now on another read back decides */
int sticks_record(struct engine *e, const struct work_item *item, const struct roster *fresh);

#endif
