/* Changes -> steps -> calls: fact sheet 5.1 to 5.5, 14. */
#include "lsq.h"

#define STEPS_MAX 4000

/* Slots, in the order in which bed_init() maps them behind mx_Custom_1 and EmailAddress. */
enum { CUSTOM, MAIL, FIRST, LAST, ROLE, PHONE, DEPARTMENT, TEAM_SLOT, AGENT, TYPE, EMPLOYEE, MOBILE };

struct bed {
    struct wire t;
    struct step step[STEPS_MAX];
    const struct step *at[STEPS_MAX];
    size_t n;
    struct request q;
};

static void bed_init(struct bed *b)
{
    static const char *const more[] = { "FirstName",        "LastName",   "Role",
                                        "PhoneMain",        "Department", "TeamId",
                                        "IsPhoneCallAgent", "UserType",   "EmployeeId",
                                        "PhoneMobile" };
    memset(b, 0, sizeof(*b));
    lsq_init(&b->t);
    for (size_t i = 0; i < array_len(more); i++)
        wire_map(&b->t, more[i]);
    /* As READ_TENANT fills them in. */
    snprintf(b->t.schema.attr[CUSTOM].wire_update, ATTR_NAME_MAX, "mx_Custom_1");
    snprintf(b->t.schema.attr[CUSTOM].wire_create, ATTR_NAME_MAX, "Employee_No");
    request_init(&b->q);
}

static bool index_mail(const struct bed *b)
{
    return b->t.schema.n_keys > 1;
}

/* A roster of n users u0001@example.com, ...; every user listed `state`, manager user 0. */
static void bed_roster(struct bed *b, size_t n)
{
    wire_connect(&b->t);
    b->t.roster = roster_new(&b->t.schema, &wire_hash_key);
    if (index_mail(b))
        roster_index(b->t.roster, MAIL);
    unsigned read = roster_read_begin(b->t.roster);
    for (size_t i = 0; i < n; i++) {
        char id[64], mail[64];
        snprintf(id, sizeof(id), "33333333-aaaa-4bbb-8ccc-%012zu", i);
        snprintf(mail, sizeof(mail), "U%04zu@example.com", i);
        struct user u = { .id = str_of(id), .state = i == 9 ? USER_INACTIVE : USER_ACTIVE };
        u.text[MAIL] = str_of(i == 8 ? "U0007@EXAMPLE.com" : i == 6 ? "Jos\xc3\xa9 x@example.com" : mail);
        ck_assert(roster_add(b->t.roster, read, &u));
    }
    ck_assert(roster_read_end(b->t.roster, read, true));
    ck_assert_int_eq(roster_seal(b->t.roster, NULL), ROSTER_SEALED);
}

static void bed_deinit(struct bed *b)
{
    request_deinit(&b->q);
    wire_deinit(&b->t);
}

static void emit(void *ctx, const struct step *s)
{
    struct bed *b = ctx;
    ck_assert_uint_lt(b->n, STEPS_MAX);
    b->step[b->n] = *s;
    b->at[b->n] = &b->step[b->n];
    b->n++;
}

static void lower(struct bed *b, const struct change *c, uint32_t first, size_t n)
{
    const struct change *change[8];
    uint32_t seq[8];
    for (size_t i = 0; i < n; i++) {
        change[i] = &c[i];
        seq[i] = first + (uint32_t)i;
    }
    b->t.k->lower(b->t.conn, b->t.roster, change, seq, n, &b->t.arena, emit, b);
}

static struct str created(void *ctx, uint32_t change)
{
    (void)ctx;
    return change == 7 ? STR(ID("777")) : change == 8 ? STR(ID("888")) : (struct str){ 0 };
}

static size_t pack(struct bed *b, size_t from, size_t n)
{
    return b->t.k->pack(b->t.conn, b->at + from, n, created, NULL, &b->q);
}

static const char *endpoint(const struct bed *b, size_t i)
{
    return b->t.k->vendor.endpoints[b->step[i].endpoint].name;
}

static void assert_step(const struct bed *b, size_t i, const char *name, enum step_rank rank,
                        const char *args)
{
    ck_assert_uint_lt(i, b->n);
    ck_assert_str_eq(endpoint(b, i), name);
    ck_assert_uint_eq(b->step[i].rank, rank);
    assert_str(b->step[i].args, args);
}

