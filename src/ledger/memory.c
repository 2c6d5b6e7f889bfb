/* The ledger without a disk: for tests and simulation. Everything is kept in arrays in the order in which it
 * is told. */
#include <errno.h>
#include <string.h>

#include "ledger_internal.h"

struct text {
    char *p; /* owned */
    size_t n;
};

struct named {
    struct text name, text;
};

struct change_row {
    struct run_change c; /* its texts are the owned ones below */
    struct text subject, json, result;
};

struct step_row {
    struct step_record r; /* likewise */
    struct text endpoint, text;
};

struct run_row {
    struct run run;
    struct named *texts;
    size_t n_texts, cap_texts;
    struct change_row *changes; /* by seq */
    size_t n_changes, cap_changes;
    struct step_row *steps; /* by step, attempt */
    size_t n_steps, cap_steps;
};

struct remembered {
    struct text tenant, name, subject, text;
};

struct ledger_mem {
    struct ledger base;    /* first */
    struct run_row **runs; /* in the order of their first put */
    size_t n_runs, cap_runs;
    struct remembered *memory; /* by tenant, name, subject */
    size_t n_memory, cap_memory;
    const char *error;
};

static struct ledger_mem *mem_of(struct ledger *l)
{
    return (struct ledger_mem *)l;
}

static int fail(struct ledger_mem *m, int error, const char *words)
{
    m->error = words;
    return error;
}

static int no_run(struct ledger_mem *m)
{
    return fail(m, -ENOENT, "the ledger in memory: it holds no such run");
}

static const char *mem_error(const struct ledger *l)
{
    return ((const struct ledger_mem *)l)->error;
}

/* Texts and arrays ----------------------------------------------------------------------------------------------------------- */

static struct text own(struct str s)
{
    return (struct text){ xmemdup(s.n > 0 ? s.p : "", s.n), s.n };
}

static void drop(struct text *t)
{
    free(t->p);
    *t = (struct text){ NULL, 0 };
}

static void change_to(struct text *t, struct str s)
{
    struct text new = own(s); /* s may be the old text */
    drop(t);
    *t = new;
}

static struct str seen(struct text t)
{
    return (struct str){ t.p, t.n };
}

/* Makes room for one more element at `at`. */
static void *insert(void *array, size_t *cap, size_t *n, size_t at, size_t size)
{
    char *a = xgrow(array, cap, *n + 1, size);
    memmove(a + (at + 1) * size, a + at * size, (*n - at) * size);
    memset(a + at * size, 0, size);
    ++*n;
    return a;
}

/* The first of n elements that is not before the key; `before` compares element i with the key. */
static size_t lower_bound(size_t n, bool (*before)(const void *in, size_t i, const void *key), const void *in,
                          const void *key)
{
    size_t low = 0;
    if (n == 0 || before(in, n - 1, key))
        return n; /* mostly: appended */
    while (low < n) {
        size_t middle = low + (n - low) / 2;
        if (before(in, middle, key))
            low = middle + 1;
        else
            n = middle;
    }
    return low;
}

/* Runs ----------------------------------------------------------------------------------------------------------------------- */

static struct run_row *find_run(struct ledger_mem *m, const char *id)
{
    for (size_t i = m->n_runs; i-- > 0;)
        if (strcmp(m->runs[i]->run.id, id) == 0)
            return m->runs[i];
    return NULL;
}

static int run_put(struct ledger *l, const struct run *r)
{
    struct ledger_mem *m = mem_of(l);
    struct run_row *row = find_run(m, r->id);
    if (!row) {
        m->runs = insert(m->runs, &m->cap_runs, &m->n_runs, m->n_runs, sizeof(*m->runs));
        row = m->runs[m->n_runs - 1] = xcalloc(1, sizeof(*row));
    }
    bool pruned = row->run.pruned;
    row->run = *r;
    row->run.pruned = pruned;
    return 0;
}

/* The newest run that is older than the given place; SIZE_MAX: none. Of two begun at once the later put is
 * newer. */
static size_t next_older(const struct ledger_mem *m, unix_us started, size_t place)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < m->n_runs; i++) {
        unix_us t = m->runs[i]->run.started;
        if ((t < started || (t == started && i < place)) &&
            (best == SIZE_MAX || t >= m->runs[best]->run.started))
            best = i;
    }
    return best;
}

