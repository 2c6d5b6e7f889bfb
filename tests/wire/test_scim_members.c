/* READ_ROSTER: pages that go on by cursor (RFC 9865), and who is in which group. Each service is a table of
 * answers. */
#include "scim.h"

/* Cursors (RFC 9865) ------------------------------------------------------------------------------ */

#define U(n) "{'id':'" n "','userName':'u" n "'}"

static void cursor_case(const struct line *lines, const char *proof, const char *want, size_t users)
{
    struct wire t;
    scim_init(&t);
    wire_option(&t, "paging", "cursor");
    wire_option(&t, "page_size", "2");
    wire_option(&t, "proof", proof);
    wire_connect(&t);
    struct read_goal goal = wire_goal_roster(&t);
    enum read_next got = scim_read(&t, &goal, lines);
    ck_assert_msg((got == READ_COMPLETE) == (users > 0), "%s", t.state.why);
    assert_says(t.state.why, want);
    if (users)
        ck_assert_uint_eq(roster_count(t.roster), users);
    wire_deinit(&t);
}

START_TEST(cursors)
{
    const struct line stated[] = {
        { "/Users?cursor&count=2", 200,
          "{'totalResults':3,'nextCursor':'A+/=','Resources':[" U("1") "," U("2") "]}" },
        { "/Users?cursor=A%2B%2F%3D&count=2", 200, "{'totalResults':3,'Resources':[" U("3") "]}" },
        { NULL, 0, NULL },
    };
    cursor_case(stated, "total", "total", 3);
    cursor_case(stated, "two_passes", "two passes", 3);
    const struct line of_page[] = {
        { "/Users?cursor&count=2", 200,
          "{'totalResults':2,'nextCursor':'n','Resources':[" U("1") "," U("2") "]}" },
        { "/Users?cursor=n&count=2", 200, "{'totalResults':1,'nextCursor':null,'Resources':[" U("3") "]}" },
        { NULL, 0, NULL },
    };
    cursor_case(of_page, "total", "two passes", 3);
    const struct line empty_page[] = {
        { "/Users?cursor&count=2", 200, "{'nextCursor':'n','Resources':[]}" },
        { "/Users?cursor=n&count=2", 200, "{'Resources':[" U("3") "],'nextCursor':''}" },
        { NULL, 0, NULL },
    };
    cursor_case(empty_page, "total", "two passes", 1);
    const struct line too_few[] = {
        { "/Users?cursor&count=2", 200, "{'totalResults':4,'Resources':[" U("1") "," U("2") "]}" },
        { NULL, 0, NULL },
    };
    cursor_case(too_few, "total", "states 4 users, its pages brought 2", 0);
    const struct line circle[] = {
        { "/Users?cursor&count=2", 200, "{'nextCursor':'n','Resources':[" U("1") "]}" },
        { "/Users?cursor=n&count=2", 200, "{'nextCursor':'n','Resources':[" U("2") "]}" },
        { NULL, 0, NULL },
    };
    cursor_case(circle, "total", "gives the same cursor again", 0);
    const struct line again[] = {
        { "/Users?cursor&count=2", 200, "{'nextCursor':'n','Resources':[" U("1") "," U("2") "]}" },
        { "/Users?cursor=n&count=2", 200, "{'Resources':[" U("2") "]}" },
        { NULL, 0, NULL },
    };
    cursor_case(again, "total", "brought 1 users again", 0);
    const struct line expired[] = {
        { "/Users?cursor&count=2", 200, "{'nextCursor':'n','Resources':[" U("1") "," U("2") "]}" },
        { "/Users?cursor=n&count=2", 400, "{'scimType':'expiredCursor'}" },
        { NULL, 0, NULL },
    };
    cursor_case(expired, "total", "no longer takes the cursor", 0);
}
END_TEST

