#include "report_internal.h"

static void put_run(void *ctx, const struct run *r)
{
    struct buf *out = ctx;
    char at[32], changes[28], held[28];
    if (out->n == 0)
        buf_printf(out, "%-20s %-20s %-12s %-14s %9s %9s %5s  %s\n", "run", "planned", "state", "tenant", "changes", "held", "exit", "job");
    buf_printf(out, "%-20s %-20s %-12s %-14.14s %9s %9s ", r->id, time_rfc3339(at, r->started, false), run_state_name[r->state], r->tenant_label, text_count(changes, (int64_t)r->changes),
               text_count(held, (int64_t)r->held));
    if (r->exit_code >= 0)
        buf_printf(out, "%5d  ", r->exit_code);
    else
        buf_printf(out, "%5s  ", "-");
    put_text(out, r->job_name);
    if (r->state == RUN_INTERRUPTED || r->state == RUN_APPLYING)
        buf_printf(out, "\n%-20s go on with: rollcall apply %s", "", r->id);
    buf_putc(out, '\n');
}

int report_runs(struct ledger *l, struct buf *out)
{
    size_t before = out->n;
    int err = l->ops->run_list(l, put_run, out);
    if (err == 0 && out->n == before)
        buf_puts(out, "no run yet\n");
    return err;
}
