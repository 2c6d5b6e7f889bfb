/* History. */
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

static void put_run(void *ctx, const struct run *r)
{
    struct buf *out = ctx;
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
    else if (r->state == RUN_INTERRUPTED || r->state == RUN_APPLYING)
        buf_printf(out, "   %s:  rollcall apply %s",
                   r->state == RUN_APPLYING ? "at work, or killed" : "go on with", r->id);
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
