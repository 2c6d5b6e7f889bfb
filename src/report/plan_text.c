/* The plan, for the person who signs it off. */
#include <stdio.h>
#include <string.h>

#include "report_internal.h"

#define WIDTH 100             /* when the terminal's is not known */
#define PATTERN_INDENT_MAX 30 /* what stands before a pattern, here and under a guard */
#define PATTERN_LEAST 16

static void colour(struct page *p, const char *code)
{
    if (p->style->colour)
        buf_printf(p->out, "\x1b[%sm", code);
}

static void label(struct page *p, const char *word)
{
    buf_printf(p->out, "%-*s", LABEL, word);
}

/* Head ---------------------------------------------------------------------------------------------------------------------------- */

static void feed_line(struct page *p)
{
    const void *o = p->r->overview;
    struct str proof = doc_text(o, "feed.proof"), how = doc_text(o, "feed.how");
    label(p, "feed");
    put_text(p->out, doc_text(o, "feed.name"));
    buf_puts(p->out, "  ");
    put_counted(p->out, doc_count(o, "feed.rows"), "row", "rows");
    buf_puts(p->out, "  ");
    if (str_is(proof, "broken")) {
        buf_puts(p->out, "BROKEN");
    } else {
        put_text(p->out, proof);
        if (how.n) {
            buf_puts(p->out, str_is(proof, "proven") ? " by " : ": ");
            put_shown(p->out, how);
        }
    }
    if (doc_count(o, "feed.rejected")) {
        buf_puts(p->out, "  ");
        put_count(p->out, doc_count(o, "feed.rejected"));
        buf_puts(p->out, " rejected");
    }
    buf_putc(p->out, '\n');
}

static void tenant_line(struct page *p)
{
    const void *o = p->r->overview;
    label(p, "tenant");
    put_text(p->out, doc_text(o, "tenant.connector"));
    buf_putc(p->out, ' ');
    put_text(p->out, doc_text(o, "tenant.label"));
    buf_puts(p->out, "  ");
    put_counted(p->out, doc_count(o, "tenant.users"), "user", "users");
    buf_puts(p->out, ", ");
    put_count(p->out, doc_count(o, "tenant.active"));
    buf_puts(p->out, " active  ");
    if (str_is(doc_text(o, "tenant.proof"), "all"))
        buf_puts(p->out, "proven by ");
    put_shown(p->out, doc_text(o, "tenant.how"));
    buf_putc(p->out, '\n');
}

/* What makes a plan less than it looks stands above it, and cannot be overlooked. */
static void alarm_begin(struct page *p)
{
    colour(p, "1;31");
    buf_puts(p->out, "  !! ");
}

static void alarm_end(struct page *p)
{
    colour(p, "0");
    buf_putc(p->out, '\n');
}

static bool feed_alarm(struct page *p)
{
    const void *o = p->r->overview;
    bool broken = str_is(doc_text(o, "feed.proof"), "broken"), rejects = doc_true(o, "feed.too_many_rejects");
    if (!broken && !rejects)
        return false;
    alarm_begin(p);
    if (broken) {
        buf_puts(p->out, "the feed is broken: ");
        put_shown(p->out, doc_text(o, "feed.broken"));
    } else {
        buf_puts(p->out, "more rows are rejected than the job allows: ");
        put_count(p->out, doc_count(o, "feed.rejected"));
        buf_puts(p->out, " of ");
        put_count(p->out, doc_count(o, "feed.rows"));
    }
    alarm_end(p);
    alarm_begin(p);
    buf_puts(p->out, "because of that nobody is created, deactivated or taken for absent");
    alarm_end(p);
    return true;
}

static void alarms(struct page *p)
{
    const void *o = p->r->overview;
    struct str proof = doc_text(o, "tenant.proof"), why = doc_text(o, "absent.why_untrusted");
    if (str_is(proof, "none")) {
        alarm_begin(p);
        buf_puts(p->out, "the list of users is not proven to be complete: nothing is written");
        alarm_end(p);
    }
    if (!feed_alarm(p) && why.n && str_is(doc_text(o, "absent.policy"), "deactivate")) {
        alarm_begin(p);
        buf_puts(p->out, "nobody is taken for absent: ");
        put_shown(p->out, why);
        alarm_end(p);
    }
}

/* Changes ------------------------------------------------------------------------------------------------------------------------- */

static size_t brief_width(struct str pattern)
{
    struct buf brief = BUF_INIT(64 * 1024);
    put_brief(&brief, pattern);
    size_t wide = utf8_width(buf_view(&brief));
    buf_deinit(&brief);
    return wide;
}

