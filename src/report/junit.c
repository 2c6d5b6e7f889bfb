/* JUnit XML for CI: a case for the run, for each kind with changes, each guard and each condition, and one
 * for each change that failed or is withheld, so that a pipeline shows them by name. The counts stand before
 * the cases, so all of it is made twice: first counted, then written. */
#include <stdio.h>
#include <string.h>

#include "report_internal.h"

#define PIECE_MAX ((size_t)64 * 1024 * 1024)

struct suite {
    const struct report_run *r;
    report_write write; /* NULL: only counting */
    void *ctx;
    struct buf out; /* of one case */
    uint64_t cases, failures, skipped;
};

/* Attributes and text. XML 1.0 has no control characters at all but tab and line ends; put_shown() has made
 * escapes of them. */
static void put_xml(struct buf *out, struct str shown)
{
    static const struct {
        char c;
        const char *name;
    } named[] = { { '<', "&lt;" }, { '>', "&gt;" }, { '&', "&amp;" }, { '"', "&quot;" } };
    struct buf text = BUF_INIT(PIECE_MAX);
    put_shown(&text, shown);
    for (size_t i = 0; i < text.n; i++) {
        size_t k = 0;
        while (k < array_len(named) && named[k].c != text.p[i])
            k++;
        if (k < array_len(named))
            buf_puts(out, named[k].name);
        else
            buf_putc(out, text.p[i]);
    }
    buf_deinit(&text);
}

enum verdict { PASSED, FAILED, SKIPPED };

static void test_case(struct suite *s, const char *group, struct str name, enum verdict verdict,
                      struct str text)
{
    const char *const tag = verdict == FAILED ? "failure" : "skipped";
    s->cases++;
    s->failures += verdict == FAILED;
    s->skipped += verdict == SKIPPED;
    if (!s->write)
        return;
    buf_printf(&s->out, "    <testcase classname=\"rollcall.%s\" name=\"", group);
    put_xml(&s->out, name);
    if (verdict == PASSED) {
        buf_puts(&s->out, "\"/>\n");
    } else {
        buf_printf(&s->out, "\"><%s message=\"", tag);
        put_xml(&s->out, text);
        buf_puts(&s->out, "\">");
        put_xml(&s->out, text);
        buf_printf(&s->out, "</%s></testcase>\n", tag);
    }
    s->write(s->ctx, buf_view(&s->out));
    buf_clear(&s->out);
}

/* Whether it came to its end; what it ended with is the conditions' to say. */
static void run_case(struct suite *s)
{
    const struct report_run *r = s->r;
    bool ended =
        r->run.state != RUN_APPLYING && r->run.state != RUN_INTERRUPTED && r->run.state != RUN_FAILED;
    struct str message = doc_text(r->outcome, "run.message");
    test_case(s, "run", str_of(r->run.id), ended ? PASSED : FAILED,
              message.n ? message : str_of(run_state_name[r->run.state]));
}

static void kinds_and_guards(struct suite *s)
{
    const void *o = s->r->overview;
    for (size_t i = 0; i < CHANGE_KINDS; i++) {
        char text[120];
        enum change_kind k = kinds_shown[i];
        long long planned = json_integer_value(doc_kind(o, "changes", k, "planned"));
        snprintf(text, sizeof text, "%s: %lld planned", change_kind_name[k], planned);
        if (planned)
            test_case(s, "plan", str_of(text), PASSED, (struct str){ NULL, 0 });
        snprintf(text, sizeof text, "%lld of at most %lld",
                 (long long)json_integer_value(doc_kind(o, "guards", k, "wanted")),
                 (long long)json_integer_value(doc_kind(o, "guards", k, "limit")));
        if (doc_kind(o, "guards", k, "tripped"))
            test_case(s, "guard", str_of(change_kind_name[k]), guard_stops(s->r, k) ? FAILED : PASSED,
                      str_of(text));
    }
}

