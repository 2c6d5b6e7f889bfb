/* After a run: what was applied, and what is to be looked at. */
#include <stdio.h>
#include <string.h>

#include "report_internal.h"

/* Lines: changes that ended alike share one. */
#define BAD_MAX 20     /* of changes to be looked at */
#define LEFT_OUT_MAX 8 /* of changes that the plan did not hold, and that were withheld on the way */
#define NAMED_MAX 3    /* of a line: changes named; the rest is counted */

struct group {
    enum outcome outcome;
    enum change_kind kind;
    struct str text; /* owned */
    struct buf names;
    int64_t changes;
};

struct tally {
    struct ledger *l;
    const struct report_run *r;
    struct group group[BAD_MAX + LEFT_OUT_MAX];
    size_t n_groups;
    int64_t outcome[OUTCOMES];
    int64_t guarded[CHANGE_KINDS]; /* withheld by their guard, and not accepted since */
    int64_t sent; /* without an outcome, but a call for it has left: what became of it is seen later */
    int64_t bad, no_group, damaged;
};

/* Counting ------------------------------------------------------------------------------------------------------------------------ */

static struct group *group_of(struct tally *t, const struct stored_change *c)
{
    /* Who was chosen away is a matter of the choice, not of kinds. */
    enum change_kind kind = c->outcome == OUTCOME_WITHHELD ? CHANGE_KINDS : c->kind;
    size_t alike = 0;
    for (size_t i = 0; i < t->n_groups; i++) {
        struct group *g = &t->group[i];
        if (g->outcome == c->outcome && g->kind == kind && str_eq(g->text, c->text))
            return g;
        alike += (g->kind == CHANGE_KINDS) == (kind == CHANGE_KINDS);
    }
    if (alike == (kind == CHANGE_KINDS ? LEFT_OUT_MAX : BAD_MAX))
        return NULL;
    struct group *g = &t->group[t->n_groups++];
    char *copy = xmemdup(c->text.n ? c->text.p : "", c->text.n);
    *g = (struct group){
        .outcome = c->outcome, .kind = kind, .text = { copy, c->text.n }, .names = BUF_INIT(64 * 1024)
    };
    return g;
}

static void count_read(struct tally *t, const struct run_change *c)
{
    struct stored_change s;
    if (!stored_change_read(c, &s)) {
        t->damaged++;
        return;
    }
    struct group *g = group_of(t, &s);
    if (!g) {
        t->no_group++;
    } else if (g->changes++ < NAMED_MAX) {
        buf_puts(&g->names, g->changes > 1 ? ", " : "");
        put_text(&g->names, stored_change_name(&s));
    }
    stored_change_deinit(&s);
}

static bool note_step(void *ctx, const struct step_record *s)
{
    (void)s;
    *(bool *)ctx = true;
    return false;
}

static bool was_sent(const struct tally *t, uint32_t seq)
{
    bool any = false;
    return t->l->ops->step_each(t->l, t->r->run.id, seq * STEPS_OF_CHANGE, (seq + 1) * STEPS_OF_CHANGE,
                                note_step, &any) == 0 &&
           any;
}

static bool count_change(void *ctx, const struct run_change *c)
{
    struct tally *t = ctx;
    if ((unsigned)c->kind >= CHANGE_KINDS || (unsigned)c->outcome >= OUTCOMES) {
        t->damaged++;
        return true;
    }
    bool withheld = change_withheld(c);
    t->outcome[withheld ? OUTCOME_WITHHELD : c->outcome]++;
    t->sent += !withheld && c->outcome == OUTCOME_NONE && was_sent(t, c->seq);
    t->guarded[c->kind] += withheld && c->hold == HOLD_GUARD;
    bool bad = outcome_is_bad(c->outcome), left_out = c->outcome == OUTCOME_WITHHELD && c->hold == HOLD_NONE;
    t->bad += bad;
    if (bad || left_out)
        count_read(t, c);
    return true;
}

