/* A ledger in memory that keeps its promise and nothing more: what was not flushed is gone after a crash, and
 * from a chosen call on everything fails. It records all puts; a crash makes a new ledger from those that
 * were flushed. */
#include <errno.h>

#include "engine_bed.h"

enum put { PUT_RUN, PUT_TEXT, PUT_CHANGE, PUT_OUTCOME, PUT_STEP, PUT_MEMORY };

struct entry {
    enum put put;
    char *run, *name; /* owned; the tenant is a "run" too */
    char *a, *b, *c;  /* owned; texts of the record */
    size_t n_a, n_b, n_c;
    struct run *r; /* owned */
    struct run_change change;
    struct step_record step;
    uint32_t seq;
    enum outcome outcome;
};

struct journal {
    struct ledger base; /* first */
    struct ledger *inner;
    struct entry *entry; /* owned */
    size_t n, cap, durable, since_crash;
    uint64_t calls, fail_at;
    bool failed;
};

static struct journal *of(struct ledger *l)
{
    return (struct journal *)l;
}

/* True: this call fails, as does every later one. */
static bool fails(struct journal *j)
{
    j->calls++;
    j->failed |= j->fail_at && j->calls >= j->fail_at;
    return j->failed;
}

static char *text(struct str s, size_t *n)
{
    *n = s.n;
    return xmemdup(s.n ? s.p : "", s.n);
}

static struct str view(const char *p, size_t n)
{
    return (struct str){ p, n };
}

static struct entry *add(struct journal *j, enum put put, const char *run, const char *name)
{
    j->entry = xgrow(j->entry, &j->cap, j->n + 1, sizeof *j->entry);
    struct entry *e = &j->entry[j->n++];
    *e = (struct entry){ .put = put, .run = xstrdup(run), .name = xstrdup(name) };
    return e;
}

static void drop(struct entry *e)
{
    free(e->run);
    free(e->name);
    free(e->a);
    free(e->b);
    free(e->c);
    free(e->r);
}

/* Does what the entry says to the ledger within. */
static int replay(struct journal *j, const struct entry *e)
{
    struct ledger *l = j->inner;
    const struct ledger_ops *o = l->ops;
    struct run_change c = e->change;
    struct step_record s = e->step;
    switch (e->put) {
    case PUT_RUN: return o->run_put(l, e->r);
    case PUT_TEXT: return o->run_text_put(l, e->run, e->name, view(e->a, e->n_a));
    case PUT_CHANGE:
        c.subject = view(e->a, e->n_a);
        c.json = view(e->b, e->n_b);
        c.result = view(e->c, e->n_c);
        return o->change_put(l, e->run, &c);
    case PUT_OUTCOME: return o->change_outcome(l, e->run, e->seq, e->outcome, view(e->a, e->n_a));
    case PUT_STEP:
        s.endpoint = view(e->a, e->n_a);
        s.text = view(e->b, e->n_b);
        return o->step_put(l, e->run, &s);
    default: return o->memory_put(l, e->run, e->name, view(e->a, e->n_a), view(e->b, e->n_b));
    }
}

static void ops_free(struct ledger *l)
{
    (void)l;
}

static const char *ops_error(const struct ledger *l)
{
    const struct journal *j = (const struct journal *)l;
    return j->failed ? "no space left" : ledger_error(j->inner);
}

static int run_put(struct ledger *l, const struct run *r)
{
    if (fails(of(l)))
        return -ENOSPC;
    struct entry *e = add(of(l), PUT_RUN, r->id, "");
    e->r = xmemdup(r, sizeof *r);
    return replay(of(l), e);
}

static int run_get(struct ledger *l, const char *id, struct run *out)
{
    return fails(of(l)) ? -EIO : of(l)->inner->ops->run_get(of(l)->inner, id, out);
}

static int run_list(struct ledger *l, void (*each)(void *ctx, const struct run *r), void *ctx)
{
    return fails(of(l)) ? -EIO : of(l)->inner->ops->run_list(of(l)->inner, each, ctx);
}

static int run_delete_before(struct ledger *l, unix_us before, uint64_t *n)
{
    (void)l;
    (void)before;
    *n = 0;
    return 0;
}

static int run_text_put(struct ledger *l, const char *run, const char *name, struct str s)
{
    if (fails(of(l)))
        return -ENOSPC;
    struct entry *e = add(of(l), PUT_TEXT, run, name);
    e->a = text(s, &e->n_a);
    return replay(of(l), e);
}

static int run_text_get(struct ledger *l, const char *run, const char *name, struct buf *out)
{
    return fails(of(l)) ? -EIO : of(l)->inner->ops->run_text_get(of(l)->inner, run, name, out);
}

