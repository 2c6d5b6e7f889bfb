/* READ_TENANT: fact sheet 4.1, 4.6, 7. */
#include "lsq.h"

static const char self[] =
    "{\"Class\":\"1\",\"Group\":\"1\",\"SubRegionId\":\"1\","
    "\"Id\":\"11111111-aaaa-4bbb-8ccc-000000000001\",\"Name\":\"Sync Robot\","
    "\"PassPhrase\":\"sync.robot@example.com\",\"Role\":\"Administrator\",\"EmailAddress\":null,"
    "\"Type\":\"ApplicationUser\","
    "\"OrgDisplayName\":\"Example Org\",\"OrgId\":\"22222222-aaaa-4bbb-8ccc-000000000002\","
    "\"OrgShortCode\":\"10001\","
    "\"MobileServiceURLs\":{\"ReportsURL\":\"https://reports.example.com\"},"
    "\"LSQCommonServiceURLs\":{\"x\":\"https://run.example.com\","
    "\"y\":\"https://api-in21.leadsquared.com\"}}";

static const char attributes[] =
    "{\"TotalUserAttributes\":4,\"UserAttributes\":["
    "{\"Category\":\"Custom\",\"DisplayName\":\"Employee Number\","
    "\"InternalSchemaName\":\"mx_Custom_1\",\"SchemaName\":\"Employee_No\","
    "\"MaxLength\":250,\"Options\":\"[{\\\"IsDefault\\\":true}]\"},"
    "{\"Category\":\"Custom\",\"DisplayName\":\"Cost Centre\",\"InternalSchemaName\":\"mx_Custom_2\","
    "\"SchemaName\":\"Cost_Centre\"},"
    "{\"Category\":\"Custom\",\"DisplayName\":\"Grade\",\"InternalSchemaName\":\"mx_Custom_3\"},"
    "{\"Category\":\"Custom\",\"DisplayName\":\"Level\",\"InternalSchemaName\":\"mx_Custom_11\","
    "\"SchemaName\":\"Level_\"},"
    "{\"Category\":\"Custom\",\"DisplayName\":\"Same\",\"InternalSchemaName\":\"mx_Custom_5\","
    "\"SchemaName\":\"Same_A\"},"
    "{\"Category\":\"Custom\",\"DisplayName\":\"Same\",\"InternalSchemaName\":\"mx_Custom_6\","
    "\"SchemaName\":\"Same_B\"},"
    "{\"DisplayName\":\"First Name\",\"InternalSchemaName\":\"FirstName\",\"SchemaName\":\"FirstName\"},"
    "{\"DisplayName\":\"Email\",\"InternalSchemaName\":\"EmailAddress\",\"SchemaName\":\"EmailAddress\"}]}";

static const char teams[] =
    "{\"FetchedOn\":\"2026-01-05 05:30:00\",\"RecordCount\":2,\"Teams\":[{\"TeamId\":\"" TEAM(
        "1") "\",\"Code\":1,\"Name\":\"Example Org\","
             "\"ParentId\":null,\"Depth\":0,\"ChildTeams\":[{\"TeamId\":\"" TEAM(
                 "2") "\",\"Name\":\"South Team\",\"ParentId\":\"" TEAM("1") "\",\"Depth\":1,"
                                                                             "\"ChildTeams\":[]}]}]}";

struct script {
    const char *self, *attributes, *teams;
    int status;
};

static struct reply tenant(void *ctx, const struct request *q)
{
    const struct script *s = ctx;
    const char *target = q->target.p;
    if (contains(target, "UserByAccessKey"))
        return s->self ? SAYS(s->status ? s->status : 200, s->self) : SAYS(500, "");
    if (contains(target, "Attribute"))
        return OK(s->attributes);
    return OK(s->teams);
}

static const struct script all_good = { self, attributes, teams, 0 };

static enum read_next read_with(struct wire *t, struct script s)
{
    wire_connect(t);
    struct read_goal goal = wire_goal_tenant(t);
    return wire_read(t, &goal, tenant, &s);
}

START_TEST(requests_are_literal) /* fact sheet 4.1, 4.6, 7 */
{
    struct wire t;
    struct request q;
    unsigned id;
    struct reply good[] = { OK(self), OK(attributes), OK(teams) };
    request_init(&q);
    lsq_init(&t);
    t.config.page_concurrency = 1;
    wire_map(&t, "TeamId");
    wire_connect(&t);
    struct read_goal goal = wire_goal_tenant(&t);
    t.k->read_begin(t.conn, &goal);

    ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
    assert_request(&t, &q, "UserByAccessKey.Get", HTTP_GET, "/v2/Authentication.svc/UserByAccessKey.Get",
                   NULL);
    ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_WAIT);
    ck_assert(wire_feed(&t, id, &good[0], 0).good);

    ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
    assert_request(&t, &q, "User/Attribute/Retrieve", HTTP_POST,
                   "/v2/UserManagement.svc/User/Attribute/Retrieve", NULL);
    ck_assert(wire_feed(&t, id, &good[1], 0).good);

    ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
    assert_request(&t, &q, "TeamManagement/Retrieve", HTTP_GET,
                   "/v2/TeamManagement.svc/Retrieve?getHierarchical=true", NULL);
    ck_assert(wire_feed(&t, id, &good[2], 0).good);
    ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_COMPLETE);
    ck_assert(!errs_any(&t.errs));
    request_deinit(&q);
    wire_deinit(&t);
}
END_TEST

