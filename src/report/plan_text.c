#include <stdio.h>
#include <string.h>

#include "report_internal.h"

/* The plan, for the person who signs it off. */

#define LABEL 10   /* columns of the words at the left */
#define PATTERN 56 /* columns of a pattern's text */

struct page {
    const struct report_run *r;
    const struct report_style *style;
    struct buf *out;
    bool plain; /* nothing to say so far */
};

static void colour(struct page *p, const char *code)
{
    if (p->style->colour)
        buf_printf(p->out, "\x1b[%sm", code);
}

/* Head ---------------------------------------------------------------------------------------------------------------------------- */

static void feed_line(struct page *p)
{
    const void *o = p->r->overview;
    int64_t rejected = doc_int(o, "feed.rejected");
    buf_printf(p->out, "%-*s", LABEL, "feed");
    put_text(p->out, doc_text(o, "feed.name"));
    buf_puts(p->out, "  ");
    put_count(p->out, doc_int(o, "feed.rows"));
    buf_printf(p->out, " rows  %s", doc_text(o, "feed.proof"));
    if (*doc_text(o, "feed.how")) {
        buf_puts(p->out, strcmp(doc_text(o, "feed.proof"), "proven") == 0 ? " by " : ": ");
        put_text(p->out, doc_text(o, "feed.how"));
    }
    if (rejected) {
        buf_puts(p->out, "   ");
        put_count(p->out, rejected);
        buf_puts(p->out, " rejected");
    }
    buf_putc(p->out, '\n');
    if (*doc_text(o, "feed.broken")) {
        buf_printf(p->out, "%-*s", LABEL, "");
        colour(p, "31");
        buf_puts(p->out, "broken: ");
        put_text(p->out, doc_text(o, "feed.broken"));
        colour(p, "0");
        buf_putc(p->out, '\n');
    }
}

static void tenant_line(struct page *p)
{
    const void *o = p->r->overview;
    buf_printf(p->out, "%-*s%s ", LABEL, "tenant", doc_text(o, "tenant.connector"));
    put_text(p->out, doc_text(o, "tenant.label"));
    buf_puts(p->out, "  ");
    put_count(p->out, doc_int(o, "tenant.users"));
    buf_puts(p->out, " users, ");
    put_count(p->out, doc_int(o, "tenant.active"));
    buf_puts(p->out, " active  ");
    if (strcmp(doc_text(o, "tenant.proof"), "all") == 0)
        buf_puts(p->out, "proven by ");
    put_text(p->out, doc_text(o, "tenant.how"));
    buf_puts(p->out, "\n\n");
}

/* Changes ------------------------------------------------------------------------------------------------------------------------- */

static void pattern_line(struct page *p, const json_t *pattern, bool first)
{
    const char *text = json_string_value(json_object_get(pattern, "text"));
    char count[28];
    size_t room = PATTERN, wide = utf8_width(str_of(text ? text : ""));
    if (!first)
        buf_printf(p->out, "%-*s", 4 + 12 + 8, "");
    buf_printf(p->out, "  %s%*s %7s\n", text ? text : "", (int)(wide < room ? room - wide : 0), "",
               text_count(count, json_integer_value(json_object_get(pattern, "users"))));
}

static void kind_lines(struct page *p, enum change_kind k)
{
    char path[64], count[28];
    size_t i;
    json_t *pattern;
    snprintf(path, sizeof path, "changes.%s.planned", change_kind_name[k]);
    int64_t planned = doc_int(p->r->overview, path);
    if (planned == 0)
        return;
    p->plain = false;
    colour(p, k == CHANGE_DEACTIVATE || k == CHANGE_RETIRE ? "31" : k == CHANGE_CREATE ? "32" : "33");
    buf_printf(p->out, "  %s %-12s%8s", kind_mark[k], change_kind_name[k], text_count(count, planned));
    colour(p, "0");
    snprintf(path, sizeof path, "changes.%s.patterns", change_kind_name[k]);
    const json_t *patterns = doc_at(p->r->overview, path);
    if (json_array_size(patterns) == 0)
        buf_putc(p->out, '\n');
    json_array_foreach(patterns, i, pattern)
        pattern_line(p, pattern, i == 0);
}

/* Withheld ------------------------------------------------------------------------------------------------------------------------ */

static void guard_line(struct page *p, enum change_kind k)
{
    char path[64];
    snprintf(path, sizeof path, "guards.%s", change_kind_name[k]);
    const json_t *g = doc_at(p->r->overview, path);
    if (!json_is_true(json_object_get(g, "tripped")))
        return;
    bool accepted = json_is_true(json_object_get(g, "accepted"));
    buf_printf(p->out, "  %-12s ", change_kind_name[k]);
    put_count(p->out, json_integer_value(json_object_get(g, "wanted")));
    buf_puts(p->out, " of at most ");
    put_count(p->out, json_integer_value(json_object_get(g, "limit")));
    buf_puts(p->out, accepted ? "      accepted for this run\n" : "      more than the guard allows: a person has to say yes\n");
}

static void hold_examples(struct page *p, const json_t *examples)
{
    size_t i;
    json_t *e;
    json_array_foreach(examples, i, e) {
        const char *key = json_string_value(json_object_get(e, "key")), *why = json_string_value(json_object_get(e, "why"));
        buf_printf(p->out, "%-17s", "");
        put_text(p->out, key ? key : "");
        if (why && *why) {
            buf_puts(p->out, ": ");
            put_text(p->out, why);
        }
        buf_putc(p->out, '\n');
    }
}

