/* Names of attributes (RFC 7644 3.10), what answers mean (RFC 7644 3.12; fact sheet 1, 2), options and
 * credentials that do not fit each other. */
#include "scim.h"

/* Paths ------------------------------------------------------------------------------------------- */

#define TWENTY "aaaaaaaaaaaaaaaaaaaa"
#define LONG_NAME "urn:example:" TWENTY TWENTY TWENTY TWENTY TWENTY TWENTY ":User:x"

START_TEST(parts_of_a_path)
{
    static const struct {
        const char *name, *urn, *attr, *filter_attr, *filter_value, *sub;
    } good[] = {
        { "userName", "", "userName", "", "", "" },
        { "name.givenName", "", "name", "", "", "givenName" },
        { "emails[type eq \"work\"].value", "", "emails", "type", "work", "value" },
        { "emails[ Type  EQ  \"my work\" ].value", "", "emails", "Type", "my work", "value" },
        { "emails[primary eq true].value", "", "emails", "primary", "true", "value" },
        { EXT ":department", EXT, "department", "", "", "" },
        { EXT ":manager.value", EXT, "manager", "", "", "value" },
        { SCIM_CORE_USER ":name.givenName", "", "name", "", "", "givenName" },
        { "URN:IETF:params:scim:schemas:core:2.0:USER:title", "", "title", "", "", "" },
        { "urn:x-y:a.b_c%41/d:User:list[type eq \"a:b\"].$ref", "urn:x-y:a.b_c%41/d:User", "list", "type",
          "a:b", "$ref" },
    };
    static const char *const bad[] = {
        "",
        ".",
        "a.",
        ".a",
        "1a",
        "a b",
        "a..b",
        "a.b.c",
        "a[",
        "a]",
        "a[]",
        "a[].b",
        "a[type].b",
        "a[type eq].b",
        "a[type eq work].b",
        "a[type eq \"work\"]",
        "a[type eq \"work\"].",
        "a[type eq \"work\"]b",
        "a[type ne \"work\"].b",
        "a[kind eq \"work\"].b",
        "a[primary eq false].b",
        "a[primary eq \"true\"].b",
        "a[type eq \"w\"o\"].b",
        "a[type eq \"w\\\"].b",
        "a[type eq \"\"].b",
        "a]type eq \"w\"[.b",
        "urn:",
        "urn:a",
        "urn:a:b:",
        "urn:a:b:.c",
        "urn:ab::x",
        "urn:a b:c:x",
        "urn:x:y[type eq \"w\"].z",
        "a\xc3\xa9",
    };
    for (size_t i = 0; i < array_len(good); i++) {
        struct scim_path p;
        ck_assert_msg(scim_path(str_of(good[i].name), &p), "%s", good[i].name);
        assert_str(p.urn, good[i].urn);
        assert_str(p.attr, good[i].attr);
        assert_str(p.filter_attr, good[i].filter_attr);
        assert_str(p.filter_value, good[i].filter_value);
        assert_str(p.sub, good[i].sub);
    }
    for (size_t i = 0; i < array_len(bad); i++) {
        struct scim_path p = { .attr = STR("as it was") };
        ck_assert_msg(!scim_path(str_of(bad[i]), &p), "'%s'", bad[i]);
        assert_str(p.attr, "as it was");
    }
}
END_TEST