START_TEST(finds_out_who_and_where)
{
    const struct ref *team = NULL;
    struct wire t;
    lsq_init(&t);
    wire_map(&t, "TeamId");
    ck_assert_int_eq(read_with(&t, all_good), READ_COMPLETE);
    ck_assert_str_eq(t.tenant.own_user, "11111111-aaaa-4bbb-8ccc-000000000001");
    ck_assert_str_eq(t.tenant.id, "22222222-aaaa-4bbb-8ccc-000000000002");
    ck_assert_str_eq(t.tenant.label, "10001");
    ck_assert_int_eq(t.tenant.seats, -1);
    assert_says(t.tenant.advice, "https://api-in21.leadsquared.com");
    ck_assert_int_eq(refs_find(&t.tenant.refs, REF_TEAM, STR("south team"), &team), REF_OK);
    assert_str(team->send, TEAM("2"));
    ck_assert_uint_eq(t.tenant.refs.n, 2);
    wire_deinit(&t);
}
END_TEST

/* Nothing is asked that the job does not use: every call counts against the account's quota (fact sheet 3.4).
 */
START_TEST(asks_only_what_is_mapped)
{
    struct wire t;
    lsq_init(&t);
    t.schema.attr[0] = t.schema.attr[1]; /* no custom field, no team */
    t.schema.n = 1;
    t.schema.n_keys = 1;
    ck_assert_int_eq(read_with(&t, all_good), READ_COMPLETE);
    ck_assert_uint_eq(t.asked, 1);
    wire_deinit(&t);
}
END_TEST

/* Fact sheet 14: Create takes custom fields by schema name, Update by slot; a field may be named in three
 * ways. */
START_TEST(custom_fields_are_resolved)
{
    static const char *const name[] = { "Cost_Centre", "Cost Centre", "custom:Cost Centre", "mx_Custom_2" };
    for (size_t i = 0; i < array_len(name); i++) {
        struct wire t;
        lsq_init(&t);
        wire_map(&t, name[i]);
        ck_assert_int_eq(read_with(&t, all_good), READ_COMPLETE);
        ck_assert(!errs_any(&t.errs));
        const struct attr *a = &t.schema.attr[2];
        ck_assert_str_eq(a->wire_update, "mx_Custom_2");
        ck_assert_str_eq(a->wire_create, "Cost_Centre");
        ck_assert_uint_eq(a->flags & (ATTR_CREATE | ATTR_UPDATE), ATTR_CREATE | ATTR_UPDATE);
        ck_assert_uint_eq(t.schema.attr[0].max_chars, 250);
        wire_deinit(&t);
    }
}
END_TEST

START_TEST(field_without_schema_name_goes_by_update)
{
    struct wire t;
    lsq_init(&t);
    wire_map(&t, "Grade");
    ck_assert_int_eq(read_with(&t, all_good), READ_COMPLETE);
    ck_assert_str_eq(t.schema.attr[2].wire_update, "mx_Custom_3");
    ck_assert_uint_eq(t.schema.attr[2].flags & (ATTR_CREATE | ATTR_UPDATE), ATTR_UPDATE);
    wire_deinit(&t);

    lsq_init(&t);
    wire_option(&t, "custom_names", "mx_Custom_9=Other, mx_Custom_3 = Grade_X");
    wire_map(&t, "mx_Custom_3");
    ck_assert_int_eq(read_with(&t, all_good), READ_COMPLETE);
    ck_assert_str_eq(t.schema.attr[2].wire_create, "Grade_X");
    ck_assert_uint_eq(t.schema.attr[2].flags & ATTR_CREATE, ATTR_CREATE);
    ck_assert(!errs_any(&t.errs));
    wire_deinit(&t);
}
END_TEST