static int run_get(struct ledger *l, const char *id, struct run *out)
{
    struct ledger_mem *m = mem_of(l);
    size_t newest = id[0] ? SIZE_MAX : next_older(m, INT64_MAX, SIZE_MAX);
    const struct run_row *row = id[0] ? find_run(m, id) : newest != SIZE_MAX ? m->runs[newest] : NULL;
    if (!row)
        return no_run(m);
    *out = row->run;
    return 0;
}

static int run_list(struct ledger *l, void (*each)(void *ctx, const struct run *r), void *ctx)
{
    struct ledger_mem *m = mem_of(l);
    unix_us started = INT64_MAX;
    for (size_t i = SIZE_MAX; (i = next_older(m, started, i)) != SIZE_MAX;) {
        struct run r = m->runs[i]->run;
        started = r.started;
        each(ctx, &r);
    }
    return 0;
}

static void drop_texts(struct run_row *row)
{
    for (size_t i = 0; i < row->n_texts; i++) {
        drop(&row->texts[i].name);
        drop(&row->texts[i].text);
    }
    row->n_texts = 0;
}

static void prune(struct run_row *row)
{
    for (size_t i = 0; i < row->n_changes; i++) {
        drop(&row->changes[i].subject);
        drop(&row->changes[i].json);
        drop(&row->changes[i].result);
    }
    for (size_t i = 0; i < row->n_steps; i++)
        drop(&row->steps[i].text);
    drop_texts(row);
    row->run.pruned = true;
}

static int run_delete_before(struct ledger *l, unix_us before, uint64_t *n)
{
    struct ledger_mem *m = mem_of(l);
    *n = 0;
    for (size_t i = 0; i < m->n_runs; i++) {
        const struct run *r = &m->runs[i]->run;
        if (r->pruned || r->state == RUN_APPLYING || r->changed >= before)
            continue;
        prune(m->runs[i]);
        ++*n;
    }
    return 0;
}

static struct named *find_text(struct run_row *row, const char *name)
{
    for (size_t i = 0; i < row->n_texts; i++)
        if (str_is(seen(row->texts[i].name), name))
            return &row->texts[i];
    return NULL;
}

static int run_text_put(struct ledger *l, const char *run, const char *name, struct str text)
{
    struct ledger_mem *m = mem_of(l);
    struct run_row *row = find_run(m, run);
    if (!row)
        return no_run(m);
    struct named *t = find_text(row, name);
    if (!t) {
        row->texts = insert(row->texts, &row->cap_texts, &row->n_texts, row->n_texts, sizeof(*row->texts));
        t = &row->texts[row->n_texts - 1];
        t->name = own(str_of(name));
    }
    change_to(&t->text, text);
    return 0;
}

static int run_text_get(struct ledger *l, const char *run, const char *name, struct buf *out)
{
    struct ledger_mem *m = mem_of(l);
    struct run_row *row = find_run(m, run);
    if (!row)
        return no_run(m);
    const struct named *t = find_text(row, name);
    if (!t)
        return fail(m, -ENOENT, "the ledger in memory: the run has no such text");
    buf_str(out, seen(t->text));
    return out->full ? fail(m, -EFBIG, "the ledger in memory: the run's text is larger than expected") : 0;
}

/* Changes -------------------------------------------------------------------------------------------------------------------- */

static bool change_before(const void *in, size_t i, const void *key)
{
    return ((const struct change_row *)in)[i].c.seq < *(const uint32_t *)key;
}

static size_t change_at(const struct run_row *row, uint32_t seq)
{
    return lower_bound(row->n_changes, change_before, row->changes, &seq);
}

static int change_put(struct ledger *l, const char *run, const struct run_change *c)
{
    struct ledger_mem *m = mem_of(l);
    struct run_row *row = find_run(m, run);
    if (!row)
        return no_run(m);
    size_t at = change_at(row, c->seq);
    if (at < row->n_changes && row->changes[at].c.seq == c->seq)
        return fail(m, -EEXIST, "the ledger in memory: it holds such a record already");
    row->changes = insert(row->changes, &row->cap_changes, &row->n_changes, at, sizeof(*row->changes));
    row->changes[at] = (struct change_row){ *c, own(c->subject), own(c->json), own(c->result) };
    return 0;
}

static int no_change(struct ledger_mem *m)
{
    return fail(m, -ENOENT, "the ledger in memory: the run has no such change");
}

static int change_outcome(struct ledger *l, const char *run, uint32_t seq, enum outcome outcome,
                          struct str result)
{
    struct ledger_mem *m = mem_of(l);
    struct run_row *row = find_run(m, run);
    if (!row)
        return no_run(m);
    size_t at = change_at(row, seq);
    if (at == row->n_changes || row->changes[at].c.seq != seq)
        return no_change(m);
    row->changes[at].c.outcome = outcome;
    change_to(&row->changes[at].result, result);
    return 0;
}

