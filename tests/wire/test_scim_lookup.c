/* READ_LOOKUP: fact sheet 1 (filter) and 2: `userName eq` minds case on some services, filters that are not
 * understood find nobody on others. */
#include "scim.h"

#define BY_NAME(value) "/Users?filter=userName%20eq%20%22" value "%22"
#define BY_NUMBER(value) "/Users?filter=externalId%20eq%20%22" value "%22"
#define NOBODY "{'totalResults':0,'Resources':[]}"
#define ANN "{'totalResults':1,'Resources':[{'id':'7','userName':'Ann@example.com','externalId':'E1'}]}"

static struct lookup by(int slot, const char *value)
{
    return (struct lookup){ slot, str_of(value) };
}

static enum read_next look(struct wire *t, const struct lookup *v, size_t n, const struct line *lines)
{
    struct read_goal goal = wire_goal_lookup(t, v, n);
    if (!t->conn)
        wire_connect(t);
    return scim_read(t, &goal, lines);
}

/* Requests ---------------------------------------------------------------------------------------- */

START_TEST(filters_are_literal)
{
    static const struct {
        const char *path, *value, *target;
    } cases[] = {
        { "userName", "ann@example.com", "/Users?filter=userName%20eq%20%22ann%40example.com%22" },
        { "externalId", " E 1 ", "/Users?filter=externalId%20eq%20%22E%201%22" },
        /* escaped for JSON first, for the query then */
        { "externalId", "a\"b\\c&d=e%", "/Users?filter=externalId%20eq%20%22a%5C%22b%5C%5Cc%26d%3De%25%22" },
        { "externalId", "\xc3\xa9t\xc3\xa9", "/Users?filter=externalId%20eq%20%22%C3%A9t%C3%A9%22" },
        { "name.familyName", "O'Neil", "/Users?filter=name.familyName%20eq%20%22O%27Neil%22" },
        { MAIL, "a@b", "/Users?filter=emails%5Btype%20eq%20%22work%22%5D.value%20eq%20%22a%40b%22" },
        { "emails[primary eq true].value", "a@b",
          "/Users?filter=emails%5Bprimary%20eq%20true%5D.value%20eq%20%22a%40b%22" },
        { EXT ":employeeNumber", "007",
          "/Users?filter=urn%3Aietf%3Aparams%3Ascim%3Aschemas%3Aextension%3A"
          "enterprise%3A2.0%3AUser%3AemployeeNumber"
          "%20eq%20%22007%22" },
        { SCIM_CORE_USER ":title", "x", "/Users?filter=title%20eq%20%22x%22" },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct wire t;
        struct request q;
        unsigned id;
        request_init(&q);
        scim_init(&t);
        t.schema.n = 0;
        t.schema.n_keys = 1;
        wire_map(&t, cases[i].path);
        wire_connect(&t);
        struct lookup l = by(0, cases[i].value);
        struct read_goal goal = wire_goal_lookup(&t, &l, 1);
        t.k->read_begin(t.conn, &goal);
        ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
        assert_get(&t, &q, "GET /Users?filter", cases[i].target);
        request_deinit(&q);
        wire_deinit(&t);
    }
}
END_TEST

START_TEST(numbers_and_truth_are_no_texts)
{
    static const struct {
        enum attr_type type;
        const char *value, *end;
    } cases[] = {
        { ATTR_NUMBER, "+007.50", "%20eq%207.5" },
        { ATTR_NUMBER, "-3", "%20eq%20-3" },
        { ATTR_NUMBER, "seven", "%20eq%20%22seven%22" },
        { ATTR_BOOL, "yes", "%20eq%20true" },
        { ATTR_BOOL, "0", "%20eq%20false" },
        { ATTR_TEXT, "7", "%20eq%20%227%22" },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct wire t;
        struct request q;
        unsigned id;
        request_init(&q);
        scim_init(&t);
        wire_map(&t, "urn:example:hr:User:x");
        t.schema.attr[2].type = cases[i].type;
        wire_connect(&t);
        struct lookup l = by(2, cases[i].value);
        struct read_goal goal = wire_goal_lookup(&t, &l, 1);
        t.k->read_begin(t.conn, &goal);
        ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
        size_t n = strlen(cases[i].end);
        ck_assert_msg(q.target.n > n && strcmp(q.target.p + q.target.n - n, cases[i].end) == 0, "%s",
                      q.target.p);
        request_deinit(&q);
        wire_deinit(&t);
    }
}
END_TEST

