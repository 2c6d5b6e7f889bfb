#include "work.h"

#include <stdlib.h>
#include <string.h>

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
            leave_out(item, "not one of the first users chosen");
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

/* The graph of needs -------------------------------------------------------------------------------------------------------- */

struct edges {
    uint32_t *from, *to; /* owned; step numbers, or virtual nodes behind them */
    size_t n, cap_from, cap_to;
};

struct by_change {
    uint32_t *start; /* owned; n_items + 1 entries into `step` */
    uint32_t *step;  /* owned; steps that carry the change, in the order they were made */
};

static void edge(struct edges *e, uint32_t from, uint32_t to)
{
    e->from = xgrow(e->from, &e->cap_from, e->n + 1, sizeof *e->from);
    e->to = xgrow(e->to, &e->cap_to, e->n + 1, sizeof *e->to);
    e->from[e->n] = from;
    e->to[e->n++] = to;
}

static struct by_change index_by_change(const struct work *w)
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

/* Does step `s` provide what `need` of a step made later asks for? */
static bool provides(const struct step *s, enum need_kind kind)
{
    switch (kind) {
    case NEED_CREATED: return s->rank == RANK_CREATE;
    case NEED_ACTIVATED: return s->rank == RANK_ACTIVATE;
    case NEED_DONE:
    case NEED_REPORTS_MOVED: return true;
    case NEED_SEAT: break;
    }
    return false;
}

/* Virtual nodes: reports have moved away from those who leave; everybody who leaves is out (seats are free);
 * everybody who comes is in (managers can be set). */
enum { NODE_MOVED, NODE_SEATS, NODE_PEOPLE, VIRTUAL_NODES };

static void edges_of_needs(const struct work *w, const struct by_change *b, struct edges *e, uint32_t i)
{
    const struct step *s = &w->step[i];
    uint32_t seats = (uint32_t)w->n_steps + NODE_SEATS;
    for (size_t k = 0; k < s->n_needs; k++) {
        if (s->need[k].kind == NEED_SEAT) {
            edge(e, seats, i);
            continue;
        }
        uint32_t c = s->need[k].change;
        for (uint32_t at = c < w->n_items ? b->start[c] : 0; c < w->n_items && at < b->start[c + 1]; at++)
            if (b->step[at] != i && provides(&w->step[b->step[at]], s->need[k].kind) &&
                (s->need[k].kind != NEED_DONE || s->change[0] != c || b->step[at] < i))
                edge(e, b->step[at], i);
    }
}

static void edges_of_ranks(const struct work *w, struct edges *e, uint32_t i, const bool *early)
{
    uint32_t moved = (uint32_t)w->n_steps + NODE_MOVED, seats = (uint32_t)w->n_steps + NODE_SEATS,
             people = (uint32_t)w->n_steps + NODE_PEOPLE;
    switch (w->step[i].rank) {
    case RANK_DEACTIVATE:
        edge(e, moved, i);
        edge(e, i, seats);
        break;
    case RANK_ACTIVATE:
    case RANK_CREATE: edge(e, i, people); break;
    case RANK_MANAGER:
        if (early[i])
            edge(e, i, moved);
        else
            edge(e, people, i);
        break;
    default: break;
    }
}

/* Kahn's algorithm; level = longest way from a step without needs. Returns how many nodes were reached: fewer
 * than all means a ring. */
static size_t levels(const struct edges *e, size_t nodes, uint32_t *level, bool *reached)
{
    uint32_t *start = xcalloc(nodes + 2, sizeof *start), *next = xcalloc(e->n + 1, sizeof *next),
             *left = xcalloc(nodes, sizeof *left);
    uint32_t *queue = xcalloc(nodes, sizeof *queue);
    for (size_t i = 0; i < e->n; i++) {
        start[e->from[i] + 1]++;
        left[e->to[i]]++;
    }
    for (size_t i = 0; i < nodes; i++)
        start[i + 1] += start[i];
    uint32_t *at = xmemdup(start, (nodes + 1) * sizeof *start);
    for (size_t i = 0; i < e->n; i++)
        next[at[e->from[i]]++] = e->to[i];
    size_t head = 0, tail = 0;
    for (uint32_t i = 0; i < nodes; i++)
        if (left[i] == 0)
            queue[tail++] = i;
    for (; head < tail; head++) {
        uint32_t v = queue[head];
        /* Virtual nodes only gather; they take no wave of their own. */
        for (uint32_t k = start[v]; k < start[v + 1]; k++) {
            uint32_t to = next[k], above = level[v] + (v + VIRTUAL_NODES < nodes ? 1 : 0);
            if (level[to] < above)
                level[to] = above;
            if (--left[to] == 0)
                queue[tail++] = to;
        }
        reached[v] = true;
    }
    free(start);
    free(next);
    free(left);
    free(queue);
    free(at);
    return tail;
}

/* Order ------------------------------------------------------------------------------------------------------------------------ */

struct sorted {
    const struct step *step;
    uint32_t level, number;
};