/* With exit code 0 or 2 (there are changes) nothing is wrong, whatever there is to say. */
static void conditions(struct suite *s)
{
    const void *doc = s->r->outcome ? s->r->outcome : s->r->overview;
    int64_t code = s->r->outcome ? doc_int(doc, "run.exit_code") : 1;
    size_t i;
    json_t *c;
    json_array_foreach(doc_at(doc, "conditions"), i, c)
    {
        struct str text = text_value(c);
        bool fine = code == 0 || code == 2 || str_starts(text, STR("accepted: "));
        test_case(s, "condition", text, fine ? PASSED : FAILED, text);
    }
}

static void failed_case(struct suite *s, const struct stored_change *c)
{
    char group[40];
    struct buf name = BUF_INIT(PIECE_MAX), text = BUF_INIT(PIECE_MAX);
    bool bad = outcome_is_bad(c->outcome);
    snprintf(group, sizeof group, "change.%s", change_kind_name[c->kind]);
    put_text(&name, stored_change_name(c));
    buf_puts(&text, bad ? outcome_words[c->outcome] : "");
    if (bad && c->text.n) {
        buf_puts(&text, ": ");
        put_shown(&text, c->text);
    } else if (c->hold) {
        put_hold(&text, c->hold, c->why);
    } else if (!bad) {
        put_shown(&text, c->text);
    }
    test_case(s, group, buf_view(&name), bad ? FAILED : SKIPPED, buf_view(&text));
    buf_deinit(&name);
    buf_deinit(&text);
}

static bool change_case(void *ctx, const struct run_change *c)
{
    struct suite *s = ctx;
    struct stored_change change;
    bool left_out = change_withheld(c) || c->outcome == OUTCOME_WITHHELD;
    if (!outcome_is_bad(c->outcome) && !left_out)
        return true;
    if (stored_change_read(c, &change))
        failed_case(s, &change);
    else
        test_case(s, "change", STR("damaged"), FAILED, STR("a change of the run is damaged in the ledger"));
    stored_change_deinit(&change);
    return true;
}

/* No failure: it was told as one when it was found. */
static void unstuck_cases(struct suite *s)
{
    size_t i;
    json_t *v;
    json_array_foreach(doc_at(s->r->overview, "does_not_stick.values"), i, v)
    {
        struct buf name = BUF_INIT(PIECE_MAX), text = BUF_INIT(PIECE_MAX);
        put_text(&name, doc_text(v, "key").n ? doc_text(v, "key") : doc_text(v, "user"));
        buf_putc(&name, ' ');
        put_text(&name, doc_text(v, "attribute"));
        buf_puts(&text, "accepted on ");
        put_text(&text, doc_text(v, "since"));
        buf_puts(&text, " and never shown; not sent again");
        test_case(s, "does_not_stick", buf_view(&name), SKIPPED, buf_view(&text));
        buf_deinit(&name);
        buf_deinit(&text);
    }
}

static int all_cases(struct suite *s, struct ledger *l)
{
    run_case(s);
    kinds_and_guards(s);
    conditions(s);
    unstuck_cases(s);
    return l->ops->change_each(l, s->r->run.id, change_case, s);
}

int report_junit(struct ledger *l, const struct report_run *r, report_write write, void *ctx)
{
    struct suite counted = { .r = r, .out = BUF_INIT(0) };
    struct suite s = { .r = r, .write = write, .ctx = ctx, .out = BUF_INIT(4 * PIECE_MAX) };
    int err = all_cases(&counted, l);
    if (err != 0)
        return err;
    buf_puts(&s.out,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"rollcall ");
    put_xml(&s.out, str_of(r->run.job_name));
    buf_printf(&s.out, "\" tests=\"%llu\" failures=\"%llu\" errors=\"0\" skipped=\"%llu\">\n",
               (unsigned long long)counted.cases, (unsigned long long)counted.failures,
               (unsigned long long)counted.skipped);
    write(ctx, buf_view(&s.out));
    buf_clear(&s.out);
    err = all_cases(&s, l);
    write(ctx, STR("  </testsuite>\n</testsuites>\n"));
    buf_deinit(&s.out);
    return err;
}
