/*
 * Scripted faults: which call goes wrong, and how.
 *
 * Written ENDPOINT:NTH:KIND[:ARG].
 *   ENDPOINT  its name, or `*`, `reads`, `writes`
 *   NTH       `3` the third call from now, `3+` from the third on, `3-5`, `every3`, `p0.05` by chance from
 * the seed, `*` every call; calls that match ENDPOINT, had good keys and were within the rate limit are
 * counted, for each fault on its own KIND      a row of the table of kinds, with `_before` (instead of
 * applying) or `_after` (applied, then spoilt) at its end where the other of the two is wanted ARG       a
 * number; what it means, and what it is when left out, stands in the table The first fault that fires on a
 * call wins; all of them count it.
 */
#ifndef SANDBOX_FAULTS_H
#define SANDBOX_FAULTS_H

#include "rollcall/base/rng.h"
#include "text_util.h"

#include <stdbool.h>

#define FAULTS_MAX 64

enum fault_kind {
    FAULT_STATUS,
    FAULT_TEXT,
    FAULT_HTML,
    FAULT_RESET,
    FAULT_HANGUP,
    FAULT_TRUNCATE,
    FAULT_GARBAGE,
    FAULT_EMPTY200,
    FAULT_SLOW,
    FAULT_DELAY,
    FAULT_PAGE_DROP,
    FAULT_PAGE_REPEAT,
    FAULT_PAGE_EMPTY,
    FAULT_PAGE_CUT,
    FAULT_ERROR200,
    FAULT_ERROR500,
    FAULT_THROTTLE,
    FAULT_RANDOM,
    FAULT_KINDS,
};

enum fault_phase {
    FAULT_BEFORE, /* nothing is applied */
    FAULT_AFTER,  /* what was asked is applied, then the answer is spoilt */
    FAULT_PAGE,   /* the endpoint itself spoils the page it makes */
};

struct fault_def {
    const char *name;
    enum fault_phase phase;
    bool either;  /* _before and _after may be said */
    uint64_t arg; /* when none is given */
    const char *about;
};

/* What happens to one call. */
struct fault_hit {
    enum fault_kind kind;
    enum fault_phase phase;
    uint64_t arg;
    const char *name; /* static: "reset" */
};

struct fault {
    struct fault_hit hit;
    char text[80];     /* as written */
    char endpoint[40]; /* or "*", "reads", "writes" */
    uint64_t from, to, every;
    uint32_t millionths;
    uint64_t seen, fired;
};

struct faults {
    struct fault fault[FAULTS_MAX];
    size_t count;
};

/* Row `kind` of the table. */
const struct fault_def *fault_def(enum fault_kind kind);

/* Adds one, or removes all for "off". NULL, or what is wrong (static). The endpoint's name is checked by the
 * caller. */
const char *faults_add(struct faults *faults, const char *text);

/* Counts a call of an endpoint; true when a fault fires on it. */
bool faults_fire(struct faults *faults, struct rng *rng, const char *endpoint, bool writes,
                 struct fault_hit *hit);

/* [{"fault": "...", "seen": .., "fired": ..}] */
void faults_report(const struct faults *faults, struct jw *j);

#endif
