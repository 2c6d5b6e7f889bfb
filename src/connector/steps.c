#include "steps.h"

struct step step_about(uint8_t endpoint, enum step_rank rank, struct str user, uint32_t create)
{
    struct step s = { .endpoint = endpoint,
                      .rank = (uint8_t)rank,
                      .user = user,
                      .user_ref = NO_CHANGE,
                      .manager_ref = NO_CHANGE,
                      .args = STR("{}") };
    if (create != NO_CHANGE && rank != RANK_CREATE) {
        s.user_ref = create;
        s.need[s.n_needs++] = (struct need){ NEED_CREATED, create };
    }
    return s;
}

void step_carries(struct step *s, uint32_t change)
{
    if (s->n_changes < STEP_CHANGES_MAX)
        s->change[s->n_changes++] = change;
}