/* The callback may change the very record: it gets copies. */
static bool tell_change(const struct change_row *row, bool (*each)(void *ctx, const struct run_change *c),
                        void *ctx)
{
    struct text copy[] = { own(seen(row->subject)), own(seen(row->json)), own(seen(row->result)) };
    struct run_change c = row->c;
    c.subject = seen(copy[0]);
    c.json = seen(copy[1]);
    c.result = seen(copy[2]);
    bool more = each(ctx, &c);
    for (size_t i = 0; i < array_len(copy); i++)
        drop(&copy[i]);
    return more;
}

static int change_each(struct ledger *l, const char *run, bool (*each)(void *ctx, const struct run_change *c),
                       void *ctx)
{
    struct ledger_mem *m = mem_of(l);
    struct run_row *row = find_run(m, run);
    if (!row)
        return no_run(m);
    for (size_t at = 0; at < row->n_changes;) {
        uint32_t seq = row->changes[at].c.seq;
        if (!tell_change(&row->changes[at], each, ctx) || seq == UINT32_MAX)
            break;
        at = change_at(row, seq + 1);
    }
    return 0;
}

static int change_get(struct ledger *l, const char *run, uint32_t seq,
                      bool (*each)(void *ctx, const struct run_change *c), void *ctx)
{
    struct ledger_mem *m = mem_of(l);
    struct run_row *row = find_run(m, run);
    if (!row)
        return no_run(m);
    size_t at = change_at(row, seq);
    if (at == row->n_changes || row->changes[at].c.seq != seq)
        return no_change(m);
    tell_change(&row->changes[at], each, ctx);
    return 0;
}

/* Steps ---------------------------------------------------------------------------------------------------------------------- */

static bool step_before(const void *in, size_t i, const void *key)
{
    const struct step_record *a = &((const struct step_row *)in)[i].r, *b = key;
    return a->step != b->step ? a->step < b->step : a->attempt < b->attempt;
}

static int step_put(struct ledger *l, const char *run, const struct step_record *s)
{
    struct ledger_mem *m = mem_of(l);
    struct run_row *row = find_run(m, run);
    if (!row)
        return no_run(m);
    size_t at = lower_bound(row->n_steps, step_before, row->steps, s);
    if (at == row->n_steps || row->steps[at].r.step != s->step || row->steps[at].r.attempt != s->attempt)
        row->steps = insert(row->steps, &row->cap_steps, &row->n_steps, at, sizeof(*row->steps));
    row->steps[at].r = *s;
    change_to(&row->steps[at].endpoint, s->endpoint);
    change_to(&row->steps[at].text, s->text);
    return 0;
}

static int step_each(struct ledger *l, const char *run, uint32_t from, uint32_t to,
                     bool (*each)(void *ctx, const struct step_record *s), void *ctx)
{
    struct ledger_mem *m = mem_of(l);
    struct run_row *row = find_run(m, run);
    if (!row)
        return no_run(m);
    bool more = true;
    struct step_record first = { .step = from };
    for (size_t at = lower_bound(row->n_steps, step_before, row->steps, &first);
         more && at < row->n_steps && row->steps[at].r.step < to;) {
        while (at + 1 < row->n_steps && row->steps[at + 1].r.step == row->steps[at].r.step)
            at++; /* the last attempt counts */
        struct step_record s = row->steps[at].r;
        struct text endpoint = own(seen(row->steps[at].endpoint)), text = own(seen(row->steps[at].text));
        s.endpoint = seen(endpoint);
        s.text = seen(text);
        more = each(ctx, &s);
        drop(&endpoint);
        drop(&text);
        struct step_record behind = { .step = s.step, .attempt = UINT32_MAX };
        at = lower_bound(row->n_steps, step_before, row->steps, &behind);
        while (at < row->n_steps && row->steps[at].r.step == s.step)
            at++;
    }
    return 0;
}

/* What is remembered per tenant ---------------------------------------------------------------------------------------------- */

static int compare(const struct remembered *m, const struct str key[3])
{
    int c = str_cmp(seen(m->tenant), key[0]);
    c = c ? c : str_cmp(seen(m->name), key[1]);
    return c ? c : str_cmp(seen(m->subject), key[2]);
}

