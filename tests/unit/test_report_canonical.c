/* The canonical document, put together from the ledger, is byte for byte the one that the plan was hashed
 * over. */
#include "unit.h"

#include "plan_bed.h"
#include "rollcall/report.h"

static void to_buf(void *ctx, struct str text)
{
    buf_str(ctx, text);
}

/* As the engine stores a plan: its first line, each change with its place, and what stands behind them. */
static void store(struct ledger *l, struct run *run, const struct bed *b, struct str whole)
{
    const char *first = memchr(whole.p, '\n', whole.n), *behind = first;
    for (size_t i = 0; i < plan_changes(b->plan); i++)
        behind = memchr(behind + 1, '\n', (size_t)(whole.p + whole.n - behind - 1));
    run->changes = plan_changes(b->plan);
    ck_assert_int_eq(l->ops->run_put(l, run), 0);
    const struct str head = { whole.p, (size_t)(first + 1 - whole.p) };
    const struct str tail = { behind + 1, (size_t)(whole.p + whole.n - behind - 1) };
    ck_assert_int_eq(l->ops->run_text_put(l, run->id, "head", head), 0);
    ck_assert_int_eq(l->ops->run_text_put(l, run->id, "tail", tail), 0);
    for (size_t i = 0; i < plan_changes(b->plan); i++) {
        const struct change *c = plan_change(b->plan, i);
        struct buf json = BUF_INIT(65536);
        change_write(c, &b->schema, true, &json);
        ck_assert_int_eq(l->ops->change_put(l, run->id,
                                            &(struct run_change){ .seq = (uint32_t)i,
                                                                  .kind = c->kind,
                                                                  .subject = c->user,
                                                                  .json = buf_view(&json),
                                                                  .hold = c->hold }),
                         0);
        buf_deinit(&json);
    }
}

static void rows(struct bed *b)
{
    bed_user(b, "u1", USER_ACTIVE, "E1", "a@example.com", "Sls", "t2", NULL);
    bed_user(b, "u2", USER_ACTIVE, "E2", "b@example.com", "}{\"at\":{", NULL, "u1");
    bed_user(b, "u3", USER_INACTIVE, "E3", "c@example.com", "Sales", NULL, NULL);
    bed_begin(b);
    bed_row(b, PERSON_ACTIVE, "E1", "a@example.com", "Sales", NULL);
    bed_row(b, PERSON_LEAVER, "E2", "b@example.com", "Sales", NULL);
    bed_row(b, PERSON_ACTIVE, "E3", "c@example.com", "}{\"at\":{", "E9");
    bed_row(b, PERSON_ACTIVE, "E9", "b@example.com", "\"},\n", "E1");
    bed_row(b, PERSON_ACTIVE, "E8", "a@example.com", "Sales", NULL);
    bed_end(b);
}

START_TEST(same_bytes)
{
    struct bed b;
    struct buf whole = BUF_INIT((size_t)1 << 20), again = BUF_INIT((size_t)1 << 20);
    struct report_run r = { .run = { .id = "20261121-0310-k7q2" } };
    struct ledger *l = ledger_memory();
    bed_init(&b);
    rows(&b);
    const struct plan_header h = { .connector = "leadsquared",
                                   .tenant = "t",
                                   .feed_sha256 = "00",
                                   .policy_sha256 = "11",
                                   .feed_proof = "proven",
                                   .roster_proof = "all" };
    plan_write(b.plan, &h, to_buf, &whole, r.run.plan_sha256);
    ck_assert_uint_ge(plan_changes(b.plan), 4);
    ck_assert_uint_ge(plan_ambiguous_count(b.plan), 1);
    store(l, &r.run, &b, buf_view(&whole));
    ck_assert_int_eq(report_canonical(l, &r, to_buf, &again), 0);
    assert_str(buf_view(&again), whole.p);
    unsigned char digest[SHA256_BYTES];
    char hex[SHA256_HEX];
    struct sha256 sha;
    sha256_init(&sha);
    sha256_add(&sha, again.p, again.n);
    sha256_end(&sha, digest);
    sha256_hex(digest, hex);
    ck_assert_str_eq(hex, r.run.plan_sha256);
    buf_deinit(&whole);
    buf_deinit(&again);
    ledger_free(l);
    bed_deinit(&b);
}
END_TEST

UNIT("report_canonical", same_bytes)