static bool needs(const struct step *s, enum need_kind kind, uint32_t change)
{
    for (size_t i = 0; i < s->n_needs; i++)
        if (s->need[i].kind == kind && s->need[i].change == change)
            return true;
    return false;
}

static struct edit edit(int slot, const char *after)
{
    return (struct edit){ .slot = (uint8_t)slot, .after = str_of(after) };
}

#define OLD_USER(n) ((struct str){ ID(n), 36 })

/* Create ------------------------------------------------------------------------------------------ */

/* Fact sheet 5.1, 14: what Create cannot carry comes behind it; EmployeeId stands in no write list. */
START_TEST(joiner_with_everything)
{
    struct edit e[] = { edit(CUSTOM, "E77"),       edit(MAIL, "nila.das+1@example.com"),
                        edit(FIRST, "Nila"),       edit(LAST, "D\"as"),
                        edit(ROLE, "Sales_User"),  edit(PHONE, "+91-9000000105"),
                        edit(DEPARTMENT, "Sales"), edit(TEAM_SLOT, "44444444AAAA4BBB8CCC000000000001"),
                        edit(AGENT, "No"),         edit(TYPE, "01"),
                        edit(EMPLOYEE, "77"),      edit(MOBILE, "") };
    struct change c = { .kind = CHANGE_CREATE,
                        .key = STR("E77"),
                        .edit = e,
                        .n_edits = array_len(e),
                        .manager_set = true,
                        .manager_after = { .id = OLD_USER("001"), .key = STR("E1") } };
    struct bed b;
    bed_init(&b);
    bed_roster(&b, 5);
    lower(&b, &c, 7, 1);
    ck_assert_uint_eq(b.n, 2);
    ck_assert(needs(&b.step[0], NEED_SEAT, NO_CHANGE) && b.step[0].n_needs == 1);
    ck_assert(needs(&b.step[1], NEED_CREATED, 7) && b.step[1].n_needs == 1);
    ck_assert_uint_eq(b.step[0].rank, RANK_CREATE);
    ck_assert_uint_eq(b.step[1].rank, RANK_UPDATE);
    ck_assert_uint_eq(b.step[1].user_ref, 7);
    ck_assert_uint_eq(b.step[0].change[0], 7);
    ck_assert_uint_eq(pack(&b, 0, 1), 1);
    assert_request(
        &b.t, &b.q, "User/Create", HTTP_POST, "/v2/UserManagement.svc/User/Create",
        "{\"EmailAddress\":\"nila.das+1@example.com\",\"FirstName\":\"Nila\",\"LastName\":\"D\\\"as\","
        "\"Role\":\"Sales_User\","
        "\"TeamId\":\"" TEAM("1") "\",\"IsPhoneCallAgent\":false,\"UserType\":1,\"ManagerUserId\":\"" ID(
            "001") "\","
                   "\"CustomFields\":{\"Employee_No\":\"E77\"}}");
    ck_assert(!b.q.harmless);
    ck_assert_uint_eq(pack(&b, 1, 1), 1);
    assert_request(&b.t, &b.q, "User/Update", HTTP_POST,
                   "/v2/UserManagement.svc/User/Update?UserId=" ID("777"),
                   "{\"user\":{\"PhoneMain\":\"+91-9000000105\",\"Department\":\"Sales\"}}");
    bed_deinit(&b);
}
END_TEST

START_TEST(joiner_whose_custom_field_has_no_schema_name)
{
    struct edit e[] = { edit(CUSTOM, "E77"), edit(MAIL, "nila@example.com") };
    struct change c = { .kind = CHANGE_CREATE, .edit = e, .n_edits = 2 };
    struct bed b;
    bed_init(&b);
    b.t.schema.attr[CUSTOM].flags &= ~(unsigned)ATTR_CREATE;
    bed_roster(&b, 1);
    lower(&b, &c, 7, 1);
    ck_assert_uint_eq(b.n, 2);
    assert_step(&b, 0, "User/Create", RANK_CREATE, "{\"EmailAddress\":\"nila@example.com\"}");
    assert_step(&b, 1, "User/Update", RANK_UPDATE, "{\"mx_Custom_1\":\"E77\"}");
    bed_deinit(&b);
}
END_TEST

/* A manager who is a joiner, is inactive, or whom creates may not name, comes by the manager call once both
 * are there. */