START_TEST(attributes_that_a_job_may_name)
{
    const struct vendor *v = &connector_named("scim")->vendor;
    static const struct {
        const char *name;
        enum attr_type type;
        bool custom;
    } good[] = {
        { "userName", ATTR_FOLD, false },
        { "groups", ATTR_REFS, false },
        { "externalId", ATTR_TEXT, false },
        { "emails[type eq \"work\"].value", ATTR_FOLD, false },
        { "emails[type eq \"private\"].value", ATTR_FOLD, true },
        { "emails[primary eq true].value", ATTR_FOLD, true },
        { "emails[type eq \"work\"].display", ATTR_TEXT, true },
        { "roles[primary eq true].value", ATTR_TEXT, true },
        { "entitlements[type eq \"licence\"].value", ATTR_TEXT, true },
        { "photos[type eq \"photo\"].value", ATTR_TEXT, true },
        { "urn:example:hr:1.0:User:badge", ATTR_TEXT, true },
        { "urn:example:hr:1.0:User:desk.floor", ATTR_TEXT, true },
        { EXT ":custom", ATTR_TEXT, true },
        { SCIM_CORE_USER ":userName", ATTR_FOLD, false },
        { SCIM_CORE_USER ":emails[type eq \"work\"].value", ATTR_FOLD, false },
    };
    static const char *const bad[] = {
        "id",
        "meta.version",
        "active",
        "password",
        "schemas",
        "groups.value",
        "manager",
        "username",
        "UserName",
        "emails",
        "emails.value",
        "roles.value",
        "roles",
        "name",
        "name.nickname",
        "custom",
        "x509Certificates.value",
        "x509Certificates[type eq \"x\"].value",
        "groups[type eq \"direct\"].value",
        "emails[type eq \"work\"].type",
        "emails[type eq \"work\"].primary",
        "emails[type eq \"work\"].$ref",
        EXT ":manager",
        EXT ":manager.value",
        "urn:example:x:User:password",
        SCIM_CORE_USER ":id",
        SCIM_CORE_USER ":active",
        LONG_NAME,
        "",
    };
    for (size_t i = 0; i < array_len(good); i++) {
        struct attr a;
        ck_assert_msg(vendor_attr(v, str_of(good[i].name), &a), "%s", good[i].name);
        ck_assert_str_eq(a.name, good[i].name); /* as the job wrote it */
        ck_assert_msg(a.type == good[i].type && !!(a.flags & ATTR_CUSTOM) == good[i].custom, "%s",
                      good[i].name);
        ck_assert((a.flags & (ATTR_READ | ATTR_CREATE | ATTR_UPDATE)) ==
                  (ATTR_READ | ATTR_CREATE | ATTR_UPDATE));
    }
    for (size_t i = 0; i < array_len(bad); i++) {
        struct attr a;
        ck_assert_msg(!vendor_attr(v, str_of(bad[i]), &a), "'%s'", bad[i]);
    }
}
END_TEST

START_TEST(slips_of_attribute_names)
{
    const struct vendor *v = &connector_named("scim")->vendor;
    static const struct {
        const char *slip, *meant;
    } close[] = {
        { "username", "userName" },
        { "givenName", "name.givenName" },
        { "department", SCIM_ENTERPRISE ":department" },
        { "Department", SCIM_ENTERPRISE ":department" },
        { "email", "emails[type eq \"work\"].value" },
        { "phone", "phoneNumbers[type eq \"work\"].value" },
        { "emails", "emails[type eq \"work\"].value" },
        { "emails.value", "emails[type eq \"work\"].value" },
        { "emails[type=work].value", "emails[type eq \"work\"].value" },
        { "addresses.locality", "addresses[type eq \"work\"].locality" },
        { "manager", NULL },
        { "active", NULL },
        { "value", NULL },
        { "[", NULL },
        { ":", NULL },
        { "", NULL },
    };
    for (size_t i = 0; i < array_len(close); i++) {
        const char *said = vendor_attr_suggest(v, str_of(close[i].slip));
        ck_assert_msg(close[i].meant ? said && strcmp(said, close[i].meant) == 0 : !said, "'%s': %s",
                      close[i].slip, said ? said : "none");
    }
}
END_TEST

/* The description is what other rooms build on. */
START_TEST(the_vendors_table)
{
    const struct vendor *v = &connector_named("scim")->vendor;
    static const struct {
        enum scim_call call;
        const char *name;
        bool write, harmless, inside;
        unsigned batch, in_flight;
    } want[] = {
        { CALL_TOKEN, "POST token", false, true, false, 1, 0 },
        { CALL_CONFIG, "GET /ServiceProviderConfig", false, true, false, 1, 0 },
        { CALL_SCHEMAS, "GET /Schemas", false, true, false, 1, 0 },
        { CALL_GROUPS, "GET /Groups", false, true, false, 1, 0 },
        { CALL_USERS, "GET /Users", false, true, false, 1, 0 },
        { CALL_SEARCH, "GET /Users?filter", false, true, false, 1, 0 },
        { CALL_USER, "GET /Users/{id}", false, true, false, 1, 0 },
        { CALL_CREATE, "POST /Users", true, false, false, 1, 0 },
        { CALL_PATCH, "PATCH /Users/{id}", true, true, false, 1, 0 },
        { CALL_PUT, "PUT /Users/{id}", true, true, false, 1, 0 },
        { CALL_DELETE, "DELETE /Users/{id}", true, true, false, 1, 0 },
        { CALL_GROUP_PATCH, "PATCH /Groups/{id}", true, true, false, 1000, 0 },
        { CALL_BULK, "POST /Bulk", true, false, true, 1000, 1 },
    };
    ck_assert_uint_eq(array_len(want), v->n_endpoints);
    for (size_t i = 0; i < array_len(want); i++) {
        const struct endpoint *e = &v->endpoints[want[i].call];
        ck_assert_str_eq(e->name, want[i].name);
        ck_assert_msg(e->write == want[i].write && e->harmless == want[i].harmless &&
                          e->inside == want[i].inside && e->batch == want[i].batch &&
                          e->in_flight == want[i].in_flight && !e->verified &&
                          e->prelude == (want[i].call == CALL_PUT ? 1 + CALL_USER : 0),
                      "%s", e->name);
    }
    ck_assert_str_eq(v->email_attr, "userName");
    ck_assert_str_eq(v->default_rate, "20/1s");
    ck_assert(v->managers_unordered && v->default_concurrency == 4);
    for (unsigned k = CHANGE_CREATE; k <= CHANGE_RETIRE; k++)
        ck_assert(v->kinds & 1u << k);
    ck_assert_uint_eq(v->n_options, SCIM_OPTIONS);
    for (size_t i = 0; i < v->n_options; i++)
        ck_assert_msg(v->options[i].name && v->options[i].help && v->options[i].fallback, "option %zu", i);
}
END_TEST