/* Fact sheet 5.2: Update lists mx_Custom_1 to mx_Custom_10. */
START_TEST(slots_beyond_the_tenth)
{
    struct wire t;
    lsq_init(&t);
    wire_map(&t, "Level_");
    ck_assert_int_eq(read_with(&t, all_good), READ_COMPLETE);
    ck_assert_uint_eq(t.schema.attr[2].flags & ATTR_UPDATE, 0);
    wire_deinit(&t);

    lsq_init(&t);
    wire_option(&t, "update_custom_slots", "20");
    wire_option(&t, "custom_on_create", "false");
    wire_map(&t, "Level_");
    ck_assert_int_eq(read_with(&t, all_good), READ_COMPLETE);
    ck_assert_uint_eq(t.schema.attr[2].flags & (ATTR_CREATE | ATTR_UPDATE), ATTR_UPDATE);
    wire_deinit(&t);
}
END_TEST

START_TEST(mistakes_of_the_mapping)
{
    struct buf text = BUF_INIT(8192);
    struct wire t;
    lsq_init(&t);
    wire_map(&t, "Cost_Center_X");
    wire_map(&t, "Cost_Center");
    wire_map(&t, "Same");
    wire_option(&t, "update_also", "PhoneMobile, FistName");
    ck_assert_int_eq(read_with(&t, all_good), READ_COMPLETE);
    errs_format(&t.errs, &text);
    ck_assert_uint_eq(t.errs.n, 4);
    assert_says(text.p, "no user attribute 'Cost_Center'; did you mean 'Cost_Centre'?");
    assert_says(text.p, "no user attribute 'Cost_Center_X'");
    assert_says(text.p, "several user attributes 'Same'");
    assert_says(text.p, "$.target.options.update_also: 'FistName' is no attribute");
    buf_deinit(&text);
    wire_deinit(&t);
}
END_TEST

static void note_said(void *ctx, const char *where, const char *text)
{
    buf_printf(ctx, "%s: %s\n", where, text);
}

/* What `check --offline` finds. */
START_TEST(options_that_no_tenant_need_judge)
{
    static const struct {
        const char *option, *value, *says;
    } rows[] = {
        { "activate_path", "v2/x",
          "options.activate_path: 'activate_path' must be a path that starts with '/'" },
        { "deactivate_path", "/v2/x y", "options.deactivate_path: " },
        { "obsolete_path", "", "options.obsolete_path: " },
        { "search_path", "/v2#x", "options.search_path: " },
        { "custom_names", "mx_Custom_3", "options.custom_names: 'mx_Custom_3' must have the form" },
        { "custom_names", "mx_Custom_1=A, mx_Custom_2=", "'mx_Custom_2=' must" },
        { "custom_names", "Grade=A", "'Grade=A' must" },
        { "custom_names", "mx_Custom_1=A,, mx_Custom_2 = B", "'' must" },
        { "custom_names", "mx_Custom_1=A, mx_Custom_2 = B", NULL },
        { "search_path", "/v3/Search?x=1", NULL },
    };
    static const bool given[VENDOR_CREDENTIALS_MAX] = { true, true };
    for (size_t i = 0; i < array_len(rows); i++) {
        struct buf text = BUF_INIT(8192);
        struct wire t;
        lsq_init(&t);
        wire_option(&t, rows[i].option, rows[i].value);
        t.k->vendor.check(t.option, given, note_said, &text);
        if (rows[i].says)
            assert_says(text.p, rows[i].says);
        ck_assert_msg(rows[i].says || text.n == 0, "%s: %s", rows[i].value, text.p);
        buf_deinit(&text);
        wire_deinit(&t);
    }
}
END_TEST

START_TEST(update_also_and_attribute_check)
{
    struct wire t;
    lsq_init(&t);
    wire_map(&t, "PhoneMobile");
    wire_option(&t, "update_also", "PhoneMobile");
    wire_option(&t, "attribute_check", "all");
    ck_assert_int_eq(read_with(&t, all_good), READ_COMPLETE);
    ck_assert_uint_eq(t.schema.attr[2].flags & ATTR_UPDATE, ATTR_UPDATE);
    ck_assert_uint_eq(t.errs.n, 1); /* this tenant's list has no PhoneMobile */
    assert_says(t.errs.v[0].text, "'PhoneMobile'");
    wire_deinit(&t);
}
END_TEST

/* What is close to a standard name is a slip, not a custom field. */
START_TEST(forms_of_attribute_names)
{
    static const struct {
        const char *name;
        bool known, custom;
    } row[] = {
        { "FirstName", true, false }, { "mx_Custom_7", true, true },     { "Cost Centre", true, true },
        { "FistName", false, false }, { "firstname", false, false },     { "StatusCode", false, false },
        { "userid", false, false },   { "custom:FistName", true, true }, { "custom:", false, false },
        { "", false, false },         { "a\nb", false, false },          { "Password", false, false },
    };
    const struct connector *k = connector_named("leadsquared");
    for (size_t i = 0; i < array_len(row); i++) {
        struct attr a;
        bool known = vendor_attr(&k->vendor, str_of(row[i].name), &a);
        ck_assert_msg(known == row[i].known, "'%s'", row[i].name);
        ck_assert_msg(!known || ((a.flags & ATTR_CUSTOM) != 0) == row[i].custom, "'%s'", row[i].name);
    }
    ck_assert_str_eq(vendor_attr_suggest(&k->vendor, STR("FistName")), "FirstName");
}
END_TEST