START_TEST(ids_are_encoded)
{
    static const struct line lines[] = {
        { "/Users/a%40b%2Fc%20%25", 200, "{'id':'a@b/c %','userName':'x'}" },
        { "/Users/gone", 404, "{'status':'404'}" },
        { NULL, 0, NULL },
    };
    const struct lookup v[] = { by(-1, "a@b/c %"), by(-1, "gone"), by(-1, "a@b/c %"), by(-1, "") };
    struct wire t;
    scim_init(&t);
    ck_assert_msg(look(&t, v, 4, lines) == READ_COMPLETE, "%s", t.state.why);
    ck_assert_uint_eq(t.asked, 2);
    ck_assert_uint_eq(roster_count(t.roster), 1);
    ck_assert(roster_by_id(t.roster, STR("a@b/c %")) != NO_USER);
    ck_assert_int_eq(t.state.proof, PROOF_LOOKED_UP);
    wire_deinit(&t);
}
END_TEST

/* 404 under a status of 200, wherever the schema stands: nobody. */
START_TEST(errors_under_success)
{
    static const struct line lines[] = {
        { "/Users/a", 200, "{'schemas':['urn:ietf:params:scim:api:messages:2.0:Error'],'status':'404'}" },
        { "/Users/b", 200,
          "{'detail':'x','status':404,'schemas':['urn:ietf:params:scim:api:messages:2.0:Error']}" },
        { "/Users/c", 200, "{'schemas':['urn:ietf:params:scim:api:messages:2.0:Error'],'status':'403'}" },
        { NULL, 0, NULL },
    };
    const struct lookup v[] = { by(-1, "a"), by(-1, "b") }, refused = by(-1, "c");
    struct wire t;
    scim_init(&t);
    ck_assert_msg(look(&t, v, 2, lines) == READ_COMPLETE, "%s", t.state.why);
    ck_assert_uint_eq(roster_count(t.roster), 0);
    ck_assert_int_eq(look(&t, &refused, 1, lines), READ_INCOMPLETE);
    assert_says(t.state.why, "GET /Users/{id}: 403");
    wire_deinit(&t);
}
END_TEST

START_TEST(another_user_than_asked_for)
{
    static const struct line lines[] = { { "/Users/ab", 200, "{'id':'AB'}" }, { NULL, 0, NULL } };
    const struct lookup l = by(-1, "ab");
    struct wire t;
    scim_init(&t);
    wire_option(&t, "read_tries", "1");
    ck_assert_int_eq(look(&t, &l, 1, lines), READ_INCOMPLETE);
    assert_says(t.state.why, "another user than the one asked for");
    wire_deinit(&t);
}
END_TEST

/* Answers ----------------------------------------------------------------------------------------- */

START_TEST(found_and_not_found)
{
    static const struct line lines[] = {
        { BY_NUMBER("E1"), 200, ANN },
        { BY_NUMBER("E2"), 200, NOBODY },
        { BY_NAME("ann%40example.com"), 200, ANN },
        { NULL, 0, NULL },
    };
    const struct lookup v[] = { by(0, "E1"), by(0, "E2"), by(1, "ann@example.com"), by(0, "E1"), by(1, " ") };
    uint8_t endpoint;
    struct wire t;
    scim_init(&t);
    ck_assert_msg(look(&t, v, 5, lines) == READ_COMPLETE, "%s", t.state.why);
    ck_assert_uint_eq(t.asked, 3);
    ck_assert_uint_eq(roster_count(t.roster), 1);
    ck_assert(roster_by_key(t.roster, 1, STR("ann@example.com"), NO_USER) == 0);
    ck_assert_int_eq(t.state.proof, PROOF_LOOKED_UP);
    ck_assert_uint_eq(t.k->lookup_calls(t.conn, 7, &endpoint), 7);
    ck_assert_str_eq(t.k->vendor.endpoints[endpoint].name, "GET /Users?filter");
    wire_deinit(&t);
}
END_TEST

