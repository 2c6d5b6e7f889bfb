/* History. */
#include <stdlib.h>
#include <string.h>

#include "report_internal.h"

/* Columns. */
#define ID 18
#define TIME 20
#define STATE 11
#define TENANT 14

static void put_padded(struct buf *out, const char *text, size_t columns)
{
    struct buf shown = BUF_INIT(4096);
    printable(&shown, str_of(text), columns);
    size_t wide = utf8_width(buf_view(&shown));
    buf_str(out, buf_view(&shown));
    put_spaces(out, (wide < columns ? columns - wide : 0) + 1);
    buf_deinit(&shown);
}

/* The last time that anything was applied to each tenant: what was interrupted before cannot be gone on with.
 */
#define TENANTS_MAX 64

struct history {
    struct buf *out;
    struct applied {
        char connector[64], tenant[120];
        unix_us at;
    } applied[TENANTS_MAX];
    size_t n;
};

static struct applied *applied_to(struct history *h, const struct run *r)
{
    for (size_t i = 0; i < h->n; i++)
        if (strcmp(h->applied[i].connector, r->connector) == 0 &&
            strcmp(h->applied[i].tenant, r->tenant) == 0)
            return &h->applied[i];
    if (h->n == TENANTS_MAX)
        return NULL;
    struct applied *a = &h->applied[h->n++];
    *a = (struct applied){ .at = 0 };
    memcpy(a->connector, r->connector, sizeof a->connector);
    memcpy(a->tenant, r->tenant, sizeof a->tenant);
    return a;
}

static void note_applied(void *ctx, const struct run *r)
{
    struct applied *a = r->state == RUN_PLANNED || r->state == RUN_HELD ? NULL : applied_to(ctx, r);
    if (a && r->changed > a->at)
        a->at = r->changed;
}

static void put_run(void *ctx, const struct run *r)
{
    struct history *h = ctx;
    struct buf *out = h->out;
    const struct applied *last = applied_to(h, r);
    char at[32], changes[28], held[28];
    if (out->n == 0)
        buf_printf(out, "%-*s %-*s %-*s %-*s %9s %9s %5s  %s\n", ID, "run", TIME, "planned", STATE, "state",
                   TENANT, "tenant", "changes", "held", "exit", "job");
    put_padded(out, r->id, ID);
    put_padded(out, time_rfc3339(at, r->started, false), TIME);
    put_padded(out, (unsigned)r->state < RUN_STATES ? run_state_name[r->state] : "damaged", STATE);
    put_padded(out, r->tenant_label, TENANT);
    buf_printf(out, "%9s %9s ", text_count(changes, (int64_t)r->changes), text_count(held, (int64_t)r->held));
    if (r->exit_code >= 0)
        buf_printf(out, "%5d  ", r->exit_code);
    else
        buf_printf(out, "%5s  ", "-");
    put_text(out, str_of(r->job_name));
    if (r->pruned)
        buf_puts(out, "   values dropped");
    else if ((r->state == RUN_INTERRUPTED || r->state == RUN_APPLYING) && last && last->at > r->changed)
        buf_puts(out, "   a later run was applied");
    else if (r->state == RUN_INTERRUPTED || r->state == RUN_APPLYING)
        buf_printf(out, "   %s:  rollcall apply %s",
                   r->state == RUN_APPLYING ? "at work, or killed" : "go on with", r->id);
    buf_putc(out, '\n');
}

int report_runs(struct ledger *l, struct buf *out)
{
    size_t before = out->n;
    struct history *h = xcalloc(1, sizeof *h);
    h->out = out;
    int err = l->ops->run_list(l, note_applied, h);
    if (err == 0)
        err = l->ops->run_list(l, put_run, h);
    free(h);
    if (err == 0 && out->n == before)
        buf_puts(out, "no run yet\n");
    return err;
}