START_TEST(joiners_manager)
{
    static const struct {
        const char *id, *key, *option;
        size_t steps;
    } row[] = {
        { ID("001"), "E1", "true", 1 },  { ID("001"), "E1", "false", 2 }, { ID("009"), "E9", "true", 2 },
        { ID("555"), "E55", "true", 2 }, { "", "E8", "true", 2 },         { "", "", "true", 1 },
    };
    for (size_t i = 0; i < array_len(row); i++) {
        struct edit e[] = { edit(MAIL, "nila@example.com") };
        struct change c = { .kind = CHANGE_CREATE,
                            .edit = e,
                            .n_edits = 1,
                            .manager_set = true,
                            .manager_after = { str_of(row[i].id), str_of(row[i].key) } };
        struct bed b;
        bed_init(&b);
        wire_option(&b.t, "create_accepts_manager", row[i].option);
        bed_roster(&b, 12);
        lower(&b, &c, 7, 1);
        ck_assert_msg(b.n == row[i].steps, "row %zu: %zu steps", i, b.n);
        ck_assert(contains(b.step[0].args.p, "ManagerUserId") == (i == 0));
        if (b.n == 2) {
            ck_assert_str_eq(endpoint(&b, 1), "UpdateReportingManagerInBulk");
            ck_assert_uint_eq(b.step[1].rank, RANK_MANAGER);
            ck_assert_uint_eq(b.step[1].user_ref, 7);
            ck_assert_uint_eq(b.step[1].manager_ref,
                              NO_CHANGE); /* the engine, which knows all changes, sets it */
            ck_assert(needs(&b.step[1], NEED_CREATED, 7));
        }
        bed_deinit(&b);
    }
}
END_TEST

/* Both ids through `created`; a pair whose manager nobody knows is not sent, least of all with an empty id.
 */
START_TEST(pairs_of_joiners)
{
    struct edit e[] = { edit(MAIL, "nila@example.com") };
    struct change c[] = { { .kind = CHANGE_CREATE,
                            .edit = e,
                            .n_edits = 1,
                            .manager_set = true,
                            .manager_after = { .key = STR("E8") } },
                          { .kind = CHANGE_MANAGER,
                            .user = OLD_USER("003"),
                            .manager_set = true,
                            .manager_after = { .key = STR("E404") } },
                          { .kind = CHANGE_MANAGER, .user = OLD_USER("004"), .manager_set = true } };
    struct settlement out[3];
    struct answer a = { .status = 200,
                        .retry_after_us = -1,
                        .body =
                            STR("{\"ErrorMessage\":null,\"Status\":\"Success\",\"WFAId\":\"1064000001\"}") };
    struct bed b;
    bed_init(&b);
    bed_roster(&b, 5);
    lower(&b, &c[0], 7, 1);
    lower(&b, &c[1], 20, 1);
    lower(&b, &c[2], 21, 1);
    b.step[1].manager_ref = 8;
    ck_assert_uint_eq(pack(&b, 1, 3), 3);
    assert_request(&b.t, &b.q, "UpdateReportingManagerInBulk", HTTP_POST,
                   "/v2/UserManagement.svc/UpdateReportingManagerInBulk",
                   "[{\"UserId\":\"" ID("777") "\",\"ManagerId\":\"" ID("888") "\"},{\"UserId\":\"" ID(
                       "004") "\",\"ManagerId\":\"\"}]");
    b.t.k->settle(b.t.conn, b.at + 1, 3, &a, out);
    ck_assert(out[0].settled == SETTLED_DONE && out[0].verify);
    ck_assert(out[1].settled == SETTLED_REFUSED && out[1].blast == BLAST_STEP);
    ck_assert(out[2].settled == SETTLED_DONE && out[2].verify);
    bed_deinit(&b);
}
END_TEST

/* Update ------------------------------------------------------------------------------------------ */