/* Options and credentials ------------------------------------------------------------------------- */

static void hear(void *ctx, const char *where, const char *text)
{
    buf_printf(ctx, "%s: %s\n", where, text);
}

struct setting {
    const char *option, *value;
};

static void check(const struct setting *set, const char *given, const char *want)
{
    struct wire t;
    struct buf said = BUF_INIT(4096);
    bool has[CONN_CREDENTIALS_MAX] = { false };
    wire_init(&t, "scim");
    for (; set->option; set++)
        wire_option(&t, set->option, set->value);
    for (size_t i = 0; i < t.k->vendor.n_credentials; i++)
        has[i] = strchr(given, (int)('0' + i)) != NULL;
    t.k->vendor.check(t.option, has, hear, &said);
    if (want[0])
        assert_says(said.p ? said.p : "", want);
    else
        assert_str(buf_view(&said), "");
    buf_deinit(&said);
    wire_deinit(&t);
}

#define SET(...) ((const struct setting[]){ __VA_ARGS__, { NULL, NULL } })

START_TEST(options_that_do_not_fit)
{
    const struct setting none[] = { { NULL, NULL } };
    check(none, "0", "");
    check(none, "", "credentials.token: 'token' is missing: the option auth is 'bearer'");
    check(none, "01", "credentials.username: 'username' is not used while the option auth is 'bearer'");
    check(SET({ "auth", "basic" }), "12", "");
    check(SET({ "auth", "basic" }), "1", "credentials.password: 'password' is missing");
    check(SET({ "auth", "basic" }), "012", "credentials.token: 'token' is not used");
    check(SET({ "auth", "oauth2" }, { "token_url", "https://x/" }), "34", "");
    check(SET({ "auth", "oauth2" }, { "token_url", "https://x/" }), "3", "credentials.client_secret: ");
    check(SET({ "auth", "oauth2" }), "34", "options.token_url: 'token_url' must say where the token is had");
    check(SET({ "token_url", "https://x/" }), "0", "options.token_url: 'token_url' is used only where");
    check(SET({ "sort_by", "userName" }), "0", "");
    check(SET({ "sort_by", "name.familyName" }), "0", "");
    check(SET({ "sort_by", "id" }), "0", "");
    check(SET({ "sort_by", "user name" }), "0", "options.sort_by: ");
    check(SET({ "sort_by", MAIL }), "0", "options.sort_by: ");
    check(SET({ "roster", "look_up" }), "0", "");
    check(SET({ "roster", "look_up" }, { "proof", "two_passes" }), "0", "options.proof: ");
    check(SET({ "roster", "look_up" }, { "paging", "cursor" }), "0", "options.paging: ");
}
END_TEST

/* Answers ----------------------------------------------------------------------------------------- */

