#include "work_graph.h"

#include <stdlib.h>
#include <string.h>

struct by_change work_by_change(const struct work *w)
{
    struct by_change b = { xcalloc(w->n_items + 2, sizeof(uint32_t)), NULL };
    size_t total = 0;
    for (size_t i = 0; i < w->n_steps; i++)
        for (size_t k = 0; k < w->step[i].n_changes; k++, total++)
            b.start[w->step[i].change[k] + 1]++;
    for (size_t i = 0; i < w->n_items; i++)
        b.start[i + 1] += b.start[i];
    b.step = xcalloc(total + 1, sizeof(uint32_t));
    uint32_t *at = xmemdup(b.start, (w->n_items + 1) * sizeof(uint32_t));
    for (uint32_t i = 0; i < w->n_steps; i++)
        for (size_t k = 0; k < w->step[i].n_changes; k++)
            b.step[at[w->step[i].change[k]]++] = i;
    free(at);
    return b;
}

void by_change_deinit(struct by_change *b)
{
    free(b->start);
    free(b->step);
    *b = (struct by_change){ NULL, NULL };
}

bool step_provides(const struct step *s, enum need_kind kind)
{
    switch (kind) {
    case NEED_CREATED: return s->rank == RANK_CREATE;
    case NEED_ACTIVATED:
    case NEED_DONE:
    case NEED_REPORTS_MOVED: return true;
    case NEED_SEAT: break;
    }
    return false;
}

bool step_inside(const struct connector *k, const struct step *a, const struct step *b, enum need_kind kind)
{
    return (kind == NEED_CREATED || kind == NEED_DONE) && a->endpoint == b->endpoint &&
           k->vendor.endpoints[a->endpoint].inside && str_eq(a->group, b->group);
}

/* Edges ------------------------------------------------------------------------------------------------------------------------ */

static void edge(struct graph *g, uint32_t from, uint32_t to, bool inside)
{
    g->from = xgrow(g->from, &g->cap_from, g->n + 1, sizeof *g->from);
    g->to = xgrow(g->to, &g->cap_to, g->n + 1, sizeof *g->to);
    g->inside = xgrow(g->inside, &g->cap_inside, g->n + 1, sizeof *g->inside);
    g->from[g->n] = from;
    g->to[g->n] = to;
    g->inside[g->n++] = inside;
}

/* Virtual nodes: reports have moved away from those who leave; everybody who leaves is out (seats are free);
 * everybody who comes is in (managers can be set). */
enum { NODE_MOVED, NODE_SEATS, NODE_PEOPLE, VIRTUAL_NODES };

static void edges_of_needs(struct graph *g, const struct work *w, const struct connector *k,
                           const struct by_change *b, uint32_t i)
{
    const struct step *s = &w->step[i];
    uint32_t seats = (uint32_t)w->n_steps + NODE_SEATS;
    for (size_t n = 0; n < s->n_needs; n++) {
        enum need_kind kind = s->need[n].kind;
        if (kind == NEED_SEAT) {
            edge(g, seats, i, false);
            continue;
        }
        uint32_t c = s->need[n].change;
        for (uint32_t at = c < w->n_items ? b->start[c] : 0; c < w->n_items && at < b->start[c + 1]; at++) {
            uint32_t other = b->step[at];
            if (other != i && step_provides(&w->step[other], kind) &&
                (kind != NEED_DONE || s->change[0] != c || other < i))
                edge(g, other, i, step_inside(k, &w->step[other], s, kind));
        }
    }
}

static void edges_of_ranks(struct graph *g, const struct work *w, bool ordered, uint32_t i, const bool *early)
{
    uint32_t moved = (uint32_t)w->n_steps + NODE_MOVED, seats = (uint32_t)w->n_steps + NODE_SEATS,
             people = (uint32_t)w->n_steps + NODE_PEOPLE;
    switch (w->step[i].rank) {
    case RANK_DEACTIVATE:
        edge(g, moved, i, false);
        edge(g, i, seats, false);
        break;
    case RANK_ACTIVATE:
    case RANK_CREATE: edge(g, i, people, false); break;
    case RANK_MANAGER:
        if (early[i])
            edge(g, i, moved, false);
        else if (ordered)
            edge(g, people, i, false);
        break;
    default: break;
    }
}