/* Every byte of each answer may be the last of a piece; any cut answer is no answer. */
START_TEST(pieces_and_cuts)
{
    for (size_t cut = 0; cut < sizeof(self) - 1; cut++) {
        struct wire t;
        struct request q;
        unsigned id;
        lsq_init(&t);
        wire_connect(&t);
        request_init(&q);
        struct read_goal goal = wire_goal_tenant(&t);
        t.k->read_begin(t.conn, &goal);
        ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
        struct reply part = { .status = 200, .body = { self, cut } }, whole = OK(self);
        ck_assert(!wire_feed(&t, id, &part, 0).good);
        ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
        ck_assert(wire_feed(&t, id, &whole, cut).good);
        ck_assert_str_eq(t.tenant.label, "10001");
        request_deinit(&q);
        wire_deinit(&t);
    }
}
END_TEST

START_TEST(wrong_shapes)
{
    static const char *const bad_self[] = {
        "[]", "{}", "null", "\"x\"", "{\"Id\":\"1\"}", "{\"OrgId\":\"1\"}", "{\"Id\":5,\"OrgId\":\"1\"}"
    };
    static const char *const bad_teams[] = { "[]", "{}", "{\"Teams\":null}", "{\"Teams\":[{}]}",
                                             "{\"Teams\":[5]}" };
    static const char *const bad_attributes[] = { "[]", "{}", "{\"UserAttributes\":[]}",
                                                  "{\"UserAttributes\":\"\"}" };
    for (size_t i = 0; i < array_len(bad_self); i++) {
        struct wire t;
        struct script s = all_good;
        lsq_init(&t);
        s.self = bad_self[i];
        ck_assert_int_eq(read_with(&t, s), READ_INCOMPLETE);
        ck_assert_int_eq(t.state.again, AGAIN_LATER);
        assert_says(t.state.why, "UserByAccessKey.Get failed 4 times");
        wire_deinit(&t);
    }
    for (size_t i = 0; i < array_len(bad_teams); i++) {
        struct wire t;
        struct script s = all_good;
        lsq_init(&t);
        wire_map(&t, "TeamId");
        s.teams = bad_teams[i];
        ck_assert_int_eq(read_with(&t, s), READ_INCOMPLETE);
        wire_deinit(&t);
    }
    for (size_t i = 0; i < array_len(bad_attributes); i++) {
        struct wire t;
        struct script s = all_good;
        lsq_init(&t);
        s.attributes = bad_attributes[i];
        ck_assert_int_eq(read_with(&t, s), READ_INCOMPLETE);
        wire_deinit(&t);
    }
}
END_TEST

START_TEST(teams_nested_without_end)
{
    struct buf text = BUF_INIT(1 << 20);
    struct wire t;
    struct script s = all_good;
    buf_puts(&text, "{\"Teams\":");
    for (int i = 0; i < 40; i++)
        buf_printf(&text, "[{\"TeamId\":\"t%d\",\"Name\":\"T\",\"ChildTeams\":", i);
    buf_puts(&text, "[]");
    for (int i = 0; i < 40; i++)
        buf_puts(&text, "}]");
    buf_puts(&text, "}");
    s.teams = text.p;
    lsq_init(&t);
    wire_map(&t, "TeamId");
    ck_assert_int_eq(read_with(&t, s), READ_INCOMPLETE);
    assert_says(t.state.why, "32 deep");
    buf_deinit(&text);
    wire_deinit(&t);
}
END_TEST

/* Fact sheet 2.1: with a wrong host a 401 names the right one; 4.1: the login works on any host. */
START_TEST(refused_login)
{
    struct wire t;
    struct script s = { "Invalid host, use https://api-in21.leadsquared.com", attributes, teams, 401 };
    lsq_init(&t);
    ck_assert_int_eq(read_with(&t, s), READ_INCOMPLETE);
    ck_assert(t.state.refused_login);
    ck_assert_int_eq(t.state.again, AGAIN_NO);
    ck_assert_uint_eq(t.asked, 1);
    assert_says(t.state.why, "401: Invalid host, use https://api-in21.leadsquared.com");
    wire_deinit(&t);
}
END_TEST

UNIT("leadsquared tenant", requests_are_literal, finds_out_who_and_where, asks_only_what_is_mapped,
     custom_fields_are_resolved, field_without_schema_name_goes_by_update, slots_beyond_the_tenth,
     mistakes_of_the_mapping, options_that_no_tenant_need_judge, update_also_and_attribute_check,
     forms_of_attribute_names, pieces_and_cuts, wrong_shapes, teams_nested_without_end, refused_login)
