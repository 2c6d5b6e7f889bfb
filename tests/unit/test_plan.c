/* The plan beyond its scenarios: what a row costs, how it grows, its sums, its document's header, its
 * patterns. */
#include "unit.h"

#include "plan_bed.h"

#define MANY 30000U /* what is quadratic would take minutes, and end in the time limit */

static const char *name(char out[32], const char *prefix, unsigned n)
{
    (void)snprintf(out, 32, "%s%06u", prefix, n);
    return out;
}

static void many_users(struct bed *b, unsigned n, const char *mail)
{
    char id[32], number[32], address[32];
    for (unsigned i = 0; i < n; i++)
        bed_user(b, name(id, "u", i), USER_ACTIVE, name(number, "E", i), mail ? mail : name(address, "m", i),
                 "Sales", NULL, NULL);
}

START_TEST(rows_in_sync_cost_nothing_more)
{
    struct bed b;
    char number[32], mail[32];
    bed_init(&b);
    many_users(&b, 5000, NULL);
    bed_begin(&b);
    for (unsigned i = 0; i < 5000; i++)
        bed_row(&b, PERSON_ACTIVE, name(number, "E", i), name(mail, "m", i), "Sales", NULL);
    ck_assert_uint_eq(b.plan->n_rows, 5000);
    ck_assert_uint_eq(b.plan->arena.used, 0);
    ck_assert_uint_eq(
        b.plan->n_entries + b.plan->n_claims + b.plan->n_wishes + b.plan->n_drafts + b.plan->n_ambs, 0);
    bed_end(&b);
    ck_assert_uint_eq(plan_counts(b.plan)->user[USER_IN_SYNC], 5000);
    bed_deinit(&b);
}
END_TEST

START_TEST(one_key_for_everybody)
{
    struct bed b;
    char number[32];
    bed_init(&b);
    many_users(&b, MANY, "none@x.example");
    bed_begin(&b);
    for (unsigned i = 0; i < MANY; i++)
        bed_row(&b, i % 2 ? PERSON_ACTIVE : PERSON_LEAVER, name(number, "E", i),
                i % 3 ? "none@x.example" : "also@x.example", "Sales", NULL);
    for (unsigned i = 0; i < MANY; i++)
        bed_row(&b, PERSON_ACTIVE, name(number, "J", i), "all@x.example", "Sales", NULL);
    bed_end(&b);
    ck_assert_uint_eq(plan_counts(b.plan)->change[CHANGE_DEACTIVATE], MANY / 2);
    ck_assert_uint_eq(plan_counts(b.plan)->row[ROW_REJECTED], MANY);
    ck_assert_uint_eq(plan_counts(b.plan)->hold[HOLD_NEED], MANY / 6);
    bed_deinit(&b);
}
END_TEST

START_TEST(one_row_many_times)
{
    struct bed b;
    bed_init(&b);
    many_users(&b, 1, NULL);
    bed_begin(&b);
    for (unsigned i = 0; i < MANY; i++)
        bed_row(&b, PERSON_ACTIVE, "E000000", NULL, "Service", NULL);
    for (unsigned i = 0; i < MANY; i++)
        bed_row(&b, PERSON_ACTIVE, "J", NULL, "Service", NULL);
    bed_end(&b);
    ck_assert_uint_eq(plan_counts(b.plan)->row[ROW_REPEATED], 2 * MANY - 2);
    ck_assert_uint_eq(plan_changes(b.plan), 2);
    bed_deinit(&b);
}
END_TEST

START_TEST(one_key_in_rejected_rows)
{
    struct bed b;
    char department[32];
    bed_init(&b);
    many_users(&b, 1, NULL);
    bed_begin(&b);
    for (unsigned i = 0; i < MANY; i++)
        bed_row(&b, PERSON_ACTIVE, i % 2 ? "E000000" : "J", NULL, name(department, "D", i), NULL);
    bed_end(&b);
    ck_assert_uint_eq(plan_rejects(b.plan), MANY);
    ck_assert_uint_eq(plan_changes(b.plan), 0);
    bed_deinit(&b);
}
END_TEST

/* One ring of everybody, and a chain of everybody that a last move closes. */
START_TEST(ring_of_everybody)
{
    struct bed b;
    char number[32], manager[32];
    bed_init(&b);
    many_users(&b, MANY, NULL);
    bed_begin(&b);
    for (unsigned i = 0; i < MANY; i++)
        bed_row(&b, PERSON_ACTIVE, name(number, "E", i), NULL, NULL, name(manager, "E", (i + 1) % MANY));
    bed_end(&b);
    ck_assert_uint_eq(plan_counts(b.plan)->hold[HOLD_CYCLE], MANY);
    bed_deinit(&b);
}
END_TEST