START_TEST(who_was_not_meant_is_left_out)
{
    static const struct line lines[] = {
        { BY_NUMBER("E1"), 200,
          "{'totalResults':3,'Resources':[{'id':'1','externalId':'e1'},{'id':'2','externalId':'E1'},"
          "{'id':'3','externalId':'E11','userName':'other'}]}" },
        { NULL, 0, NULL },
    };
    const struct lookup l = by(0, "E1");
    struct wire t;
    scim_init(&t);
    ck_assert_int_eq(look(&t, &l, 1, lines), READ_COMPLETE);
    ck_assert_uint_eq(roster_count(t.roster), 1);
    assert_str(roster_id(t.roster, 0), "2");
    wire_deinit(&t);
}
END_TEST

START_TEST(pages_of_a_search)
{
    static const struct line lines[] = {
        { BY_NUMBER("E1"), 200, "{'totalResults':3,'Resources':[{'id':'1','externalId':'E1'}]}" },
        { BY_NUMBER("E1") "&startIndex=2&count=100", 200,
          "{'totalResults':3,'Resources':[{'id':'2','externalId':'E1'},{'id':'3','externalId':'E1'}]}" },
        { BY_NUMBER("E2"), 200, "{'totalResults':1,'Resources':[]}" },
        { NULL, 0, NULL },
    };
    const struct lookup two = by(0, "E1"), lost = by(0, "E2");
    struct wire t;
    scim_init(&t);
    ck_assert_msg(look(&t, &two, 1, lines) == READ_COMPLETE, "%s", t.state.why);
    ck_assert_uint_eq(roster_count(t.roster), 3);
    wire_deinit(&t);
    scim_init(&t);
    wire_option(&t, "read_tries", "2");
    ck_assert_int_eq(look(&t, &lost, 1, lines), READ_INCOMPLETE);
    assert_says(t.state.why, "the search states 1 users and brought 0");
    wire_deinit(&t);
}
END_TEST

/* Some services filter a page after it is made: an empty one with a cursor proves nothing. */
START_TEST(searches_that_go_on_by_cursor)
{
    static const struct line lines[] = {
        { BY_NUMBER("E1"), 200,
          "{'totalResults':1,'nextCursor':'n','Resources':[{'id':'1','externalId':'E1'}]}" },
        { BY_NUMBER("E2"), 200, "{'nextCursor':'n','Resources':[]}" },
        { BY_NUMBER("E3"), 200, "{'nextCursor':null,'Resources':[]}" },
        { NULL, 0, NULL },
    };
    const struct lookup found[] = { by(0, "E1"), by(0, "E3") }, lost[] = { by(0, "E1"), by(0, "E2") };
    struct wire t;
    scim_init(&t);
    ck_assert_msg(look(&t, lost, 2, lines) == READ_COMPLETE, "%s", t.state.why);
    ck_assert_int_eq(t.state.proof, PROOF_FOUND);
    assert_says(t.state.why, "has more pages of a search that found nobody, by cursor");
    ck_assert_msg(look(&t, found, 2, lines) == READ_COMPLETE, "%s", t.state.why);
    ck_assert_int_eq(t.state.proof, PROOF_LOOKED_UP);
    wire_deinit(&t);
}
END_TEST

