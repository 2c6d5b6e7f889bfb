/* What a run's documents must survive: truncation at every byte, members of the wrong type, changes that are
 * no JSON. Every view says something, and none of it moves the cursor. */
#include "unit.h"

#include "report_bed.h"

#include <errno.h>

START_TEST(no_run)
{
    struct ledger *l = ledger_memory();
    struct report_run r;
    char why[300];
    ck_assert_int_eq(report_load(l, "", &r, why), -ENOENT);
    ck_assert_str_eq(why, "there is no run yet");
    ck_assert_int_eq(report_load(l, "x" HOSTILE, &r, why), -ENOENT);
    ck_assert_str_eq(why,
                     "there is no run 'x\\x1b[31m<&\">\\u{202e}\\\\x' in this state directory; 'rollcall "
                     "runs' lists them");
    ledger_free(l);
}
END_TEST

static void not_loaded(struct report_bed *b, int want, const char *part)
{
    struct report_run r;
    char why[300];
    ck_assert_int_eq(report_load(b->l, NIGHT, &r, why), want);
    ck_assert_msg(strstr(why, part) != NULL, "'%s' is not in '%s'", part, why);
    ck_assert_ptr_null(r.overview);
    ck_assert_ptr_null(r.outcome);
}

START_TEST(documents_that_are_not_there)
{
    struct report_bed b;
    uint64_t n;
    night(&b, RUN_DONE);
    bed_text(&b, "overview", "{\"version\":2}");
    not_loaded(&b, -EINVAL, "the overview of run '" NIGHT "' is not of a version");
    bed_text(&b, "overview", "[]");
    not_loaded(&b, -EINVAL, "not of a version");
    bed_text(&b, "overview", "{\"version\":1,\"version\":1}");
    not_loaded(&b, -EINVAL, "damaged");
    bed_text(&b, "overview", NIGHT_OVERVIEW);
    bed_text(&b, "outcome", "{");
    not_loaded(&b, -EINVAL, "the outcome of run '" NIGHT "' is damaged");
    ck_assert_int_eq(b.l->ops->run_delete_before(b.l, INT64_MAX, &n), 0);
    not_loaded(&b, -ENOENT, "older than the retention");
    snprintf(b.run.id, sizeof b.run.id, "another");
    bed_run(&b, RUN_PLANNED);
    struct report_run r;
    char why[300];
    ck_assert_int_eq(report_load(b.l, "another", &r, why), -ENOENT);
    ck_assert_str_eq(why, "run 'another' ended before its plan stood");
    ledger_free(b.l);
}
END_TEST

START_TEST(every_truncation_is_found)
{
    struct report_bed b;
    struct report_run r;
    char why[300];
    size_t found = 0;
    night(&b, RUN_DONE);
    for (size_t n = 0; n < sizeof NIGHT_OVERVIEW - 1; n++) {
        const struct str cut = { NIGHT_OVERVIEW, n };
        ck_assert_int_eq(b.l->ops->run_text_put(b.l, NIGHT, "overview", cut), 0);
        found += report_load(b.l, NIGHT, &r, why) == -EINVAL && why[0];
    }
    ck_assert_uint_eq(found, sizeof NIGHT_OVERVIEW - 1);
    ledger_free(b.l);
}
END_TEST

/* Views --------------------------------------------------------------------------------------------------------------------------- */

static void see_all(struct report_bed *b)
{
    static const struct report_style narrow = { .width = 30 };
    const struct report_choice all = { .kind = CHANGE_KINDS, .steps = true };
    struct report_run r;
    struct buf out = BUF_INIT((size_t)1 << 20);
    char why[300];
    bed_load(b, &r);
    report_plan(&r, &narrow, &out);
    report_plan_line(&r, &out);
    report_summary(b->l, &r, &narrow, NULL, NULL, &out);
    ck_assert_int_eq(report_changes(b->l, &r, &all, to_buf, &out), 0);
    ck_assert_int_eq(report_junit(b->l, &r, to_buf, &out), 0);
    ck_assert(!out.full);
    assert_safe(buf_view(&out));
    buf_clear(&out);
    const int err = report_audit(b->l, &r, to_buf, &out, why);
    ck_assert(err == 0 || err == -EBADMSG);
    json_t *doc = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    ck_assert_ptr_nonnull(doc);
    json_decref(doc);
    report_deinit(&r);
    buf_deinit(&out);
}

/* Calls `look` with every value in the document, one after the other, made something else. */
static void with_each(json_t *root, json_t *at, const char *bad, void (*look)(void *ctx, json_t *root),
                      void *ctx)
{
    const char *key;
    void *next;
    json_t *value;
    json_object_foreach_safe(at, next, key, value)
    {
        if (strcmp(key, "version") == 0)
            continue;
        with_each(root, value, bad, look, ctx);
        json_incref(value);
        char *name = xstrdup(key);
        json_object_set_new(at, name, json_loads(bad, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL));
        look(ctx, root);
        json_object_set_new(at, name, value);
        free(name);
    }
    for (size_t i = 0; i < json_array_size(at); i++) {
        value = json_incref(json_array_get(at, i));
        with_each(root, value, bad, look, ctx);
        json_array_set_new(at, i, json_loads(bad, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL));
        look(ctx, root);
        json_array_set_new(at, i, value);
    }
}