static void measure(struct page *p)
{
    size_t width = p->style->width ? p->style->width : WIDTH, i;
    json_t *pattern;
    char count[28];
    for (size_t k = 0; k < CHANGE_KINDS; k++)
        json_array_foreach(doc_kind(p->r->overview, "changes", kinds_shown[k], "patterns"), i, pattern)
        {
            size_t wide = brief_width(doc_text(pattern, "text"));
            size_t n = strlen(text_count(count, doc_count(pattern, "users")));
            p->pattern = wide > p->pattern ? wide : p->pattern;
            p->count = n > p->count ? n : p->count;
        }
    size_t taken = PATTERN_INDENT_MAX + 2 + p->count + strlen(" users");
    size_t room = width > taken + PATTERN_LEAST ? width - taken : PATTERN_LEAST;
    p->pattern = p->pattern < room ? p->pattern : room;
}

static void pattern_line(struct page *p, const json_t *pattern)
{
    struct buf shown = BUF_INIT(64 * 1024), cut = BUF_INIT(64 * 1024);
    char count[28];
    int64_t users = doc_count(pattern, "users");
    put_brief(&shown, doc_text(pattern, "text"));
    put_pattern(&cut, buf_view(&shown), p->pattern);
    buf_str(p->out, buf_view(&cut));
    size_t wide = utf8_width(buf_view(&cut));
    put_spaces(p->out, wide < p->pattern ? p->pattern - wide : 0);
    const char *unit = p->counted ? "" : users == 1 ? " user" : " users";
    buf_printf(p->out, "  %*s%s\n", (int)p->count, text_count(count, users), unit);
    p->counted = true;
    buf_deinit(&shown);
    buf_deinit(&cut);
}

void page_patterns(struct page *p, enum change_kind k, size_t indent)
{
    const json_t *patterns = doc_kind(p->r->overview, "changes", k, "patterns");
    size_t i;
    json_t *pattern;
    if (json_array_size(patterns) == 0)
        buf_putc(p->out, '\n');
    json_array_foreach(patterns, i, pattern)
    {
        put_spaces(p->out, i ? indent : 0);
        pattern_line(p, pattern);
    }
}

static bool kind_lines(struct page *p, enum change_kind k)
{
    char count[28];
    int64_t planned = count_value(doc_kind(p->r->overview, "changes", k, "planned"));
    if (planned == 0)
        return false;
    colour(p, k == CHANGE_DEACTIVATE || k == CHANGE_RETIRE ? "31" : k == CHANGE_CREATE ? "32" : "33");
    buf_printf(p->out, "  %s %-12s%8s", kind_mark[k], change_kind_name[k], text_count(count, planned));
    colour(p, "0");
    buf_puts(p->out, json_array_size(doc_kind(p->r->overview, "changes", k, "patterns")) ? "   " : "");
    page_patterns(p, k, 24 + 3);
    return true;
}

static void changes(struct page *p)
{
    bool any = false;
    buf_putc(p->out, '\n');
    for (size_t k = 0; k < CHANGE_KINDS; k++)
        any |= kind_lines(p, kinds_shown[k]);
    if (any)
        return;
    if (p->r->run.held)
        buf_puts(p->out, "  nothing to do but what is withheld\n");
    else if (str_is(doc_text(p->r->overview, "feed.proof"), "broken"))
        buf_puts(p->out, "  nothing to do, as far as a broken feed can tell\n");
    else if (doc_count(p->r->overview, "does_not_stick.count"))
        buf_puts(p->out, "  nothing to do: tenant and feed agree but for what does not stick\n");
    else
        buf_puts(p->out, "  nothing to do: tenant and feed agree\n");
}

/* Calls, and what to type next ---------------------------------------------------------------------------------------------------- */

static void quota(struct page *p, double calls)
{
    const void *o = p->r->overview;
    int64_t day = doc_count(o, "calls.quota"), used = doc_count(o, "calls.quota_used_before");
    if (day <= 0)
        return;
    label(p, "");
    buf_printf(p->out, "%.3g %% of a day's ", 100.0 * calls / (double)day);
    put_count(p->out, day);
    buf_puts(p->out, " calls");
    if (used > 0) {
        buf_puts(p->out, ", of which ");
        put_count(p->out, used);
        buf_puts(p->out, used == 1 ? " was used before" : " were used before");
    }
    buf_putc(p->out, '\n');
    if ((double)used + calls > (double)day) {
        alarm_begin(p);
        buf_puts(p->out, "that is more than is left of the day: the run would end on the way, to be resumed");
        alarm_end(p);
    }
}

/* What the writes are, by endpoint: whoever knows the vendor sees at once whether that is believable. */
static void endpoints_line(struct page *p)
{
    size_t i;
    json_t *e;
    bool any = false;
    json_array_foreach(doc_at(p->r->overview, "calls.endpoints"), i, e)
    {
        int64_t planned = doc_count(e, "planned");
        if (!doc_true(e, "write") || planned == 0)
            continue;
        if (!any)
            buf_printf(p->out, "%-*s", LABEL, "");
        buf_puts(p->out, any ? ", " : "");
        put_count(p->out, planned);
        buf_putc(p->out, ' ');
        put_text(p->out, doc_text(e, "name"));
        any = true;
    }
    if (any)
        buf_putc(p->out, '\n');
}

