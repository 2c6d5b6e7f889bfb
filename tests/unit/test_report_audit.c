/* Views of a run for machines: the audit and its sums, JUnit; and that their size does not matter. */
#include "unit.h"

#include "report_bed.h"

#include <errno.h>

static json_t *audit(struct report_bed *b, int want, char why[300])
{
    struct report_run r;
    struct buf out = BUF_INIT((size_t)1 << 20);
    bed_load(b, &r);
    why[0] = '\0';
    const int err = report_audit(b->l, &r, to_buf, &out, why);
    ck_assert_msg(err == want, "%d: %s", err, why);
    json_t *doc = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(doc);
    ck_assert_int_eq(doc_true(doc, "sums.hold"), want == 0);
    buf_deinit(&out);
    report_deinit(&r);
    return doc;
}

START_TEST(audit_of_a_night)
{
    struct report_bed b;
    char why[300];
    night(&b, RUN_DONE);
    json_t *doc = audit(&b, 0, why);
    ck_assert_int_eq(doc_int(doc, "version"), 1);
    assert_str(doc_text(doc, "run.id"), NIGHT);
    assert_str(doc_text(doc, "run.state"), "done");
    ck_assert_int_eq(doc_int(doc, "run.exit_code"), 5);
    ck_assert_int_eq(doc_int(doc, "run.took_us"), 478000000);
    ck_assert(json_is_null(doc_at(doc, "run.message")));
    ck_assert_uint_eq(json_array_size(doc_at(doc, "conditions")), 2);
    ck_assert_int_eq(doc_int(doc, "outcomes.applied"), 2);
    const json_t *changes = doc_at(doc, "changes"), *first = json_array_get(changes, 0);
    ck_assert_uint_eq(json_array_size(changes), NIGHT_CHANGES);
    assert_str(doc_text(first, "change.kind"), "create");
    assert_str(doc_text(first, "outcome"), "applied");
    assert_str(doc_text(first, "new_id"), "u100");
    ck_assert_uint_eq(json_array_size(doc_at(first, "steps")), 2);
    assert_str(doc_text(json_array_get(doc_at(first, "steps"), 1), "state"), "unknown");
    assert_str(doc_text(json_array_get(changes, 3), "text"), "User/Update: no such role");
    assert_str(doc_text(json_array_get(changes, 6), "hold"), "cycle");
    ck_assert(json_is_null(doc_at(json_array_get(changes, 1), "text")));
    json_decref(doc);
    ledger_free(b.l);
}
END_TEST

/* A plan, the end of its planning told; a run that was killed: nothing is told of its end. */
START_TEST(audit_without_an_end)
{
    struct report_bed b;
    char why[300];
    night(&b, RUN_PLANNED);
    bed_text(&b, "outcome",
             "{\"accepted\":{},\"outcomes\":{\"none\":7,\"withheld\":3},\"run\":{\"exit_code\":5,"
             "\"state\":\"planned\"},\"version\":1}");
    json_t *doc = audit(&b, 0, why);
    ck_assert_int_eq(doc_int(doc, "run.exit_code"), 5);
    ck_assert(json_is_null(doc_at(json_array_get(doc_at(doc, "changes"), 0), "outcome")));
    json_decref(doc);
    bed_run(&b, RUN_APPLYING);
    ck_assert_int_eq(b.l->ops->change_outcome(b.l, NIGHT, 0, OUTCOME_APPLIED, STR("{}")), 0);
    doc = audit(&b, 0, why);
    assert_str(doc_text(doc, "run.state"), "applying");
    ck_assert(json_is_null(doc_at(doc, "run.exit_code")));
    ck_assert(json_is_null(doc_at(doc, "outcomes")));
    ck_assert_uint_eq(json_array_size(doc_at(doc, "conditions")), 1);
    json_decref(doc);
    ledger_free(b.l);
}
END_TEST

/* The words of docs/audit.schema.json are the program's, in its order. `more`: null stands behind them. */
static void same_words(const json_t *words, const char *const *name, size_t n, bool more)
{
    ck_assert_uint_eq(json_array_size(words), n + more);
    for (size_t i = 0; i < n; i++)
        assert_str(text_value(json_array_get(words, i)), name[i]);
}

