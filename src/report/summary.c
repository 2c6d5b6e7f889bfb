#include <stdio.h>
#include <string.h>

#include "report_internal.h"

/* After a run: what was applied, and what is to be looked at. */

#define LOOKED_AT_MAX 20 /* changes named one by one */

static const struct {
    const char *name;
    bool to_look_at;
} outcomes_shown[] = {
    { "applied", false }, { "already", false }, { "failed", true }, { "stale", true }, { "unresolved", true }, { "not_visible", true }, { "withheld", false }, { "none", true },
};

static void counts(const struct report_run *r, struct buf *out, int64_t *look_at)
{
    *look_at = 0;
    buf_puts(out, " ");
    for (size_t i = 0; i < array_len(outcomes_shown); i++) {
        char path[64];
        snprintf(path, sizeof path, "outcomes.%s", outcomes_shown[i].name);
        int64_t n = doc_int(r->outcome, path);
        if (n == 0 && i > 0)
            continue;
        const char *word = strcmp(outcomes_shown[i].name, "none") == 0 ? "not tried" : strcmp(outcomes_shown[i].name, "not_visible") == 0 ? "not visible" : outcomes_shown[i].name;
        buf_printf(out, " %s ", word);
        put_count(out, n);
        buf_puts(out, "  ");
        *look_at += outcomes_shown[i].to_look_at ? n : 0;
    }
    buf_putc(out, '\n');
}

struct looking {
    struct buf *out;
    unsigned shown, more;
    bool damaged;
};

static bool look_at_change(void *ctx, const struct run_change *c)
{
    struct looking *l = ctx;
    struct stored_change s;
    if (c->outcome != OUTCOME_FAILED && c->outcome != OUTCOME_STALE && c->outcome != OUTCOME_UNRESOLVED && c->outcome != OUTCOME_NOT_VISIBLE)
        return true;
    if (l->shown == LOOKED_AT_MAX) {
        l->more++;
        return true;
    }
    l->shown++;
    if (!stored_change_read(c, &s)) {
        l->damaged = true;
        return true;
    }
    buf_printf(l->out, "  %-12s ", outcome_name[c->outcome]);
    put_text(l->out, *s.key ? s.key : s.user);
    buf_printf(l->out, "  %s  ", change_kind_name[c->kind]);
    put_text(l->out, s.text);
    buf_putc(l->out, '\n');
    stored_change_deinit(&s);
    return true;
}

static int64_t seconds_between(const char *from, const char *to)
{
    int h[2], m[2], s[2], d[2];
    if (sscanf(from, "%*4d-%*2d-%2dT%2d:%2d:%2dZ", &d[0], &h[0], &m[0], &s[0]) != 4 || sscanf(to, "%*4d-%*2d-%2dT%2d:%2d:%2dZ", &d[1], &h[1], &m[1], &s[1]) != 4)
        return 0;
    int64_t span = (h[1] - h[0]) * 3600 + (m[1] - m[0]) * 60 + (s[1] - s[0]);
    return d[1] == d[0] ? span : span + 86400;
}

static void headline(const struct report_run *r, int64_t look_at, struct buf *out)
{
    static const char *const word[RUN_STATES] = { "planned", "held", "applying", "done", "failed", "interrupted" };
    char span[32];
    int64_t code = doc_int(r->outcome, "run.exit_code");
    buf_printf(out, "%s in %s", word[r->run.state], time_span(span, seconds_between(doc_text(r->outcome, "run.started"), doc_text(r->outcome, "run.ended")) * SECOND_US));
    if (look_at)
        buf_printf(out, " with %lld thing%s to look at", (long long)look_at, look_at == 1 ? "" : "s");
    buf_printf(out, "   exit %lld\n", (long long)code);
}

static void conditions(const struct report_run *r, struct buf *out)
{
    size_t i;
    json_t *c;
    json_array_foreach(doc_at(r->outcome, "conditions"), i, c) {
        buf_puts(out, "  ! ");
        put_text(out, json_string_value(c) ? json_string_value(c) : "");
        buf_putc(out, '\n');
    }
}

static void files(const struct report_run *r, const char *rejects_path, const char *audit_path, struct buf *out)
{
    int64_t rejected = doc_int(r->overview, "feed.rejected");
    if (rejects_path && rejected) {
        buf_puts(out, "rejected rows  ");
        put_text(out, rejects_path);
        buf_printf(out, " (%lld)\n", (long long)rejected);
    }
    if (audit_path) {
        buf_puts(out, "audit          ");
        put_text(out, audit_path);
        buf_putc(out, '\n');
    }
    if (r->run.state == RUN_INTERRUPTED)
        buf_printf(out, "resume with    rollcall apply %s\n", r->run.id);
}

void report_summary(struct ledger *l, const struct report_run *r, const struct report_style *style, const char *rejects_path, const char *audit_path, struct buf *out)
{
    struct buf line = BUF_INIT(4000);
    int64_t look_at;
    (void)style;
    counts(r, &line, &look_at);
    headline(r, look_at, out);
    buf_str(out, buf_view(&line));
    buf_deinit(&line);
    struct looking looking = { out, 0, 0, false };
    int err = l->ops->change_each(l, r->run.id, look_at_change, &looking);
    if (looking.more)
        buf_printf(out, "  and %u more:  rollcall show %s --kind all\n", looking.more, r->run.id);
    if (err != 0 || looking.damaged)
        buf_puts(out, "  some changes of the run cannot be read from the ledger\n");
    conditions(r, out);
    files(r, rejects_path, audit_path, out);
}
