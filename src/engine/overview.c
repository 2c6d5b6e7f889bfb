#include <string.h>

#include "engine_internal.h"

/* Two JSON documents a run, with everything that show and report say besides the changes themselves: the
 * overview, written when the plan stands, and the outcome, written when a run ends (again when it is
 * resumed). Described in docs/overview.md. */

#define LISTED_MAX                                                                                           \
    10000 /* rejects, ambiguous persons, absent users listed one by one; the counts are always whole */
#define PATTERNS_MAX 12
#define EXAMPLES_MAX 5

static void time_member(struct jw *w, const char *key, unix_us t)
{
    char text[32];
    jw_kz(w, key, t ? time_rfc3339(text, t, false) : NULL);
}

static void absent_member(struct engine *e, struct jw *w)
{
    static const char *const policy[] = {
        [ABSENT_IGNORE] = "ignore", [ABSENT_REPORT] = "report", [ABSENT_DEACTIVATE] = "deactivate"
    };
    const struct plan_counts *n = plan_counts(e->plan);
    jw_key(w, "absent");
    jw_object(w);
    jw_kint(w, "count", (int64_t)plan_absent(e->plan));
    jw_kz(w, "policy", policy[e->plan_options.absent]);
    jw_key(w, "users");
    jw_array(w);
    for (size_t i = 0; i < plan_absent(e->plan) && i < LISTED_MAX; i++) {
        uint32_t u = plan_absent_user(e->plan, i);
        jw_object(w);
        jw_kstr(w, "key",
                e->schema.n_keys ? roster_shown(e->roster, u, e->schema.key[0]) : roster_id(e->roster, u));
        jw_kstr(w, "user", roster_id(e->roster, u));
        jw_end_object(w);
    }
    jw_end_array(w);
    jw_kz(w, "why_untrusted", n->absence_untrusted ? n->absence_why : NULL);
    jw_end_object(w);
}

static void ambiguous_member(struct engine *e, struct jw *w)
{
    jw_key(w, "ambiguous");
    jw_object(w);
    jw_kint(w, "count", (int64_t)plan_ambiguous_count(e->plan));
    jw_key(w, "persons");
    jw_array(w);
    for (size_t i = 0; i < plan_ambiguous_count(e->plan) && i < LISTED_MAX; i++) {
        const struct plan_ambiguous *a = plan_ambiguous(e->plan, i);
        jw_object(w);
        jw_kstr(w, "key", a->key);
        jw_kint(w, "line", (int64_t)a->at.line);
        jw_kstr(w, "text", a->text);
        jw_end_object(w);
    }
    jw_end_array(w);
    jw_end_object(w);
}

static void calls_member(struct engine *e, struct jw *w)
{
    uint64_t reads = 0, writes = 0;
    for (size_t i = 0; i < e->vendor->n_endpoints && i < ENDPOINTS_MAX; i++)
        *(e->vendor->endpoints[i].write ? &writes : &reads) += e->endpoint[i].planned;
    char text[40];
    jw_key(w, "calls");
    jw_object(w);
    jw_key(w, "endpoints");
    jw_array(w);
    for (size_t i = 0; i < e->vendor->n_endpoints && i < ENDPOINTS_MAX; i++) {
        const struct endpoint_count *c = &e->endpoint[i];
        if (!c->planned && !c->made)
            continue;
        jw_object(w);
        jw_kint(w, "failed", (int64_t)c->failed);
        jw_kint(w, "made", (int64_t)c->made);
        jw_kz(w, "name", e->vendor->endpoints[i].name);
        jw_kint(w, "planned", (int64_t)c->planned);
        jw_kint(w, "retried", (int64_t)c->retried);
        jw_kint(w, "throttled", (int64_t)c->throttled);
        jw_kbool(w, "write", e->vendor->endpoints[i].write);
        jw_end_object(w);
    }
    jw_end_array(w);
    jw_kint(w, "least_us", rates_least_us(&e->cfg.job->target.rate, writes + reads, false));
    jw_kint(w, "quota", (int64_t)e->quota);
    jw_kint(w, "quota_used_before", (int64_t)e->quota_used);
    jw_key(w, "rate");
    jw_array(w);
    for (size_t i = 0; i < e->cfg.job->target.rate.n; i++)
        jw_z(w, rate_text(text, &e->cfg.job->target.rate.v[i]));
    jw_end_array(w);
    jw_kint(w, "reads", (int64_t)reads);
    jw_kint(w, "writes", (int64_t)writes);
    jw_end_object(w);
}

