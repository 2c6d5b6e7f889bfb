/* READ_TENANT: what a service says of itself, whether the credentials are good, its schemas and groups.
 * Documents of RFC 7643 8.5 and 8.7, and what services make of them (fact sheet 1, 2). */
#include "scim.h"

#define PROBE "/Users?startIndex=1&count=1"

static const char config_of_rfc[] =
    "{'schemas':['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],"
    "'documentationUri':'http://example.com/help/scim.html','patch':{'supported':true},"
    "'bulk':{'supported':true,'maxOperations':900,'maxPayloadSize':1048576},"
    "'filter':{'supported':true,'maxResults':200},'changePassword':{'supported':true},"
    "'sort':{'supported':true},'etag':{'supported':true},"
    "'authenticationSchemes':[{'name':'OAuth Bearer Token','type':'oauthbearertoken','primary':true}],"
    "'meta':{'location':'https://example.com/v2/ServiceProviderConfig','version':'W/\\'3694e05e9dff594\\''}}";

static enum read_next ask(struct wire *t, const struct line *lines)
{
    struct read_goal goal = wire_goal_tenant(t);
    if (!t->conn)
        wire_connect(t);
    return scim_read(t, &goal, lines);
}

static const char *mistakes(struct wire *t)
{
    struct buf all = BUF_INIT(1 << 20);
    errs_format(&t->errs, &all);
    const char *text = arena_z(&t->arena, buf_view(&all));
    buf_deinit(&all);
    return text;
}

/* The service ------------------------------------------------------------------------------------- */

START_TEST(requests_are_literal)
{
    static const struct {
        const char *endpoint, *target;
    } want[] = {
        { "GET /ServiceProviderConfig", "/ServiceProviderConfig" },
        { "GET /Schemas", "/Schemas" },
        { "GET /Users", PROBE },
    };
    struct wire t;
    struct request q;
    unsigned id;
    request_init(&q);
    scim_init(&t);
    wire_connect(&t);
    struct read_goal goal = wire_goal_tenant(&t);
    t.k->read_begin(t.conn, &goal);
    for (size_t i = 0; i < array_len(want); i++) {
        ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
        assert_get(&t, &q, want[i].endpoint, want[i].target);
    }
    ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_WAIT);
    request_deinit(&q);
    wire_deinit(&t);
}
END_TEST

struct service_case {
    int status;
    const char *body;
    struct scim_service want;
};

START_TEST(what_a_service_says_of_itself)
{
    static const struct service_case cases[] = {
        { 200,
          config_of_rfc,
          { .patch = true,
            .bulk = true,
            .filter = true,
            .etag = true,
            .sort = true,
            .bulk_operations = 900,
            .bulk_bytes = 1048576,
            .filter_results = 200 } },
        { 200,
          "{'patch':{'supported':'true'},'bulk':{'supported':'False','maxOperations':0},'etag':{},'sort':7}",
          { .patch = true, .filter = true } },
        { 200, "{}", { .patch = true, .filter = true } },
        { 200, "<html>hello</html>", { .patch = true, .filter = true } },
        { 200, "[]", { .patch = true, .filter = true } },
        { 404, "", { .patch = true, .filter = true } },
        { 501, "{'status':'501'}", { .patch = true, .filter = true } },
        { 403, "{'status':'403'}", { .patch = true, .filter = true } },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct wire t;
        const struct line lines[] = {
            { "/ServiceProviderConfig", cases[i].status, cases[i].body },
            { "/Schemas", 404, "" },
            { PROBE, 200, "{'totalResults':0,'Resources':[]}" },
            { NULL, 0, NULL },
        };
        scim_init(&t);
        ck_assert_msg(ask(&t, lines) == READ_COMPLETE, "%s", t.state.why);
        const struct scim_service *got = &t.conn->service, *want = &cases[i].want;
        ck_assert_msg(got->patch == want->patch && got->bulk == want->bulk && got->filter == want->filter &&
                          got->etag == want->etag && got->sort == want->sort &&
                          got->bulk_operations == want->bulk_operations &&
                          got->bulk_bytes == want->bulk_bytes && got->filter_results == want->filter_results,
                      "case %zu", i);
        ck_assert(!errs_any(&t.errs));
        ck_assert(scim_uses_bulk(t.conn) == want->bulk && scim_uses_if_match(t.conn) == want->etag);
        ck_assert_uint_eq(scim_bulk_operations(t.conn), want->bulk_operations ? 900 : 1000);
        wire_deinit(&t);
    }
}
END_TEST