static void calls_line(struct page *p)
{
    const void *o = p->r->overview;
    char span[32];
    int64_t reads = doc_count(o, "calls.reads"), writes = doc_count(o, "calls.writes");
    size_t i;
    json_t *rate;
    label(p, "calls");
    put_counted(p->out, writes, "write", "writes");
    buf_puts(p->out, ", ");
    put_counted(p->out, reads, "read", "reads");
    if (doc_count(o, "calls.least_us"))
        buf_printf(p->out, "; at least %s", time_span(span, doc_count(o, "calls.least_us")));
    json_array_foreach(doc_at(o, "calls.rate"), i, rate)
    {
        buf_puts(p->out, i ? " " : " at ");
        put_text(p->out, text_value(rate));
    }
    buf_putc(p->out, '\n');
    quota(p, (double)reads + (double)writes);
    endpoints_line(p);
}

static void plan_lines(struct page *p)
{
    label(p, "plan");
    put_text(p->out, str_of(p->r->run.id));
    buf_puts(p->out, "  valid until ");
    put_text(p->out, doc_text(p->r->overview, "plan.valid_until"));
    buf_putc(p->out, '\n');
    label(p, "");
    buf_puts(p->out, "sha256 ");
    put_text(p->out, str_of(p->r->run.plan_sha256));
    buf_putc(p->out, '\n');
}

/* "the updates and the deactivations" */
static size_t stopped_kinds(const struct page *p, struct buf *names, struct buf *accepts)
{
    size_t n = 0, left = 0;
    for (size_t k = 0; k < CHANGE_KINDS; k++)
        left += guard_stops(p->r, kinds_shown[k]);
    for (size_t i = 0; i < CHANGE_KINDS; i++) {
        enum change_kind k = kinds_shown[i];
        if (!guard_stops(p->r, k))
            continue;
        buf_printf(names, "%sthe %s", n == 0 ? "" : n + 1 == left ? " and " : ", ", kind_plural[k]);
        buf_printf(accepts, " --accept %s=%lld", change_kind_name[k],
                   (long long)count_value(doc_kind(p->r->overview, "guards", k, "wanted")));
        n++;
    }
    return n;
}

static void what_next(struct page *p)
{
    struct buf names = BUF_INIT(1000), accepts = BUF_INIT(1000);
    const struct run *run = &p->r->run;
    if (run->state != RUN_PLANNED && run->state != RUN_HELD)
        return;
    size_t stopped = stopped_kinds(p, &names, &accepts);
    buf_puts(p->out, "\nNothing was changed.");
    if (run->changes > run->held)
        buf_printf(p->out, " To apply it%s%s:  rollcall apply %s", stopped ? " without " : "",
                   stopped ? names.p : "", run->id);
    buf_putc(p->out, '\n');
    if (stopped)
        buf_printf(p->out, "To allow exactly these%s:  rollcall apply %s%s\n",
                   run->changes > run->held ? " as well" : "", run->id, accepts.p);
    if (run->changes > 0)
        buf_printf(p->out, "Who they are:  rollcall show %s --kind all\n", run->id);
    buf_deinit(&names);
    buf_deinit(&accepts);
}

void report_plan(const struct report_run *r, const struct report_style *style, struct buf *out)
{
    struct page p = { .r = r, .style = style, .out = out, .pattern = PATTERN_LEAST };
    measure(&p);
    feed_line(&p);
    tenant_line(&p);
    alarms(&p);
    changes(&p);
    page_withheld(&p);
    page_ambiguous(&p);
    page_rejected(&p);
    page_absent(&p);
    page_unstuck(&p);
    buf_putc(out, '\n');
    calls_line(&p);
    plan_lines(&p);
    what_next(&p);
}

void report_plan_line(const struct report_run *r, struct buf *out)
{
    int64_t marked[256] = { 0 };
    char count[28];
    bool any = false;
    for (size_t k = 0; k < CHANGE_KINDS; k++)
        marked[(unsigned char)kind_mark[k][0]] +=
            count_value(doc_kind(r->overview, "changes", (enum change_kind)k, "planned"));
    buf_printf(out, "plan %s  ", r->run.id);
    for (size_t i = 0; i < CHANGE_KINDS; i++) {
        int64_t *sum = &marked[(unsigned char)kind_mark[kinds_shown[i]][0]];
        if (*sum)
            buf_printf(out, " %s%s", kind_mark[kinds_shown[i]], text_count(count, *sum));
        any |= *sum != 0;
        *sum = 0; /* two kinds share a mark */
    }
    buf_printf(out, "%s, withheld %s\n", any ? "" : " nothing to do",
               text_count(count, (int64_t)r->run.held));
}
