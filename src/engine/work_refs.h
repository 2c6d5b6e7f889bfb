/* Steps that name a manager who does not stand yet: by the change that creates or activates him. Pure. */
#ifndef ROLLCALL_ENGINE_WORK_REFS_H
#define ROLLCALL_ENGINE_WORK_REFS_H

#include "work.h"

/* Sets `manager_ref` and the needs of manager steps. A manager whose create is not to be done in this run
 * leaves the step without one: the caller withholds it. Not `ordered`: an inactive manager is as good as an
 * active one. */
void link_managers(struct work *w, bool ordered);

#endif