static void kind_member(struct engine *e, struct jw *w, size_t k)
{
    const struct plan_counts *n = plan_counts(e->plan);
    struct plan_pattern pattern[PATTERNS_MAX];
    size_t found = plan_patterns(e->plan, (enum change_kind)k, pattern, PATTERNS_MAX);
    jw_key(w, change_kind_name[k]);
    jw_object(w);
    jw_kint(w, "held", (int64_t)n->held[k]);
    jw_key(w, "patterns");
    jw_array(w);
    for (size_t i = 0; i < found; i++) {
        jw_object(w);
        jw_kz(w, "text", pattern[i].text);
        jw_kint(w, "users", (int64_t)pattern[i].users);
        jw_end_object(w);
    }
    jw_end_array(w);
    jw_kint(w, "planned", (int64_t)n->change[k]);
    jw_end_object(w);
}

/* Kinds in the alphabetical order of their names. */
static const uint8_t kinds_sorted[CHANGE_KINDS] = { CHANGE_ACTIVATE, CHANGE_CREATE,     CHANGE_DEACTIVATE,
                                                    CHANGE_MANAGER,  CHANGE_MEMBERSHIP, CHANGE_RETIRE,
                                                    CHANGE_UPDATE };

static void changes_member(struct engine *e, struct jw *w)
{
    jw_key(w, "changes");
    jw_object(w);
    for (size_t i = 0; i < CHANGE_KINDS; i++)
        kind_member(e, w, kinds_sorted[i]);
    jw_end_object(w);
}

static void attribute_counts(struct engine *e, struct jw *w)
{
    uint64_t n[SCHEMA_MAX] = { 0 };
    for (size_t i = 0; i < plan_unstuck_count(e->plan); i++)
        n[plan_unstuck(e->plan, i)->slot]++;
    jw_key(w, "attributes");
    jw_array(w);
    for (size_t slot = 0; slot < e->schema.n; slot++) {
        if (!n[slot])
            continue;
        jw_object(w);
        jw_kz(w, "attribute", e->schema.attr[slot].name);
        jw_kint(w, "users", (int64_t)n[slot]);
        jw_end_object(w);
    }
    jw_end_array(w);
}

/* They stand together by key and user. */
static uint64_t unstuck_users(const struct engine *e)
{
    uint64_t n = 0;
    for (size_t i = 0; i < plan_unstuck_count(e->plan); i++)
        n += i == 0 || plan_unstuck(e->plan, i)->user != plan_unstuck(e->plan, i - 1)->user;
    return n;
}

static void unstuck_member(struct engine *e, struct jw *w)
{
    jw_key(w, "does_not_stick");
    jw_object(w);
    attribute_counts(e, w);
    jw_kint(w, "count", (int64_t)plan_unstuck_count(e->plan));
    jw_kint(w, "users", (int64_t)unstuck_users(e));
    jw_key(w, "values");
    jw_array(w);
    for (size_t i = 0; i < plan_unstuck_count(e->plan) && i < LISTED_MAX; i++) {
        const struct plan_unstuck *u = plan_unstuck(e->plan, i);
        jw_object(w);
        jw_kz(w, "attribute", e->schema.attr[u->slot].name);
        jw_kstr(w, "key", u->key);
        jw_kstr(w, "seen", u->seen);
        jw_kstr(w, "since", u->since);
        jw_kstr(w, "user", roster_id(e->roster, u->user));
        jw_kstr(w, "wanted", u->wanted);
        jw_end_object(w);
    }
    jw_end_array(w);
    jw_end_object(w);
}

static void fates_member(struct engine *e, struct jw *w)
{
    const struct plan_counts *n = plan_counts(e->plan);
    jw_key(w, "fates");
    jw_object(w);
    jw_key(w, "rows");
    jw_object(w);
    for (size_t i = 0; i < ROW_FATES; i++)
        jw_kint(w, row_fate_name[i], (int64_t)n->row[i]);
    jw_end_object(w);
    jw_key(w, "users");
    jw_object(w);
    for (size_t i = 0; i < USER_FATES; i++)
        jw_kint(w, user_fate_name[i], (int64_t)n->user[i]);
    jw_end_object(w);
    jw_end_object(w);
}