START_TEST(schema_has_our_words)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/docs/audit.schema.json", getenv("SOURCE_ROOT"));
    json_t *schema = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_msg(schema != NULL, "'%s' cannot be read", path);
    same_words(doc_at(schema, "$defs.kind.enum"), change_kind_name, CHANGE_KINDS, false);
    same_words(doc_at(schema, "$defs.hold.enum"), hold_name + 1, HOLDS - 1, false);
    same_words(doc_at(schema, "$defs.stored_change.properties.outcome.enum"), outcome_name + 1, OUTCOMES - 1,
               true);
    same_words(doc_at(schema, "properties.rejects.items.properties.reason.enum"), reject_reason_name + 1,
               REJECT_REASONS - 1, false);
    ck_assert_uint_eq(json_object_size(doc_at(schema, "properties.guards.properties")), CHANGE_KINDS);
    ck_assert_uint_eq(json_object_size(doc_at(schema, "properties.fates.properties.rows.properties")),
                      ROW_FATES);
    ck_assert_uint_eq(json_object_size(doc_at(schema, "properties.fates.properties.users.properties")),
                      USER_FATES);
    json_decref(schema);
}
END_TEST

/* Sums ---------------------------------------------------------------------------------------------------------------------------- */

/* Every number that is a sum of something, wrong by one, is found and named. */
START_TEST(sums_that_do_not_hold)
{
    static const struct {
        const char *from, *to, *named;
    } wrong[] = {
        { "\"rows\":13", "\"rows\":14", "rows of the feed by fate: 14 stated, 13 counted" },
        { "\"excluded\":1", "\"excluded\":2", "rows of the feed by fate: 13 stated, 14 counted" },
        { "\"rejected\":1,\"rows\"", "\"rejected\":2,\"rows\"", "rejected rows: 2 stated, 1 counted" },
        { "\"users\":28914", "\"users\":28913", "users of the tenant by fate: 28913 stated" },
        { "\"in_sync\":28901", "\"in_sync\":9223372036854775807", "users of the tenant by fate" },
        { "\"planned\":3}", "\"planned\":2}", "planned changes of kind update: 2 stated, 3 counted" },
        { "\"deactivate\":{\"held\":2", "\"deactivate\":{\"held\":1", "held changes of kind deactivate" },
        { "\"hold\":\"cycle\"", "\"hold\":\"need\"", "changes held for cycle: 0 stated, 1 counted" },
    };
    for (size_t i = 0; i < array_len(wrong); i++) {
        struct report_bed b;
        struct buf text = BUF_INIT(65536);
        char why[300];
        const char *at = strstr(NIGHT_OVERVIEW, wrong[i].from);
        ck_assert_ptr_nonnull(at);
        buf_add(&text, NIGHT_OVERVIEW, (size_t)(at - NIGHT_OVERVIEW));
        buf_puts(&text, wrong[i].to);
        buf_puts(&text, at + strlen(wrong[i].from));
        night(&b, RUN_DONE);
        bed_text(&b, "overview", text.p);
        json_decref(audit(&b, -EBADMSG, why));
        ck_assert_msg(strstr(why, wrong[i].named) != NULL, "'%s' is not in '%s'", wrong[i].named, why);
        buf_deinit(&text);
        ledger_free(b.l);
    }
}
END_TEST

START_TEST(counts_of_the_run_that_do_not_hold)
{
    struct report_bed b;
    char why[300];
    night(&b, RUN_DONE);
    b.run.changes = 11;
    bed_run(&b, RUN_DONE);
    json_decref(audit(&b, -EBADMSG, why));
    ck_assert_ptr_nonnull(strstr(why, "changes of the run: 11 stated, 10 counted"));
    b.run.changes = 10;
    b.run.held = 4;
    bed_run(&b, RUN_DONE);
    json_decref(audit(&b, -EBADMSG, why));
    ck_assert_ptr_nonnull(strstr(why, "held changes of the run: 4 stated, 3 counted"));
    b.run.held = 3;
    bed_run(&b, RUN_DONE);
    ck_assert_int_eq(b.l->ops->change_outcome(b.l, NIGHT, 1, OUTCOME_FAILED, STR("{}")), 0);
    json_decref(audit(&b, -EBADMSG, why));
    ck_assert_ptr_nonnull(strstr(why, "changes with outcome already: 1 stated, 0 counted"));
    ledger_free(b.l);
}
END_TEST

