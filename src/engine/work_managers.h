/* The order of manager moves. Pure. */
#ifndef ROLLCALL_ENGINE_WORK_MANAGERS_H
#define ROLLCALL_ENGINE_WORK_MANAGERS_H

#include "work.h"

/* Puts the manager steps among themselves into an order in which each can succeed: the top of the wanted tree
 * first; a move under somebody who sits below the mover today waits (another wave) for the move that takes
 * that somebody away. With `move_from_leavers`, moves away from a user who is to be deactivated come before
 * that, if the new manager is there already: such steps are marked in `early`. */
void order_managers(struct work *w, const struct roster *roster, bool move_from_leavers, bool *early);

#endif