static int cmp_step(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    if (x->level != y->level)
        return x->level < y->level ? -1 : 1;
    if (x->step->rank != y->step->rank)
        return x->step->rank < y->step->rank ? -1 : 1;
    if (x->step->endpoint != y->step->endpoint)
        return x->step->endpoint < y->step->endpoint ? -1 : 1;
    int d = str_cmp(x->step->group, y->step->group);
    if (d == 0)
        d = x->number < y->number ? -1 : x->number > y->number;
    return d;
}

static void sort_steps(struct work *w, const uint32_t *level)
{
    struct sorted *s = xcalloc(w->n_steps + 1, sizeof *s);
    struct step *old = xmemdup(w->step, w->n_steps * sizeof *old);
    for (uint32_t i = 0; i < w->n_steps; i++)
        s[i] = (struct sorted){ &old[i], level[i], i };
    qsort(s, w->n_steps, sizeof *s, cmp_step);
    w->wave = xrealloc(w->wave, w->n_steps + 1, sizeof *w->wave);
    for (size_t i = 0; i < w->n_steps; i++) {
        w->step[i] = *s[i].step;
        w->wave[i] = s[i].level;
    }
    w->n_waves = w->n_steps ? w->wave[w->n_steps - 1] + 1 : 0;
    free(s);
    free(old);
}

/* Levels may leave gaps where virtual nodes stand; waves are counted without. */
static void close_gaps(uint32_t *level, size_t n)
{
    uint32_t most = 0;
    for (size_t i = 0; i < n; i++)
        most = level[i] > most ? level[i] : most;
    uint32_t *used = xcalloc((size_t)most + 2, sizeof *used);
    for (size_t i = 0; i < n; i++)
        used[level[i]] = 1;
    uint32_t next = 0;
    for (uint32_t l = 0; l <= most; l++)
        used[l] = used[l] ? next++ : next;
    for (size_t i = 0; i < n; i++)
        level[i] = used[level[i]];
    free(used);
}

static void build_once(struct work *w, const struct connector *k, struct conn *conn,
                       const struct roster *roster, const struct work_options *options, bool *ring)
{
    w->n_steps = 0;
    arena_clear(&w->arena);
    lower_all(w, k, conn, roster);
    link_managers(w);
    bool *early = xcalloc(w->n_steps + 1, sizeof *early);
    order_managers(w, roster, options->early_moves_from_leavers, early);
    size_t nodes = w->n_steps + VIRTUAL_NODES;
    struct by_change b = index_by_change(w);
    struct edges e = { 0 };
    for (uint32_t i = 0; i < w->n_steps; i++) {
        edges_of_needs(w, &b, &e, i);
        edges_of_ranks(w, &e, i, early);
    }
    uint32_t *level = xcalloc(nodes, sizeof *level);
    bool *reached = xcalloc(nodes, sizeof *reached);
    *ring = levels(&e, nodes, level, reached) < nodes;
    if (*ring)
        drop_rings(w, e.from, e.to, e.n, nodes, reached);
    close_gaps(level, w->n_steps);
    sort_steps(w, level);
    free(level);
    free(reached);
    free(e.from);
    free(e.to);
    free(b.start);
    free(b.step);
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
    if (k->combine && w->n_steps) { /* steps were given other endpoints and groups */
        uint32_t *level = xmemdup(w->wave, w->n_steps * sizeof *level);
        sort_steps(w, level);
        free(level);
    }
    count_steps(w);
}

const struct change *work_move(const struct work *w, const struct step *s)
{
    for (size_t k = 0; k < s->n_changes; k++)
        if (w->item[s->change[k]].change->kind == CHANGE_MANAGER)
            return w->item[s->change[k]].change;
    return w->item[s->change[0]].change;
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

bool work_same_group(const struct work *w, size_t a, size_t b)
{
    return w->wave[a] == w->wave[b] && w->step[a].endpoint == w->step[b].endpoint &&
           str_eq(w->step[a].group, w->step[b].group);
}

size_t work_same_call(const struct work *w, size_t from, size_t to)
{
    size_t end = from + 1;
    while (end < to && work_same_group(w, from, end))
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

void work_count(const struct work *w, const struct connector *k, struct conn *conn, uint64_t *calls)
{
    const struct step *offered[PACK_MAX];
    struct request r;
    request_init(&r);
    for (size_t i = 0; i < w->n_steps;) {
        if (stands(w, i)) {
            i++;
            continue;
        }
        size_t batch = work_batch(k, w->step[i].endpoint),
               most = w->n_steps - i < batch ? w->n_steps : i + batch, n = 0;
        for (size_t end = work_same_call(w, i, most); i + n < end && !stands(w, i + n); n++)
            offered[n] = &w->step[i + n];
        request_clear(&r);
        i += k->pack(conn, offered, n, nobody_yet, NULL, &r);
        calls[w->step[i - 1].endpoint]++;
    }
    request_deinit(&r);
}
