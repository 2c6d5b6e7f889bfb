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
    size_t n_steps, cap_steps;
    uint32_t n_waves;
    struct arena arena;
};

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

/* How many calls of each endpoint it takes, as pack() gives them. */
void work_count(const struct work *w, const struct connector *k, struct conn *conn,
                uint64_t *calls_by_endpoint);

/* The change among a step's that sets its manager: a move can ride along with an update, a create has its
 * own. */
const struct change *work_move(const struct work *w, const struct step *s);

/* The first step of a wave; of the wave behind the last: n_steps. */
size_t wave_start(const struct work *w, uint32_t wave);

/* How many steps are worth offering to one pack() of an endpoint. */
size_t work_batch(const struct connector *k, uint8_t endpoint);
#define PACK_MAX 1000 /* steps one call can carry at most */

/* End of the run of steps from `from` (below `to`) that may share calls: equal wave, endpoint and group. */
bool work_same_group(const struct work *w, size_t a, size_t b);
size_t work_same_call(const struct work *w, size_t from, size_t to);

#endif
