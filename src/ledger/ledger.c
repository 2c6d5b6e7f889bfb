#include "ledger_internal.h"

const char *const run_state_name[RUN_STATES] = {
    [RUN_PLANNED] = "planned", [RUN_HELD] = "held",     [RUN_APPLYING] = "applying",
    [RUN_DONE] = "done",       [RUN_FAILED] = "failed", [RUN_INTERRUPTED] = "interrupted",
};
