/* The audit: one JSON document, written piece by piece, so that a run of any size takes the memory of one
 * change. Its schema is docs/audit.schema.json. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sums.h"

#define PIECE_MAX ((size_t)512 * 1024 * 1024)
#define AUDIT_VERSION 1

struct audit {
    struct ledger *l;
    const struct report_run *r;
    report_write write;
    void *ctx;
    struct buf piece;
    struct jw w;
    struct counted_changes counted;
    uint64_t damaged;
    uint32_t first_damaged;
    int err;
};

static void flush_piece(struct audit *a)
{
    a->write(a->ctx, buf_view(&a->piece));
    buf_clear(&a->piece);
}

static void text_or_null(struct audit *a, const char *key, struct str text)
{
    jw_kstr(&a->w, key, text.n ? text : (struct str){ NULL, 0 });
}

/* A part of a document as it stands, or null. */
static void copy_member(struct audit *a, const char *key, const void *doc, const char *path)
{
    json_t *part = doc_at(doc, path);
    char *text = part ? json_dumps(part, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    jw_key(&a->w, key);
    if (text)
        jw_raw(&a->w, str_of(text));
    else
        jw_null(&a->w);
    free(text);
    flush_piece(a);
}

static void run_member(struct audit *a)
{
    const struct run *r = &a->r->run;
    const void *outcome = a->r->outcome;
    char at[32];
    jw_key(&a->w, "run");
    jw_object(&a->w);
    jw_kz(&a->w, "id", r->id);
    jw_kz(&a->w, "job", r->job_name);
    jw_kz(&a->w, "state", run_state_name[r->state]);
    jw_key(&a->w, "exit_code");
    if (outcome)
        jw_int(&a->w, doc_int(outcome, "run.exit_code"));
    else
        jw_null(&a->w);
    jw_kz(&a->w, "planned", time_rfc3339(at, r->started, false));
    text_or_null(a, "started", doc_text(outcome, "run.started"));
    text_or_null(a, "ended", doc_text(outcome, "run.ended"));
    jw_key(&a->w, "took_us");
    if (json_is_integer(doc_at(outcome, "run.took_us")))
        jw_int(&a->w, doc_int(outcome, "run.took_us"));
    else
        jw_null(&a->w);
    text_or_null(a, "message", doc_text(outcome, "run.message"));
    jw_kz(&a->w, "plan_sha256", r->plan_sha256);
    jw_kz(&a->w, "policy_sha256", r->policy_sha256);
    jw_kz(&a->w, "feed_sha256", r->feed_sha256);
    jw_end_object(&a->w);
}

/* What a run's end says stands for the run; without one, what the plan says. */
static void head(struct audit *a)
{
    static const char *const of_plan[] = { "feed",      "tenant", "fates",          "guards", "holds",
                                           "ambiguous", "absent", "does_not_stick", "rejects" };
    const struct report_run *r = a->r;
    const void *last = r->outcome ? r->outcome : r->overview;
    jw_object(&a->w);
    jw_kint(&a->w, "version", AUDIT_VERSION);
    run_member(a);
    copy_member(a, "conditions", last, "conditions");
    copy_member(a, "accepted", r->outcome, "accepted");
    for (size_t i = 0; i < array_len(of_plan); i++)
        copy_member(a, of_plan[i], r->overview, of_plan[i]);
    copy_member(a, "calls", last, "calls");
    copy_member(a, "outcomes", r->outcome, "outcomes");
}

/* Changes ------------------------------------------------------------------------------------------------------------------------- */

static bool write_step(void *ctx, const struct step_record *s)
{
    static const char *const state[] = { "intended", "done", "refused", "not done", "unknown" };
    struct audit *a = ctx;
    char at[32];
    jw_object(&a->w);
    jw_kint(&a->w, "step", s->step % STEPS_OF_CHANGE);
    jw_kstr(&a->w, "endpoint", s->endpoint);
    jw_kint(&a->w, "call", s->call);
    jw_kint(&a->w, "attempt", s->attempt);
    jw_kz(&a->w, "state", (unsigned)s->state < array_len(state) ? state[s->state] : "unknown");
    jw_kint(&a->w, "status", s->status);
    jw_kz(&a->w, "at", time_rfc3339(at, s->at, true));
    text_or_null(a, "text", s->text);
    jw_end_object(&a->w);
    return true;
}

static void count_change(struct audit *a, const struct stored_change *c)
{
    a->counted.all++;
    (c->hold ? a->counted.held : a->counted.planned)[c->kind]++;
    a->counted.hold[c->hold]++;
    a->counted.outcome[c->outcome]++;
}

static void change_members(struct audit *a, const struct run_change *c, const struct stored_change *s)
{
    jw_kint(&a->w, "seq", c->seq);
    jw_key(&a->w, "change");
    jw_raw(&a->w, c->json);
    jw_kz(&a->w, "hold", c->hold ? hold_name[c->hold] : NULL);
    jw_kz(&a->w, "outcome", c->outcome ? outcome_name[c->outcome] : NULL);
    text_or_null(a, "text", s->text);
    text_or_null(a, "new_id", s->new_id);
}

static bool write_change(void *ctx, const struct run_change *c)
{
    struct audit *a = ctx;
    struct stored_change s;
    if (!stored_change_read(c, &s)) {
        if (a->damaged++ == 0)
            a->first_damaged = c->seq;
        return true;
    }
    count_change(a, &s);
    buf_putc(&a->piece, '\n'); /* a line a change, for eyes and for tools that look at lines */
    jw_object(&a->w);
    change_members(a, c, &s);
    jw_key(&a->w, "steps");
    jw_array(&a->w);
    a->err = a->l->ops->step_each(a->l, a->r->run.id, c->seq * STEPS_OF_CHANGE,
                                  (c->seq + 1) * STEPS_OF_CHANGE, write_step, a);
    jw_end_array(&a->w);
    jw_end_object(&a->w);
    stored_change_deinit(&s);
    flush_piece(a);
    return a->err == 0;
}

/* Sums ---------------------------------------------------------------------------------------------------------------------------- */

static void write_sums(struct audit *a, const struct sums *s)
{
    jw_key(&a->w, "sums");
    jw_object(&a->w);
    jw_kbool(&a->w, "hold", s->hold && a->damaged == 0);
    jw_kint(&a->w, "damaged", (int64_t)a->damaged);
    jw_key(&a->w, "checks");
    jw_array(&a->w);
    for (size_t i = 0; i < s->n; i++) {
        jw_object(&a->w);
        jw_kz(&a->w, "what", s->v[i].name);
        jw_kint(&a->w, "stated", s->v[i].stated);
        jw_kint(&a->w, "counted", s->v[i].counted);
        jw_end_object(&a->w);
    }
    jw_end_array(&a->w);
    jw_end_object(&a->w);
}

static int judge(const struct audit *a, const struct sums *s, char why[300])
{
    const struct sum *wrong = sums_wrong(s);
    if (a->damaged)
        snprintf(why, 300, "%llu change%s of the run %s damaged in the ledger, the first is number %u",
                 (unsigned long long)a->damaged, a->damaged == 1 ? "" : "s", a->damaged == 1 ? "is" : "are",
                 a->first_damaged);
    else if (wrong)
        snprintf(why, 300, "the sums of the run do not hold: %s: %lld stated, %lld counted", wrong->name,
                 (long long)wrong->stated, (long long)wrong->counted);
    else if (!s->hold)
        snprintf(why, 300, "the sums of the run do not hold");
    return a->damaged || !s->hold ? -EBADMSG : 0;
}

int report_audit(struct ledger *l, const struct report_run *r, report_write write, void *ctx, char why[300])
{
    struct audit a = { .l = l, .r = r, .write = write, .ctx = ctx, .piece = BUF_INIT(PIECE_MAX) };
    struct sums sums;
    jw_init(&a.w, &a.piece, false);
    head(&a);
    jw_key(&a.w, "changes");
    jw_array(&a.w);
    int err = l->ops->change_each(l, r->run.id, write_change, &a);
    err = err ? err : a.err;
    jw_end_array(&a.w);
    sums_check(r, &a.counted, &sums);
    write_sums(&a, &sums);
    jw_end_object(&a.w);
    buf_putc(&a.piece, '\n');
    flush_piece(&a);
    buf_deinit(&a.piece);
    if (err != 0)
        snprintf(why, 300, "%s", l->ops->error(l));
    return err ? err : judge(&a, &sums, why);
}