static bool memory_before(const void *in, size_t i, const void *key)
{
    return compare(&((const struct remembered *)in)[i], key) < 0;
}

static struct remembered *find_memory(struct ledger_mem *m, const struct str key[3], size_t *at)
{
    *at = lower_bound(m->n_memory, memory_before, m->memory, key);
    return *at < m->n_memory && compare(&m->memory[*at], key) == 0 ? &m->memory[*at] : NULL;
}

static void forget(struct ledger_mem *m, size_t at)
{
    struct remembered *r = &m->memory[at];
    drop(&r->tenant);
    drop(&r->name);
    drop(&r->subject);
    drop(&r->text);
    m->n_memory--;
    memmove(r, r + 1, (m->n_memory - at) * sizeof(*r));
}

static int memory_put(struct ledger *l, const char *tenant, const char *name, struct str subject,
                      struct str text)
{
    struct ledger_mem *m = mem_of(l);
    const struct str key[3] = { str_of(tenant), str_of(name), subject };
    size_t at;
    struct remembered *r = find_memory(m, key, &at);
    if (text.n == 0) {
        if (r)
            forget(m, at);
        return 0;
    }
    if (!r) {
        m->memory = insert(m->memory, &m->cap_memory, &m->n_memory, at, sizeof(*m->memory));
        r = &m->memory[at];
        *r = (struct remembered){ own(key[0]), own(key[1]), own(key[2]), { NULL, 0 } };
    }
    change_to(&r->text, text);
    return 0;
}

static int memory_get(struct ledger *l, const char *tenant, const char *name, struct str subject,
                      struct buf *out)
{
    struct ledger_mem *m = mem_of(l);
    size_t at;
    const struct remembered *r =
        find_memory(m, (const struct str[]){ str_of(tenant), str_of(name), subject }, &at);
    if (!r)
        return fail(m, -ENOENT, "the ledger in memory: nothing is remembered of that");
    buf_str(out, seen(r->text));
    return out->full ? fail(m, -EFBIG, "the ledger in memory: what is remembered is larger than expected")
                     : 0;
}

static int memory_each(struct ledger *l, const char *tenant, const char *name,
                       bool (*each)(void *ctx, struct str subject, struct str text), void *ctx)
{
    struct ledger_mem *m = mem_of(l);
    struct str key[3] = { str_of(tenant), str_of(name), { NULL, 0 } };
    struct text last = { NULL, 0 };
    size_t at;
    bool more = true;
    find_memory(m, key, &at);
    while (more && at < m->n_memory && str_eq(seen(m->memory[at].tenant), key[0]) &&
           str_eq(seen(m->memory[at].name), key[1])) {
        struct text text = own(seen(m->memory[at].text));
        change_to(&last, seen(m->memory[at].subject));
        more = each(ctx, seen(last), seen(text));
        drop(&text);
        key[2] = seen(last);
        if (find_memory(m, key, &at)) /* the callback may have made it forgotten */
            at++;
    }
    drop(&last);
    return 0;
}

/* The whole ------------------------------------------------------------------------------------------------------------------ */

static int flush(struct ledger *l)
{
    (void)l;
    return 0;
}

static void mem_free(struct ledger *l)
{
    if (!l)
        return;
    struct ledger_mem *m = mem_of(l);
    for (size_t i = 0; i < m->n_runs; i++) {
        struct run_row *row = m->runs[i];
        prune(row);
        for (size_t k = 0; k < row->n_steps; k++)
            drop(&row->steps[k].endpoint);
        free(row->texts);
        free(row->changes);
        free(row->steps);
        free(row);
    }
    free(m->runs);
    while (m->n_memory > 0)
        forget(m, m->n_memory - 1);
    free(m->memory);
    free(m);
}

static const struct ledger_ops ops = {
    .free = mem_free,
    .error = mem_error,
    .run_put = run_put,
    .run_get = run_get,
    .run_list = run_list,
    .run_delete_before = run_delete_before,
    .run_text_put = run_text_put,
    .run_text_get = run_text_get,
    .change_put = change_put,
    .change_outcome = change_outcome,
    .change_each = change_each,
    .change_get = change_get,
    .step_put = step_put,
    .step_each = step_each,
    .memory_put = memory_put,
    .memory_get = memory_get,
    .memory_each = memory_each,
    .flush = flush,
};

struct ledger *ledger_memory(void)
{
    struct ledger_mem *m = xcalloc(1, sizeof(*m));
    m->base.ops = &ops;
    m->error = "";
    return &m->base;
}
