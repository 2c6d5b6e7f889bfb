#include "work.h"

#include <stdlib.h>
#include <string.h>

#include "work_graph.h"
#include "work_managers.h"
#include "work_refs.h"
#include "work_rings.h"

void work_init(struct work *w)
{
    *w = (struct work){ 0 };
}

void work_deinit(struct work *w)
{
    for (size_t i = 0; i < w->n_items; i++)
        free(w->item[i].text);
    free(w->item);
    free(w->step);
    free(w->wave);
    free(w->attempt);
    free(w->call);
    arena_deinit(&w->arena);
    *w = (struct work){ 0 };
}

void work_add(struct work *w, const struct change *c, uint32_t seq, bool todo)
{
    /* Items come in the plan's order and are allocated in powers of two. */
    if ((w->n_items & (w->n_items - 1)) == 0) {
        size_t cap = w->n_items ? w->n_items * 2 : 1;
        w->item = xrealloc(w->item, cap, sizeof *w->item);
    }
    w->item[w->n_items++] =
        (struct work_item){ .change = c,
                            .seq = seq,
                            .todo = todo,
                            .made_manager = NO_CHANGE,
                            .outcome = c->hold != HOLD_NONE ? OUTCOME_WITHHELD : OUTCOME_NONE };
}

/* Whom a change is about: the user's id, or the key of someone who does not exist yet. */
static int cmp_subject(const void *a, const void *b)
{
    const struct work_item *x = *(const struct work_item *const *)a, *y = *(const struct work_item *const *)b;
    int d = str_cmp(x->change->user, y->change->user);
    if (d == 0 && x->change->user.n == 0)
        d = str_cmp(x->change->key, y->change->key);
    if (d == 0)
        d = x->seq < y->seq ? -1 : x->seq > y->seq;
    return d;
}

static bool same_subject(const struct work_item *x, const struct work_item *y)
{
    return str_eq(x->change->user, y->change->user) &&
           (x->change->user.n > 0 || str_eq(x->change->key, y->change->key));
}

static void leave_out(struct work_item *item, const char *why)
{
    item->todo = false;
    item->outcome = OUTCOME_WITHHELD;
    free(item->text);
    item->text = xstrdup(why);
}

static uint64_t subject_hash(const struct work_item *item)
{
    static const struct hash_key key = { 0, 0 };
    struct str s = item->change->user.n ? item->change->user : item->change->key;
    return hash64(&key, s.p, s.n);
}

static bool chosen(const struct work *w, const struct table *seen, const struct work_item *item,
                   uint64_t hash)
{
    for (size_t it = table_find(seen, hash); it != TABLE_END; it = table_next(seen, it, hash))
        if (same_subject(&w->item[table_value(seen, it)], item))
            return true;
    return false;
}

static void choose_first(struct work *w, int64_t first)
{
    struct table seen = TABLE_INIT;
    for (size_t i = 0; i < w->n_items; i++) {
        struct work_item *item = &w->item[i];
        uint64_t hash = subject_hash(item);
        if (!item->todo || chosen(w, &seen, item, hash))
            continue;
        if (seen.n < (uint64_t)first)
            table_add(&seen, hash, (uint32_t)i);
        else
            leave_out(item, "not one of the first users chosen; a new plan has them");
    }
    table_deinit(&seen);
}

void work_choose(struct work *w, struct str only, int64_t first)
{
    for (size_t i = 0; only.n > 0 && i < w->n_items; i++)
        if (w->item[i].todo && !str_eq(w->item[i].change->key, only) &&
            !str_eq(w->item[i].change->user, only))
            leave_out(&w->item[i], "not the user chosen");
    if (first >= 0 && (uint64_t)first < w->n_items)
        choose_first(w, first);
}

static void emit_step(void *ctx, const struct step *s)
{
    struct work *w = ctx;
    w->step = xgrow(w->step, &w->cap_steps, w->n_steps + 1, sizeof *w->step);
    w->step[w->n_steps++] = *s;
}