static void tally_deinit(struct tally *t)
{
    for (size_t i = 0; i < t->n_groups; i++) {
        free((char *)(uintptr_t)t->group[i].text.p);
        buf_deinit(&t->group[i].names);
    }
}

/* Headline ------------------------------------------------------------------------------------------------------------------------ */

static int64_t seconds_between(struct str from, struct str to)
{
    int h[2], m[2], s[2], d[2];
    char text[2][32];
    snprintf(text[0], sizeof text[0], "%.*s", (int)(from.n < 31 ? from.n : 31), from.p);
    snprintf(text[1], sizeof text[1], "%.*s", (int)(to.n < 31 ? to.n : 31), to.p);
    for (int i = 0; i < 2; i++)
        if (sscanf(text[i], "%*4d-%*2d-%2dT%2d:%2d:%2dZ", &d[i], &h[i], &m[i], &s[i]) != 4)
            return 0;
    int64_t span = (h[1] - h[0]) * 3600 + (m[1] - m[0]) * 60 + (s[1] - s[0]);
    return d[1] == d[0] ? span : span + 86400;
}

/* Whole seconds are too coarse for runs of a few changes, so the outcome has the exact time as well. */
static int64_t taken(const struct report_run *r)
{
    int64_t exact = doc_count(r->outcome, "run.took_us");
    if (exact > 0)
        return exact;
    return seconds_between(doc_text(r->outcome, "run.started"), doc_text(r->outcome, "run.ended")) *
           SECOND_US;
}

static void headline(const struct report_run *r, const struct tally *t, struct buf *out)
{
    char span[32];
    int64_t left = t->outcome[OUTCOME_NONE] - t->sent, to_do = -t->outcome[OUTCOME_WITHHELD];
    for (size_t i = 0; i < OUTCOMES; i++)
        to_do += t->outcome[i];
    if (r->run.state == RUN_INTERRUPTED || r->run.state == RUN_APPLYING) {
        buf_puts(out, r->run.state == RUN_APPLYING ? "at work, or killed, after " : "interrupted after ");
        put_count(out, to_do - left);
        buf_puts(out, " of ");
        put_counted(out, to_do, "change", "changes");
        buf_puts(out, "; nothing is lost");
    } else if (r->run.state == RUN_PLANNED || r->run.state == RUN_HELD) {
        buf_puts(out, "planned only; nothing was changed");
    } else {
        buf_printf(out, "%s in %s", run_state_name[r->run.state], time_span(span, taken(r)));
        if (t->bad + t->outcome[OUTCOME_NONE] > 0) {
            buf_puts(out, " with ");
            put_counted(out, t->bad + t->outcome[OUTCOME_NONE], "thing", "things");
            buf_puts(out, " to look at");
        }
    }
    if (r->outcome)
        buf_printf(out, "   exit %lld", (long long)doc_int(r->outcome, "run.exit_code"));
    buf_putc(out, '\n');
}

static void counts(const struct tally *t, struct buf *out)
{
    static const enum outcome shown[] = { OUTCOME_APPLIED,  OUTCOME_ALREADY,    OUTCOME_FAILED,
                                          OUTCOME_STALE,    OUTCOME_UNRESOLVED, OUTCOME_NOT_VISIBLE,
                                          OUTCOME_WITHHELD, OUTCOME_NONE };
    for (size_t i = 0; i < array_len(shown); i++) {
        int64_t n = t->outcome[shown[i]] - (shown[i] == OUTCOME_NONE ? t->sent : 0);
        if (n == 0 && i > 0)
            continue;
        buf_printf(out, "%s%s ", i ? "   " : "  ", outcome_words[shown[i]]);
        put_count(out, n);
    }
    if (t->sent) {
        buf_puts(out, "   sent, and still to be seen ");
        put_count(out, t->sent);
    }
    buf_putc(out, '\n');
}

/* What to look at ----------------------------------------------------------------------------------------------------------------- */