static int change_put(struct ledger *l, const char *run, const struct run_change *c)
{
    if (fails(of(l)))
        return -ENOSPC;
    struct entry *e = add(of(l), PUT_CHANGE, run, "");
    e->change = *c;
    e->a = text(c->subject, &e->n_a);
    e->b = text(c->json, &e->n_b);
    e->c = text(c->result, &e->n_c);
    return replay(of(l), e);
}

static int change_outcome(struct ledger *l, const char *run, uint32_t seq, enum outcome outcome,
                          struct str result)
{
    if (fails(of(l)))
        return -ENOSPC;
    struct entry *e = add(of(l), PUT_OUTCOME, run, "");
    e->seq = seq;
    e->outcome = outcome;
    e->a = text(result, &e->n_a);
    return replay(of(l), e);
}

static int change_each(struct ledger *l, const char *run, bool (*each)(void *ctx, const struct run_change *c),
                       void *ctx)
{
    return fails(of(l)) ? -EIO : of(l)->inner->ops->change_each(of(l)->inner, run, each, ctx);
}

static int change_get(struct ledger *l, const char *run, uint32_t seq,
                      bool (*each)(void *ctx, const struct run_change *c), void *ctx)
{
    return fails(of(l)) ? -EIO : of(l)->inner->ops->change_get(of(l)->inner, run, seq, each, ctx);
}

static int step_put(struct ledger *l, const char *run, const struct step_record *s)
{
    if (fails(of(l)))
        return -ENOSPC;
    struct entry *e = add(of(l), PUT_STEP, run, "");
    e->step = *s;
    e->a = text(s->endpoint, &e->n_a);
    e->b = text(s->text, &e->n_b);
    return replay(of(l), e);
}

static int step_each(struct ledger *l, const char *run, uint32_t from, uint32_t to,
                     bool (*each)(void *ctx, const struct step_record *s), void *ctx)
{
    return fails(of(l)) ? -EIO : of(l)->inner->ops->step_each(of(l)->inner, run, from, to, each, ctx);
}

static int memory_put(struct ledger *l, const char *tenant, const char *name, struct str subject,
                      struct str s)
{
    if (fails(of(l)))
        return -ENOSPC;
    struct entry *e = add(of(l), PUT_MEMORY, tenant, name);
    e->a = text(subject, &e->n_a);
    e->b = text(s, &e->n_b);
    return replay(of(l), e);
}

static int memory_get(struct ledger *l, const char *tenant, const char *name, struct str subject,
                      struct buf *out)
{
    return fails(of(l)) ? -EIO : of(l)->inner->ops->memory_get(of(l)->inner, tenant, name, subject, out);
}

static int memory_each(struct ledger *l, const char *tenant, const char *name,
                       bool (*each)(void *ctx, struct str subject, struct str s), void *ctx)
{
    return fails(of(l)) ? -EIO : of(l)->inner->ops->memory_each(of(l)->inner, tenant, name, each, ctx);
}

static int flush(struct ledger *l)
{
    if (fails(of(l)))
        return -ENOSPC;
    of(l)->durable = of(l)->n;
    return 0;
}

static const struct ledger_ops ops = {
    ops_free,     ops_error,    run_put,    run_get,        run_list,    run_delete_before,
    run_text_put, run_text_get, change_put, change_outcome, change_each, change_get,
    step_put,     step_each,    memory_put, memory_get,     memory_each, flush
};

struct journal *journal_new(void)
{
    struct journal *j = xcalloc(1, sizeof *j);
    j->base.ops = &ops;
    j->inner = ledger_memory();
    return j;
}

void journal_free(struct journal *j)
{
    for (size_t i = 0; i < j->n; i++)
        drop(&j->entry[i]);
    free(j->entry);
    ledger_free(j->inner);
    free(j);
}

struct ledger *journal_ledger(struct journal *j)
{
    return &j->base;
}

void journal_crash(struct journal *j)
{
    while (j->n > j->durable)
        drop(&j->entry[--j->n]);
    ledger_free(j->inner);
    j->inner = ledger_memory();
    for (size_t i = 0; i < j->n; i++)
        ck_assert_int_eq(replay(j, &j->entry[i]), 0);
    j->since_crash = j->n;
    j->calls = j->fail_at = 0;
    j->failed = false;
}

void journal_fail_at(struct journal *j, uint64_t call)
{
    j->calls = 0;
    j->fail_at = call;
}

bool journal_failed(const struct journal *j)
{
    return j->failed;
}

bool journal_newest(const struct journal *j, struct run *out)
{
    return j->inner->ops->run_get(j->inner, "", out) == 0;
}

bool journal_intended(const struct journal *j, uint32_t call)
{
    for (size_t i = j->since_crash; i < j->durable; i++)
        if (j->entry[i].put == PUT_STEP && j->entry[i].step.state == STEP_INTENDED &&
            j->entry[i].step.call == call)
            return true;
    return false;
}
