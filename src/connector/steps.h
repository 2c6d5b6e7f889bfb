/* Steps as every vendor's lower() makes them. */
#ifndef CONNECTOR_STEPS_H
#define CONNECTOR_STEPS_H

#include "rollcall/connector.h"

/* The changes of one user on their way to steps: what lower() is given, and what a vendor finds out first. */
struct lowering {
    struct conn *c;
    const struct roster *roster;
    struct arena *arena;
    void (*emit)(void *ctx, const struct step *step);
    void *ctx;
    const struct change *const *change;
    const uint32_t *seq;
    size_t n;
    uint32_t create;   /* number of the create among the changes, or NO_CHANGE */
    uint32_t activate; /* the same of the activation, where it is a call of its own */
    uint32_t user;     /* in the roster, or NO_USER, where that matters */
};

/* A step about `user` (borrowed). `create` is the change that creates him, or NO_CHANGE: what is not the
 * create itself waits for it. */
struct step step_about(uint8_t endpoint, enum step_rank rank, struct str user, uint32_t create);
/* It carries this change too, or a part of it. */
void step_carries(struct step *s, uint32_t change);

#endif