/* One lower() per user, so that a connector sees all of his changes together. */
static void lower_all(struct work *w, const struct connector *k, struct conn *conn,
                      const struct roster *roster)
{
    const struct work_item **todo = xcalloc(w->n_items + 1, sizeof(struct work_item *));
    size_t n = 0;
    for (size_t i = 0; i < w->n_items; i++)
        if (w->item[i].todo)
            todo[n++] = &w->item[i];
    qsort(todo, n, sizeof *todo, cmp_subject);
    for (size_t i = 0, end; i < n; i = end) {
        const struct change *change[CHANGE_KINDS * 2];
        uint32_t seq[CHANGE_KINDS * 2];
        size_t m = 0;
        for (end = i; end < n && m < array_len(change) && same_subject(todo[i], todo[end]); end++) {
            change[m] = todo[end]->change;
            seq[m++] = todo[end]->seq;
        }
        k->lower(conn, roster, change, seq, m, &w->arena, emit_step, w);
    }
    free(todo);
}

/* Order ------------------------------------------------------------------------------------------------------------------------ */

struct sorted {
    const struct step *step;
    bool inside; /* its endpoint's calls may build on themselves */
    struct rung rung;
    uint8_t anchor_rank;
    uint32_t number;
};

static int cmp_u32(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

/* Inside one call a step stands right behind the last of those it builds on, so that both come into the same
 * call wherever that is possible. */
static int cmp_inside(const struct sorted *x, const struct sorted *y)
{
    int d = cmp_u32(x->anchor_rank, y->anchor_rank);
    if (d == 0)
        d = cmp_u32(x->rung.anchor, y->rung.anchor);
    if (d == 0)
        d = cmp_u32(x->rung.inner, y->rung.inner);
    return d ? d : cmp_u32(x->step->rank, y->step->rank);
}

static int cmp_step(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    int d = cmp_u32(x->rung.level, y->rung.level);
    if (d == 0)
        d = y->inside - x->inside;
    if (d == 0 && !x->inside)
        d = cmp_u32(x->step->rank, y->step->rank);
    if (d == 0)
        d = cmp_u32(x->step->endpoint, y->step->endpoint);
    if (d == 0)
        d = str_cmp(x->step->group, y->step->group);
    if (d == 0 && x->inside)
        d = cmp_inside(x, y);
    return d ? d : cmp_u32(x->number, y->number);
}

static void sort_steps(struct work *w, const struct connector *k, const struct rung *rung)
{
    struct sorted *s = xcalloc(w->n_steps + 1, sizeof *s);
    struct step *old = xmemdup(w->step, w->n_steps * sizeof *old);
    for (uint32_t i = 0; i < w->n_steps; i++)
        s[i] = (struct sorted){ .step = &old[i],
                                .inside = k->vendor.endpoints[old[i].endpoint].inside,
                                .rung = rung[i],
                                .anchor_rank = old[rung[i].anchor].rank,
                                .number = i };
    qsort(s, w->n_steps, sizeof *s, cmp_step);
    w->wave = xrealloc(w->wave, w->n_steps + 1, sizeof *w->wave);
    for (size_t i = 0; i < w->n_steps; i++) {
        w->step[i] = *s[i].step;
        w->wave[i] = s[i].rung.level;
    }
    w->n_waves = w->n_steps ? w->wave[w->n_steps - 1] + 1 : 0;
    free(s);
    free(old);
}

/* Steps were given other endpoints and groups. Those of one call that builds on itself keep their order. */
static void sort_again(struct work *w, const struct connector *k)
{
    struct rung *rung = xcalloc(w->n_steps + 1, sizeof *rung);
    for (uint32_t i = 0; i < w->n_steps; i++)
        rung[i] = (struct rung){ .level = w->wave[i], .inner = i };
    if (w->n_steps)
        sort_steps(w, k, rung);
    free(rung);
}

/* Levels may leave gaps where virtual nodes stand; waves are counted without. */
static void close_gaps(struct rung *rung, size_t n)
{
    uint32_t most = 0;
    for (size_t i = 0; i < n; i++)
        most = rung[i].level > most ? rung[i].level : most;
    uint32_t *used = xcalloc((size_t)most + 2, sizeof *used);
    for (size_t i = 0; i < n; i++)
        used[rung[i].level] = 1;
    uint32_t next = 0;
    for (uint32_t l = 0; l <= most; l++)
        used[l] = used[l] ? next++ : next;
    for (size_t i = 0; i < n; i++)
        rung[i].level = used[rung[i].level];
    free(used);
}

static void build_once(struct work *w, const struct connector *k, struct conn *conn,
                       const struct roster *roster, const struct work_options *options, bool *ring)
{
    bool ordered = !k->vendor.managers_unordered;
    w->n_steps = 0;
    arena_clear(&w->arena);
    lower_all(w, k, conn, roster);
    link_managers(w, ordered);
    bool *early = xcalloc(w->n_steps + 1, sizeof *early);
    if (ordered)
        order_managers(w, roster, options->early_moves_from_leavers, early);
    struct graph g;
    graph_init(&g, w, k, early);
    *ring = !graph_rungs(&g, w);
    if (*ring) {
        drop_rings(w, g.from, g.to, g.n, g.nodes, g.reached);
    } else {
        close_gaps(g.rung, w->n_steps);
        sort_steps(w, k, g.rung);
    }
    graph_deinit(&g);
    free(early);
}

static void count_steps(struct work *w)
{
    for (size_t i = 0; i < w->n_items; i++)
        w->item[i].n_steps = w->item[i].steps_left = 0;
    for (size_t i = 0; i < w->n_steps; i++)
        for (size_t k = 0; k < w->step[i].n_changes; k++)
            w->item[w->step[i].change[k]].n_steps++;
    for (size_t i = 0; i < w->n_items; i++)
        w->item[i].steps_left = w->item[i].n_steps;
    w->attempt = xrealloc(w->attempt, w->n_steps + 1, sizeof *w->attempt);
    memset(w->attempt, 0, (w->n_steps + 1) * sizeof *w->attempt);
}

void work_build(struct work *w, const struct connector *k, struct conn *conn, const struct roster *roster,
                const struct work_options *options)
{
    bool ring;
    do
        build_once(w, k, conn, roster, options, &ring);
    while (ring); /* each turn withholds at least one change */
    for (uint32_t wave = 0; k->combine && wave < w->n_waves; wave++) {
        size_t from = wave_start(w, wave), to = wave_start(w, wave + 1);
        k->combine(conn, roster, w->step + from, to - from, &w->arena);
    }
    if (k->combine)
        sort_again(w, k);
    count_steps(w);
}

struct work_item *work_move(const struct work *w, const struct step *s)
{
    for (size_t k = 0; k < s->n_changes; k++)
        if (w->item[s->change[k]].change->kind == CHANGE_MANAGER)
            return &w->item[s->change[k]];
    return &w->item[s->change[0]];
}

size_t wave_start(const struct work *w, uint32_t wave)
{
    size_t lo = 0, hi = w->n_steps;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (w->wave[mid] < wave)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static struct str nobody_yet(void *ctx, uint32_t change)
{
    (void)ctx;
    (void)change;
    return (struct str){ NULL, 0 };
}

static bool same_group(const struct work *w, size_t a, size_t b)
{
    return w->wave[a] == w->wave[b] && w->step[a].endpoint == w->step[b].endpoint &&
           str_eq(w->step[a].group, w->step[b].group);
}

size_t work_same_call(const struct work *w, size_t from, size_t to)
{
    size_t end = from + 1;
    while (end < to && same_group(w, from, end))
        end++;
    return end;
}

size_t work_batch(const struct connector *k, uint8_t endpoint)
{
    unsigned batch = k->vendor.endpoints[endpoint].batch;
    return batch == 0 ? 1 : batch < PACK_MAX ? batch : PACK_MAX;
}

/* An earlier part of the run has made this user: the step keeps its number, and is not sent. */
static bool stands(const struct work *w, size_t step)
{
    return w->step[step].rank == RANK_CREATE && w->item[w->step[step].change[0]].new_id[0] != '\0';
}

void work_count(struct work *w, const struct connector *k, struct conn *conn, uint64_t *calls)
{
    const struct step *offered[PACK_MAX];
    struct request r;
    request_init(&r);
    w->n_calls = 0;
    w->call = xrealloc(w->call, w->n_steps + 1, sizeof *w->call);
    for (size_t i = 0; i < w->n_steps;) {
        if (stands(w, i)) {
            w->call[i++] = NO_CALL;
            continue;
        }
        const struct endpoint *at = &k->vendor.endpoints[w->step[i].endpoint];
        size_t batch = work_batch(k, w->step[i].endpoint),
               most = w->n_steps - i < batch ? w->n_steps : i + batch, n = 0;
        for (size_t end = work_same_call(w, i, most); i + n < end && !stands(w, i + n); n++)
            offered[n] = &w->step[i + n];
        request_clear(&r);
        calls[w->step[i].endpoint]++;
        if (at->prelude)
            calls[at->prelude - 1]++;
        for (size_t end = i + k->pack(conn, offered, n, nobody_yet, NULL, &r); i < end; i++)
            w->call[i] = w->n_calls;
        w->n_calls++;
    }
    request_deinit(&r);
}