START_TEST(options_that_the_service_contradicts)
{
    static const struct line lines[] = {
        { "/ServiceProviderConfig", 200, "{'patch':{'supported':false},'filter':{'supported':false}}" },
        { "/Users?filter=userName%20eq%20%22rollcall%22", 200, "{'totalResults':0}" },
        { PROBE, 200, "{'totalResults':0}" },
        { NULL, 0, NULL },
    };
    struct wire t;
    scim_init(&t);
    wire_option(&t, "schemas", "off");
    wire_option(&t, "roster", "look_up");
    ck_assert_msg(ask(&t, lines) == READ_COMPLETE, "%s", t.state.why);
    assert_says(mistakes(&t),
                "$.target.options.update_by: the service says that it has no PATCH: set 'update_by' to "
                "'put'");
    assert_says(mistakes(&t), "$.target.options.roster: the service says that it has no filters");
    wire_deinit(&t);

    scim_init(&t);
    wire_option(&t, "schemas", "off");
    wire_option(&t, "update_by", "put");
    ck_assert_int_eq(ask(&t, lines), READ_COMPLETE);
    ck_assert(!errs_any(&t.errs));
    wire_deinit(&t);
}
END_TEST

START_TEST(names_of_the_tenant)
{
    char url[200] = "https://scim.example.com/v2/";
    static const struct line lines[] = { { PROBE, 200, "{'totalResults':0}" }, { NULL, 0, NULL } };
    struct wire t;
    scim_init(&t);
    no_discovery(&t);
    ck_assert_int_eq(ask(&t, lines), READ_COMPLETE);
    ck_assert_str_eq(t.tenant.id, "https://scim.example.com/v2");
    ck_assert_str_eq(t.tenant.label, "scim.example.com/v2");
    ck_assert_str_eq(t.tenant.own_user, "");
    ck_assert_int_eq(t.tenant.seats, -1);
    wire_deinit(&t);

    char ids[2][120];
    for (int i = 0; i < 2; i++) { /* two that differ behind what fits */
        memset(url + 28, 'x', 140);
        url[167] = (char)('a' + i);
        scim_init(&t);
        no_discovery(&t);
        t.config.base_url = url;
        ck_assert_int_eq(ask(&t, lines), READ_COMPLETE);
        ck_assert_uint_eq(strlen(t.tenant.id), 119);
        ck_assert(t.tenant.id[54] == '#' && strncmp(t.tenant.id, url, 54) == 0);
        memcpy(ids[i], t.tenant.id, 120);
        wire_deinit(&t);
    }
    ck_assert_str_ne(ids[0], ids[1]);
}
END_TEST

/* Credentials ------------------------------------------------------------------------------------- */

START_TEST(bad_credentials_show_early)
{
    static const struct line open_discovery[] = {
        { "/ServiceProviderConfig", 200, config_of_rfc },
        { "/Schemas", 404, "" },
        { PROBE, 401,
          "{'schemas':['urn:ietf:params:scim:api:messages:2.0:Error'],'status':'401',"
          "'detail':'token T0KEN/+= is unknown'}" },
        { NULL, 0, NULL },
    };
    static const struct line closed_discovery[] = {
        { "/ServiceProviderConfig", 401, "" },
        { "/Schemas", 401, "" },
        { PROBE, 401, "" },
        { NULL, 0, NULL },
    };
    const struct line *const both[] = { open_discovery, closed_discovery };
    for (size_t i = 0; i < 2; i++) {
        struct wire t;
        scim_init(&t);
        ck_assert_int_eq(ask(&t, both[i]), READ_INCOMPLETE);
        ck_assert(t.state.refused_login);
        ck_assert_int_eq(t.state.again, AGAIN_NO);
        assert_says(t.state.why, "401");
        assert_says(t.state.why,
                    "the credentials were refused: check them, the option auth and the target's url");
        ck_assert(!contains(t.state.why, "T0KEN"));
        if (i == 0)
            assert_says(t.state.why, "token *** is unknown");
        wire_deinit(&t);
    }
}
END_TEST