void graph_init(struct graph *g, const struct work *w, const struct connector *k, const bool *early)
{
    *g = (struct graph){ .nodes = w->n_steps + VIRTUAL_NODES };
    g->rung = xcalloc(g->nodes, sizeof *g->rung);
    g->reached = xcalloc(g->nodes, sizeof *g->reached);
    struct by_change b = work_by_change(w);
    for (uint32_t i = 0; i < w->n_steps; i++) {
        edges_of_needs(g, w, k, &b, i);
        edges_of_ranks(g, w, !k->vendor.managers_unordered, i, early);
    }
    by_change_deinit(&b);
}

void graph_deinit(struct graph *g)
{
    free(g->from);
    free(g->to);
    free(g->inside);
    free(g->rung);
    free(g->reached);
    *g = (struct graph){ 0 };
}

/* Places ----------------------------------------------------------------------------------------------------------------------- */

/* Of two steps that others build on, the one that comes later. */
static uint32_t later(const struct work *w, uint32_t a, uint32_t b)
{
    if (a == NO_CHANGE || b == NO_CHANGE)
        return a == NO_CHANGE ? b : a;
    if (w->step[a].rank != w->step[b].rank)
        return w->step[a].rank > w->step[b].rank ? a : b;
    return a > b ? a : b;
}

/* What stands at `v` pushes what needs it one level on; two that may go in one call stay in one level, and
 * virtual nodes only gather: they take no wave of their own. */
static void push(struct graph *g, const struct work *w, uint32_t v, uint32_t to, bool inside)
{
    struct rung *from = &g->rung[v], *p = &g->rung[to];
    uint32_t level = from->level + (v < w->n_steps && !inside ? 1 : 0), inner = inside ? from->inner + 1 : 0;
    if (level > p->level)
        *p = (struct rung){ level, inner, inside ? from->anchor : NO_CHANGE };
    else if (level == p->level && inside)
        *p = (struct rung){ level, inner > p->inner ? inner : p->inner, later(w, p->anchor, from->anchor) };
}

struct out_edges {
    uint32_t *start, *edge; /* owned */
    uint32_t *left;         /* owned; edges that still come in, by node */
};

static struct out_edges sort_edges(const struct graph *g)
{
    struct out_edges o = { xcalloc(g->nodes + 2, 4), xcalloc(g->n + 1, 4), xcalloc(g->nodes, 4) };
    for (size_t i = 0; i < g->n; i++) {
        o.start[g->from[i] + 1]++;
        o.left[g->to[i]]++;
    }
    for (size_t i = 0; i < g->nodes; i++)
        o.start[i + 1] += o.start[i];
    uint32_t *at = xmemdup(o.start, (g->nodes + 1) * sizeof *at);
    for (uint32_t i = 0; i < g->n; i++)
        o.edge[at[g->from[i]]++] = i;
    free(at);
    return o;
}

/* Kahn's algorithm; level = longest way from a step without needs. */
bool graph_rungs(struct graph *g, const struct work *w)
{
    struct out_edges o = sort_edges(g);
    uint32_t *queue = xcalloc(g->nodes, sizeof *queue);
    size_t head = 0, tail = 0;
    for (uint32_t i = 0; i < g->nodes; i++) {
        g->rung[i].anchor = NO_CHANGE;
        if (o.left[i] == 0)
            queue[tail++] = i;
    }
    for (; head < tail; head++) {
        uint32_t v = queue[head];
        if (g->rung[v].anchor == NO_CHANGE)
            g->rung[v].anchor = v;
        g->reached[v] = true;
        for (uint32_t k = o.start[v]; k < o.start[v + 1]; k++) {
            uint32_t to = g->to[o.edge[k]];
            push(g, w, v, to, g->inside[o.edge[k]]);
            if (--o.left[to] == 0)
                queue[tail++] = to;
        }
    }
    free(o.start);
    free(o.edge);
    free(o.left);
    free(queue);
    return tail == g->nodes;
}