START_TEST(chain_of_everybody)
{
    struct bed b;
    char number[32], manager[32];
    bed_init(&b);
    many_users(&b, MANY, NULL);
    bed_begin(&b);
    for (unsigned i = 0; i + 1 < MANY; i++)
        bed_row(&b, PERSON_ACTIVE, name(number, "E", i), NULL, NULL, name(manager, "E", i + 1));
    bed_end(&b);
    ck_assert_uint_eq(plan_counts(b.plan)->change[CHANGE_MANAGER], MANY - 1);
    ck_assert_uint_eq(plan_counts(b.plan)->hold[HOLD_CYCLE], 0);
    bed_deinit(&b);
}
END_TEST

START_TEST(places_are_kept)
{
    struct bed b;
    bed_init(&b);
    bed_begin(&b);
    struct person p = { .at = { .line = 1234567890123, .offset = 12345678901234, .length = 4000000 },
                        .digest = 1 };
    p.value[BED_ID] = (struct value){ .canon = STR("E1"), .send = STR("E1") };
    plan_row(b.plan, &p);
    bed_end(&b);
    const struct change *c = plan_change(b.plan, 0);
    ck_assert_uint_eq(c->at.offset, 12345678901234);
    ck_assert_uint_eq(c->at.line, ROW_LINE_MAX < 1234567890123 ? ROW_LINE_MAX : 1234567890123);
    ck_assert_uint_eq(c->at.length, 4000000);
    bed_deinit(&b);
}
END_TEST

static struct bed *some_plan(struct bed *b)
{
    bed_init(b);
    bed_user(b, "u1", USER_ACTIVE, "E1", "ann@x.example", "Sls", NULL, NULL);
    bed_user(b, "u2", USER_ACTIVE, "E2", "bob@x.example", "Sls", NULL, NULL);
    bed_user(b, "u3", USER_ACTIVE, "E3", "cid@x.example", "Sls", NULL, NULL);
    bed_begin(b);
    bed_row(b, PERSON_ACTIVE, "E1", NULL, "Sales", "E77");
    bed_row(b, PERSON_LEAVER, "E2", NULL, NULL, NULL);
    bed_row(b, PERSON_ACTIVE, "E9", NULL, "Sales", "E1");
    bed_row(b, PERSON_ACTIVE, "E8", NULL, "Sales", "E1");
    bed_row(b, PERSON_ACTIVE, "E8", NULL, "Svc", "E1");
    bed_row(b, PERSON_ACTIVE, "E5", "ann@x.example", "Svc", "E1");
    bed_end(b);
    return b;
}

/* Whatever is counted wrongly is noticed, from whichever side. */
START_TEST(sums_notice)
{
    struct bed b;
    char why[200];
    struct plan *p = some_plan(&b)->plan;
    ck_assert(plan_sums(p, why));
    assert_str(str_of(why), "");
    uint64_t *const counts[] = {
        &p->counts.row[ROW_PERSON],
        &p->counts.row[ROW_EXCLUDED],
        &p->counts.rows,
        &p->counts.user[USER_IN_SYNC],
        &p->counts.user[USER_CHANGED],
        &p->counts.users,
        &p->counts.change[CHANGE_CREATE],
        &p->counts.held[CHANGE_MANAGER],
        &p->counts.hold[HOLD_UNKNOWN_MANAGER],
        &p->counts.hold[HOLD_NONE],
        &p->counts.active_users,
    };
    for (size_t i = 0; i < array_len(counts); i++) {
        ++*counts[i];
        ck_assert_msg(!plan_sums(p, why) && *why, "count %zu", i);
        --*counts[i];
    }
    for (uint32_t u = 0; u < 3; u++) {
        uint8_t fate = p->user_fate[u];
        p->user_fate[u] = fate == USER_CHANGED ? USER_IN_SYNC : USER_CHANGED;
        ck_assert(!plan_sums(p, why));
        p->user_fate[u] = fate;
    }
    p->drafts[0]->c.hold = HOLD_SEATS;
    ck_assert(!plan_sums(p, why));
    p->drafts[0]->c.hold = HOLD_NONE;
    p->rows[0].fate = ROW_REPEATED;
    ck_assert(!plan_sums(p, why));
    p->rows[0].fate = ROW_PERSON;
    p->n_rejects--;
    ck_assert(!plan_sums(p, why));
    p->n_rejects++;
    p->n_drafts--;
    ck_assert(!plan_sums(p, why));
    p->n_drafts++;
    ck_assert(plan_sums(p, why));
    bed_deinit(&b);
}
END_TEST