START_TEST(wrong_addresses_show_early)
{
    static const struct {
        int status;
        const char *body, *why;
    } cases[] = {
        { 404, "<html><body>not here</body></html>", "GET /Users: 404: <html>" },
        { 404, "", "404; check the target's url: what stands before /Users" },
        { 200, "<html>", "the answer is not whole" },
        { 200, "<html>", "; check the target's url: what stands before /Users" },
        { 400, "{'detail':'no startIndex'}",
          "400: no startIndex; if it is startIndex that the service does not take, set the option 'paging' to "
          "'cursor'" },
        { 200, "[]", "is no ListResponse" },
        { 200, "{}", "no list 'Resources'" },
        { 301, "", "a redirect is not followed: check the target's url" },
        { 403, "{'detail':'\\u001b[31mno\\u202eright'}",
          "403: \\x1b[31mno\\u{202e}right; the credentials may not list users: check their scope or role" },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct wire t;
        const struct line lines[] = { { PROBE, cases[i].status, cases[i].body }, { NULL, 0, NULL } };
        scim_init(&t);
        no_discovery(&t);
        wire_option(&t, "read_tries", "2");
        ck_assert_int_eq(ask(&t, lines), READ_INCOMPLETE);
        assert_says(t.state.why, cases[i].why);
        ck_assert(!t.state.refused_login);
        wire_deinit(&t);
    }
}
END_TEST

static void basic(struct wire *t, const struct line *lines, const char *own)
{
    scim_init(t);
    no_discovery(t);
    wire_option(t, "auth", "basic");
    wire_credential(t, CRED_USERNAME, "m\xc3\xbcller");
    wire_credential(t, CRED_PASSWORD, "p");
    ck_assert_msg(ask(t, lines) == READ_COMPLETE, "%s", t->state.why);
    ck_assert_str_eq(t->tenant.own_user, own);
    wire_deinit(t);
}

START_TEST(own_user_of_basic)
{
    struct wire t;
    const char *search = "/Users?filter=userName%20eq%20%22m%C3%BCller%22";
    const struct line one[] = { { search, 200, "{'totalResults':1,'Resources':[{'id':'me'}]}" },
                                { NULL, 0, NULL } };
    const struct line none[] = { { search, 200, "{'totalResults':0}" }, { NULL, 0, NULL } };
    const struct line two[] = { { search, 200, "{'totalResults':2,'Resources':[{'id':'a'},{'id':'b'}]}" },
                                { NULL, 0, NULL } };
    const struct line no_filter[] = { { search, 400, "{'scimType':'invalidFilter'}" },
                                      { PROBE, 200, "{'totalResults':0}" },
                                      { NULL, 0, NULL } };
    basic(&t, one, "me");
    basic(&t, none, "");
    basic(&t, two, "");
    basic(&t, no_filter, "");
}
END_TEST

START_TEST(user_names_that_basic_cannot_carry)
{
    static const struct line nothing[] = { { NULL, 0, NULL } };
    struct wire t;
    scim_init(&t);
    no_discovery(&t);
    wire_option(&t, "auth", "basic");
    wire_credential(&t, CRED_USERNAME, "a:b");
    wire_credential(&t, CRED_PASSWORD, "p");
    ck_assert_int_eq(ask(&t, nothing), READ_INCOMPLETE);
    assert_says(t.state.why, "the credential 'username' holds a colon");
    ck_assert_int_eq(t.state.again, AGAIN_NO);
    wire_deinit(&t);
}
END_TEST