/* What goes on by cursor alone is no whole listing by index, whatever its total says. */
START_TEST(cursors_where_none_was_asked_for)
{
    static const struct line page_totals[] = {
        { "/Users?startIndex=1&count=2", 200,
          "{'totalResults':2,'nextCursor':'n','Resources':[" U("1") "," U("2") "]}" },
        { "/Users?startIndex=3&count=2", 200,
          "{'totalResults':2,'nextCursor':'n','Resources':[" U("1") "," U("2") "]}" },
        { NULL, 0, NULL },
    };
    static const struct line no_totals[] = {
        { "/Users?startIndex=1&count=2", 200, "{'nextCursor':'n','Resources':[" U("1") "," U("2") "]}" },
        { "/Users?startIndex=3&count=2", 200, "{'nextCursor':'n','Resources':[" U("1") "," U("2") "]}" },
        { NULL, 0, NULL },
    };
    static const struct line empty[] = {
        { "/Users?startIndex=1&count=2", 200, "{'nextCursor':'n','Resources':[" U("1") "," U("2") "]}" },
        { "/Users?startIndex=3&count=2", 200, "{'Resources':[]}" },
        { NULL, 0, NULL },
    };
    static const struct line refused[] = {
        { "/Users?startIndex=1&count=2", 200, "{'nextCursor':'n','Resources':[" U("1") "," U("2") "]}" },
        { "/Users?startIndex=3&count=2", 400, "{'detail':'no startIndex here'}" },
        { NULL, 0, NULL },
    };
    static const struct line both[] = {
        /* pages have both, the last has no cursor */
        { "/Users?startIndex=1&count=2", 200,
          "{'totalResults':3,'nextCursor':'n','Resources':[" U("1") "," U("2") "]}" },
        { "/Users?startIndex=3&count=2", 200, "{'totalResults':3,'Resources':[" U("3") "]}" },
        { "/Users?startIndex=4&count=2", 200, "{'totalResults':3,'Resources':[]}" },
        { NULL, 0, NULL },
    };
    static const struct {
        const struct line *lines;
        const char *proof;
        size_t users;
    } cases[] = {
        { page_totals, "total", 0 },    { page_totals, "two_passes", 0 }, { no_totals, "total", 0 },
        { no_totals, "two_passes", 0 }, { empty, "two_passes", 0 },       { refused, "two_passes", 0 },
        { both, "total", 3 },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct wire t;
        scim_init(&t);
        wire_option(&t, "page_size", "2");
        wire_option(&t, "proof", cases[i].proof);
        wire_connect(&t);
        struct read_goal goal = wire_goal_roster(&t);
        enum read_next got = scim_read(&t, &goal, cases[i].lines);
        ck_assert_msg((got == READ_COMPLETE) == (cases[i].users > 0), "case %zu: %s", i, t.state.why);
        if (cases[i].users)
            ck_assert_uint_eq(roster_count(t.roster), cases[i].users);
        else
            assert_says(t.state.why, "set the option 'paging' to 'cursor'");
        wire_deinit(&t);
    }
}
END_TEST

/* Memberships ------------------------------------------------------------------------------------- */

static enum read_next read_tenant_of_groups(struct wire *t)
{
    static const struct line lines[] = {
        { "/Users?startIndex=1&count=1", 200, "{'totalResults':0}" },
        { "/Groups?startIndex=1&count=100&excludedAttributes=members", 200,
          "{'totalResults':3,'Resources':[{'id':'g1','displayName':'Sales'},{'displayName':'Ops','id':'g2'},"
          "{'id':'g3','displayName':'Others'}]}" },
        { NULL, 0, NULL },
    };
    wire_option(t, "discovery", "off");
    wire_option(t, "schemas", "off");
    wire_option(t, "managed_groups", "Sales; ops ;");
    wire_map(t, "groups");
    wire_connect(t);
    struct read_goal goal = wire_goal_tenant(t);
    return scim_read(t, &goal, lines);
}

START_TEST(groups_of_users)
{
    static const struct line lines[] = {
        { "/Users?startIndex=1&count=100", 200,
          "{'totalResults':3,'Resources':["
          "{'id':'1','groups':[{'value':'g2','type':'direct'},{'value':'g3'},{'value':'g1'},{'value':'g9'}]},"
          "{'id':'2','groups':[{'value':'g1','type':'Indirect'},{'display':'x'}]},"
          "{'groups':['g1'],'id':'3'}]}" },
        { "/Users?startIndex=4&count=3", 200, "{'totalResults':3,'Resources':[]}" },
        { NULL, 0, NULL },
    };
    struct wire t;
    scim_init(&t);
    ck_assert_msg(read_tenant_of_groups(&t) == READ_COMPLETE, "%s", t.state.why);
    ck_assert_uint_eq(t.tenant.refs.n, 2);
    ck_assert(!errs_any(&t.errs));
    struct read_goal goal = wire_goal_roster(&t);
    ck_assert_msg(scim_read(&t, &goal, lines) == READ_COMPLETE, "%s", t.state.why);
    assert_str(roster_shown(t.roster, roster_by_id(t.roster, STR("1")), 2), "g2\ng1");
    assert_str(roster_shown(t.roster, roster_by_id(t.roster, STR("2")), 2), "");
    assert_str(roster_shown(t.roster, roster_by_id(t.roster, STR("3")), 2), "g1");
    wire_deinit(&t);
}
END_TEST