START_TEST(what_answers_mean)
{
    static const struct {
        int status;
        const char *body;
        enum fault fault;
        const char *type, *text;
    } cases[] = {
        { 200, "{}", FAULT_NONE, "", "" },
        { 204, "", FAULT_NONE, "", "" },
        /* RFC 7644 3.12, its two examples */
        { 404,
          "{'schemas':['urn:ietf:params:scim:api:messages:2.0:Error'],"
          "'detail':'Resource 2819c223-7f76-453a-919d-413861904646 not found','status':'404'}",
          FAULT_GONE, "", "404: Resource 2819c223-7f76-453a-919d-413861904646 not found" },
        { 400,
          "{'schemas':['urn:ietf:params:scim:api:messages:2.0:Error'],'scimType':'mutability',"
          "'detail':'Attribute \\'id\\' is readOnly','status':'400'}",
          FAULT_REFUSED, "mutability", "400 mutability: Attribute \"id\" is readOnly" },
        { 409, "{'status':409,'scimType':'uniqueness','detail':'userName is taken'}", FAULT_REFUSED,
          "uniqueness", "409 uniqueness: userName is taken" },
        /* not SCIM's forms */
        { 400, "{'message':'no'}", FAULT_REFUSED, "", "400: no" },
        { 400, "{'error':'bad','error_description':'very'}", FAULT_REFUSED, "", "400: very" },
        { 400, "{'Errors':[{'code':400,'description':'of 1.1'}]}", FAULT_REFUSED, "", "400: of 1.1" },
        { 400, "{'error':{'x':1}}", FAULT_REFUSED, "", "400" },
        { 400, "plain words", FAULT_REFUSED, "", "400: plain words" },
        { 500, "", FAULT_PASSING, "", "500" },
        /* an error under a status of success */
        { 200,
          "{'schemas':['urn:ietf:params:scim:api:messages:2.0:Error'],"
          "'status':'409','scimType':'uniqueness'}",
          FAULT_REFUSED, "uniqueness", "409 uniqueness" },
        { 200, "{'schemas':['urn:ietf:params:scim:api:messages:2.0:Error']}", FAULT_REFUSED, "", "400" },
        { 200, "{'schemas':['urn:ietf:params:scim:api:messages:2.0:Error'],'status':'429'}", FAULT_THROTTLED,
          "", "429" },
        { 301, "", FAULT_REFUSED, "", "301; a redirect is not followed" },
        { 401, "", FAULT_LOGIN, "", "401; the credentials were refused" },
        { 403, "", FAULT_REFUSED, "", "403" },
        { 408, "", FAULT_PASSING, "", "408" },
        { 412, "", FAULT_STALE, "", "412" },
        { 413, "", FAULT_TOO_LARGE, "", "413" },
        { 415, "", FAULT_REFUSED, "", "415; try the option media_type" },
        { 425, "", FAULT_PASSING, "", "425" },
        { 429, "", FAULT_THROTTLED, "", "429" },
        { 501, "", FAULT_REFUSED, "", "501" },
        { 502, "", FAULT_PASSING, "", "502" },
        { 503, "", FAULT_PASSING, "", "503" },
        { 400, "{'detail':'token T0KEN/+= and T0KEN%2F%2B%3D'}", FAULT_REFUSED, "",
          "400: token *** and ***" },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct wire t;
        struct judged j;
        scim_init(&t);
        wire_connect(&t);
        struct answer a = { .status = cases[i].status,
                            .body = json_of(&t, cases[i].body),
                            .retry_after_us = -1 };
        json_t *root = json_loadb(a.body.p, a.body.n, 0, NULL);
        scim_judge(t.conn, &a, root, &j);
        ck_assert_msg(j.fault == cases[i].fault, "case %zu: %d, %s", i, j.fault, j.text);
        ck_assert_str_eq(j.type, cases[i].type);
        assert_says(j.text, cases[i].text);
        ck_assert((j.fault == FAULT_NONE) == (j.text[0] == '\0'));
        ck_assert(j.wait_us == (j.fault == FAULT_THROTTLED ? 5 * SECOND_US : -1));
        json_decref(root);
        wire_deinit(&t);
    }
}
END_TEST

START_TEST(pages_are_hardly_quoted)
{
    char page[3000];
    struct wire t;
    struct judged j;
    memset(page, 'x', sizeof(page));
    memcpy(page, "<html>\x1b[31m", 11);
    scim_init(&t);
    wire_connect(&t);
    struct answer a = { .status = 500, .body = { page, sizeof(page) }, .retry_after_us = -1 };
    scim_judge(t.conn, &a, NULL, &j);
    assert_says(j.text, "500: <html>\\x1b[31mxxx");
    ck_assert_uint_lt(strlen(j.text), 70);
    wire_deinit(&t);
}
END_TEST