/* A refusal that has nothing to do with attributes= is met again without it, and told. */
START_TEST(probes_that_are_refused)
{
    static const struct line lines[] = {
        { PROBE "&attributes=id", 400, "{'detail':'no'}" },
        { PROBE, 400, "{'detail':'no'}" },
        { NULL, 0, NULL },
    };
    static const struct line cursor[] = {
        { "/Users?cursor&count=1", 400, "{'detail':'no'}" },
        { NULL, 0, NULL },
    };
    struct wire t;
    scim_init(&t);
    no_discovery(&t);
    wire_option(&t, "ask_attributes", "true");
    ck_assert_int_eq(ask(&t, lines), READ_INCOMPLETE);
    assert_says(t.state.why, "GET /Users: 400: no; if it is startIndex");
    ck_assert_int_eq(t.state.again, AGAIN_NO);
    wire_deinit(&t);

    scim_init(&t);
    no_discovery(&t);
    wire_option(&t, "paging", "cursor");
    ck_assert_int_eq(ask(&t, cursor), READ_INCOMPLETE);
    ck_assert_str_eq(t.state.why, "GET /Users: 400: no");
    wire_deinit(&t);
}
END_TEST

/* Schemas ----------------------------------------------------------------------------------------- */

#define ATTRIBUTE(name, more) "{'name':'" name "','type':'string','multiValued':false" more "}"
#define CORE(attributes)                                                                                     \
    "{'totalResults':2,'Resources':[{'id':'" SCIM_CORE_USER "','name':'User','attributes':[" attributes      \
    "]},"                                                                                                    \
    "{'id':'" EXT "','attributes':[" ATTRIBUTE("department", "") "]}]}"

/* A path, the definition of core, what is said; "": nothing. */
static void check_schema(const char *path, const char *schemas, const char *said, unsigned flags_off,
                         enum attr_type type)
{
    struct wire t;
    const struct line lines[] = { { "/Schemas", 200, schemas },
                                  { PROBE, 200, "{'totalResults':0}" },
                                  { NULL, 0, NULL } };
    scim_init(&t);
    t.schema.n = 1; /* externalId, which is in no schema */
    t.schema.n_keys = 1;
    wire_map(&t, path);
    unsigned before = t.schema.attr[1].flags;
    wire_option(&t, "discovery", "off");
    ck_assert_int_eq(ask(&t, lines), READ_COMPLETE);
    if (said[0])
        assert_says(mistakes(&t), said);
    else
        ck_assert_str_eq(mistakes(&t), "");
    ck_assert_msg((before & ~t.schema.attr[1].flags) == flags_off, "%s: %x", path,
                  before & ~t.schema.attr[1].flags);
    ck_assert_msg(t.schema.attr[1].type == type, "%s", path);
    wire_deinit(&t);
}

