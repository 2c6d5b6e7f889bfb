#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sums.h"

/* The audit: one JSON document, written piece by piece, so that a run of any size takes the memory of one change. Its schema is docs/audit.schema.json. */

struct audit {
    struct ledger *l;
    const struct report_run *r;
    void (*write)(void *ctx, struct str text);
    void *ctx;
    struct buf piece;
    struct jw w;
    struct counted_changes counted;
    bool damaged;
    int err;
};

static void flush_piece(struct audit *a)
{
    a->write(a->ctx, buf_view(&a->piece));
    buf_clear(&a->piece);
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
    char at[32];
    jw_key(&a->w, "run");
    jw_object(&a->w);
    jw_kz(&a->w, "id", r->id);
    jw_kz(&a->w, "job", r->job_name);
    jw_kz(&a->w, "state", run_state_name[r->state]);
    jw_key(&a->w, "exit_code");
    if (r->exit_code >= 0)
        jw_int(&a->w, r->exit_code);
    else
        jw_null(&a->w);
    jw_kz(&a->w, "planned", time_rfc3339(at, r->started, false));
    jw_kz(&a->w, "started", a->r->outcome ? doc_text(a->r->outcome, "run.started") : NULL);
    jw_kz(&a->w, "ended", a->r->outcome ? doc_text(a->r->outcome, "run.ended") : NULL);
    jw_kz(&a->w, "message", *doc_text(a->r->outcome, "run.message") ? doc_text(a->r->outcome, "run.message") : NULL);
    jw_kz(&a->w, "plan_sha256", r->plan_sha256);
    jw_kz(&a->w, "policy_sha256", r->policy_sha256);
    jw_kz(&a->w, "feed_sha256", r->feed_sha256);
    jw_end_object(&a->w);
}

static void head(struct audit *a)
{
    const struct report_run *r = a->r;
    jw_object(&a->w);
    jw_kint(&a->w, "version", 1);
    run_member(a);
    copy_member(a, "conditions", r->outcome ? r->outcome : r->overview, "conditions");
    copy_member(a, "feed", r->overview, "feed");
    copy_member(a, "tenant", r->overview, "tenant");
    copy_member(a, "fates", r->overview, "fates");
    copy_member(a, "guards", r->overview, "guards");
    copy_member(a, "holds", r->overview, "holds");
    copy_member(a, "ambiguous", r->overview, "ambiguous");
    copy_member(a, "absent", r->overview, "absent");
    copy_member(a, "rejects", r->overview, "rejects");
    copy_member(a, "calls", r->outcome ? r->outcome : r->overview, "calls");
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
    jw_kstr(&a->w, "text", s->text);
    jw_end_object(&a->w);
    return true;
}

static void count_change(struct audit *a, const struct stored_change *c)
{
    a->counted.all++;
    (c->hold ? a->counted.held : a->counted.planned)[c->kind]++;
    a->counted.outcome[c->outcome]++;
}

static bool write_change(void *ctx, const struct run_change *c)
{
    struct audit *a = ctx;
    struct stored_change s;
    if (!stored_change_read(c, &s)) {
        a->damaged = true;
        return true;
    }
    count_change(a, &s);
    jw_object(&a->w);
    jw_kint(&a->w, "seq", c->seq);
    jw_key(&a->w, "change");
    jw_raw(&a->w, c->json);
    jw_kz(&a->w, "hold", c->hold ? hold_name[c->hold] : NULL);
    jw_kz(&a->w, "outcome", c->outcome ? outcome_name[c->outcome] : NULL);
    jw_kz(&a->w, "text", *s.text ? s.text : NULL);
    jw_kz(&a->w, "new_id", *doc_text(s.root, "result.new_id") ? doc_text(s.root, "result.new_id") : NULL);
    jw_key(&a->w, "steps");
    jw_array(&a->w);
    a->err = a->l->ops->step_each(a->l, a->r->run.id, c->seq * STEPS_OF_CHANGE, (c->seq + 1) * STEPS_OF_CHANGE, write_step, a);
    jw_end_array(&a->w);
    jw_end_object(&a->w);
    stored_change_deinit(&s);
    flush_piece(a);
    return a->err == 0;
}

static void write_sums(struct audit *a, const struct sums *s)
{
    jw_key(&a->w, "sums");
    jw_object(&a->w);
    jw_kbool(&a->w, "hold", s->hold && !a->damaged);
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
    if (a->damaged) {
        snprintf(why, 300, "a change of the run cannot be read from the ledger");
        return -EBADMSG;
    }
    for (size_t i = 0; i < s->n && !s->hold; i++)
        if (s->v[i].stated != s->v[i].counted) {
            snprintf(why, 300, "the sums do not hold: %s: %lld stated, %lld counted", s->v[i].name, (long long)s->v[i].stated, (long long)s->v[i].counted);
            return -EBADMSG;
        }
    return 0;
}

int report_audit(struct ledger *l, const struct report_run *r, void (*write)(void *ctx, struct str text), void *ctx, char why[300])
{
    struct audit a = { .l = l, .r = r, .write = write, .ctx = ctx, .piece = BUF_INIT(512 * 1024 * 1024) };
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