START_TEST(once_more_in_lower_case)
{
    static const struct line lines[] = {
        { BY_NAME("ANN%40Example.com"), 200, NOBODY },
        { BY_NAME("ann%40example.com"), 200,
          "{'totalResults':1,'Resources':[{'id':'7','userName':'ann@example.com'}]}" },
        { BY_NUMBER("E1"), 200, NOBODY }, /* an id is what it is */
        { NULL, 0, NULL },
    };
    const struct lookup v[] = { by(1, "ANN@Example.com"), by(0, "E1") };
    struct wire t;
    scim_init(&t);
    ck_assert_msg(look(&t, v, 2, lines) == READ_COMPLETE, "%s", t.state.why);
    ck_assert_uint_eq(t.asked, 3);
    ck_assert_uint_eq(roster_count(t.roster), 1);
    wire_deinit(&t);
}
END_TEST

#define MAIL_TYPED "/Users?filter=emails%5Btype%20eq%20%22work%22%5D.value%20eq%20%22"
#define MAIL_PLAIN "/Users?filter=emails.value%20eq%20%22"

START_TEST(value_filters_that_are_refused)
{
    static const struct line lines[] = {
        { MAIL_TYPED "a%40b%22", 400, "{'scimType':'invalidFilter'}" },
        { MAIL_PLAIN "a%40b%22", 200,
          "{'totalResults':2,'Resources':[{'id':'1','emails':[{'type':'home','value':'a@b'}]},"
          "{'id':'2','emails':[{'type':'work','value':'A@b'}]}]}" },
        { MAIL_PLAIN "c%40d%22", 400, "{'scimType':'invalidFilter'}" },
        { NULL, 0, NULL },
    };
    const struct lookup first = by(2, "a@b"), second = by(2, "c@d");
    struct wire t;
    scim_init(&t);
    wire_map(&t, MAIL);
    ck_assert_msg(look(&t, &first, 1, lines) == READ_COMPLETE, "%s", t.state.why);
    ck_assert_uint_eq(t.asked, 2);
    ck_assert_uint_eq(roster_count(t.roster), 1);
    assert_str(roster_id(t.roster, 0), "2");
    ck_assert_int_eq(look(&t, &second, 1, lines), READ_INCOMPLETE); /* at once in the form that is left */
    ck_assert_uint_eq(t.asked, 1);
    assert_says(t.state.why, "400 invalidFilter");
    ck_assert_int_eq(t.state.again, AGAIN_NO);
    wire_deinit(&t);
}
END_TEST

START_TEST(a_user_who_changes_meanwhile)
{
    static const struct line lines[] = {
        { BY_NUMBER("E1"), 200, ANN },
        { BY_NAME("ann%40example.com"), 200,
          "{'totalResults':1,'Resources':[{'id':'7','userName':'ann@example.com','externalId':'E2'}]}" },
        { NULL, 0, NULL },
    };
    const struct lookup v[] = { by(0, "E1"), by(1, "ann@example.com") };
    struct wire t;
    scim_init(&t);
    ck_assert_int_eq(look(&t, v, 2, lines), READ_INCOMPLETE);
    assert_says(t.state.why, "the user '7' changed while being looked up");
    ck_assert_int_eq(t.state.again, AGAIN_LATER);
    wire_deinit(&t);
}
END_TEST

/* What a roster by look-up proves ----------------------------------------------------------------- */

static void proves(const struct lookup *v, size_t n, const struct line *lines, enum roster_proof proof,
                   size_t asked, const char *why)
{
    struct wire t;
    scim_init(&t);
    wire_option(&t, "roster", "look_up");
    ck_assert_msg(look(&t, v, n, lines) == READ_COMPLETE, "%s", t.state.why);
    ck_assert_msg(t.state.proof == proof, "%d: %s", t.state.proof, t.state.why);
    ck_assert_uint_eq(t.asked, asked);
    assert_says(t.state.why, why);
    wire_deinit(&t);
}

#define FOUND "{'totalResults':1,'Resources':[{'id':'7','userName':'ann@example.com','externalId':'E1'}]}"

