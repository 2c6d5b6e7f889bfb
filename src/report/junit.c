#include <stdio.h>
#include <string.h>

#include "report_internal.h"

/* JUnit XML for CI: a case for each kind that had changes, one for each guard, and one for each change that failed or was withheld, so that a pipeline shows them by name. */

struct suite {
    const struct report_run *r;
    struct buf out;
    uint64_t cases, failures, skipped;
};

/* XML 1.0 has no control characters at all but tab and line ends; what is invalid is shown as an escape. */
static void put_xml(struct buf *out, const char *text)
{
    struct buf shown = BUF_INIT(1024 * 1024);
    printable(&shown, str_of(text), 0);
    for (size_t i = 0; i < shown.n; i++) {
        switch (shown.p[i]) {
        case '<':
            buf_puts(out, "&lt;");
            break;
        case '>':
            buf_puts(out, "&gt;");
            break;
        case '&':
            buf_puts(out, "&amp;");
            break;
        case '"':
            buf_puts(out, "&quot;");
            break;
        default:
            buf_putc(out, shown.p[i]);
        }
    }
    buf_deinit(&shown);
}

static void test_case(struct suite *s, const char *group, const char *name, const char *failure, const char *skipped)
{
    s->cases++;
    buf_puts(&s->out, "  <testcase classname=\"rollcall.");
    put_xml(&s->out, group);
    buf_puts(&s->out, "\" name=\"");
    put_xml(&s->out, name);
    if (!failure && !skipped) {
        buf_puts(&s->out, "\"/>\n");
        return;
    }
    buf_printf(&s->out, "\">%s message=\"", failure ? "<failure" : "<skipped");
    put_xml(&s->out, failure ? failure : skipped);
    buf_puts(&s->out, "\"/></testcase>\n");
    *(failure ? &s->failures : &s->skipped) += 1;
}

static void kinds_and_guards(struct suite *s)
{
    for (size_t i = 0; i < CHANGE_KINDS; i++) {
        char path[64], text[120];
        const char *kind = change_kind_name[kinds_shown[i]];
        snprintf(path, sizeof path, "changes.%s.planned", kind);
        int64_t planned = doc_int(s->r->overview, path);
        snprintf(text, sizeof text, "%s: %lld planned", kind, (long long)planned);
        if (planned)
            test_case(s, "plan", text, NULL, NULL);
        snprintf(path, sizeof path, "guards.%s", kind);
        const json_t *g = doc_at(s->r->overview, path);
        snprintf(text, sizeof text, "%lld of at most %lld", (long long)doc_int(g, "wanted"), (long long)doc_int(g, "limit"));
        if (g)
            test_case(s, "guard", kind, doc_true(g, "tripped") && !doc_true(g, "accepted") ? text : NULL, NULL);
    }
}

static void conditions(struct suite *s)
{
    size_t i;
    json_t *c;
    json_array_foreach(doc_at(s->r->outcome ? s->r->outcome : s->r->overview, "conditions"), i, c) {
        const char *text = json_string_value(c);
        test_case(s, "condition", text ? text : "", text ? text : "", NULL);
    }
}

static bool change_case(void *ctx, const struct run_change *c)
{
    struct suite *s = ctx;
    struct stored_change change;
    char name[300], group[40];
    bool bad = c->outcome == OUTCOME_FAILED || c->outcome == OUTCOME_STALE || c->outcome == OUTCOME_UNRESOLVED || c->outcome == OUTCOME_NOT_VISIBLE;
    if (!bad && c->hold == HOLD_NONE)
        return true;
    if (!stored_change_read(c, &change)) {
        test_case(s, "change", "damaged", "a change cannot be read from the ledger", NULL);
        return true;
    }
    snprintf(name, sizeof name, "%s", *change.key ? change.key : change.user);
    snprintf(group, sizeof group, "change.%s", change_kind_name[c->kind]);
    test_case(s, group, name, bad ? (*change.text ? change.text : outcome_name[c->outcome]) : NULL, bad ? NULL : *change.why ? change.why : hold_name[c->hold]);
    stored_change_deinit(&change);
    return true;
}

int report_junit(struct ledger *l, const struct report_run *r, void (*write)(void *ctx, struct str text), void *ctx)
{
    /* The counts stand before the cases, so the cases are held: only what failed or is held has one. */
    struct suite s = { .r = r, .out = BUF_INIT(512 * 1024 * 1024) };
    struct buf head = BUF_INIT(64 * 1024);
    kinds_and_guards(&s);
    conditions(&s);
    int err = l->ops->change_each(l, r->run.id, change_case, &s);
    buf_puts(&head, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"rollcall ");
    put_xml(&head, r->run.job_name);
    buf_printf(&head, "\" tests=\"%llu\" failures=\"%llu\" errors=\"0\" skipped=\"%llu\">\n", (unsigned long long)s.cases, (unsigned long long)s.failures, (unsigned long long)s.skipped);
    write(ctx, buf_view(&head));
    write(ctx, buf_view(&s.out));
    write(ctx, STR("</testsuite>\n"));
    buf_deinit(&head);
    buf_deinit(&s.out);
    return err;
}