static void put_group(const struct group *g, struct buf *out)
{
    buf_printf(out, "  %-12s ", outcome_words[g->outcome]);
    buf_str(out, buf_view(&g->names));
    if (g->changes > NAMED_MAX) {
        buf_puts(out, " and ");
        put_count(out, g->changes - NAMED_MAX);
        buf_puts(out, " more");
    }
    if (g->kind != CHANGE_KINDS)
        buf_printf(out, "  %s", change_kind_name[g->kind]);
    put_line(out, g->text.n ? "  " : "", g->text);
}

static void groups(const struct tally *t, const struct report_run *r, struct buf *out)
{
    for (size_t i = 0; i < t->n_groups; i++)
        if (t->group[i].outcome != OUTCOME_WITHHELD)
            put_group(&t->group[i], out);
    for (size_t i = 0; i < t->n_groups; i++)
        if (t->group[i].outcome == OUTCOME_WITHHELD)
            put_group(&t->group[i], out);
    if (t->no_group) {
        buf_puts(out, "  and ");
        put_counted(out, t->no_group, "change", "changes");
        buf_printf(out, " more:  rollcall show %s --kind all\n", r->run.id);
    }
}

static void conditions(const struct report_run *r, struct buf *out)
{
    size_t i;
    json_t *c;
    json_array_foreach(doc_at(r->outcome, "conditions"), i, c)
        put_line(out, str_starts(text_value(c), STR("accepted: ")) ? "  " : "  ! ", text_value(c));
}

static void files(const struct report_run *r, const char *rejects_path, const char *audit_path,
                  struct buf *out)
{
    int64_t rejected = doc_count(r->overview, "feed.rejected");
    if (rejected) {
        buf_puts(out, "rejected rows  ");
        put_count(out, rejected);
        if (rejects_path) {
            buf_puts(out, ": ");
            put_text(out, str_of(rejects_path));
        }
        buf_putc(out, '\n');
    }
    if (audit_path) {
        buf_puts(out, "audit          ");
        put_text(out, str_of(audit_path));
        buf_putc(out, '\n');
    }
}

/* What to type next. */
static void next(const struct report_run *r, const struct tally *t, struct buf *out)
{
    const char *key;
    json_t *accepted;
    bool any = false;
    if (r->run.state == RUN_INTERRUPTED || r->run.state == RUN_APPLYING) {
        buf_printf(out, "go on with:  rollcall apply %s", r->run.id);
        json_object_foreach(doc_at(r->outcome, "accepted"), key, accepted)
        {
            buf_puts(out, " --accept ");
            put_text(out, str_of(key));
            buf_printf(out, "=%lld", (long long)json_integer_value(accepted));
        }
        buf_putc(out, '\n');
        return;
    }
    if ((r->run.state == RUN_PLANNED || r->run.state == RUN_HELD) && r->run.changes > r->run.held)
        buf_printf(out, "to apply it:  rollcall apply %s\n", r->run.id);
    for (size_t k = 0; k < CHANGE_KINDS; k++) {
        int64_t n = t->guarded[kinds_shown[k]];
        if (n && !any)
            buf_printf(out, "to let through what the guards hold:  rollcall apply %s", r->run.id);
        if (n)
            buf_printf(out, " --accept %s=%lld", change_kind_name[kinds_shown[k]], (long long)n);
        any |= n > 0;
    }
    if (any)
        buf_putc(out, '\n');
}

void report_summary(struct ledger *l, const struct report_run *r, const struct report_style *style,
                    const char *rejects_path, const char *audit_path, struct buf *out)
{
    struct tally t = { .l = l, .r = r };
    (void)style; /* one width and one colour so far: lines of a report in a mail */
    int err = l->ops->change_each(l, r->run.id, count_change, &t);
    headline(r, &t, out);
    counts(&t, out);
    groups(&t, r, out);
    if (err != 0 || t.damaged)
        buf_puts(out,
                 "  !! the run's changes cannot all be read from the ledger: these counts are not whole\n");
    conditions(r, out);
    if (doc_count(r->overview, "does_not_stick.count"))
        put_unstuck(r->overview, out);
    files(r, rejects_path, audit_path, out);
    next(r, &t, out);
    tally_deinit(&t);
}
