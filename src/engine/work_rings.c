#include "work_rings.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 8 /* of a ring in a message */
#define NAME_COLUMNS 40

static const struct work_item *item_of(const struct work *w, uint32_t step)
{
    return &w->item[w->step[step].change[0]];
}

static void add_name(const struct work *w, uint32_t step, struct buf *out)
{
    const struct change *c = item_of(w, step)->change;
    printable(out, c->key.n ? c->key : c->user, NAME_COLUMNS);
}

/* The ring that `first` stands in, told along what each needs. */
static void tell_ring(const struct work *w, const uint32_t *needs, uint32_t first, struct buf *out)
{
    uint32_t v = first;
    size_t names = 0;
    buf_puts(out, "needs form a ring: ");
    do {
        if (v < w->n_steps && names < NAMES_MAX) {
            add_name(w, v, out);
            buf_puts(out, " -> ");
            names++;
        } else if (v < w->n_steps && names++ == NAMES_MAX) {
            buf_puts(out, "... -> ");
        }
        v = needs[v];
    } while (v != first);
    while (v >= w->n_steps) /* a node between is nobody */
        v = needs[v];
    add_name(w, v, out);
}

static void drop_ring(struct work *w, const uint32_t *needs, uint32_t first)
{
    struct buf text = BUF_INIT(4096);
    uint32_t v = first;
    tell_ring(w, needs, first, &text);
    do {
        for (size_t k = 0; v < w->n_steps && k < w->step[v].n_changes; k++) {
            struct work_item *item = &w->item[w->step[v].change[k]];
            item->outcome = OUTCOME_WITHHELD;
            item->todo = false;
            if (!item->text)
                item->text = xstrdup(text.p);
        }
        v = needs[v];
    } while (v != first);
    buf_deinit(&text);
}

void drop_rings(struct work *w, const uint32_t *from, const uint32_t *to, size_t n_edges, size_t n_nodes,
                const bool *reached)
{
    /* A node that is not reached needs one that is not either: whoever goes on along these comes into a ring.
     */
    uint32_t *needs = xcalloc(n_nodes + 1, sizeof *needs), *walk = xcalloc(n_nodes + 1, sizeof *walk);
    for (size_t i = 0; i < n_edges; i++)
        if (!reached[from[i]] && !reached[to[i]])
            needs[to[i]] = from[i];
    for (uint32_t i = 0; i < n_nodes; i++) {
        uint32_t v = i;
        for (; !reached[v] && !walk[v]; v = needs[v])
            walk[v] = i + 1;
        if (!reached[i] && walk[i] == i + 1 && walk[v] == i + 1)
            drop_ring(w, needs, v);
    }
    free(needs);
    free(walk);
}