START_TEST(damaged_changes_are_counted)
{
    struct report_bed b;
    char why[300];
    night(&b, RUN_DONE);
    ck_assert_int_eq(b.l->ops->change_outcome(b.l, NIGHT, 4, OUTCOME_UNRESOLVED, STR("{\"text\":")), 0);
    json_t *doc = audit(&b, -EBADMSG, why);
    ck_assert_ptr_nonnull(strstr(why, "1 change of the run is damaged in the ledger, the first is number 4"));
    ck_assert_int_eq(doc_int(doc, "sums.damaged"), 1);
    ck_assert_uint_eq(json_array_size(doc_at(doc, "changes")), NIGHT_CHANGES - 1);
    json_decref(doc);
    ledger_free(b.l);
}
END_TEST

/* JUnit --------------------------------------------------------------------------------------------------------------------------- */

/* Enough of XML to see that ours is well-formed: tags that close in order, attributes in double quotes, and
 * no bare '<' or '&'. Counts the elements of a name. */
struct xml {
    const char *at, *end;
    char open[8][32];
    size_t depth, cases, failures, skipped;
};

static bool xml_text(struct xml *x, char until)
{
    for (; x->at < x->end && *x->at != until; x->at++) {
        if (*x->at == '<' || ((unsigned char)*x->at < 0x20 && *x->at != '\n'))
            return false;
        if (*x->at == '&' && strncmp(x->at, "&lt;", 4) != 0 && strncmp(x->at, "&gt;", 4) != 0 &&
            strncmp(x->at, "&amp;", 5) != 0 && strncmp(x->at, "&quot;", 6) != 0)
            return false;
    }
    return true;
}

static size_t xml_name(struct xml *x, char out[32])
{
    size_t n = strspn(x->at, "abcdefghijklmnopqrstuvwxyz");
    if (n == 0 || n > 31)
        return 0;
    memcpy(out, x->at, n);
    out[n] = '\0';
    x->at += n;
    return n;
}

static bool xml_open(struct xml *x)
{
    char attribute[32], *name = x->open[x->depth];
    if (x->depth == 7 || !xml_name(x, name))
        return false;
    x->cases += strcmp(name, "testcase") == 0;
    x->failures += strcmp(name, "failure") == 0;
    x->skipped += strcmp(name, "skipped") == 0;
    while (*x->at == ' ') {
        x->at++;
        if (!xml_name(x, attribute) || strncmp(x->at, "=\"", 2) != 0)
            return false;
        x->at += 2;
        if (!xml_text(x, '"'))
            return false;
        x->at++;
    }
    if (strncmp(x->at, "/>", 2) == 0) {
        x->at += 2;
        return true;
    }
    x->depth++;
    return *x->at++ == '>';
}

static bool xml_close(struct xml *x)
{
    char name[32];
    return xml_name(x, name) && x->depth > 0 && strcmp(name, x->open[--x->depth]) == 0 && *x->at++ == '>';
}

