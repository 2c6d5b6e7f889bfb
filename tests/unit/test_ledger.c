/* One suite for both bodies of the ledger: what holds for the one that people use holds for the one that
 * simulations use. */
#include "rollcall/ledger.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct bodies {
    char dir[40];
    struct ledger *l[2];
};

static const char *const names[] = { "sqlite", "memory" };

static void open_both(struct bodies *b)
{
    char why[400];
    snprintf(b->dir, sizeof(b->dir), "%s", "/tmp/rollcall-ledger-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(b->dir));
    b->l[0] = ledger_open(b->dir, why);
    ck_assert_msg(b->l[0] != NULL, "%s", why);
    b->l[1] = ledger_memory();
}

static void close_both(struct bodies *b)
{
    static const char *const files[] = { "ledger.db", "ledger.db-wal", "ledger.db-shm" };
    for (int i = 0; i < 2; i++)
        ledger_free(b->l[i]);
    for (size_t i = 0; i < array_len(files); i++) {
        char path[80];
        snprintf(path, sizeof(path), "%s/%s", b->dir, files[i]);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(b->dir), 0);
}

#define FOR_BOTH(test)                                                                                       \
    START_TEST(test)                                                                                         \
    {                                                                                                        \
        struct bodies b;                                                                                     \
        open_both(&b);                                                                                       \
        for (int body = 0; body < 2; body++)                                                                 \
            test##_on(b.l[body], names[body]);                                                               \
        close_both(&b);                                                                                      \
    }                                                                                                        \
    END_TEST

static void good(struct ledger *l, int result, const char *body)
{
    ck_assert_msg(result == 0, "%s: %d: %s", body, result, ledger_error(l));
}

#define GOOD(call) good(l, (call), body)
#define FAILS(call, error)                                                                                   \
    do {                                                                                                     \
        const int got_error = (call);                                                                        \
        ck_assert_msg(got_error == (error), "%s: %s gave %d", body, #call, got_error);                       \
        ck_assert_msg(ledger_error(l)[0] != '\0', "%s: no words for %s", body, #call);                       \
    } while (0)

static void make_run(struct run *r, const char *id, unix_us started)
{
    memset(r, 0, sizeof(*r));
    snprintf(r->id, sizeof(r->id), "%s", id);
    snprintf(r->job_name, sizeof(r->job_name), "nightly");
    snprintf(r->job_path, sizeof(r->job_path), "/etc/rollcall/nightly.json");
    snprintf(r->connector, sizeof(r->connector), "leadsquared");
    snprintf(r->tenant, sizeof(r->tenant), "22824");
    snprintf(r->tenant_label, sizeof(r->tenant_label), "Example \xc3\x84G");
    r->state = RUN_PLANNED;
    r->started = started;
    r->changed = started + 5;
    memset(r->plan_sha256, 'a', SHA256_HEX - 1);
    memset(r->policy_sha256, 'b', SHA256_HEX - 1);
    memset(r->feed_sha256, 'c', SHA256_HEX - 1);
    r->changes = UINT64_C(1) << 40;
    r->held = 3;
    r->exit_code = -1;
    snprintf(r->summary, sizeof(r->summary), "{\"update\":3}");
}

static void put_run(struct ledger *l, const char *id, unix_us started, enum run_state state)
{
    struct run r;
    make_run(&r, id, started);
    r.state = state;
    ck_assert_int_eq(l->ops->run_put(l, &r), 0);
}

static struct run_change make_change(uint32_t seq, const char *subject, const char *json)
{
    return (struct run_change){ .seq = seq,
                                .kind = CHANGE_UPDATE,
                                .subject = str_of(subject),
                                .json = str_of(json),
                                .hold = HOLD_GUARD };
}

/* What callbacks saw, as text. */
struct told {
    struct ledger *l;
    struct buf text;
    unsigned n, stop_at;
};

#define TOLD_INIT(ledger)                                                                                    \
    {                                                                                                        \
        .l = (ledger), .text = BUF_INIT(1 << 20)                                                             \
    }

static bool on_change(void *ctx, const struct run_change *c)
{
    struct told *t = ctx;
    buf_printf(&t->text, "%u/%s/%.*s/%.*s/%s/%s/%.*s;", c->seq, change_kind_name[c->kind],
               STR_ARG(c->subject), STR_ARG(c->json), hold_name[c->hold], outcome_name[c->outcome],
               STR_ARG(c->result));
    return ++t->n != t->stop_at;
}

static bool on_step(void *ctx, const struct step_record *s)
{
    struct told *t = ctx;
    buf_printf(&t->text, "%u.%u call %u state %d change %u status %d at %lld %.*s %.*s;", s->step, s->attempt,
               s->call, (int)s->state, s->change, s->status, (long long)s->at, STR_ARG(s->endpoint),
               STR_ARG(s->text));
    return ++t->n != t->stop_at;
}

static bool on_memory(void *ctx, struct str subject, struct str text)
{
    struct told *t = ctx;
    buf_printf(&t->text, "%.*s=%.*s;", STR_ARG(subject), STR_ARG(text));
    return ++t->n != t->stop_at;
}

static void on_run(void *ctx, const struct run *r)
{
    struct told *t = ctx;
    buf_printf(&t->text, "%s;", r->id);
    t->n++;
}

static void assert_told(struct told *t, const char *want)
{
    assert_str(buf_view(&t->text), want);
    buf_clear(&t->text);
    t->n = 0;
}

/* Runs ----------------------------------------------------------------------------------------------------------------------- */

static void keeps_runs_on(struct ledger *l, const char *body)
{
    struct run r, got;
    struct told t = TOLD_INIT(l);
    FAILS(l->ops->run_get(l, "", &got), -ENOENT);
    GOOD(l->ops->run_list(l, on_run, &t));
    ck_assert_uint_eq(t.n, 0);
    make_run(&r, "20261121-0310-k7q2", 1000);
    GOOD(l->ops->run_put(l, &r));
    GOOD(l->ops->run_get(l, r.id, &got));
    ck_assert_mem_eq(&r, &got, sizeof(r));
    r.state = RUN_DONE;
    r.exit_code = 6;
    r.changed = 9000;
    memset(r.summary, 'x', sizeof(r.summary) - 1);
    GOOD(l->ops->run_put(l, &r)); /* replaces */
    GOOD(l->ops->run_get(l, "", &got));
    ck_assert_mem_eq(&r, &got, sizeof(r));
    FAILS(l->ops->run_get(l, "no-such", &got), -ENOENT);
    GOOD(ledger_flush(l));
    GOOD(ledger_flush(l)); /* nothing to do */
    buf_deinit(&t.text);
}
FOR_BOTH(keeps_runs)

static void lists_runs_newest_first_on(struct ledger *l, const char *body)
{
    struct told t = TOLD_INIT(l);
    struct run r;
    put_run(l, "b", 200, RUN_DONE);
    put_run(l, "a", 100, RUN_DONE);
    put_run(l, "d", 300, RUN_DONE);
    put_run(l, "e", 300, RUN_DONE); /* begun in the same moment: the later put is newer */
    put_run(l, "c", 250, RUN_DONE);
    put_run(l, "b", 200, RUN_FAILED); /* a change of state changes no order */
    GOOD(l->ops->run_list(l, on_run, &t));
    assert_told(&t, "e;d;c;b;a;");
    GOOD(l->ops->run_get(l, "", &r));
    ck_assert_str_eq(r.id, "e");
    buf_deinit(&t.text);
}
FOR_BOTH(lists_runs_newest_first)

static void keeps_texts_of_runs_on(struct ledger *l, const char *body)
{
    struct buf got = BUF_INIT(100), small = BUF_INIT(3);
    put_run(l, "a", 1, RUN_PLANNED);
    put_run(l, "b", 2, RUN_PLANNED);
    FAILS(l->ops->run_text_put(l, "no-such", "header", STR("x")), -ENOENT);
    FAILS(l->ops->run_text_get(l, "a", "header", &got), -ENOENT);
    GOOD(l->ops->run_text_put(l, "a", "header", STR("{\"a\":1}")));
    GOOD(l->ops->run_text_put(l, "a", "guards", (struct str){ NULL, 0 }));
    GOOD(l->ops->run_text_put(l, "b", "header", (struct str){ "x\0y", 3 }));
    GOOD(l->ops->run_text_get(l, "a", "header", &got));
    assert_str(buf_view(&got), "{\"a\":1}");
    buf_clear(&got);
    GOOD(l->ops->run_text_get(l, "a", "guards", &got));
    ck_assert_uint_eq(got.n, 0);
    GOOD(l->ops->run_text_get(l, "b", "header", &got));
    ck_assert_uint_eq(got.n, 3);
    ck_assert_mem_eq(got.p, "x\0y", 3);
    buf_clear(&got);
    GOOD(l->ops->run_text_put(l, "a", "header", STR("later")));
    GOOD(l->ops->run_text_get(l, "a", "header", &got));
    assert_str(buf_view(&got), "later");
    FAILS(l->ops->run_text_get(l, "a", "header", &small), -EFBIG);
    FAILS(l->ops->run_text_get(l, "no-such", "header", &got), -ENOENT);
    buf_deinit(&got);
    buf_deinit(&small);
}
FOR_BOTH(keeps_texts_of_runs)

/* Changes -------------------------------------------------------------------------------------------------------------------- */

static void keeps_changes_on(struct ledger *l, const char *body)
{
    struct told t = TOLD_INIT(l);
    struct run_change c[] = { make_change(2, "u2", "{2}"), make_change(0, "u0", "{0}"),
                              make_change(1, "u1", "{1}") };
    put_run(l, "a", 1, RUN_PLANNED);
    put_run(l, "b", 2, RUN_PLANNED);
    c[2].kind = CHANGE_CREATE;
    c[2].hold = HOLD_NONE;
    c[2].outcome = OUTCOME_APPLIED;
    c[2].result = STR("{\"id\":\"7\"}");
    FAILS(l->ops->change_put(l, "no-such", &c[0]), -ENOENT);
    for (size_t i = 0; i < array_len(c); i++)
        GOOD(l->ops->change_put(l, "a", &c[i]));
    FAILS(l->ops->change_put(l, "a", &c[0]), -EEXIST);
    GOOD(l->ops->change_put(l, "b", &c[0])); /* another run's numbers are its own */
    GOOD(l->ops->change_outcome(l, "a", 2, OUTCOME_FAILED, STR("{\"why\":1}")));
    FAILS(l->ops->change_outcome(l, "a", 3, OUTCOME_FAILED, STR("")), -ENOENT);
    FAILS(l->ops->change_outcome(l, "no-such", 0, OUTCOME_FAILED, STR("")), -ENOENT);
    GOOD(l->ops->change_each(l, "a", on_change, &t));
    char want[400];
    snprintf(want, sizeof(want),
             "0/update/u0/{0}/%s/%s/;1/create/u1/{1}/%s/%s/{\"id\":\"7\"};2/update/u2/{2}/%s/%s/{\"why\":1};",
             hold_name[HOLD_GUARD], outcome_name[OUTCOME_NONE], hold_name[HOLD_NONE],
             outcome_name[OUTCOME_APPLIED], hold_name[HOLD_GUARD], outcome_name[OUTCOME_FAILED]);
    assert_told(&t, want);
    t.stop_at = 2;
    GOOD(l->ops->change_each(l, "a", on_change, &t));
    ck_assert_uint_eq(t.n, 2);
    buf_clear(&t.text);
    t.n = t.stop_at = 0;
    GOOD(l->ops->change_get(l, "b", 2, on_change, &t));
    ck_assert_uint_eq(t.n, 1);
    FAILS(l->ops->change_get(l, "b", 1, on_change, &t), -ENOENT);
    FAILS(l->ops->change_each(l, "no-such", on_change, &t), -ENOENT);
    buf_deinit(&t.text);
}
FOR_BOTH(keeps_changes)

static bool settle_it(void *ctx, const struct run_change *c)
{
    struct told *t = ctx;
    char before[40], result[40];
    struct run_change same = *c;
    snprintf(before, sizeof(before), "%.*s", STR_ARG(c->json));
    snprintf(result, sizeof(result), "r%u", c->seq);
    ck_assert_int_eq(t->l->ops->change_outcome(t->l, "a", c->seq, OUTCOME_APPLIED, str_of(result)), 0);
    if (c->seq % 100 == 0) {
        struct told inner = TOLD_INIT(t->l);
        ck_assert_int_eq(t->l->ops->change_get(t->l, "a", c->seq, on_change, &inner), 0);
        ck_assert_uint_eq(inner.n, 1);
        ck_assert_int_eq(ledger_flush(t->l), 0);
        buf_deinit(&inner.text);
    }
    ck_assert(str_is(same.json, before)); /* the text lives on */
    t->n++;
    return true;
}

static void may_be_used_from_callbacks_on(struct ledger *l, const char *body)
{
    struct told t = TOLD_INIT(l);
    put_run(l, "a", 1, RUN_PLANNED);
    for (uint32_t i = 0; i < 1000; i++) {
        char json[40];
        snprintf(json, sizeof(json), "{\"n\":%u}", i);
        struct run_change c = make_change(i, "u", json);
        GOOD(l->ops->change_put(l, "a", &c));
    }
    GOOD(l->ops->change_each(l, "a", settle_it, &t));
    ck_assert_uint_eq(t.n, 1000);
    struct run_change last = make_change(UINT32_MAX, "u", "{}");
    GOOD(l->ops->change_put(l, "a", &last));
    t.n = 0;
    GOOD(l->ops->change_each(l, "a", on_change, &t));
    ck_assert_uint_eq(t.n, 1001);
    ck_assert_ptr_nonnull(strstr(t.text.p, "/r999;"));
    buf_deinit(&t.text);
}
FOR_BOTH(may_be_used_from_callbacks)

/* Steps ---------------------------------------------------------------------------------------------------------------------- */

static void keeps_the_newest_of_each_step_on(struct ledger *l, const char *body)
{
    struct told t = TOLD_INIT(l);
    struct step_record s = { .step = 5,
                             .call = 1,
                             .attempt = 1,
                             .state = STEP_INTENDED,
                             .change = 7,
                             .at = 11,
                             .endpoint = STR("User/Create") };
    FAILS(l->ops->step_put(l, "a", &s), -ENOENT);
    put_run(l, "a", 1, RUN_APPLYING);
    put_run(l, "b", 1, RUN_APPLYING);
    GOOD(l->ops->step_put(l, "a", &s));
    s.step = 4;
    GOOD(l->ops->step_put(l, "a", &s));
    s.state = STEP_NOT_DONE;
    s.status = 503;
    s.at = 12;
    s.text = STR("busy");
    GOOD(l->ops->step_put(l, "a", &s));
    s = (struct step_record){ .step = 4,
                              .call = 9,
                              .attempt = 2,
                              .state = STEP_INTENDED,
                              .change = 7,
                              .at = 13,
                              .endpoint = STR("User/Update") };
    GOOD(l->ops->step_put(l, "a", &s));
    GOOD(l->ops->step_each(l, "a", 0, UINT32_MAX, on_step, &t));
    assert_told(
        &t,
        "4.2 call 9 state 0 change 7 status 0 at 13 User/Update ;5.1 call 1 state 0 change 7 status 0 at 11 User/Create ;");
    s.state = STEP_DONE;
    s.status = 200;
    s.text = STR("id-1");
    GOOD(l->ops->step_put(l, "a", &s));
    t.stop_at = 1;
    GOOD(l->ops->step_each(l, "a", 0, UINT32_MAX, on_step, &t));
    assert_told(&t, "4.2 call 9 state 1 change 7 status 200 at 13 User/Update id-1;");
    GOOD(l->ops->step_each(l, "b", 0, UINT32_MAX, on_step, &t));
    ck_assert_uint_eq(t.n, 0);
    FAILS(l->ops->step_each(l, "no-such", 0, UINT32_MAX, on_step, &t), -ENOENT);
    buf_deinit(&t.text);
}
FOR_BOTH(keeps_the_newest_of_each_step)

static void lists_many_steps_on(struct ledger *l, const char *body)
{
    struct told t = TOLD_INIT(l);
    put_run(l, "a", 1, RUN_APPLYING);
    for (uint32_t i = 0; i < 600; i++) {
        struct step_record s = { .step = 599 - i, .call = i, .attempt = 1 + i % 3, .change = i };
        GOOD(l->ops->step_put(l, "a", &s));
    }
    GOOD(l->ops->step_each(l, "a", 0, UINT32_MAX, on_step, &t));
    ck_assert_uint_eq(t.n, 600);
    buf_deinit(&t.text);
}
FOR_BOTH(lists_many_steps)

/* Memory --------------------------------------------------------------------------------------------------------------------- */

static void remembers_on(struct ledger *l, const char *body)
{
    struct told t = TOLD_INIT(l);
    struct buf got = BUF_INIT(100), small = BUF_INIT(2);
    FAILS(l->ops->memory_get(l, "t1", "refused", STR("u1"), &got), -ENOENT);
    GOOD(l->ops->memory_put(l, "t1", "refused", STR("u2"), STR("two")));
    GOOD(l->ops->memory_put(l, "t1", "refused", STR("u1"), STR("one")));
    GOOD(l->ops->memory_put(l, "t1", "refused", STR("u1"), STR("one again")));
    GOOD(l->ops->memory_put(l, "t1", "refused", (struct str){ NULL, 0 }, STR("nobody")));
    GOOD(l->ops->memory_put(l, "t1", "absent_since", STR("u1"), STR("5")));
    GOOD(l->ops->memory_put(l, "t2", "refused", STR("u1"), STR("other")));
    GOOD(l->ops->memory_get(l, "t1", "refused", STR("u1"), &got));
    assert_str(buf_view(&got), "one again");
    FAILS(l->ops->memory_get(l, "t1", "refused", STR("u1"), &small), -EFBIG);
    GOOD(l->ops->memory_each(l, "t1", "refused", on_memory, &t));
    assert_told(&t, "=nobody;u1=one again;u2=two;");
    GOOD(l->ops->memory_put(l, "t1", "refused", STR("u1"), (struct str){ NULL, 0 }));
    GOOD(l->ops->memory_put(l, "t1", "refused", STR("never"), STR("")));
    FAILS(l->ops->memory_get(l, "t1", "refused", STR("u1"), &got), -ENOENT);
    GOOD(l->ops->memory_each(l, "t1", "refused", on_memory, &t));
    assert_told(&t, "=nobody;u2=two;");
    t.stop_at = 1;
    GOOD(l->ops->memory_each(l, "t1", "refused", on_memory, &t));
    ck_assert_uint_eq(t.n, 1);
    buf_deinit(&t.text);
    buf_deinit(&got);
    buf_deinit(&small);
}
FOR_BOTH(remembers)

static bool forget_it(void *ctx, struct str subject, struct str text)
{
    struct told *t = ctx;
    char number[20];
    snprintf(number, sizeof(number), "%05u", t->n++);
    ck_assert(str_is(subject, number));
    ck_assert_int_eq(
        t->l->ops->memory_put(t->l, "t1", "many", subject, t->n % 2 ? (struct str){ NULL, 0 } : STR("kept")),
        0);
    ck_assert(str_is(text, "x"));
    return true;
}

static void remembers_many_on(struct ledger *l, const char *body)
{
    struct told t = TOLD_INIT(l);
    for (unsigned i = 0; i < 1000; i++) {
        char subject[20];
        snprintf(subject, sizeof(subject), "%05u", i * 7 % 1000);
        GOOD(l->ops->memory_put(l, "t1", "many", str_of(subject), STR("x")));
    }
    GOOD(l->ops->memory_each(l, "t1", "many", forget_it, &t));
    ck_assert_uint_eq(t.n, 1000);
    t.n = 0;
    GOOD(l->ops->memory_each(l, "t1", "many", on_memory, &t));
    ck_assert_uint_eq(t.n, 500);
    buf_deinit(&t.text);
}
FOR_BOTH(remembers_many)

/* Retention ------------------------------------------------------------------------------------------------------------------ */

static void retention_keeps_counts_and_hashes_on(struct ledger *l, const char *body)
{
    static const struct {
        const char *id;
        unix_us started;
        enum run_state state;
        bool old;
    } runs[] = {
        { "done", 100, RUN_DONE, true },
        { "applying", 100, RUN_APPLYING, false },
        { "interrupted", 50, RUN_INTERRUPTED, true },
        { "planned", 60, RUN_PLANNED, true },
        { "new", 2000, RUN_DONE, false },
        { "edge", 995, RUN_FAILED, false }, /* changed at 1000 */
    };
    struct told t = TOLD_INIT(l);
    struct buf got = BUF_INIT(100);
    const struct run_change c = { .seq = 0,
                                  .kind = CHANGE_CREATE,
                                  .subject = STR("E7"),
                                  .json = STR("{\"mail\":\"e7@example.com\"}"),
                                  .outcome = OUTCOME_APPLIED,
                                  .result = STR("{\"id\":7}") };
    const struct step_record s = { .step = 0,
                                   .call = 1,
                                   .attempt = 1,
                                   .state = STEP_DONE,
                                   .status = 200,
                                   .at = 3,
                                   .endpoint = STR("e"),
                                   .text = STR("id-7") };
    uint64_t n;
    for (size_t i = 0; i < array_len(runs); i++) {
        put_run(l, runs[i].id, runs[i].started, runs[i].state);
        GOOD(l->ops->change_put(l, runs[i].id, &c));
        GOOD(l->ops->step_put(l, runs[i].id, &s));
        GOOD(l->ops->run_text_put(l, runs[i].id, "rejects", STR("line")));
    }
    GOOD(l->ops->run_delete_before(l, 1000, &n));
    ck_assert_uint_eq(n, 3);
    GOOD(l->ops->run_delete_before(l, 1000, &n)); /* once is enough */
    ck_assert_uint_eq(n, 0);
    GOOD(ledger_flush(l));
    for (size_t i = 0; i < array_len(runs); i++) {
        struct run r;
        GOOD(l->ops->run_get(l, runs[i].id, &r));
        ck_assert_int_eq(r.pruned, runs[i].old);
        ck_assert_uint_eq(r.changes, UINT64_C(1) << 40);
        ck_assert_int_eq(r.plan_sha256[0], 'a');
        ck_assert_str_eq(r.summary, "{\"update\":3}");
        GOOD(l->ops->change_each(l, runs[i].id, on_change, &t));
        char want[200];
        snprintf(want, sizeof(want), "0/create/%s/%s/%s/%s;",
                 runs[i].old ? "/" : "E7/{\"mail\":\"e7@example.com\"}", hold_name[HOLD_NONE],
                 outcome_name[OUTCOME_APPLIED], runs[i].old ? "" : "{\"id\":7}");
        assert_told(&t, want);
        GOOD(l->ops->step_each(l, runs[i].id, 0, UINT32_MAX, on_step, &t));
        assert_told(&t, runs[i].old ? "0.1 call 1 state 1 change 0 status 200 at 3 e ;"
                                    : "0.1 call 1 state 1 change 0 status 200 at 3 e id-7;");
        ck_assert_int_eq(l->ops->run_text_get(l, runs[i].id, "rejects", &got), runs[i].old ? -ENOENT : 0);
    }
    put_run(l, "done", 100, RUN_DONE);
    struct run again;
    GOOD(l->ops->run_get(l, "done", &again));
    ck_assert(again.pruned); /* a put does not bring the values back */
    buf_deinit(&t.text);
    buf_deinit(&got);
}
FOR_BOTH(retention_keeps_counts_and_hashes)

START_TEST(names_states)
{
    for (int i = 0; i < RUN_STATES; i++)
        ck_assert(run_state_name[i] && run_state_name[i][0]);
    ck_assert_str_eq(run_state_name[RUN_INTERRUPTED], "interrupted");
}
END_TEST

UNIT("ledger", keeps_runs, lists_runs_newest_first, keeps_texts_of_runs, keeps_changes,
     may_be_used_from_callbacks, keeps_the_newest_of_each_step, lists_many_steps, remembers, remembers_many,
     retention_keeps_counts_and_hashes, names_states)
