/* The inside of PHASE_APPLY, shared by applying.c (waves -> calls), settling.c (answers -> what became of
 * steps) and readback.c (what the tenant shows). */
#ifndef ROLLCALL_ENGINE_APPLY_H
#define ROLLCALL_ENGINE_APPLY_H

#include "engine_internal.h"

#define STEP_TRIES_MAX                                                                                       \
    5                     /* sends of one step for passing faults; an unknown outcome is sent once more only \
                           */
#define BREAKER_ROW 10    /* failed calls in a row ... */
#define BREAKER_WINDOW 50 /* ... or half of this many end the run */
#define READ_BACK_PAUSE_US (2 * SECOND_US)
#define READ_BACK_PAUSE_MAX_US (30 * SECOND_US)

/* A step's way: WAITS -> FLIES -> one of the others; back to WAITS when it may be sent again. */
enum step_way { STEP_WAITS, STEP_FLIES, STEP_IS_DONE, STEP_FAILED, STEP_WITHHELD, STEP_IS_UNKNOWN };

/* What PHASE_APPLY is at: one thing at a time. */
enum apply_doing {
    DOING_STEPS,
    DOING_LOOK_UP /* what became of unknown steps */,
    DOING_READ_BACK,
    DOING_NOTHING
};

struct apply {
    enum apply_doing doing;
    enum step_way *way; /* owned, by step */
    uint8_t *faults;    /* owned, by step: passing faults in this part of the run */
    uint8_t *lost;      /* owned, by step: answers lost in it */
    bool *sent;         /* owned, by step: this part of the run has sent it; again, it is a retry */
    uint16_t *at_most;  /* owned, by step: steps its call may carry (a failed call is halved); 0: no limit of
                           its own */
    uint32_t *number;   /* owned, by step: ordinal among the steps of its first change */
    uint32_t wave;
    size_t from, to; /* steps of this wave */
    size_t cursor;   /* no waiting step before it */
    unsigned flying_at[ENDPOINTS_MAX];
    mono_us not_before; /* backing off, or waiting for the tenant to settle */
    unsigned failed_in_row;
    uint64_t recent; /* bit per call, 1 = failed; the newest lowest */
    unsigned n_recent;
    struct lookup *lookups; /* owned; of the reading under way */
    size_t n_lookups;
    struct arena look;     /* their text */
    bool final;            /* the read back under way is the last one */
    mono_us visible_until; /* when the read back gives up */
    int64_t pause;         /* until the next look */
    unsigned looks;        /* of this read back */
    uint64_t steps_over;   /* for progress */
};

/* settling.c */
void settle_step(struct engine *e, uint32_t step, const struct settlement *s, const struct call *c,
                 const struct answer *a);
void step_over(struct engine *e, uint32_t step, enum step_way way,
               const char *text); /* done, failed or withheld: tells its changes */
/* Number of a step's part in its k-th change, the same in every part of a run. */
uint32_t step_number(const struct engine *e, uint32_t step, size_t k);
int step_record(struct engine *e, uint32_t step, enum step_state state, uint32_t call, int status,
                const char *text);
void item_outcome(struct engine *e, struct work_item *item, enum outcome outcome, const char *text);
bool breaker(struct engine *e, bool failed, const char *text);

/* readback.c */
void look_up_unknown(struct engine *e);
void read_back_begin(struct engine *e, bool final);
void read_back_again(struct engine *e);
bool wave_wants_read_back(const struct engine *e, uint32_t wave);
/* Id of the user that a create made, by any of its keys. {NULL,0} when nobody who is not gone has one, or
 * more than one user has (*several; may be NULL). */
struct str find_created(struct engine *e, const struct change *c, const struct roster *fresh, bool *several);
void plan_read_backs(struct engine *e); /* adds them to the planned calls */

/* applying.c */
void wave_begin(struct engine *e, uint32_t wave);
void wave_over(struct engine *e);
void apply_over(struct engine *e);

#endif