static void keep(void *ctx, struct str bytes)
{
    buf_str(ctx, bytes);
}

static const struct plan_header header = { .connector = "leadsquared",
                                           .tenant = "22824",
                                           .feed_sha256 = "0123",
                                           .policy_sha256 = "4567",
                                           .feed_proof = "proven",
                                           .roster_proof = "all" };

START_TEST(document_is_its_hash)
{
    struct bed b;
    struct buf text = BUF_INIT(100000);
    unsigned char digest[SHA256_BYTES];
    char hex[SHA256_HEX], sha[SHA256_HEX], without[SHA256_HEX];
    struct plan *p = some_plan(&b)->plan;
    plan_write(p, &header, keep, &text, sha);
    plan_write(p, &header, NULL, NULL, without);
    sha256_of(buf_view(&text), digest);
    sha256_hex(digest, hex);
    ck_assert_str_eq(hex, sha);
    ck_assert_str_eq(hex, without);
    size_t lines = 0;
    for (size_t i = 0; i < text.n; i++)
        lines += text.p[i] == '\n';
    ck_assert_uint_eq(lines, 1 + plan_changes(p) + plan_ambiguous_count(p));
    /* Each member of the header is part of it, and so is the order of moves that the target asks for. */
    struct plan_header other = header;
    other.tenant = "22825";
    plan_write(p, &other, NULL, NULL, sha);
    ck_assert_str_ne(hex, sha);
    b.options.early_moves_from_leavers = true;
    plan_write(p, &header, NULL, NULL, sha);
    ck_assert_str_ne(hex, sha);
    buf_deinit(&text);
    bed_deinit(&b);
}
END_TEST

START_TEST(header_reads_back)
{
    struct bed b;
    struct buf text = BUF_INIT(100000);
    char sha[SHA256_HEX];
    struct plan_header_read r;
    struct plan *p = some_plan(&b)->plan;
    plan_write(p, &header, keep, &text, sha);
    struct str line = { text.p, (size_t)(strchr(text.p, '\n') - text.p) };
    ck_assert(plan_read_header(line, &b.schema, &r));
    ck_assert_str_eq(r.connector, "leadsquared");
    ck_assert_str_eq(r.tenant, "22824");
    ck_assert_str_eq(r.feed_sha256, "0123");
    ck_assert_str_eq(r.policy_sha256, "4567");
    ck_assert_uint_eq(r.changes, plan_changes(p));
    /* Another schema, keys in another order, half a line, another format, no JSON: none is this plan's. */
    struct schema s = b.schema;
    s.attr[BED_DEPARTMENT].name[0] = 'd';
    ck_assert(!plan_read_header(line, &s, &r));
    s = b.schema;
    s.n--;
    ck_assert(!plan_read_header(line, &s, &r));
    s = b.schema;
    s.key[0] = BED_MAIL;
    s.key[1] = BED_ID;
    ck_assert(!plan_read_header(line, &s, &r));
    ck_assert(!plan_read_header((struct str){ line.p, line.n - 1 }, &b.schema, &r));
    ck_assert(!plan_read_header((struct str){ NULL, 0 }, &b.schema, &r));
    ck_assert(!plan_read_header(STR("[]"), &b.schema, &r));
    ck_assert(!plan_read_header(STR("{}"), &b.schema, &r));
    char *format = strstr(text.p, "rollcall-plan-1");
    format[strlen("rollcall-plan-")] = '2';
    ck_assert(!plan_read_header(line, &b.schema, &r));
    buf_deinit(&text);
    bed_deinit(&b);
}
END_TEST

