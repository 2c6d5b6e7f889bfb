/* The graph of needs: which step comes before which. Pure. */
#ifndef ROLLCALL_ENGINE_WORK_GRAPH_H
#define ROLLCALL_ENGINE_WORK_GRAPH_H

#include "work.h"

/* Where a node stands. */
struct rung {
    uint32_t level;  /* waves before it, gaps of virtual nodes included */
    uint32_t inner;  /* steps before it in its own wave, each built on the one before (endpoint.inside) */
    uint32_t anchor; /* the last of those it builds on that builds on none; itself when it builds on none */
};

struct graph {
    uint32_t *from,
        *to;      /* owned; what is needed, what needs it: step numbers, or virtual nodes behind them */
    bool *inside; /* owned; by edge: both may go in one call */
    size_t n, cap_from, cap_to, cap_inside;
    size_t nodes;
    struct rung *rung; /* owned, by node */
    bool *reached;     /* owned, by node: in no ring and behind none */
};

/* `early`: by step, a manager move that comes before all deactivations. */
void graph_init(struct graph *g, const struct work *w, const struct connector *k, const bool *early);
void graph_deinit(struct graph *g);
/* Finds the rungs. False: there is a ring. */
bool graph_rungs(struct graph *g, const struct work *w);

#endif
