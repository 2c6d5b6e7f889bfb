/* The users that a READ_LOOKUP is about, by slot and canonical value: who was not meant is left out, however
 * loosely a service searches. */
#ifndef CONNECTOR_WANTED_H
#define CONNECTOR_WANTED_H

#include "rollcall/connector.h"

struct want {
    size_t lookup;    /* index into the goal's look-ups */
    int slot;         /* -1: the id */
    struct str canon; /* canonical value */
    struct str value; /* as sent, without white space around; borrowed from the look-up */
};

struct wanted {
    const struct schema *schema;  /* borrowed */
    const struct attr *id;        /* borrowed: how ids are compared */
    const struct lookup *lookups; /* borrowed */
    struct want *v;               /* owned */
    size_t n;
    struct table by_canon;
    struct arena arena;
};

void wanted_begin(struct wanted *w, const struct schema *schema, const struct attr *id,
                  const struct read_goal *goal);
void wanted_deinit(struct wanted *w);
/* Adds the goal's look-up number `lookup`. False, and not added, where the value is empty or broken (nobody
 * has it) or is wanted already. */
bool wanted_add(struct wanted *w, size_t lookup);
/* Whether the user has a wanted value. */
bool wanted_user(const struct wanted *w, const struct user *u);
/* Whether the user has this one. */
bool wanted_is(const struct wanted *w, const struct want *want, const struct user *u);

#endif