struct target {
    struct report_bed *bed;
    const char *name;
};

static void look_at_it(void *ctx, json_t *root)
{
    struct target *t = ctx;
    char *text = json_dumps(root, 0);
    bed_text(t->bed, t->name, text);
    free(text);
    see_all(t->bed);
}

static const char *const bad_values[] = {
    "null",
    "true",
    "[]",
    "{}",
    "[[],{},1,\"\\u001b\"]",
    "{\"\\u001b\":{}}",
    "-9223372036854775808",
    "9223372036854775807",
    "1.5e300",
    "\"\\u001b[2J\\u202e\\u0000<&\\\"' -> '\\uffff\"",
};

static void damage(const char *name, const char *text)
{
    for (size_t i = 0; i < array_len(bad_values); i++) {
        struct report_bed b;
        night(&b, RUN_DONE);
        json_t *root = json_loads(text, 0, NULL);
        ck_assert_ptr_nonnull(root);
        with_each(root, root, bad_values[i], look_at_it, &(struct target){ &b, name });
        json_decref(root);
        ledger_free(b.l);
    }
}

START_TEST(every_member_of_the_overview_may_be_anything)
{
    damage("overview", NIGHT_OVERVIEW);
}
END_TEST

START_TEST(every_member_of_the_outcome_may_be_anything)
{
    damage("outcome", NIGHT_OUTCOME);
}
END_TEST

/* The same with changes: also those that are no JSON at all. */
static void look_at_change(void *ctx, json_t *root)
{
    struct report_bed *b = ctx;
    char *text = json_dumps(root, 0);
    const struct run_change c = {
        .seq = b->n++, .kind = CHANGE_UPDATE, .json = str_of(text), .outcome = OUTCOME_FAILED
    };
    ck_assert_int_eq(b->l->ops->change_put(b->l, NIGHT, &c), 0);
    free(text);
}

START_TEST(every_member_of_a_change_may_be_anything)
{
    static const char change[] =
        "{\"at\":{\"length\":1,\"line\":7,\"offset\":3},\"edits\":[{\"after\":\"x\",\"after_name\":\"n\","
        "\"attribute\":\"A\",\"before\":\"y\",\"before_name\":\"m\"}],\"hold\":\"cycle\",\"key\":\"E1\","
        "\"kind\":\"update\",\"manager_after\":{\"id\":\"i\",\"key\":\"k\"},\"manager_before\":{\"id\":\"i\"},"
        "\"reason\":\"r\",\"result\":{\"text\":\"t\"},\"user\":\"u\",\"user_email\":\"e\",\"why\":\"w\"}";
    for (size_t i = 0; i < array_len(bad_values); i++) {
        struct report_bed b;
        night(&b, RUN_DONE);
        json_t *root = json_loads(change, 0, NULL);
        with_each(root, root, bad_values[i], look_at_change, &b);
        json_decref(root);
        see_all(&b);
        ledger_free(b.l);
    }
}
END_TEST

START_TEST(changes_that_are_no_json)
{
    static const char *const bad[] = { "", "{", "[]", "7", "{\"key\":\"a\",\"key\":\"b\"}", "\xff" };
    struct report_bed b;
    struct report_run r;
    struct buf out = BUF_INIT(65536);
    night(&b, RUN_DONE);
    for (size_t i = 0; i < array_len(bad); i++) {
        const struct run_change c = {
            .seq = b.n++, .kind = CHANGE_UPDATE, .json = str_of(bad[i]), .outcome = OUTCOME_FAILED
        };
        ck_assert_int_eq(b.l->ops->change_put(b.l, NIGHT, &c), 0);
    }
    see_all(&b);
    bed_load(&b, &r);
    const struct report_choice all = { .kind = CHANGE_KINDS };
    ck_assert_int_eq(report_changes(b.l, &r, &all, to_buf, &out), 0);
    ck_assert_ptr_nonnull(strstr(out.p, "change 15 of the run is damaged in the ledger\n"));
    buf_clear(&out);
    report_summary(b.l, &r, &(struct report_style){ 0 }, NULL, NULL, &out);
    ck_assert_ptr_nonnull(strstr(out.p, "  !! the run's changes cannot all be read from the ledger"));
    buf_clear(&out);
    ck_assert_int_eq(report_canonical(b.l, &r, to_buf, &out), -ENOENT); /* neither head nor tail is there */
    bed_text(&b, "head", "{}\n");
    bed_text(&b, "tail", "");
    buf_clear(&out);
    ck_assert_int_eq(report_canonical(b.l, &r, to_buf, &out), -EBADMSG);
    buf_deinit(&out);
    report_deinit(&r);
    ledger_free(b.l);
}
END_TEST

UNIT("report_damaged", no_run, documents_that_are_not_there, every_truncation_is_found,
     every_member_of_the_overview_may_be_anything, every_member_of_the_outcome_may_be_anything,
     every_member_of_a_change_may_be_anything, changes_that_are_no_json)