START_TEST(a_filter_that_ignores_case)
{
    static const struct line lines[] = {
        { BY_NAME("ann%40example.com"), 200, FOUND },
        { BY_NAME("ANN%40EXAMPLE.COM"), 200, FOUND },
        { BY_NAME("bob%40example.com"), 200, NOBODY },
        { NULL, 0, NULL },
    };
    const struct lookup v[] = { by(1, "ann@example.com"), by(1, "bob@example.com") };
    proves(v, 2, lines, PROOF_LOOKED_UP, 3, "2 keys looked up");
    /* Found under another spelling than was asked for: no further question. */
    const struct lookup shouted = by(1, "ANN@EXAMPLE.COM");
    proves(&shouted, 1, lines, PROOF_LOOKED_UP, 1, "1 keys looked up");
}
END_TEST

START_TEST(a_filter_that_minds_case)
{
    static const struct line lines[] = {
        { BY_NAME("ann%40example.com"), 200, FOUND },
        { BY_NAME("ANN%40EXAMPLE.COM"), 200, NOBODY },
        { BY_NAME("bob%40example.com"), 200, NOBODY },
        { NULL, 0, NULL },
    };
    const struct lookup v[] = { by(1, "bob@example.com"), by(1, "ann@example.com") };
    proves(v, 2, lines, PROOF_FOUND, 3, "'userName': the service's filter minds upper and lower case");
}
END_TEST

START_TEST(a_filter_of_which_nothing_is_known)
{
    static const struct line lines[] = {
        { BY_NAME("ann%40example.com"), 200, NOBODY },
        { BY_NAME("4711"), 200, NOBODY },
        { BY_NUMBER("E1"), 200, FOUND },
        { BY_NUMBER("E2"), 200, NOBODY },
        { NULL, 0, NULL },
    };
    const struct lookup name = by(1, "ann@example.com"), no_letters = by(1, "4711"), number = by(0, "E2");
    const struct lookup numbers[] = { by(0, "E2"), by(0, "E1") };
    proves(&name, 1, lines, PROOF_FOUND, 1, "'userName': nobody was found by it");
    proves(&no_letters, 1, lines, PROOF_LOOKED_UP, 1, "");
    proves(numbers, 2, lines, PROOF_LOOKED_UP, 2, "");
    /* Some answer what they do not understand with nobody. */
    proves(&number, 1, lines, PROOF_FOUND, 1, "'externalId': nobody was found by it");
}
END_TEST

/* Where everybody is listed, searches are for those whom the service has shown: no second question, but
 * nobody found by a filter is still no proof. */
START_TEST(searches_beside_a_listing)
{
    static const struct line lines[] = {
        { BY_NAME("ann%40example.com"), 200, FOUND },
        { BY_NAME("bob%40example.com"), 200, NOBODY },
        { BY_NUMBER("E2"), 200, NOBODY },
        { NULL, 0, NULL },
    };
    const struct lookup both[] = { by(1, "bob@example.com"), by(1, "ann@example.com") };
    const struct lookup number = by(0, "E2"), name = by(1, "ann@example.com");
    struct wire t;
    scim_init(&t);
    ck_assert_int_eq(look(&t, &number, 1, lines), READ_COMPLETE);
    ck_assert_int_eq(t.state.proof, PROOF_FOUND);
    assert_says(t.state.why, "'externalId': nobody was found by it");
    ck_assert_int_eq(look(&t, both, 1, lines), READ_COMPLETE);
    ck_assert_int_eq(t.state.proof, PROOF_FOUND);
    ck_assert_int_eq(look(&t, &name, 1, lines), READ_COMPLETE);
    ck_assert_uint_eq(t.asked, 1);
    ck_assert_int_eq(t.state.proof, PROOF_LOOKED_UP);
    ck_assert_int_eq(look(&t, both, 2, lines), READ_COMPLETE);
    ck_assert_int_eq(t.state.proof, PROOF_LOOKED_UP);
    wire_deinit(&t);
}
END_TEST