static bool well_formed(struct xml *x)
{
    static const char head[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    bool good = strncmp(x->at, head, sizeof head - 1) == 0;
    x->at += sizeof head - 1;
    while (good && x->at < x->end) {
        if (strncmp(x->at, "</", 2) == 0) {
            x->at += 2;
            good = xml_close(x);
        } else if (*x->at == '<') {
            x->at++;
            good = xml_open(x);
        } else {
            good = xml_text(x, '<');
        }
    }
    return good && x->depth == 0;
}

static struct xml junit(struct report_bed *b, struct buf *out)
{
    struct report_run r;
    char counts[120];
    bed_load(b, &r);
    buf_clear(out);
    ck_assert_int_eq(report_junit(b->l, &r, to_buf, out), 0);
    report_deinit(&r);
    struct xml x = { .at = out->p, .end = out->p + out->n };
    ck_assert_msg(well_formed(&x), "not well-formed at %zu:\n%s", (size_t)(x.at - out->p), out->p);
    snprintf(counts, sizeof counts, "tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\"", x.cases,
             x.failures, x.skipped);
    ck_assert_msg(strstr(out->p, counts) != NULL, "not %s", counts);
    assert_safe(buf_view(out));
    return x;
}

START_TEST(junit_of_a_night)
{
    struct report_bed b;
    struct buf out = BUF_INIT((size_t)1 << 20);
    night(&b, RUN_DONE);
    struct xml x = junit(&b, &out);
    ck_assert_uint_eq(x.failures, 7); /* four changes, a guard, two conditions */
    ck_assert_uint_eq(x.skipped, 3);
    ck_assert_ptr_nonnull(strstr(out.p, "name=\"create: 1 planned\""));
    ck_assert_ptr_nonnull(strstr(out.p, "<failure message=\"not visible: accepted, not seen after 120 s\">"));
    ck_assert_ptr_nonnull(strstr(out.p, "<skipped message=\"cycle: E7 -&gt; E91 -&gt; E7\">"));
    ck_assert_ptr_nonnull(strstr(out.p, "classname=\"rollcall.guard\" name=\"deactivate\"><failure"));
    buf_deinit(&out);
    ledger_free(b.l);
}
END_TEST

START_TEST(junit_of_hostile_names)
{
    struct report_bed b;
    struct buf out = BUF_INIT((size_t)1 << 20);
    night(&b, RUN_DONE);
    snprintf(b.run.job_name, sizeof b.run.job_name, "%s", HOSTILE);
    bed_run(&b, RUN_INTERRUPTED);
    bed_change(&b, CHANGE(UPDATE, .key = STR(HOSTILE), .user = STR("x")), OUTCOME_FAILED,
               "{\"text\":\"<\\u001b&\\uffff\"}");
    struct xml x = junit(&b, &out);
    ck_assert_uint_eq(x.failures, 9); /* this change, and that the run was interrupted */
    ck_assert_ptr_nonnull(strstr(out.p, "name=\"\\x1b[31m&lt;&amp;&quot;&gt;\\u{202e}\\\\x\""));
    buf_deinit(&out);
    ledger_free(b.l);
}
END_TEST

/* Values that do not stick are no failures: the run that found them had those. */
START_TEST(junit_of_what_does_not_stick)
{
    struct report_bed b;
    struct report_run r;
    struct buf out = BUF_INIT((size_t)1 << 20);
    night(&b, RUN_DONE);
    bed_load(&b, &r);
    json_object_set_new(
        r.overview, "does_not_stick",
        json_loads("{\"count\":1,\"values\":[{\"attribute\":\"Department\",\"key\":\"E<5>\","
                   "\"seen\":\"Sls\",\"since\":\"2026-11-20\",\"user\":\"u5\",\"wanted\":\"x\"}]}",
                   0, NULL));
    ck_assert_int_eq(report_junit(b.l, &r, to_buf, &out), 0);
    ck_assert_ptr_nonnull(strstr(out.p, "failures=\"7\" errors=\"0\" skipped=\"4\""));
    ck_assert_ptr_nonnull(strstr(out.p,
                                 "<testcase classname=\"rollcall.does_not_stick\" "
                                 "name=\"E&lt;5&gt; Department\"><skipped message=\"accepted on 2026-11-20 "
                                 "and never shown; not sent again\">"));
    buf_deinit(&out);
    report_deinit(&r);
    ledger_free(b.l);
}
END_TEST

/* With exit code 2 or 0 nothing is wrong, and CI shows nothing red. */
START_TEST(junit_of_a_good_run)
{
    struct report_bed b;
    struct buf out = BUF_INIT((size_t)1 << 20);
    for (int code = 0; code <= 2; code += 2) {
        char text[200];
        night(&b, RUN_PLANNED);
        snprintf(text, sizeof text,
                 "{\"version\":1,\"conditions\":[\"7 changes\"],\"run\":{\"exit_code\":%d}}", code);
        bed_text(&b, "outcome", text);
        struct xml x = junit(&b, &out);
        ck_assert_uint_eq(x.failures, 1); /* the guard */
        ledger_free(b.l);
    }
    buf_deinit(&out);
}
END_TEST

/* Size ---------------------------------------------------------------------------------------------------------------------------- */

#define MANY 30000u

/* A ledger whose run has many changes, made as they are asked for. */
struct wide {
    struct ledger ledger;
    struct ledger_ops ops;
    struct ledger *night;
};

static struct ledger *night_of(struct ledger *l)
{
    return ((struct wide *)l)->night;
}

static int many_each(struct ledger *l, const char *run, bool (*each)(void *ctx, const struct run_change *c),
                     void *ctx)
{
    (void)l;
    (void)run;
    for (uint32_t i = 0; i < MANY; i++) {
        char json[300], result[80];
        int n =
            snprintf(json, sizeof json,
                     "{\"at\":{\"length\":1,\"line\":%u,\"offset\":1},\"edits\":[{\"after\":\"%0100u\","
                     "\"attribute\":\"Department\"}],\"key\":\"E%u\",\"kind\":\"update\",\"user\":\"u%u\"}",
                     i, i, i, i);
        int m = snprintf(result, sizeof result, "{\"new_id\":null,\"text\":\"refused %u\"}", i);
        if (!each(ctx, &(struct run_change){ .seq = i,
                                             .kind = CHANGE_UPDATE,
                                             .json = { json, (size_t)n },
                                             .outcome = OUTCOME_FAILED,
                                             .result = { result, (size_t)m } }))
            break;
    }
    return 0;
}

static int wide_get(struct ledger *l, const char *id, struct run *out)
{
    return night_of(l)->ops->run_get(night_of(l), id, out);
}

static int wide_text(struct ledger *l, const char *run, const char *name, struct buf *out)
{
    return night_of(l)->ops->run_text_get(night_of(l), run, name, out);
}

static int wide_steps(struct ledger *l, const char *run, uint32_t from, uint32_t to,
                      bool (*each)(void *ctx, const struct step_record *s), void *ctx)
{
    return night_of(l)->ops->step_each(night_of(l), run, from, to, each, ctx);
}

struct pieces {
    size_t n, largest, lines;
};

static void measure(void *ctx, struct str text)
{
    struct pieces *p = ctx;
    p->n++;
    p->largest = text.n > p->largest ? text.n : p->largest;
    for (size_t i = 0; i < text.n; i++)
        p->lines += text.p[i] == '\n';
}

START_TEST(any_size_is_streamed)
{
    struct report_bed b;
    struct report_run r;
    char why[300];
    night(&b, RUN_DONE);
    struct wide w = { .ops = *b.l->ops, .night = b.l };
    w.ops.change_each = many_each;
    w.ops.run_get = wide_get;
    w.ops.run_text_get = wide_text;
    w.ops.step_each = wide_steps;
    w.ledger.ops = &w.ops;
    ck_assert_int_eq(report_load(&w.ledger, NIGHT, &r, why), 0);
    struct pieces p = { 0 };
    ck_assert_int_eq(report_audit(&w.ledger, &r, measure, &p, why), -EBADMSG);
    ck_assert_uint_ge(p.n, MANY);
    ck_assert_uint_lt(p.largest, 8192);
    p = (struct pieces){ 0 };
    ck_assert_int_eq(report_junit(&w.ledger, &r, measure, &p), 0);
    ck_assert_uint_ge(p.n, MANY);
    ck_assert_uint_lt(p.largest, 2048);
    p = (struct pieces){ 0 };
    const struct report_choice all = { .kind = CHANGE_KINDS };
    ck_assert_int_eq(report_changes(&w.ledger, &r, &all, measure, &p), 0);
    ck_assert_uint_eq(p.lines, MANY);
    ck_assert_uint_lt(p.largest, 2048);
    p = (struct pieces){ 0 };
    const struct report_choice one = { .kind = CHANGE_KINDS, .user = "E29999" };
    ck_assert_int_eq(report_changes(&w.ledger, &r, &one, measure, &p), 0);
    ck_assert_uint_eq(p.lines, 1);
    report_deinit(&r);
    ledger_free(b.l);
}
END_TEST

UNIT("report_audit", audit_of_a_night, audit_without_an_end, schema_has_our_words, sums_that_do_not_hold,
     counts_of_the_run_that_do_not_hold, damaged_changes_are_counted, junit_of_a_night,
     junit_of_what_does_not_stick, junit_of_hostile_names, junit_of_a_good_run, any_size_is_streamed)
