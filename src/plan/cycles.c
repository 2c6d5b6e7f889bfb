/* Rings in the manager graph as it would be: the tenant's links with all moves laid over them. Everybody has
 * one manager at most, so a walk upwards from each mover meets either a top, something seen before, or
 * itself. Every move of a ring is held and its user keeps his old link; as that may close another ring, those
 * who kept theirs are walked again, until nothing is found. Rings of old links alone are not ours to mend. */
#include <string.h>

#include "plan_internal.h"

#define PATH_SHOWN 10 /* persons of a ring that are named */
#define NOBODY UINT32_MAX

/* Nodes: users by number, then joiners as n_users + number of the create. */
struct graph {
    struct plan *p;
    uint32_t n;
    uint32_t *up;   /* manager, or NOBODY */
    uint32_t *move; /* draft that makes the link, or NO_DRAFT: it is there already */
    uint32_t *seen; /* number of the walk; 0: never */
    uint32_t walk,
        round; /* walks up to `round` were before something was held: what they saw counts no more */
    uint32_t *todo, *next;
    size_t n_todo, n_next;
    uint32_t *ring;
    size_t n_ring;
    size_t held;
};

static uint32_t *array(uint32_t n)
{
    uint32_t *a = xrealloc(NULL, n ? n : 1, sizeof(*a));
    memset(a, 0xff, n * sizeof(*a));
    return a;
}

static void graph_add(struct graph *g, const struct draft *d, uint32_t number)
{
    uint32_t from = d->c.kind == CHANGE_CREATE ? g->p->n_users + number : d->user;
    if (d->dead || !d->c.manager_set || from == NO_USER || (d->c.kind == CHANGE_MANAGER && d->c.hold))
        return;
    g->up[from] = d->manager_user != NO_USER ? d->manager_user : g->p->n_users + d->manager_draft;
    g->move[from] = number;
    g->todo[g->n_todo++] = from;
}

static void graph_init(struct graph *g, struct plan *p)
{
    *g = (struct graph){ .p = p, .n = p->n_users + (uint32_t)p->n_drafts };
    g->up = array(g->n);
    g->move = array(g->n);
    g->todo = array(g->n);
    g->next = array(g->n);
    g->ring = array(g->n);
    g->seen = array(g->n);
    memset(g->seen, 0, g->n * sizeof(*g->seen));
    for (uint32_t u = 0; u < p->n_users; u++)
        g->up[u] = roster_manager(p->roster, u);
    for (size_t i = 0; i < p->n_drafts; i++)
        graph_add(g, p->drafts[i], (uint32_t)i);
}

static void graph_deinit(struct graph *g)
{
    free(g->up);
    free(g->move);
    free(g->todo);
    free(g->next);
    free(g->ring);
    free(g->seen);
}

static const char *node_text(struct graph *g, uint32_t node)
{
    struct plan *p = g->p;
    struct str name = { NULL, 0 };
    if (node < p->n_users) {
        name = roster_shown(p->roster, node, p->schema->manager_key);
        name = name.n ? name : roster_id(p->roster, node);
    } else {
        const struct change *c = &p->drafts[node - p->n_users]->c;
        name = c->key;
        for (size_t i = 0; i < c->n_edits; i++)
            if (c->edit[i].slot == p->schema->manager_key)
                name = c->edit[i].after;
    }
    struct buf b = BUF_INIT(WHY_MAX);
    printable(&b, name, VALUE_COLUMNS);
    const char *text = arena_z(&p->arena, buf_view(&b));
    buf_deinit(&b);
    return text;
}

/* "cycle: E7 -> E91 -> E7", from the mover on; the middle of a large ring is left out. */
static struct str ring_text(struct graph *g, size_t from)
{
    struct buf b = BUF_INIT(WHY_MAX);
    buf_puts(&b, "cycle: ");
    for (size_t i = 0; i < g->n_ring; i++) {
        if (i == PATH_SHOWN && i + 1 < g->n_ring) {
            buf_printf(&b, "(%zu more) -> ", g->n_ring - 1 - i);
            i = g->n_ring - 1;
        }
        buf_printf(&b, "%s -> ", node_text(g, g->ring[(from + i) % g->n_ring]));
    }
    buf_puts(&b, node_text(g, g->ring[from]));
    struct str text = arena_str(&g->p->arena, buf_view(&b));
    buf_deinit(&b);
    return text;
}

static void hold_move(struct graph *g, size_t i, struct str why)
{
    uint32_t node = g->ring[i];
    struct draft *d = g->p->drafts[g->move[node]];
    if (d->c.kind == CHANGE_CREATE) {
        managers_strip(g->p, d, HOLD_CYCLE, why);
        g->up[node] = NOBODY;
    } else {
        draft_hold(d, HOLD_CYCLE, why);
        g->up[node] = roster_manager(g->p->roster, node);
    }
    g->move[node] = NO_DRAFT;
    g->next[g->n_next++] = node;
    g->held++;
}

/* `node` stands on a ring that was just closed. */
static void hold_ring(struct graph *g, uint32_t node)
{
    uint32_t at = node;
    g->n_ring = 0;
    do {
        g->ring[g->n_ring++] = at;
        at = g->up[at];
    } while (at != node);
    /* All texts are made before the first link is put back. */
    struct str *why = xcalloc(g->n_ring, sizeof(*why));
    for (size_t i = 0; i < g->n_ring; i++)
        if (g->move[g->ring[i]] != NO_DRAFT)
            why[i] = ring_text(g, i);
    for (size_t i = 0; i < g->n_ring; i++)
        if (g->move[g->ring[i]] != NO_DRAFT)
            hold_move(g, i, why[i]);
    free(why);
}

static void walk_up(struct graph *g, uint32_t node)
{
    g->walk++;
    while (node != NOBODY && g->seen[node] <= g->round) {
        g->seen[node] = g->walk;
        node = g->up[node];
    }
    if (node != NOBODY && g->seen[node] == g->walk)
        hold_ring(g, node);
}

size_t cycles_hold(struct plan *p)
{
    if (!p->schema->manager || p->n_wishes == 0)
        return 0;
    struct graph g;
    graph_init(&g, p);
    while (g.n_todo) {
        g.round = g.walk;
        g.n_next = 0;
        for (size_t i = 0; i < g.n_todo; i++)
            walk_up(&g, g.todo[i]);
        uint32_t *swap = g.todo;
        g.todo = g.next;
        g.next = swap;
        g.n_todo = g.n_next;
    }
    size_t held = g.held;
    graph_deinit(&g);
    return held;
}