START_TEST(the_question_is_asked_once)
{
    static const struct line lines[] = {
        { BY_NAME("ann%40example.com"), 200, FOUND },
        { BY_NAME("ANN%40EXAMPLE.COM"), 200, FOUND },
        { NULL, 0, NULL },
    };
    const struct lookup l = by(1, "ann@example.com");
    struct wire t;
    scim_init(&t);
    wire_option(&t, "roster", "look_up");
    ck_assert_int_eq(look(&t, &l, 1, lines), READ_COMPLETE);
    ck_assert_uint_eq(t.asked, 2);
    ck_assert_int_eq(look(&t, &l, 1, lines), READ_COMPLETE);
    ck_assert_uint_eq(t.asked, 1);
    ck_assert_int_eq(t.state.proof, PROOF_LOOKED_UP);
    wire_deinit(&t);
}
END_TEST

START_TEST(a_question_without_an_answer_is_asked_again)
{
    static const struct line broken[] = {
        { BY_NAME("ann%40example.com"), 200, FOUND },
        { BY_NAME("ANN%40EXAMPLE.COM"), 400, "" },
        { NULL, 0, NULL },
    };
    static const struct line whole[] = {
        { BY_NAME("ann%40example.com"), 200, FOUND },
        { BY_NAME("ANN%40EXAMPLE.COM"), 200, NOBODY },
        { NULL, 0, NULL },
    };
    const struct lookup l = by(1, "ann@example.com");
    struct wire t;
    scim_init(&t);
    wire_option(&t, "roster", "look_up");
    ck_assert_int_eq(look(&t, &l, 1, broken), READ_INCOMPLETE);
    ck_assert_int_eq(look(&t, &l, 1, whole), READ_COMPLETE);
    ck_assert_uint_eq(t.asked, 2);
    assert_says(t.state.why, "minds upper and lower case");
    wire_deinit(&t);
}
END_TEST

START_TEST(nobody_to_look_up)
{
    const struct line none[] = { { NULL, 0, NULL } };
    struct wire t;
    scim_init(&t);
    ck_assert_int_eq(look(&t, NULL, 0, none), READ_COMPLETE);
    ck_assert_uint_eq(roster_count(t.roster), 0);
    wire_deinit(&t);
}
END_TEST

START_TEST(members_come_before_users)
{
    static const struct line tenant[] = {
        { "/Users?startIndex=1&count=1", 200, NOBODY },
        { "/Groups?startIndex=1&count=100&excludedAttributes=members", 200,
          "{'totalResults':1,'Resources':[{'id':'g','displayName':'Sales'}]}" },
        { NULL, 0, NULL },
    };
    static const struct line lines[] = {
        { "/Groups?startIndex=1&count=100", 200,
          "{'totalResults':1,'Resources':[{'id':'g','members':[{'value':'7'}]}]}" },
        { BY_NUMBER("E1"), 200, ANN },
        { NULL, 0, NULL },
    };
    const struct lookup l = by(0, "E1");
    struct wire t;
    scim_init(&t);
    wire_option(&t, "discovery", "off");
    wire_option(&t, "schemas", "off");
    wire_option(&t, "groups_from", "groups");
    wire_option(&t, "managed_groups", "*");
    wire_map(&t, "groups");
    wire_connect(&t);
    struct read_goal goal = wire_goal_tenant(&t);
    ck_assert_int_eq(scim_read(&t, &goal, tenant), READ_COMPLETE);
    ck_assert_msg(look(&t, &l, 1, lines) == READ_COMPLETE, "%s", t.state.why);
    assert_str(roster_shown(t.roster, 0, 2), "g");
    wire_deinit(&t);
}
END_TEST

UNIT("scim look-ups", filters_are_literal, numbers_and_truth_are_no_texts, ids_are_encoded,
     errors_under_success, another_user_than_asked_for, found_and_not_found, who_was_not_meant_is_left_out,
     pages_of_a_search, searches_that_go_on_by_cursor, once_more_in_lower_case,
     value_filters_that_are_refused, a_user_who_changes_meanwhile, a_filter_that_ignores_case,
     a_filter_that_minds_case, a_filter_of_which_nothing_is_known, searches_beside_a_listing,
     the_question_is_asked_once, a_question_without_an_answer_is_asked_again, nobody_to_look_up,
     members_come_before_users)
