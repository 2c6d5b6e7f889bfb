#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"

/* Policy -------------------------------------------------------------------------------------------------------------------------- */

void planning_options(struct engine *e)
{
    const struct job *j = e->cfg.job;
    const struct option_value *early = engine_option(e, "move_reports_first"),
                              *roster = engine_option(e, "roster");
    e->look_up = roster && strcmp(roster->text, "look_up") == 0;
    struct plan_options *o = &e->plan_options;
    *o = (struct plan_options){
        .absent = j->absent == JOB_ABSENT_DEACTIVATE ? ABSENT_DEACTIVATE
                  : j->absent == JOB_ABSENT_REPORT   ? ABSENT_REPORT
                                                     : ABSENT_IGNORE,
        .on_trip = j->trip_plan ? TRIP_PLAN : TRIP_KIND,
        .rejects_number = j->rejects.number,
        .rejects_percent = j->rejects.percent,
        .protected_keys = (const char *const *)j->protected_keys,
        .n_protected = j->n_protected,
        .own_user = e->tenant.own_user, /* filled in by the time the plan is opened */
        .vendor_kinds = e->vendor->kinds,
        .early_moves_from_leavers = early && early->number != 0,
        .email_slot = e->vendor->email_attr ? schema_slot(&e->schema, str_of(e->vendor->email_attr)) : -1,
    };
    for (size_t k = 0; k < CHANGE_KINDS; k++) {
        o->action[k] = j->action[k];
        o->guard[k] = (struct guard){ j->guard[k].number, j->guard[k].percent };
        o->accept[k] = e->cfg.accept[k];
    }
}

void planning_begin(struct engine *e)
{
    sticks_load(e);
    e->plan = plan_new(&e->plan_options, &e->schema, e->roster, &e->tenant.refs, &e->hash);
}

/* What the plan means for the exit code ------------------------------------------------------------------------------------------- */

/* What is held by guards, for want of proof, or because of what feed or tenant say; what somebody wanted held
 * (a kind switched off, protected users) does not count. */
void judge_holds(struct engine *e, const uint64_t hold[HOLDS])
{
    uint64_t by_data = 0;
    for (size_t h = 0; h < HOLDS; h++)
        if (h != HOLD_NONE && h != HOLD_ACTION_OFF && h != HOLD_PROTECTED && h != HOLD_NO_PROOF &&
            h != HOLD_GUARD)
            by_data += hold[h];
    if (hold[HOLD_GUARD])
        engine_note_count(e, EXIT_WITHHELD, hold[HOLD_GUARD], "change", "changes", " withheld by a guard");
    if (hold[HOLD_NO_PROOF])
        engine_note_count(e, EXIT_WITHHELD, hold[HOLD_NO_PROOF], "change", "changes",
                          " withheld for want of proof");
    if ((int64_t)by_data > e->cfg.job->failures_ok)
        engine_note_count(e, EXIT_FAILURES, by_data, "change", "changes", " cannot be done as the feed says");
}

static void judge(struct engine *e)
{
    const struct plan_counts *n = plan_counts(e->plan);
    const struct feed_summary *f = feed_summary(e->feed);
    if (f->proof == FEED_BROKEN)
        engine_note(e, EXIT_FEED, "feed broken: %.120s", f->broken);
    if (n->too_many_rejects)
        engine_note_count(e, EXIT_FEED, n->row[ROW_REJECTED], "row", "rows",
                          " rejected: more than the guard allows");
    if (n->absence_untrusted && e->plan_options.absent == ABSENT_DEACTIVATE)
        engine_note(e, EXIT_WITHHELD, "nobody is taken for absent: %.100s", n->absence_why);
    if ((int64_t)n->row[ROW_REJECTED] > e->cfg.job->rejects_ok)
        engine_note_count(e, EXIT_FAILURES, n->row[ROW_REJECTED], "row", "rows", " rejected");
    judge_holds(e, n->hold);
}

static uint64_t to_do(const struct engine *e)
{
    uint64_t n = 0;
    for (size_t i = 0; i < e->work.n_items; i++)
        n += e->work.item[i].todo;
    return n;
}

/* The ledger ---------------------------------------------------------------------------------------------------------------------- */

struct lines {
    struct buf head, tail;
    size_t line, changes;
};

/* Of the canonical document only what stands around the changes is kept as text: the changes have places of
 * their own. */
static void keep_line(void *ctx, struct str s)
{
    struct lines *l = ctx;
    while (s.n > 0) {
        const char *nl = memchr(s.p, '\n', s.n);
        size_t n = nl ? (size_t)(nl - s.p) + 1 : s.n;
        if (l->line == 0)
            buf_add(&l->head, s.p, n);
        else if (l->line > l->changes)
            buf_add(&l->tail, s.p, n);
        l->line += nl != NULL;
        s = (struct str){ s.p + n, s.n - n };
    }
}

static int store_changes(struct engine *e)
{
    struct ledger *l = e->cfg.ledger;
    struct buf json = BUF_INIT(CHANGE_JSON_MAX);
    int r = 0;
    for (size_t i = 0; r == 0 && i < plan_changes(e->plan); i++) {
        const struct change *c = plan_change(e->plan, i);
        buf_clear(&json);
        change_write(c, &e->schema, true, &json);
        r = l->ops->change_put(
            l, e->cfg.run_id,
            &(struct run_change){ .seq = (uint32_t)i,
                                  .kind = c->kind,
                                  .subject = c->user.n ? c->user : c->key,
                                  .json = buf_view(&json),
                                  .hold = c->hold,
                                  .outcome = c->hold == HOLD_NONE ? OUTCOME_NONE : OUTCOME_WITHHELD });
    }
    buf_deinit(&json);
    return r;
}