START_TEST(header_texts_are_limited)
{
    struct bed b;
    struct buf text = BUF_INIT(100000);
    char sha[SHA256_HEX], tenant[200];
    struct plan_header_read r;
    struct plan_header h = header;
    memset(tenant, 'x', sizeof(tenant));
    tenant[119] = '\0';
    h.tenant = tenant;
    struct plan *p = some_plan(&b)->plan;
    plan_write(p, &h, keep, &text, sha);
    ck_assert(
        plan_read_header((struct str){ text.p, (size_t)(strchr(text.p, '\n') - text.p) }, &b.schema, &r));
    tenant[119] = 'x';
    tenant[120] = '\0';
    buf_clear(&text);
    plan_write(p, &h, keep, &text, sha);
    ck_assert(
        !plan_read_header((struct str){ text.p, (size_t)(strchr(text.p, '\n') - text.p) }, &b.schema, &r));
    buf_deinit(&text);
    bed_deinit(&b);
}
END_TEST

START_TEST(patterns_within_max)
{
    struct bed b;
    char id[32], number[32];
    struct plan_pattern v[5];
    bed_init(&b);
    for (unsigned i = 0; i < 20; i++)
        bed_user(&b, name(id, "u", i), USER_ACTIVE, name(number, "E", i), NULL,
                 i < 10   ? "Sls"
                 : i < 16 ? "Svc"
                          : "Ops",
                 NULL, NULL);
    bed_begin(&b);
    for (unsigned i = 0; i < 20; i++)
        bed_row(&b, PERSON_ACTIVE, name(number, "E", i), NULL,
                i < 10   ? "Sales"
                : i < 16 ? "Service"
                         : "Operations \x1b[2J",
                NULL);
    bed_end(&b);
    ck_assert_uint_eq(plan_patterns(b.plan, CHANGE_UPDATE, v, 5), 3);
    ck_assert_str_eq(v[0].text, "Department 'Sls' -> 'Sales'");
    ck_assert_uint_eq(v[0].users, 10);
    ck_assert_str_eq(v[2].text, "Department 'Ops' -> 'Operations \\x1b[2J'");
    ck_assert_uint_eq(plan_patterns(b.plan, CHANGE_UPDATE, v, 2), 2);
    ck_assert_uint_eq(v[0].users, 10);
    ck_assert_str_eq(v[1].text, "(various)");
    ck_assert_uint_eq(v[1].users, 10);
    ck_assert_uint_eq(plan_patterns(b.plan, CHANGE_UPDATE, v, 1), 1);
    ck_assert_uint_eq(v[0].users, 20);
    ck_assert_uint_eq(plan_patterns(b.plan, CHANGE_UPDATE, v, 0), 0);
    ck_assert_uint_eq(plan_patterns(b.plan, CHANGE_DEACTIVATE, v, 5), 0);
    bed_deinit(&b);
}
END_TEST

/* Shares of users are exact: 10.1 % of 1000 is 101, not 102 for want of a binary tenth. */
START_TEST(share_is_exact)
{
    struct bed b;
    bed_init(&b);
    many_users(&b, 1000, NULL);
    b.options.guard[CHANGE_UPDATE] = (struct guard){ .number = -1, .percent = 10.1 };
    b.options.guard[CHANGE_CREATE] = (struct guard){ .number = 500, .percent = 10.15 };
    b.options.guard[CHANGE_MANAGER] = (struct guard){ .number = 5, .percent = 100 };
    b.options.guard[CHANGE_MEMBERSHIP] = (struct guard){ .number = -1, .percent = 0 };
    b.options.guard[CHANGE_ACTIVATE] = (struct guard){ .number = 0, .percent = 50 };
    bed_begin(&b);
    bed_end(&b);
    ck_assert_int_eq(plan_counts(b.plan)->guard[CHANGE_UPDATE].limit, 101);
    ck_assert_int_eq(plan_counts(b.plan)->guard[CHANGE_CREATE].limit, 102);
    ck_assert_int_eq(plan_counts(b.plan)->guard[CHANGE_MANAGER].limit, 5);
    ck_assert_int_eq(plan_counts(b.plan)->guard[CHANGE_MEMBERSHIP].limit, 1);
    ck_assert_int_eq(plan_counts(b.plan)->guard[CHANGE_ACTIVATE].limit, 0);
    ck_assert_int_eq(plan_counts(b.plan)->guard[CHANGE_DEACTIVATE].limit, -1);
    bed_deinit(&b);
}
END_TEST

UNIT("plan", rows_in_sync_cost_nothing_more, one_key_for_everybody, one_row_many_times,
     one_key_in_rejected_rows, ring_of_everybody, chain_of_everybody, places_are_kept, sums_notice,
     document_is_its_hash, header_reads_back, header_texts_are_limited, patterns_within_max, share_is_exact)