START_TEST(members_of_groups)
{
    static const struct line lines[] = {
        { "/Groups?startIndex=1&count=100", 200,
          "{'totalResults':3,'Resources':[{'members':[{'value':'1'},{'value':'2','type':'User'},"
          "{'value':'3','type':'Group'},{'$ref':'https://x/v2/groups/3','value':'3'},"
          "{'value':'2','$ref':'https://x/v2/Users/2'}],'id':'g1'},{'id':'g3','members':[{'value':'3'}]}]}" },
        { "/Groups?startIndex=3&count=100", 200,
          "{'totalResults':3,'Resources':[{'id':'g2','members':['1']},"
          "{'id':'g1','members':[{'value':'1'}]}]}" },
        { "/Users?startIndex=1&count=100", 200,
          "{'totalResults':3,'Resources':[{'id':'1'},{'id':'2','groups':[{'value':'g2'}]},{'id':'3'}]}" },
        { "/Users?startIndex=4&count=3", 200, "{'totalResults':3,'Resources':[]}" },
        { NULL, 0, NULL },
    };
    struct wire t;
    scim_init(&t);
    wire_option(&t, "groups_from", "groups");
    ck_assert_int_eq(read_tenant_of_groups(&t), READ_COMPLETE);
    for (int again = 0; again < 2; again++) { /* members of the reading before are forgotten */
        struct read_goal goal = wire_goal_roster(&t);
        ck_assert_msg(scim_read(&t, &goal, lines) == READ_COMPLETE, "%s", t.state.why);
        assert_str(roster_canon(t.roster, roster_by_id(t.roster, STR("1")), 2), "g1\ng2");
        assert_str(roster_canon(t.roster, roster_by_id(t.roster, STR("2")), 2), "g1");
        assert_str(roster_shown(t.roster, roster_by_id(t.roster, STR("3")), 2), "");
    }
    wire_deinit(&t);
}
END_TEST

/* A group that is not listed has members all the same. */
START_TEST(groups_that_are_not_listed)
{
#define GROUP(n) "{'id':'g" n "','members':[{'value':'1'}]}"
    static const struct line lost[] = {
        { "/Groups?startIndex=1&count=100", 200,
          "{'totalResults':2,'Resources':[" GROUP("1") "," GROUP("3") "]}" },
        { NULL, 0, NULL },
    };
    static const struct line page_again[] = {
        { "/Groups?startIndex=1&count=100", 200,
          "{'totalResults':3,'Resources':[" GROUP("1") "," GROUP("2") "]}" },
        { "/Groups?startIndex=3&count=100", 200,
          "{'totalResults':3,'Resources':[" GROUP("1") "," GROUP("2") "]}" },
        { NULL, 0, NULL },
    };
    static const struct line by_cursor[] = {
        { "/Groups?startIndex=1&count=100", 200,
          "{'totalResults':2,'nextCursor':'n','Resources':[" GROUP("1") "," GROUP("2") "]}" },
        { NULL, 0, NULL },
    };
    static const struct {
        const struct line *lines;
        const char *why;
        enum again again;
    } cases[] = {
        { lost, "the group 'Ops' was listed before, and now it is not", AGAIN_LATER },
        { page_again, "the service states 3 groups, its pages brought 2", AGAIN_LATER },
        { by_cursor, "set the option 'paging' to 'cursor'", AGAIN_NO },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct wire t;
        scim_init(&t);
        wire_option(&t, "groups_from", "groups");
        ck_assert_int_eq(read_tenant_of_groups(&t), READ_COMPLETE);
        struct read_goal goal = wire_goal_roster(&t);
        ck_assert_int_eq(scim_read(&t, &goal, cases[i].lines), READ_INCOMPLETE);
        assert_says(t.state.why, cases[i].why);
        ck_assert_int_eq(t.state.again, cases[i].again);
        wire_deinit(&t);
    }
}
END_TEST

UNIT("scim members", cursors, cursors_where_none_was_asked_for, groups_of_users, members_of_groups,
     groups_that_are_not_listed)