static void feed_member(struct engine *e, struct jw *w)
{
    const struct feed_summary *f = feed_summary(e->feed);
    char delimiter[2] = { f->delimiter, 0 };
    jw_key(w, "feed");
    jw_object(w);
    jw_kz(w, "broken", f->proof == FEED_BROKEN ? f->broken : NULL);
    jw_kint(w, "bytes", (int64_t)f->bytes);
    jw_kz(w, "delimiter", delimiter);
    jw_kz(w, "how", f->how);
    jw_kz(w, "name", e->cfg.job->feed.given);
    jw_kz(w, "proof", feed_proof_name[f->proof]);
    jw_kint(w, "rejected", (int64_t)plan_counts(e->plan)->row[ROW_REJECTED]);
    jw_kint(w, "rows", (int64_t)f->rows);
    jw_kz(w, "sha256", f->sha256);
    jw_kbool(w, "too_many_rejects", plan_counts(e->plan)->too_many_rejects);
    jw_end_object(w);
}

static void guards_member(struct engine *e, struct jw *w)
{
    const struct plan_counts *n = plan_counts(e->plan);
    jw_key(w, "guards");
    jw_object(w);
    for (size_t i = 0; i < CHANGE_KINDS; i++) {
        const struct plan_guard *g = &n->guard[kinds_sorted[i]];
        jw_key(w, change_kind_name[kinds_sorted[i]]);
        jw_object(w);
        jw_kbool(w, "accepted", g->accepted);
        jw_kint(w, "limit", g->limit);
        jw_kbool(w, "tripped", g->tripped);
        jw_kint(w, "wanted", (int64_t)g->wanted);
        jw_end_object(w);
    }
    jw_end_object(w);
}

static void examples(struct engine *e, struct jw *w, enum hold hold)
{
    size_t shown = 0;
    jw_key(w, "examples");
    jw_array(w);
    for (size_t i = 0; i < plan_changes(e->plan) && shown < EXAMPLES_MAX; i++) {
        const struct change *c = plan_change(e->plan, i);
        if (c->hold != hold)
            continue;
        jw_object(w);
        jw_kstr(w, "key", c->key.n ? c->key : c->user);
        jw_kz(w, "kind", change_kind_name[c->kind]);
        jw_kstr(w, "why", c->why);
        jw_end_object(w);
        shown++;
    }
    jw_end_array(w);
}

static void holds_member(struct engine *e, struct jw *w)
{
    jw_key(w, "holds");
    jw_array(w);
    for (size_t h = 1; h < HOLDS; h++) {
        if (!plan_counts(e->plan)->hold[h])
            continue;
        jw_object(w);
        jw_kint(w, "count", (int64_t)plan_counts(e->plan)->hold[h]);
        examples(e, w, (enum hold)h);
        jw_kz(w, "hold", hold_name[h]);
        jw_end_object(w);
    }
    jw_end_array(w);
}

static void rejects_member(struct engine *e, struct jw *w)
{
    jw_key(w, "rejects");
    jw_array(w);
    for (size_t i = 0; i < plan_rejects(e->plan) && i < LISTED_MAX; i++) {
        const struct reject *r = plan_reject_at(e->plan, i);
        jw_object(w);
        jw_kz(w, "column", r->column);
        jw_kz(w, "detail", r->detail);
        jw_kint(w, "length", (int64_t)r->at.length);
        jw_kint(w, "line", (int64_t)r->at.line);
        jw_kint(w, "offset", (int64_t)r->at.offset);
        jw_kz(w, "reason", reject_reason_name[r->reason]);
        jw_end_object(w);
    }
    jw_end_array(w);
}

