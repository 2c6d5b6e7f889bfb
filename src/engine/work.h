/* work: changes that are to be done -> steps -> waves -> calls. The same code counts calls for the plan and
 * makes them for the run, so that the two agree. Pure. */
#ifndef ROLLCALL_ENGINE_WORK_H
#define ROLLCALL_ENGINE_WORK_H

#include "rollcall/connector.h"

/* One change on its way. */
struct work_item {
    const struct change *change; /* borrowed */
    uint32_t seq;                /* number in the plan's order */
    enum outcome outcome;
    bool todo; /* to be done in this run */
    uint32_t first_step, n_steps;
    uint32_t steps_left;
    bool verify;           /* done by the vendor's word only, so far */
    char *text;            /* owned; refusal or cause, for people */
    char new_id[80];       /* of a created user */
    uint32_t made_manager; /* the create that makes its manager; NO_CHANGE */
};

struct work {
    struct work_item *item; /* owned, in the plan's order */
    size_t n_items;
    struct step *step; /* owned, sorted by wave, rank, endpoint, group */
    uint32_t *wave;    /* owned, by step */
    uint32_t *attempt; /* owned, by step: calls made with it */
    uint32_t *call;    /* owned, by step: which planned call carries it, NO_CALL: it is done already */
    size_t n_steps, cap_steps;
    uint32_t n_waves, n_calls;
    struct arena arena;
};

#define NO_CALL UINT32_MAX

struct work_options {
    bool early_moves_from_leavers; /* move reports away from leavers before these are deactivated */
};

void work_init(struct work *w);
void work_deinit(struct work *w);
void work_add(struct work *w, const struct change *c, uint32_t seq, bool todo);

/* Leaves only the changes of one user (by id or key as shown), or of the first `first` users in the plan's
 * order (-1: all): the rest is withheld. */
void work_choose(struct work *w, struct str only, int64_t first);

/* Lowers everything that is to be done, finds waves, combines and sorts. Changes in a ring of needs are
 * withheld with the ring as text. */
void work_build(struct work *w, const struct connector *k, struct conn *conn, const struct roster *roster,
                const struct work_options *options);

/* How many calls of each endpoint it takes, as pack() gives them, preludes included; numbers them in `call`.
 * The run keeps to these calls: what is sent in a second call of one number was sent, or held up, before, so
 * that calls made are those planned and those repeated, whatever happens. */
void work_count(struct work *w, const struct connector *k, struct conn *conn, uint64_t *calls_by_endpoint);

/* The change among a step's that sets its manager: a move can ride along with an update, a create has its
 * own. */
struct work_item *work_move(const struct work *w, const struct step *s);

/* Steps by the changes they carry. */
struct by_change {
    uint32_t *start; /* owned; n_items + 1 entries into `step` */
    uint32_t *step;  /* owned; by change, ascending */
};
struct by_change work_by_change(const struct work *w);
void by_change_deinit(struct by_change *b);

/* Does step `s` provide what a need of this kind, of a change that it carries, asks for? */
bool step_provides(const struct step *s, enum need_kind kind);
/* Can step `a` provide such a need to `b` in one call, so that `b` takes no wave of its own? */
bool step_inside(const struct connector *k, const struct step *a, const struct step *b, enum need_kind kind);

/* The first step of a wave; of the wave behind the last: n_steps. */
size_t wave_start(const struct work *w, uint32_t wave);

/* How many steps are worth offering to one pack() of an endpoint. */
size_t work_batch(const struct connector *k, uint8_t endpoint);
#define PACK_MAX 1000 /* steps one call can carry at most */

/* End of the run of steps from `from` (below `to`) that may share calls: equal wave, endpoint and group. */
size_t work_same_call(const struct work *w, size_t from, size_t to);

#endif