static void hold_lines(struct page *p)
{
    size_t i;
    json_t *h;
    json_array_foreach(doc_at(p->r->overview, "holds"), i, h) {
        const char *name = json_string_value(json_object_get(h, "hold"));
        if (!name || strcmp(name, hold_name[HOLD_GUARD]) == 0)
            continue;
        char count[28];
        buf_printf(p->out, "  %s  %s\n", name, text_count(count, json_integer_value(json_object_get(h, "count"))));
        hold_examples(p, json_object_get(h, "examples"));
    }
}

static void withheld(struct page *p)
{
    if (json_array_size(doc_at(p->r->overview, "holds")) == 0)
        return;
    p->plain = false;
    buf_puts(p->out, "\nwithheld\n");
    for (size_t k = 0; k < CHANGE_KINDS; k++)
        guard_line(p, kinds_shown[k]);
    hold_lines(p);
}

static void ambiguous(struct page *p)
{
    int64_t n = doc_int(p->r->overview, "ambiguous.count");
    size_t i;
    json_t *a;
    if (n == 0)
        return;
    buf_printf(p->out, "%-*s", LABEL, "ambiguous");
    put_count(p->out, n);
    buf_putc(p->out, '\n');
    json_array_foreach(doc_at(p->r->overview, "ambiguous.persons"), i, a) {
        if (i == 5)
            break;
        buf_printf(p->out, "  line ");
        put_count(p->out, json_integer_value(json_object_get(a, "line")));
        buf_puts(p->out, ": ");
        put_text(p->out, doc_text(a, "key"));
        buf_putc(p->out, ' ');
        put_text(p->out, doc_text(a, "text"));
        buf_putc(p->out, '\n');
    }
}

static void absent(struct page *p)
{
    int64_t n = doc_int(p->r->overview, "absent.count");
    if (n) {
        buf_printf(p->out, "%-*s", LABEL, "absent");
        put_count(p->out, n);
        buf_puts(p->out, " users are not in the feed and stay as they are\n");
    }
    if (*doc_text(p->r->overview, "absent.why_untrusted")) {
        buf_printf(p->out, "%-*snobody is taken for absent: ", LABEL, n ? "" : "absent");
        put_text(p->out, doc_text(p->r->overview, "absent.why_untrusted"));
        buf_putc(p->out, '\n');
    }
}

/* Calls, and what to type next ---------------------------------------------------------------------------------------------------- */

static void calls_line(struct page *p)
{
    const void *o = p->r->overview;
    char span[32];
    int64_t reads = doc_int(o, "calls.reads"), writes = doc_int(o, "calls.writes"), quota = doc_int(o, "calls.quota");
    size_t i;
    json_t *rate;
    buf_printf(p->out, "\n%-*s", LABEL, "calls");
    put_count(p->out, writes);
    buf_puts(p->out, " writes, ");
    put_count(p->out, reads);
    buf_printf(p->out, " reads; at least %s at", time_span(span, doc_int(o, "calls.least_us")));
    json_array_foreach(doc_at(o, "calls.rate"), i, rate)
        buf_printf(p->out, " %s", json_string_value(rate) ? json_string_value(rate) : "");
    if (quota > 0)
        buf_printf(p->out, "; %.1f %% of the day's quota", 100.0 * (double)(reads + writes) / (double)quota);
    buf_putc(p->out, '\n');
}

static void plan_line(struct page *p)
{
    buf_printf(p->out, "%-*s%s  valid until %s\n%-*ssha256 %s\n", LABEL, "plan", p->r->run.id, doc_text(p->r->overview, "plan.valid_until"), LABEL, "", p->r->run.plan_sha256);
}

static bool any_tripped(const struct report_run *r, struct buf *accepts)
{
    bool any = false;
    for (size_t k = 0; k < CHANGE_KINDS; k++) {
        char path[64];
        snprintf(path, sizeof path, "guards.%s", change_kind_name[kinds_shown[k]]);
        const json_t *g = doc_at(r->overview, path);
        if (!json_is_true(json_object_get(g, "tripped")) || json_is_true(json_object_get(g, "accepted")))
            continue;
        buf_printf(accepts, " --accept %s=%lld", change_kind_name[kinds_shown[k]], (long long)json_integer_value(json_object_get(g, "wanted")));
        any = true;
    }
    return any;
}

static void what_next(struct page *p)
{
    struct buf accepts = BUF_INIT(1000);
    const char *id = p->r->run.id;
    bool tripped = any_tripped(p->r, &accepts), some = p->r->run.changes > p->r->run.held;
    if (p->r->run.state != RUN_PLANNED && p->r->run.state != RUN_HELD)
        return;
    buf_puts(p->out, "\nNothing was changed.");
    if (some)
        buf_printf(p->out, " To apply it%s:  rollcall apply %s", tripped ? " without what the guards hold" : "", id);
    buf_putc(p->out, '\n');
    if (tripped)
        buf_printf(p->out, "To allow exactly these:  rollcall apply %s%s\n", id, accepts.p);
    if (p->r->run.changes > 0)
        buf_printf(p->out, "Who they are:  rollcall show %s --kind all\n", id);
    buf_deinit(&accepts);
}

void report_plan(const struct report_run *r, const struct report_style *style, struct buf *out)
{
    struct page p = { r, style, out, true };
    feed_line(&p);
    tenant_line(&p);
    for (size_t k = 0; k < CHANGE_KINDS; k++)
        kind_lines(&p, kinds_shown[k]);
    withheld(&p);
    if (p.plain)
        buf_puts(out, "  nothing to do: tenant and feed agree\n");
    if (doc_int(r->overview, "ambiguous.count") || doc_int(r->overview, "absent.count") || *doc_text(r->overview, "absent.why_untrusted"))
        buf_putc(out, '\n');
    ambiguous(&p);
    absent(&p);
    calls_line(&p);
    plan_line(&p);
    what_next(&p);
}