START_TEST(how_long_to_wait)
{
    static const struct {
        int status;
        int64_t told, wait;
    } cases[] = { { 429, -1, 7 * SECOND_US }, { 429, 0, 0 }, { 429, 90, 90 }, { 503, 90, 90 } };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct wire t;
        struct judged j;
        scim_init(&t);
        wire_option(&t, "throttled_wait", "7s");
        wire_connect(&t);
        struct answer a = { .status = cases[i].status,
                            .body = STR("<html>"),
                            .retry_after_us = cases[i].told };
        scim_judge(t.conn, &a, NULL, &j);
        ck_assert(j.fault == FAULT_THROTTLED && j.wait_us == cases[i].wait);
        wire_deinit(&t);
    }
}
END_TEST

START_TEST(what_the_transport_says)
{
    struct wire t;
    struct judged j;
    scim_init(&t);
    wire_connect(&t);
    struct answer a = { .sent = SENT_NOT, .error = NET_CONNECT, .detail = "refused\n", .retry_after_us = -1 };
    scim_judge(t.conn, &a, NULL, &j);
    ck_assert_int_eq(j.fault, FAULT_NOT_SENT);
    ck_assert_str_eq(j.text, "not sent: connect: refused\\x0a");
    a = (struct answer){ .sent = SENT_UNKNOWN, .error = NET_TIMEOUT, .status = 200, .retry_after_us = -1 };
    scim_judge(t.conn, &a, NULL, &j);
    ck_assert_int_eq(j.fault, FAULT_LOST);
    ck_assert_str_eq(j.text, "sent, but no whole answer: timeout");
    wire_deinit(&t);
}
END_TEST

START_TEST(one_operation_of_many)
{
    struct wire t;
    struct judged j;
    scim_init(&t);
    wire_connect(&t);
    scim_judge_status(t.conn, 200, NULL, &j);
    ck_assert_int_eq(j.fault, FAULT_NONE);
    json_t *response = json_pack("{s:s,s:s}", "scimType", "invalidValue", "detail", "no such title");
    scim_judge_status(t.conn, 400, response, &j);
    ck_assert_int_eq(j.fault, FAULT_REFUSED);
    ck_assert_str_eq(j.text, "400 invalidValue: no such title");
    json_decref(response);
    wire_deinit(&t);
}
END_TEST

START_TEST(bodies_have_a_type)
{
    static const char *const types[] = { "application/scim+json", "application/json" };
    struct request q;
    request_init(&q);
    for (size_t i = 0; i < 2; i++) {
        struct wire t;
        scim_init(&t);
        wire_option(&t, "media_type", types[i]);
        wire_connect(&t);
        scim_request(t.conn, &q, CALL_PATCH, HTTP_PATCH, "/Users/", STR("a b"), STR("{}"));
        assert_str(q.target, "/Users/a%20b");
        assert_str(header_of(&q, "Content-Type"), types[i]);
        ck_assert(q.write && q.harmless && !q.listing);
        scim_if_match(&q, (struct str){ 0 });
        assert_str(header_of(&q, "If-Match"), "");
        scim_if_match(&q, STR("W/\"1\""));
        assert_str(header_of(&q, "If-Match"), "W/\"1\"");
        scim_request(t.conn, &q, CALL_CREATE, HTTP_POST, "/Users", (struct str){ 0 }, STR("{}"));
        ck_assert(q.write && !q.harmless);
        wire_deinit(&t);
    }
    request_deinit(&q);
}
END_TEST

START_TEST(versions_by_id)
{
    struct scim_versions v = { 0 };
    assert_str(versions_get(&v, STR("a")), "");
    versions_put(&v, STR("a"), STR("1"));
    versions_put(&v, STR("A"), STR("2"));
    versions_put(&v, STR("b"), (struct str){ 0 });
    assert_str(versions_get(&v, STR("a")), "1");
    assert_str(versions_get(&v, STR("A")), "2");
    ck_assert(versions_get(&v, STR("b")).p == NULL);
    versions_put(&v, STR("a"), STR("3"));
    assert_str(versions_get(&v, STR("a")), "3");
    versions_put(&v, STR("a"), (struct str){ 0 });
    ck_assert(versions_get(&v, STR("a")).p == NULL);
    versions_put(&v, STR("a"), STR("4"));
    assert_str(versions_get(&v, STR("a")), "4");
    ck_assert_uint_eq(v.n, 2);
    versions_free(&v);
}
END_TEST

UNIT("scim answers", parts_of_a_path, attributes_that_a_job_may_name, slips_of_attribute_names,
     the_vendors_table, options_that_do_not_fit, what_answers_mean, pages_are_hardly_quoted, how_long_to_wait,
     what_the_transport_says, one_operation_of_many, bodies_have_a_type, versions_by_id)