START_TEST(mapped_attributes_are_checked)
{
    static const char name[] =
        "{'name':'name','type':'complex','multiValued':false,'subAttributes':[" ATTRIBUTE("givenName",
                                                                                          "") "]}";
    static const char emails[] =
        "{'name':'emails','type':'complex','multiValued':true,'subAttributes':[" ATTRIBUTE("value", "") "]}";
    char text[4096];
    check_schema("title", CORE(ATTRIBUTE("Title", "")), "", 0, ATTR_TEXT);
    check_schema(
        "title", CORE(ATTRIBUTE("tittle", "")),
        "attribute 'title': the service has no attribute 'title'; did you mean 'tittle'?; if its /Schemas is "
        "wrong, set the option 'schemas' to 'off'",
        0, ATTR_TEXT);
    check_schema("title", CORE(ATTRIBUTE("title", ",'mutability':'readOnly'")),
                 "lets nobody write it (readOnly)", ATTR_CREATE | ATTR_UPDATE, ATTR_TEXT);
    check_schema("title", CORE(ATTRIBUTE("title", ",'mutability':'immutable'")), "", ATTR_UPDATE, ATTR_TEXT);
    check_schema("title", CORE(ATTRIBUTE("title", ",'mutability':'writeOnly'")), "", ATTR_READ, ATTR_TEXT);
    check_schema("title", CORE(ATTRIBUTE("title", ",'returned':'never'")), "", ATTR_READ, ATTR_TEXT);
    check_schema("title", CORE("{'name':'title','type':'string','multiValued':true}"),
                 "it has several values", 0, ATTR_TEXT);
    snprintf(text, sizeof(text), CORE("%s"), name);
    check_schema("name.givenName", text, "", 0, ATTR_TEXT);
    check_schema("name.familyName", text, "the service has no attribute 'familyName'", 0, ATTR_TEXT);
    snprintf(text, sizeof(text), CORE("%s"), emails);
    check_schema(MAIL, text, "", 0, ATTR_FOLD);
    check_schema(MAIL, CORE(ATTRIBUTE("emails", "")), "it has a single value", 0, ATTR_FOLD);
    check_schema(EXT ":department", CORE(""), "", 0, ATTR_TEXT);
    check_schema(EXT ":division", CORE(""), "the service has no attribute 'division'", 0, ATTR_TEXT);
    check_schema("urn:example:hr:User:x", CORE(""), "the service has no schema 'urn:example:hr:User'", 0,
                 ATTR_TEXT);
}
END_TEST

START_TEST(schemas_that_say_nothing)
{
    static const char *const nothing[] = { "<html>", "{}", "[]", "{'Resources':7}",
                                           "{'Resources':[{'id':7}]}",
                                           "{'Resources':[{'id':'" SCIM_CORE_USER "'}]}",
                                           "{'Resources':[{'id':'" SCIM_CORE_USER "','attributes':7}]}",
                                           /* one page of several: the extension may stand on another */
                                           "{'totalResults':9,'Resources':[{'id':'x'}]}" };
    for (size_t i = 0; i < array_len(nothing); i++)
        check_schema(i == array_len(nothing) - 1 ? EXT ":department" : "title", nothing[i], "", 0, ATTR_TEXT);
    check_schema("title", "[{'id':'" SCIM_CORE_USER "','attributes':[]}]", "has no attribute 'title'", 0,
                 ATTR_TEXT);
}
END_TEST

START_TEST(types_of_a_services_own)
{
    static const char schemas[] =
        "{'totalResults':1,'Resources':[{'id':'urn:example:hr:User','attributes':["
        "{'name':'b','type':'boolean','multiValued':false},{'name':'i','type':'integer','multiValued':false},"
        "{'name':'d','type':'decimal','multiValued':false},{'name':'s','type':'string','multiValued':false},"
        "{'name':'c','type':'complex','multiValued':false}]}]}";
    check_schema("urn:example:hr:User:b", schemas, "", 0, ATTR_BOOL);
    check_schema("urn:example:hr:User:i", schemas, "", 0, ATTR_NUMBER);
    check_schema("urn:example:hr:User:d", schemas, "", 0, ATTR_NUMBER);
    check_schema("urn:example:hr:User:s", schemas, "", 0, ATTR_TEXT);
    check_schema("urn:example:hr:User:c", schemas, "it is made of parts", 0, ATTR_TEXT);
    check_schema("urn:example:hr:User:s.x", schemas, "it has no parts", 0, ATTR_TEXT);
}
END_TEST

