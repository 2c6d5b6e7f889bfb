/* Rings of needs. Pure. */
#ifndef ROLLCALL_ENGINE_WORK_RINGS_H
#define ROLLCALL_ENGINE_WORK_RINGS_H

#include "work.h"

/* Withholds the changes whose steps stand in a ring, and says which: "needs form a ring: E7 -> E91 -> E7",
 * each needing the next. What only waits for a ring is left alone. Edge i goes from what is needed, from[i],
 * to what needs it, to[i]; nodes from w->n_steps on are no steps. `reached`: not in a ring and behind none.
 * At least one change is withheld when any node is not reached. */
void drop_rings(struct work *w, const uint32_t *from, const uint32_t *to, size_t n_edges, size_t n_nodes,
                const bool *reached);

#endif