static void fill_run(struct engine *e)
{
    struct run *r = &e->run;
    *r = (struct run){ .state = RUN_PLANNED,
                       .started = e->started,
                       .changed = e->wall,
                       .exit_code = -1,
                       .changes = plan_changes(e->plan) };
    memcpy(r->id, e->cfg.run_id, sizeof r->id);
    snprintf(r->job_name, sizeof r->job_name, "%s", e->cfg.job->name);
    snprintf(r->job_path, sizeof r->job_path, "%s", e->cfg.job->path);
    snprintf(r->connector, sizeof r->connector, "%s", e->vendor->name);
    memcpy(r->tenant, e->tenant.id, sizeof r->tenant);
    memcpy(r->tenant_label, e->tenant.label, sizeof r->tenant_label);
    memcpy(r->plan_sha256, e->plan_sha256, SHA256_HEX);
    memcpy(r->policy_sha256, e->cfg.job->policy_sha256, SHA256_HEX);
    memcpy(r->feed_sha256, feed_summary(e->feed)->sha256, SHA256_HEX);
    for (size_t k = 0; k < CHANGE_KINDS; k++)
        r->held += plan_counts(e->plan)->held[k];
    if (r->held == r->changes && r->changes > 0)
        r->state = RUN_HELD;
}

static int store_plan(struct engine *e)
{
    struct ledger *l = e->cfg.ledger;
    const struct feed_summary *f = feed_summary(e->feed);
    struct plan_header h = { .connector = e->vendor->name,
                             .tenant = e->tenant.id,
                             .feed_sha256 = f->sha256,
                             .policy_sha256 = e->cfg.job->policy_sha256,
                             .feed_proof = feed_proof_name[f->proof],
                             .roster_proof = roster_proof_name[e->roster_state.proof] };
    struct lines lines = { BUF_INIT(1024 * 1024), BUF_INIT(256 * 1024 * 1024), 0, plan_changes(e->plan) };
    plan_write(e->plan, &h, keep_line, &lines, e->plan_sha256);
    fill_run(e);
    int r = l->ops->run_put(l, &e->run);
    if (r == 0)
        r = l->ops->run_text_put(l, e->run.id, "head", buf_view(&lines.head));
    if (r == 0)
        r = l->ops->run_text_put(l, e->run.id, "tail", buf_view(&lines.tail));
    if (r == 0)
        r = store_changes(e);
    buf_deinit(&lines.head);
    buf_deinit(&lines.tail);
    e->run_stored = r == 0;
    return r;
}

static int store_text(struct engine *e, const char *name, void (*write)(struct engine *e, struct buf *out))
{
    struct ledger *l = e->cfg.ledger;
    struct buf doc = BUF_INIT(512 * 1024 * 1024);
    write(e, &doc);
    int r = l->ops->run_put(l, &e->run);
    if (r == 0)
        r = l->ops->run_text_put(l, e->run.id, name, buf_view(&doc));
    if (r == 0)
        r = l->ops->flush(l);
    buf_deinit(&doc);
    return r;
}

int planning_store_outcome(struct engine *e)
{
    e->run.changed = e->wall;
    e->run.exit_code = e->result.exit_code;
    return store_text(e, "outcome", outcome_write);
}

/* Work ---------------------------------------------------------------------------------------------------------------------------- */

void planning_count(struct engine *e)
{
    uint64_t calls[ENDPOINTS_MAX] = { 0 };
    work_choose(&e->work, str_of(e->cfg.only), e->cfg.first);
    work_build(&e->work, e->cfg.connector, e->conn, e->roster,
               &(struct work_options){ e->plan_options.early_moves_from_leavers });
    work_count(&e->work, e->cfg.connector, e->conn, calls);
    for (size_t i = 0; i < e->vendor->n_endpoints && i < ENDPOINTS_MAX; i++)
        e->endpoint[i].planned = e->endpoint[i].made - e->endpoint[i].retried + calls[i];
    plan_read_backs(e);
}

void planning_end(struct engine *e)
{
    char why[200];
    const struct feed_summary *f = feed_summary(e->feed);
    plan_end(e->plan, &(struct plan_proof){ .feed_proven = f->proof == FEED_PROVEN,
                                            .feed_whole = f->proof != FEED_BROKEN,
                                            .roster = e->roster_state.proof,
                                            .roster_why = e->roster_state.why });
    e->planned = true;
    if (!plan_sums(e->plan, why)) {
        engine_fail(e, EXIT_INTERNAL,
                    "the plan's sums do not hold (%s): this is a mistake in rollcall; nothing was written",
                    why);
        return;
    }
    judge(e);
    for (size_t i = 0; i < plan_changes(e->plan); i++)
        work_add(&e->work, plan_change(e->plan, i), (uint32_t)i, plan_change(e->plan, i)->hold == HOLD_NONE);
    planning_count(e);
    if (sticks_forget_over(e) != 0 || store_plan(e) != 0 || store_text(e, "overview", overview_write) != 0) {
        engine_ledger_failed(e);
        return;
    }
    if (e->cfg.detailed_exitcode && to_do(e) > 0)
        engine_note_count(e, EXIT_CHANGES, to_do(e), "change", "changes", "");
}