START_TEST(required_attributes)
{
    static const char schemas[] = CORE(ATTRIBUTE("userName", ",'required':true") "," ATTRIBUTE(
        "title",
        ",'required':true") ",{'name':'emails','type':'complex','multiValued':true,'required':true}");
    static const struct line lines[] = { { "/Schemas", 200, schemas },
                                         { PROBE, 200, "{'totalResults':0}" },
                                         { NULL, 0, NULL } };
    struct wire t;
    scim_init(&t);
    wire_map(&t, "title");
    wire_map(&t, MAIL);
    wire_option(&t, "discovery", "off");
    ck_assert_int_eq(ask(&t, lines), READ_COMPLETE);
    ck_assert_str_eq(mistakes(&t), "");
    ck_assert(t.schema.attr[2].flags & ATTR_REQUIRED);
    ck_assert(!(t.schema.attr[3].flags & ATTR_REQUIRED)); /* an e-mail of some type is, not this one */
    wire_deinit(&t);
}
END_TEST

/* Groups ------------------------------------------------------------------------------------------ */

#define GROUPS(start) "/Groups?startIndex=" start "&count=100&excludedAttributes=members"

static void groups_case(const char *managed, const struct line *lines, size_t refs, const char *said)
{
    struct wire t;
    scim_init(&t);
    no_discovery(&t);
    wire_map(&t, "groups");
    wire_option(&t, "managed_groups", managed);
    ck_assert_msg(ask(&t, lines) == READ_COMPLETE, "%s", t.state.why);
    ck_assert_uint_eq(t.tenant.refs.n, refs);
    if (said[0])
        assert_says(mistakes(&t), said);
    else
        ck_assert_str_eq(mistakes(&t), "");
    wire_deinit(&t);
}

START_TEST(managed_groups)
{
    static const struct line paged[] = {
        { PROBE, 200, "{'totalResults':0}" },
        { GROUPS("1"), 200, "{'totalResults':3,'Resources':[{'id':'a','displayName':'Sales'}]}" },
        { GROUPS("2"), 200, "{'totalResults':3,'Resources':[{'id':'b','displayName':'Ops'},{'id':'c'}]}" },
        { NULL, 0, NULL },
    };
    static const struct line no_total[] = {
        { PROBE, 200, "{'totalResults':0}" },
        { GROUPS("1"), 200, "{'Resources':[{'id':'a','displayName':'Sales'}]}" },
        { GROUPS("2"), 200, "{'Resources':[{'id':'a','displayName':'Sales'}]}" },
        { NULL, 0, NULL },
    };
    groups_case("*", paged, 3, "");
    groups_case("sales", paged, 1, "");
    groups_case(" Sales ;; Ops ;", paged, 2, "");
    groups_case("Sale;Ops", paged, 1,
                "$.target.options.managed_groups: the service has no group 'Sale'; did you mean 'Sales'?");
    groups_case("", paged, 0,
                "$.target.options.managed_groups: 'groups' is mapped, so say which groups are this job's");
    groups_case(";", paged, 0, "which groups are this job's");
    groups_case("*", no_total, 1, "");
}
END_TEST

START_TEST(groups_that_stop_short)
{
    static const struct line lines[] = {
        { PROBE, 200, "{'totalResults':0}" },
        { GROUPS("1"), 200, "{'totalResults':3,'Resources':[{'id':'a','displayName':'Sales'}]}" },
        { GROUPS("2"), 200, "{'totalResults':3,'Resources':[]}" },
        { NULL, 0, NULL },
    };
    struct wire t;
    scim_init(&t);
    no_discovery(&t);
    wire_map(&t, "groups");
    wire_option(&t, "managed_groups", "*");
    ck_assert_int_eq(ask(&t, lines), READ_INCOMPLETE);
    assert_says(t.state.why, "the service states 3 groups, and brings none from number 2");
    wire_deinit(&t);
}
END_TEST

UNIT("scim tenant", requests_are_literal, what_a_service_says_of_itself, options_that_the_service_contradicts,
     names_of_the_tenant, bad_credentials_show_early, wrong_addresses_show_early, own_user_of_basic,
     user_names_that_basic_cannot_carry, probes_that_are_refused, mapped_attributes_are_checked,
     schemas_that_say_nothing, types_of_a_services_own, required_attributes, managed_groups,
     groups_that_stop_short)
