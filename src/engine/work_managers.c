#include "work_managers.h"

#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 1000 /* levels of management looked at; a longer chain is no company */

struct moves {
    struct work *w;
    const struct roster *roster;
    uint32_t *step_of; /* owned, by user: the step that moves him, or NO_CHANGE */
    uint32_t *wanted;  /* owned, by user: his manager once all moves are done, or NO_USER */
    uint32_t *leaver;  /* owned, by user: the step that deactivates him, or NO_CHANGE */
};

static void moves_init(struct moves *m, struct work *w, const struct roster *roster)
{
    size_t n = roster_count(roster);
    *m = (struct moves){ w, roster, xcalloc(n + 1, 4), xcalloc(n + 1, 4), xcalloc(n + 1, 4) };
    memset(m->step_of, 0xff, n * sizeof *m->step_of);
    memset(m->leaver, 0xff, n * sizeof *m->leaver);
    for (uint32_t u = 0; u < n; u++)
        m->wanted[u] = roster_manager(roster, u);
    for (uint32_t i = 0; i < w->n_steps; i++) {
        const struct step *s = &w->step[i];
        uint32_t u = s->user.n ? roster_by_id(roster, s->user) : NO_USER;
        if (u == NO_USER)
            continue;
        if (s->rank == RANK_DEACTIVATE)
            m->leaver[u] = i;
        if (s->rank != RANK_MANAGER)
            continue;
        m->step_of[u] = i;
        struct str to = work_move(w, s)->change->manager_after.id;
        m->wanted[u] = to.n ? roster_by_id(roster, to) : NO_USER;
    }
}

static void moves_deinit(struct moves *m)
{
    free(m->step_of);
    free(m->wanted);
    free(m->leaver);
}

static uint32_t depth_wanted(const struct moves *m, uint32_t u)
{
    uint32_t depth = 0;
    while (u != NO_USER && depth < CHAIN_MAX) {
        u = m->wanted[u];
        depth++;
    }
    return depth;
}

struct placed {
    struct step step;
    uint32_t depth, number;
};

static int cmp_placed(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    if (x->depth != y->depth)
        return x->depth < y->depth ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* The places that manager steps hold stay; what stands in them is ordered by depth in the wanted tree. */
static void top_first(struct work *w, const struct moves *m)
{
    struct placed *p = xcalloc(w->n_steps + 1, sizeof *p);
    uint32_t n = 0;
    for (uint32_t i = 0; i < w->n_steps; i++)
        if (w->step[i].rank == RANK_MANAGER) {
            uint32_t u = w->step[i].user.n ? roster_by_id(m->roster, w->step[i].user) : NO_USER;
            p[n] = (struct placed){ w->step[i], u == NO_USER ? CHAIN_MAX : depth_wanted(m, u), n };
            n++;
        }
    qsort(p, n, sizeof *p, cmp_placed);
    for (uint32_t i = 0, k = 0; i < w->n_steps; i++)
        if (w->step[i].rank == RANK_MANAGER)
            w->step[i] = p[k++].step;
    free(p);
}

static void add_need(struct step *s, enum need_kind kind, uint32_t change)
{
    if (s->n_needs < STEP_NEEDS_MAX)
        s->need[s->n_needs++] = (struct need){ kind, change };
}

/* The move that takes `below` (or somebody between) away from under `mover`, or NO_CHANGE when he does not
 * sit there. */
static uint32_t move_out_of(const struct moves *m, uint32_t mover, uint32_t below)
{
    uint32_t moved = NO_CHANGE;
    for (unsigned level = 0; below != NO_USER && level < CHAIN_MAX; level++) {
        if (below == mover)
            return moved;
        if (moved == NO_CHANGE && m->step_of[below] != NO_CHANGE)
            moved = m->step_of[below];
        below = roster_manager(m->roster, below);
    }
    return NO_CHANGE;
}

static void waits_for_upside_down(struct moves *m)
{
    for (uint32_t u = 0; u < roster_count(m->roster); u++) {
        if (m->step_of[u] == NO_CHANGE || m->wanted[u] == NO_USER)
            continue;
        uint32_t other = move_out_of(m, u, m->wanted[u]);
        if (other != NO_CHANGE && other != m->step_of[u])
            add_need(&m->w->step[m->step_of[u]], NEED_DONE, m->w->step[other].change[0]);
    }
}

/* Early steps go into a wave before any deactivation (work.c's node for it). A move whose new manager moves
 * or leaves himself, or does not exist yet, is not early: what he stands under is not settled. */
static void moves_from_leavers(struct moves *m, bool *early)
{
    for (uint32_t u = 0; u < roster_count(m->roster); u++) {
        uint32_t i = m->step_of[u], now = roster_manager(m->roster, u), to = m->wanted[u];
        if (i == NO_CHANGE || now == NO_USER || m->leaver[now] == NO_CHANGE || to == NO_USER)
            continue;
        bool stands = roster_state(m->roster, to) == USER_ACTIVE && m->leaver[to] == NO_CHANGE &&
                      m->step_of[to] == NO_CHANGE;
        if (stands && m->w->step[i].n_needs == 0)
            early[i] = true;
    }
}

void order_managers(struct work *w, const struct roster *roster, bool move_from_leavers, bool *early)
{
    struct moves m;
    moves_init(&m, w, roster);
    top_first(w, &m);
    moves_deinit(&m);
    moves_init(&m, w, roster); /* steps have changed places */
    waits_for_upside_down(&m);
    if (move_from_leavers)
        moves_from_leavers(&m, early);
    moves_deinit(&m);
}