static void tenant_member(struct engine *e, struct jw *w)
{
    const struct plan_counts *n = plan_counts(e->plan);
    jw_key(w, "tenant");
    jw_object(w);
    jw_kint(w, "active", (int64_t)n->active_users);
    jw_kz(w, "connector", e->vendor->name);
    jw_kz(w, "how", e->roster_state.why);
    jw_kz(w, "id", e->tenant.id);
    jw_kz(w, "label", e->tenant.label);
    jw_kint(w, "managed_active", (int64_t)n->managed_active);
    jw_kz(w, "proof", roster_proof_name[e->roster_state.proof]);
    jw_kz(w, "title", e->vendor->title);
    jw_kz(w, "url", e->cfg.job->target.url);
    jw_kint(w, "users", (int64_t)n->users);
    jw_end_object(w);
}

static void run_member(struct engine *e, struct jw *w)
{
    jw_key(w, "run");
    jw_object(w);
    time_member(w, "ended", e->wall);
    jw_kint(w, "exit_code", e->result.exit_code);
    jw_kz(w, "id", e->run.id);
    jw_kz(w, "message", e->result.message[0] ? e->result.message : NULL);
    time_member(w, "started", e->started);
    jw_kz(w, "state", run_state_name[e->run.state]);
    jw_kint(w, "took_us", e->now - e->begun);
    jw_end_object(w);
}

static void plan_member(struct engine *e, struct jw *w)
{
    jw_key(w, "plan");
    jw_object(w);
    jw_kz(w, "job", e->run.job_name);
    jw_kz(w, "policy_sha256", e->run.policy_sha256);
    jw_kz(w, "run", e->run.id);
    jw_kz(w, "sha256", e->plan_sha256);
    time_member(w, "started", e->run.started);
    time_member(w, "valid_until", e->run.started + e->cfg.job->plan_ttl_us);
    jw_end_object(w);
}

/* What --accept let through this time. */
static void accepted_member(struct engine *e, struct jw *w)
{
    jw_key(w, "accepted");
    jw_object(w);
    for (size_t i = 0; i < CHANGE_KINDS; i++) {
        size_t k = kinds_sorted[i];
        if (e->cfg.accept[k] >= 0 && (!e->plan || plan_counts(e->plan)->guard[k].accepted))
            jw_kint(w, change_kind_name[k], e->cfg.accept[k]);
    }
    jw_end_object(w);
}

static void conditions_member(struct engine *e, struct jw *w)
{
    jw_key(w, "conditions");
    jw_array(w);
    for (size_t i = 0; i < e->n_conditions; i++)
        jw_z(w, e->condition[i]);
    jw_end_array(w);
}

static void outcomes_member(struct engine *e, struct jw *w)
{
    static const uint8_t sorted[] = { OUTCOME_ALREADY,    OUTCOME_APPLIED,     OUTCOME_FAILED,
                                      OUTCOME_NONE,       OUTCOME_NOT_VISIBLE, OUTCOME_STALE,
                                      OUTCOME_UNRESOLVED, OUTCOME_WITHHELD };
    uint64_t n[OUTCOMES] = { 0 };
    for (size_t i = 0; i < e->work.n_items; i++)
        n[e->work.item[i].outcome]++;
    jw_key(w, "outcomes");
    jw_object(w);
    for (size_t i = 0; i < array_len(sorted); i++)
        jw_kint(w, sorted[i] == OUTCOME_NONE ? "none" : outcome_name[sorted[i]], (int64_t)n[sorted[i]]);
    jw_end_object(w);
}

void overview_write(struct engine *e, struct buf *out)
{
    struct jw w;
    jw_init(&w, out, false);
    jw_object(&w);
    absent_member(e, &w);
    ambiguous_member(e, &w);
    calls_member(e, &w);
    changes_member(e, &w);
    conditions_member(e, &w);
    unstuck_member(e, &w);
    fates_member(e, &w);
    feed_member(e, &w);
    guards_member(e, &w);
    holds_member(e, &w);
    plan_member(e, &w);
    rejects_member(e, &w);
    tenant_member(e, &w);
    jw_kint(&w, "version", 1);
    jw_end_object(&w);
}

void outcome_write(struct engine *e, struct buf *out)
{
    struct jw w;
    jw_init(&w, out, false);
    jw_object(&w);
    accepted_member(e, &w);
    calls_member(e, &w);
    conditions_member(e, &w);
    outcomes_member(e, &w);
    run_member(e, &w);
    jw_kint(&w, "version", 1);
    jw_end_object(&w);
}