START_TEST(update_and_team_are_one_call) /* fact sheet 5.2 */
{
    struct edit e[] = { edit(CUSTOM, "E5"), edit(LAST, ""), edit(AGENT, "maybe"), edit(TYPE, "-0.5") },
                team[] = { edit(TEAM_SLOT, TEAM("2")) };
    struct change c[] = { { .kind = CHANGE_UPDATE,
                            .user = STR("33333333AAAA4BBB8CCC000000000001"),
                            .edit = e,
                            .n_edits = array_len(e) },
                          { .kind = CHANGE_MEMBERSHIP,
                            .user = STR("33333333AAAA4BBB8CCC000000000001"),
                            .edit = team,
                            .n_edits = 1 } };
    for (int null = 0; null < 2; null++) {
        struct bed b;
        char want[400];
        bed_init(&b);
        wire_option(&b.t, "clear_value", null ? "null" : "empty");
        bed_roster(&b, 5);
        lower(&b, c, 3, 2);
        ck_assert_uint_eq(b.n, 1);
        ck_assert_uint_eq(b.step[0].n_changes, 2);
        ck_assert_uint_eq(b.step[0].change[1], 4);
        ck_assert_uint_eq(b.step[0].rank, RANK_UPDATE);
        ck_assert_uint_eq(pack(&b, 0, 1), 1);
        snprintf(want, sizeof(want),
                 "{\"user\":{\"mx_Custom_1\":\"E5\",\"LastName\":%s,\"IsPhoneCallAgent\":\"maybe\","
                 "\"UserType\":\"-0.5\",\"TeamId\":\"%s\"}}",
                 null ? "null" : "\"\"", TEAM("2"));
        assert_request(&b.t, &b.q, "User/Update", HTTP_POST,
                       "/v2/UserManagement.svc/User/Update?UserId=" ID("001"), want);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(returner_is_activated_and_updated) /* fact sheet 5.5, 11.4 */
{
    struct edit e[] = { edit(LAST, "Rao") };
    struct change c[] = { { .kind = CHANGE_ACTIVATE, .user = OLD_USER("009") },
                          { .kind = CHANGE_UPDATE, .user = OLD_USER("009"), .edit = e, .n_edits = 1 },
                          { .kind = CHANGE_MANAGER,
                            .user = OLD_USER("009"),
                            .manager_set = true,
                            .manager_after = { .id = OLD_USER("001") } } };
    for (int inactive = 0; inactive < 2; inactive++) {
        struct bed b;
        bed_init(&b);
        wire_option(&b.t, "update_inactive", inactive ? "true" : "false");
        bed_roster(&b, 12);
        lower(&b, c, 3, 3);
        ck_assert_uint_eq(b.n, 3);
        assert_step(&b, 0, "User/Activate", RANK_ACTIVATE, "{}");
        assert_step(&b, 1, "User/Update", RANK_UPDATE, "{\"LastName\":\"Rao\"}");
        assert_step(&b, 2, "UpdateReportingManagerInBulk", RANK_MANAGER, "{\"ManagerId\":\"" ID("001") "\"}");
        ck_assert(needs(&b.step[0], NEED_SEAT, NO_CHANGE));
        ck_assert(needs(&b.step[1], NEED_ACTIVATED, 3) == !inactive);
        bed_deinit(&b);
    }
}
END_TEST

/* Fact sheet 12.4: perhaps an update does take the manager. A pure manager move still goes where it is
 * cheapest. */
START_TEST(update_that_takes_the_manager)
{
    struct edit e[] = { edit(LAST, "Rao") };
    struct change c[] = { { .kind = CHANGE_MANAGER,
                            .user = OLD_USER("002"),
                            .manager_set = true,
                            .manager_after = { .id = OLD_USER("001") } },
                          { .kind = CHANGE_UPDATE, .user = OLD_USER("002"), .edit = e, .n_edits = 1 } };
    struct bed b;
    bed_init(&b);
    wire_option(&b.t, "update_accepts_manager", "true");
    bed_roster(&b, 5);
    lower(&b, c, 3, 2);
    lower(&b, c, 3, 1);
    ck_assert_uint_eq(b.n, 2);
    assert_step(&b, 0, "User/Update", RANK_MANAGER,
                "{\"LastName\":\"Rao\",\"ManagerUserId\":\"" ID("001") "\"}");
    ck_assert_uint_eq(b.step[0].n_changes, 2);
    assert_step(&b, 1, "UpdateReportingManagerInBulk", RANK_MANAGER, "{\"ManagerId\":\"" ID("001") "\"}");
    bed_deinit(&b);
}
END_TEST

/* States ------------------------------------------------------------------------------------------ */

START_TEST(state_calls_are_literal) /* fact sheet 5.5 */
{
    static const struct {
        enum change_kind kind;
        const char *name, *target;
        enum step_rank rank;
    } row[] = {
        { CHANGE_DEACTIVATE, "User/Deactivate", "/v2/UserManagement.svc/User/Deactivate?userId=" ID("002"),
          RANK_DEACTIVATE },
        { CHANGE_ACTIVATE, "User/Activate", "/v2/UserManagement.svc/User/Activate?userId=" ID("002"),
          RANK_ACTIVATE },
        { CHANGE_RETIRE, "User/MarkObsolete", "/v2/UserManagement.svc/User/MarkObsolete?userid=" ID("009"),
          RANK_RETIRE },
    };
    for (size_t i = 0; i < array_len(row); i++) {
        struct change c = { .kind = row[i].kind, .user = OLD_USER("002") };
        struct bed b;
        bed_init(&b);
        bed_roster(&b, 10);
        if (c.kind == CHANGE_RETIRE) /* who is inactive already */
            c.user = OLD_USER("009");
        lower(&b, &c, 3, 1);
        ck_assert_uint_eq(b.n, 1);
        assert_step(&b, 0, row[i].name, row[i].rank, "{}");
        ck_assert_uint_eq(pack(&b, 0, 1), 1);
        assert_request(&b.t, &b.q, row[i].name, HTTP_GET, row[i].target, NULL);
        ck_assert(b.q.write && !b.q.harmless); /* a GET that changes state: nobody may take it for safe */
        bed_deinit(&b);
    }
}
END_TEST

/* One change: an active user is deactivated first, by the same change; who is inactive, or unknown, is not.
 */
START_TEST(retiring_deactivates_first) /* fact sheet 5.5: only a deactivated user can be marked obsolete */
{
    struct change c = { .kind = CHANGE_RETIRE, .user = OLD_USER("002") };
    struct bed b;
    bed_init(&b);
    bed_roster(&b, 10);
    lower(&b, &c, 3, 1);
    ck_assert_uint_eq(b.n, 2);
    assert_step(&b, 0, "User/Deactivate", RANK_DEACTIVATE, "{}");
    assert_step(&b, 1, "User/MarkObsolete", RANK_RETIRE, "{}");
    for (size_t i = 0; i < 2; i++)
        ck_assert(b.step[i].n_changes == 1 && b.step[i].change[0] == 3);
    ck_assert_uint_eq(b.step[0].n_needs, 0);
    ck_assert(needs(&b.step[1], NEED_DONE, 3) && b.step[1].n_needs == 1);
    ck_assert_uint_eq(pack(&b, 1, 1), 1);
    assert_request(&b.t, &b.q, "User/MarkObsolete", HTTP_GET,
                   "/v2/UserManagement.svc/User/MarkObsolete?userid=" ID("002"), NULL);
    c.user = OLD_USER("077"); /* not listed any more */
    lower(&b, &c, 3, 1);
    ck_assert_uint_eq(b.n, 3);
    assert_step(&b, 2, "User/MarkObsolete", RANK_RETIRE, "{}");
    ck_assert_uint_eq(b.step[2].n_needs, 0);
    bed_deinit(&b);
}
END_TEST

START_TEST(state_calls_are_options)
{
    struct change c[] = { { .kind = CHANGE_DEACTIVATE, .user = OLD_USER("002") },
                          { .kind = CHANGE_RETIRE, .user = OLD_USER("002") } };
    struct bed b;
    bed_init(&b);
    wire_option(&b.t, "deactivate_method", "POST");
    wire_option(&b.t, "deactivate_path", "/v2/UserManagement.svc/User.Deactivate?id=");
    bed_roster(&b, 5);
    lower(&b, c, 3, 2);
    ck_assert_uint_eq(b.n, 2);
    ck_assert(needs(&b.step[1], NEED_DONE, 3)); /* only a deactivated user can be marked obsolete */
    ck_assert_uint_eq(pack(&b, 0, 1), 1);
    assert_request(&b.t, &b.q, "User/Deactivate", HTTP_POST,
                   "/v2/UserManagement.svc/User.Deactivate?id=" ID("002"), NULL);
    bed_deinit(&b);
}
END_TEST

/* Managers ---------------------------------------------------------------------------------------- */

static size_t count_calls(struct bed *b, bool known)
{
    size_t calls = 0;
    for (size_t from = 0, k; from < b->n; from += k, calls++) {
        size_t n = 1;
        while (from + n < b->n && b->step[from + n].endpoint == b->step[from].endpoint &&
               str_eq(b->step[from + n].group, b->step[from].group))
            n++;
        k = b->t.k->pack(b->t.conn, b->at + from, n, known ? created : NULL, NULL, &b->q);
        ck_assert(k >= 1 && k <= n);
    }
    return calls;
}

START_TEST(manager_moves_by_the_hundred) /* fact sheet 3.4: 3,400 manager moves need 34 calls */
{
    struct bed *b = xmalloc(sizeof(*b));
    bed_init(b);
    bed_roster(b, 3401);
    for (size_t i = 1; i <= 3400; i++) {
        struct change c = { .kind = CHANGE_MANAGER,
                            .user = roster_id(b->t.roster, (uint32_t)i),
                            .manager_set = true,
                            .manager_after = { .id = OLD_USER("000") } };
        lower(b, &c, (uint32_t)i, 1);
    }
    ck_assert_uint_eq(count_calls(b, true), 34);
    ck_assert_uint_eq(count_calls(b, false), 34);
    ck_assert_uint_eq(b->t.k->vendor.endpoints[b->step[0].endpoint].in_flight, 1);
    bed_deinit(b);

    bed_init(b);
    wire_option(&b->t, "manager_batch", "7");
    bed_roster(b, 30);
    for (size_t i = 0; i < 20; i++) {
        struct change c = { .kind = CHANGE_MANAGER,
                            .user = roster_id(b->t.roster, (uint32_t)(i % 15)),
                            .manager_set = true,
                            .manager_after = { .id = OLD_USER("020") } };
        lower(b, &c, (uint32_t)i, 1);
    }
    ck_assert_uint_eq(count_calls(b, true), 3);
    wire_option(&b->t, "manager_batch", "100");
    ck_assert_uint_eq(pack(b, 0, 20), 15); /* user 0 comes again as the sixteenth: never twice in one batch */
    bed_deinit(b);
    free(b);
}
END_TEST

/* Teams ------------------------------------------------------------------------------------------- */

static void add_move(struct bed *b, uint32_t user, const char *team)
{
    struct edit e = edit(TEAM_SLOT, team);
    struct change c = {
        .kind = CHANGE_MEMBERSHIP, .user = roster_id(b->t.roster, user), .edit = &e, .n_edits = 1
    };
    lower(b, &c, (uint32_t)b->n, 1);
}

static void combine(struct bed *b)
{
    b->t.k->combine(b->t.conn, b->t.roster, b->step, b->n, &b->t.arena);
}

static size_t in_bulk(const struct bed *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++)
        n += strcmp(endpoint(b, i), "User/Bulk/Update") == 0;
    return n;
}

START_TEST(bulk_team_update_is_literal) /* fact sheet 5.3 */
{
    struct bed b;
    bed_init(&b);
    bed_roster(&b, 5);
    add_move(&b, 1, TEAM("2"));
    add_move(&b, 2, TEAM("2"));
    combine(&b);
    ck_assert_uint_eq(pack(&b, 0, 2), 2);
    assert_request(
        &b.t, &b.q, "User/Bulk/Update", HTTP_POST, "/v2/UserManagement.svc/User/Bulk/Update",
        "{\"Conditions\":[{\"Condition\":[{\"LookupName\":\"EmailAddress\",\"Operator\":\"eq\","
        "\"LookupValue\":\"U0001@example.com\","
        "\"ConditionOperator\":\"OR\"},{\"LookupName\":\"EmailAddress\",\"Operator\":\"eq\","
        "\"LookupValue\":\"U0002@example.com\","
        "\"ConditionOperator\":null}],\"GroupOperator\":null}],\"Attribute\":\"TeamId\",\"Value\":\"" TEAM(
            "2") "\"}");
    bed_deinit(&b);
}
END_TEST

START_TEST(three_hundred_moves_are_six_calls)
{
    struct bed *b = xmalloc(sizeof(*b));
    bed_init(b);
    bed_roster(b, 400);
    for (uint32_t i = 50; i < 350; i++)
        add_move(b, i, TEAM("2"));
    ck_assert_uint_eq(count_calls(b, true), 300);
    combine(b);
    ck_assert_uint_eq(count_calls(b, true), 6);
    bed_deinit(b);
    free(b);
}
END_TEST

/* Users 7 and 8 share an address but for case, 6 has an unusual one, 9 is inactive: each gets an update of
 * his own. */
START_TEST(who_may_be_moved_in_bulk)
{
    struct edit team = edit(TEAM_SLOT, TEAM("2")), last = edit(LAST, "Rao");
    struct bed b;
    bed_init(&b);
    bed_roster(&b, 20);
    for (uint32_t i = 5; i <= 10; i++)
        add_move(&b, i, TEAM("2"));
    struct change c[] = {
        { .kind = CHANGE_UPDATE, .user = OLD_USER("011"), .edit = &last, .n_edits = 1 },
        { .kind = CHANGE_MEMBERSHIP, .user = OLD_USER("011"), .edit = &team, .n_edits = 1 }
    };
    lower(&b, c, 50, 2);
    add_move(&b, 12, TEAM("3")); /* alone: not worth it */
    add_move(&b, 13, "");        /* no team at all */
    add_move(&b, 14, "");
    combine(&b);
    ck_assert_uint_eq(in_bulk(&b), 2);
    ck_assert_str_eq(endpoint(&b, 0), "User/Bulk/Update"); /* 5 */
    ck_assert_str_eq(endpoint(&b, 5), "User/Bulk/Update"); /* 10 */
    assert_str(b.step[0].group, TEAM("2"));
    bed_deinit(&b);
}
END_TEST

START_TEST(bulk_limits_are_options)
{
    static const struct {
        const char *min, *max;
        size_t in_bulk, calls;
    } row[] = { { "2", "50", 10, 1 },
                { "10", "50", 10, 1 },
                { "11", "50", 0, 10 },
                { "0", "50", 0, 10 },
                { "2", "4", 10, 3 } };
    for (size_t i = 0; i < array_len(row); i++) {
        struct bed b;
        bed_init(&b);
        wire_option(&b.t, "bulk_team_min", row[i].min);
        wire_option(&b.t, "bulk_team_max", row[i].max);
        bed_roster(&b, 30);
        for (uint32_t u = 10; u < 20; u++)
            add_move(&b, u, TEAM("2"));
        combine(&b);
        ck_assert_uint_eq(in_bulk(&b), row[i].in_bulk);
        ck_assert_uint_eq(count_calls(&b, true), row[i].calls);
        bed_deinit(&b);
    }
}
END_TEST

/* Where nobody can tell whose address it is, it is nobody's. */
START_TEST(no_bulk_without_an_index_of_addresses)
{
    struct bed b;
    bed_init(&b);
    b.t.schema.n_keys = 1;
    bed_roster(&b, 20);
    add_move(&b, 1, TEAM("2"));
    add_move(&b, 2, TEAM("2"));
    combine(&b);
    ck_assert_uint_eq(in_bulk(&b), 0);
    bed_deinit(&b);
}
END_TEST

/* Only who was listed with everybody else is known to be alone with his address. */
START_TEST(no_bulk_after_mere_look_ups)
{
    struct bed b;
    struct request q;
    unsigned id;
    struct read_state state;
    bed_init(&b);
    bed_roster(&b, 20);
    request_init(&q);
    struct roster *none = roster_new(&b.t.schema, &wire_hash_key);
    struct read_goal goal = { .kind = READ_LOOKUP, .roster = none };
    b.t.k->read_begin(b.t.conn, &goal);
    ck_assert_int_eq(b.t.k->read_next(b.t.conn, &q, &id, &state), READ_COMPLETE);
    add_move(&b, 1, TEAM("2"));
    add_move(&b, 2, TEAM("2"));
    combine(&b);
    ck_assert_uint_eq(in_bulk(&b), 0);
    roster_free(none);
    request_deinit(&q);
    bed_deinit(&b);
}
END_TEST

UNIT("leadsquared write", joiner_with_everything, joiner_whose_custom_field_has_no_schema_name,
     joiners_manager, pairs_of_joiners, update_and_team_are_one_call, returner_is_activated_and_updated,
     update_that_takes_the_manager, state_calls_are_literal, retiring_deactivates_first,
     state_calls_are_options, manager_moves_by_the_hundred, bulk_team_update_is_literal,
     three_hundred_moves_are_six_calls, who_may_be_moved_in_bulk, bulk_limits_are_options,
     no_bulk_without_an_index_of_addresses, no_bulk_after_mere_look_ups)
