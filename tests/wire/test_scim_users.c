/* How a user and a group are read: the documents of RFC 7643 8 and what services make of them (fact sheet 2).
 */
#include "scim.h"

/* RFC 7643 8.3, in the order of the document. */
static const char full_user[] =
    "{'schemas':['urn:ietf:params:scim:schemas:core:2.0:User',"
    "'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],"
    "'id':'2819c223-7f76-453a-919d-413861904646','externalId':'701984','userName':'bjensen@example.com',"
    "'name':{'formatted':'Ms. Barbara J Jensen, III','familyName':'Jensen','givenName':'Barbara',"
    "'middleName':'Jane','honorificPrefix':'Ms.','honorificSuffix':'III'},"
    "'displayName':'Babs Jensen','nickName':'Babs','profileUrl':'https://login.example.com/bjensen',"
    "'emails':[{'value':'bjensen@example.com','type':'work','primary':true},"
    "{'value':'babs@jensen.example.org','type':'home'}],"
    "'addresses':[{'streetAddress':'100 Universal City Plaza','locality':'Hollywood','region':'CA',"
    "'postalCode':'91608','country':'USA','formatted':'100 Universal City Plaza\\nHollywood, CA 91608 USA',"
    "'type':'work','primary':true},"
    "{'streetAddress':'456 Hollywood Blvd','locality':'Hollywood','region':'CA',"
    "'postalCode':'91608','country':'USA','formatted':'456 Hollywood Blvd\\nHollywood, CA 91608 USA',"
    "'type':'home'}],"
    "'phoneNumbers':[{'value':'555-555-5555','type':'work'},{'value':'555-555-4444','type':'mobile'}],"
    "'ims':[{'value':'someaimhandle','type':'aim'}],"
    "'photos':[{'value':'https://photos.example.com/profilephoto/72930000000Ccne/F','type':'photo'},"
    "{'value':'https://photos.example.com/profilephoto/72930000000Ccne/T','type':'thumbnail'}],"
    "'userType':'Employee','title':'Tour Guide','preferredLanguage':'en-US','locale':'en-US',"
    "'timezone':'America/Los_Angeles','active':true,'password':'t1meMa$heen',"
    "'groups':[{'value':'e9e30dba-f08f-4109-8486-d5c6a331660a','$ref':'../Groups/e9',"
    "'display':'Tour Guides'},"
    "{'value':'fc348aa8-3835-40eb-a20b-c726e15c55b5','$ref':'../Groups/fc','display':'Employees',"
    "'type':'indirect'},"
    "{'value':'71ddacd2-a8e7-49b8-a5db-ae50d0a5bfd7','$ref':'../Groups/71','display':'US Employees'}],"
    "'x509Certificates':[{'value':'MIIDQzCCAqygAwIBAgICEAAwDQYJKoZI'}],"
    "'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User':{'employeeNumber':'701984',"
    "'costCenter':'4130','organization':'Universal Studios','division':'Theme Park','department':'Tour "
    "Operations','manager':{'value':'26118915-6090-4610-87e4-49d8ca9f808d',"
    "'$ref':'../Users/26118915-6090-4610-87e4-49d8ca9f808d','displayName':'John Smith'}},"
    "'meta':{'resourceType':'User','created':'2010-01-23T04:56:22Z','lastModified':'2011-05-13T04:42:34Z',"
    "'version':'W/\\'3694e05e9dff591\\'','location':'https://example.com/v2/Users/2819c223'}}";

/* RFC 7643 8.1. */
static const char minimal_user[] =
    "{'schemas':['urn:ietf:params:scim:schemas:core:2.0:User'],'id':'2819c223-7f76-453a-919d-413861904646',"
    "'userName':'bjensen@example.com','meta':{'resourceType':'User','created':'2010-01-23T04:56:22Z',"
    "'lastModified':'2011-05-13T04:42:34Z','version':'W/\\'3694e05e9dff590\\'',"
    "'location':'https://example.com/v2/Users/2819c223-7f76-453a-919d-413861904646'}}";

/* Everything that is mapped in one listing of one user, whose object is `user`. */
static enum read_next list_one(struct wire *t, const char *user)
{
    char body[8192];
    snprintf(body, sizeof(body), "{'totalResults':1,'Resources':[%s]}", user);
    const struct line lines[] = {
        { "/Users?startIndex=1&count=100", 200, body },
        { "/Users?startIndex=2&count=1", 200, "{'totalResults':1,'Resources':[]}" },
        { NULL, 0, NULL },
    };
    if (!t->conn)
        wire_connect(t);
    struct read_goal goal = wire_goal_roster(t);
    return scim_read(t, &goal, lines);
}

static struct str value_of(struct wire *t, const char *name)
{
    int slot = schema_slot(&t->schema, str_of(name));
    ck_assert_int_ge(slot, 0);
    return roster_shown(t->roster, 0, (size_t)slot);
}

static const struct {
    const char *name, *value;
} in_full[] = {
    { "name.formatted", "Ms. Barbara J Jensen, III" },
    { "name.familyName", "Jensen" },
    { "name.givenName", "Barbara" },
    { "name.middleName", "Jane" },
    { "name.honorificPrefix", "Ms." },
    { "name.honorificSuffix", "III" },
    { "displayName", "Babs Jensen" },
    { "nickName", "Babs" },
    { "profileUrl", "https://login.example.com/bjensen" },
    { "title", "Tour Guide" },
    { "userType", "Employee" },
    { "preferredLanguage", "en-US" },
    { "locale", "en-US" },
    { "timezone", "America/Los_Angeles" },
    { MAIL, "bjensen@example.com" },
    { "emails[type eq \"home\"].value", "babs@jensen.example.org" },
    { "emails[type eq \"other\"].value", "" },
    { "emails[primary eq true].value", "bjensen@example.com" },
    { "phoneNumbers[type eq \"work\"].value", "555-555-5555" },
    { "phoneNumbers[type eq \"mobile\"].value", "555-555-4444" },
    { "phoneNumbers[type eq \"fax\"].value", "" },
    { "addresses[type eq \"work\"].streetAddress", "100 Universal City Plaza" },
    { "addresses[type eq \"work\"].formatted", "100 Universal City Plaza\nHollywood, CA 91608 USA" },
    { "addresses[type eq \"home\"].streetAddress", "456 Hollywood Blvd" },
    { "addresses[type eq \"home\"].country", "USA" },
    { "ims[type eq \"aim\"].value", "someaimhandle" },
    { "photos[type eq \"thumbnail\"].value", "https://photos.example.com/profilephoto/72930000000Ccne/T" },
    { "roles[primary eq true].value", "" },
    { EXT ":employeeNumber", "701984" },
    { EXT ":costCenter", "4130" },
    { EXT ":organization", "Universal Studios" },
    { EXT ":division", "Theme Park" },
    { EXT ":department", "Tour Operations" },
};

START_TEST(full_user_of_the_rfc)
{
    struct wire t;
    scim_init(&t);
    for (size_t i = 0; i < array_len(in_full); i++)
        wire_map(&t, in_full[i].name);
    ck_assert_msg(list_one(&t, full_user) == READ_COMPLETE, "%s", t.state.why);
    ck_assert_uint_eq(roster_count(t.roster), 1);
    assert_str(roster_id(t.roster, 0), "2819c223-7f76-453a-919d-413861904646");
    assert_str(value_of(&t, "externalId"), "701984");
    assert_str(value_of(&t, "userName"), "bjensen@example.com");
    for (size_t i = 0; i < array_len(in_full); i++)
        assert_str(value_of(&t, in_full[i].name), in_full[i].value);
    ck_assert_int_eq(roster_state(t.roster, 0), USER_ACTIVE);
    ck_assert(!roster_administrator(t.roster, 0));
    assert_str(roster_manager_id(t.roster, 0), "26118915-6090-4610-87e4-49d8ca9f808d");
    wire_deinit(&t);
}
END_TEST

START_TEST(minimal_user_of_the_rfc)
{
    struct wire t;
    scim_init(&t);
    for (size_t i = 0; i < array_len(in_full); i++)
        wire_map(&t, in_full[i].name);
    ck_assert_msg(list_one(&t, minimal_user) == READ_COMPLETE, "%s", t.state.why);
    for (size_t i = 0; i < array_len(in_full); i++)
        assert_str(value_of(&t, in_full[i].name), "");
    assert_str(value_of(&t, "externalId"), "");
    ck_assert_int_eq(roster_state(t.roster, 0), USER_ACTIVE); /* not stated */
    assert_str(roster_manager_id(t.roster, 0), "");
    wire_deinit(&t);
}
END_TEST

/* Every chunk size: tokens come in pieces. */
START_TEST(in_pieces_of_any_size)
{
    for (size_t piece = 1; piece < 40; piece++) {
        struct wire t;
        char body[8192];
        struct request q;
        unsigned id;
        scim_init(&t);
        wire_map(&t, EXT ":division");
        wire_map(&t, "addresses[type eq \"home\"].streetAddress");
        wire_connect(&t);
        struct read_goal goal = wire_goal_roster(&t);
        snprintf(body, sizeof(body), "{'totalResults':1,'Resources':[%s]}", full_user);
        struct reply page = says(&t, 200, body), beyond = says(&t, 200, "{'totalResults':1}");
        request_init(&q);
        t.k->read_begin(t.conn, &goal);
        ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
        ck_assert(wire_feed(&t, id, &page, piece).good);
        ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
        ck_assert(wire_feed(&t, id, &beyond, piece).good);
        ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_COMPLETE);
        assert_str(value_of(&t, EXT ":division"), "Theme Park");
        assert_str(value_of(&t, "addresses[type eq \"home\"].streetAddress"), "456 Hollywood Blvd");
        request_deinit(&q);
        wire_deinit(&t);
    }
}
END_TEST

/* One user, one path, what is read. NULL: the listing is refused, and says why. */
struct shape {
    const char *path, *user, *value, *why;
};

static void check_shape(const struct shape *s)
{
    struct wire t;
    scim_init(&t);
    if (schema_slot(&t.schema, str_of(s->path)) < 0)
        wire_map(&t, s->path);
    wire_option(&t, "read_tries", "1");
    enum read_next got = list_one(&t, s->user);
    ck_assert_msg((got == READ_COMPLETE) == (s->value != NULL), "%s: %s", s->user, t.state.why);
    if (s->value)
        ck_assert_msg(str_is(value_of(&t, s->path), s->value), "%s of %s is '%.*s'", s->path, s->user,
                      STR_ARG(value_of(&t, s->path)));
    else
        assert_says(t.state.why, s->why);
    wire_deinit(&t);
}

START_TEST(shapes_of_values)
{
    static const struct shape shapes[] = {
        /* names in any case (RFC 7643 2.1), members in any order */
        { "name.givenName", "{'NAME':{'givenname':'B'},'ID':'1'}", "B", NULL },
        { EXT ":department",
          "{'URN:ietf:params:scim:schemas:extension:Enterprise:2.0:user':{'Department':'D'},'id':'1'}", "D",
          NULL },
        { MAIL, "{'id':'1','emails':[{'value':'a@b','primary':false,'type':'WORK'}]}", "a@b", NULL },
        { MAIL,
          "{'id':'1','emails':[{'type':'home','value':'h'},{'value':'w1','type':'work'},"
          "{'value':'w2','type':'work'}]}",
          "w1", NULL },
        /* the first that fits is meant, also where it has no such part */
        { "addresses[type eq \"work\"].country",
          "{'id':'1','addresses':[{'type':'work','region':'R'},{'type':'work','country':'C'}]}", "", NULL },
        { "emails[primary eq true].value",
          "{'id':'1','emails':[{'value':'a'},{'value':'b','primary':'True'}]}", "b", NULL },
        { MAIL, "{'id':'1','emails':[{'value':'untyped'}]}", "", NULL },
        { MAIL, "{'id':'1','emails':null}", "", NULL },
        { MAIL, "{'id':'1','emails':[]}", "", NULL },
        { MAIL, "{'id':'1','emails':['bare@example.com']}", "", NULL },
        /* a single object where a list belongs */
        { MAIL, "{'id':'1','emails':{'type':'work','value':'alone'}}", "alone", NULL },
        /* numbers and truth as text, null as nothing */
        { EXT ":employeeNumber", "{'id':1,'" EXT "':{'employeeNumber':701984}}", "701984", NULL },
        { "title", "{'id':'1','title':null}", "", NULL },
        { "urn:example:hr:1.0:User:remote", "{'id':'1','urn:example:hr:1.0:User':{'remote':true}}", "true",
          NULL },
        { "urn:example:hr:1.0:User:desk.floor",
          "{'id':'1','urn:example:hr:1.0:User':{'desk':{'x':{'floor':'9'},'floor':'3'}}}", "3", NULL },
        /* what has the name of a mapped attribute elsewhere */
        { "title", "{'id':'1','x':{'title':'no'},'emails':[{'title':'no'}],'" EXT "':{'title':'no'}}", "",
          NULL },
        { EXT ":department", "{'id':'1','department':'no','name':{'department':'no'}}", "", NULL },
        { EXT ":department", "{'id':'1','" EXT "':null}", "", NULL },
        { EXT ":department", "{'id':'1','" EXT "':[{'department':'no'}]}", "", NULL },
        { EXT ":department", "{'id':'1','" EXT "':'no'}", "", NULL },
        { "name.givenName", "{'id':'1','name':'no'}", "", NULL },
        /* core's own URN written out */
        { SCIM_CORE_USER ":name.givenName", "{'id':'1','name':{'givenName':'B'}}", "B", NULL },
        /* forms that cannot be meant */
        { "title", "{'id':'1','title':{'value':'x'}}", NULL, "'title' is an object" },
        { "title", "{'id':'1','title':['x']}", NULL, "'title' is a list" },
        { "name.givenName", "{'id':'1','name':[{'givenName':'x'}]}", NULL, "'name.givenName' is a list" },
        { "title", "{'title':'x'}", NULL, "a user has no id" },
        { "title", "{'id':'','title':'x'}", NULL, "a user has no id" },
        { "title", "{'id':'1','active':'perhaps'}", NULL, "'active' is neither true nor false" },
        { "title", "7", NULL, "is no object" },
        { "title",
          "{'id':'"
          "0123456789012345678901234567890123456789012345678901234567890123456789012345678901"
          "'}",
          NULL, "an id that is too long" },
    };
    for (size_t i = 0; i < array_len(shapes); i++)
        check_shape(&shapes[i]);
}
END_TEST

START_TEST(states_and_managers)
{
    static const struct {
        const char *user;
        enum user_state state;
        const char *manager;
    } cases[] = {
        { "{'id':'1','active':true}", USER_ACTIVE, "" },
        { "{'id':'1','active':false}", USER_INACTIVE, "" },
        { "{'active':'False','id':'1'}", USER_INACTIVE, "" },
        { "{'id':'1','active':'True'}", USER_ACTIVE, "" },
        { "{'id':'1','active':null}", USER_ACTIVE, "" },
        { "{'id':'1','x':{'active':false}}", USER_ACTIVE, "" },
        { "{'id':'1','" EXT "':{'manager':{'value':'b@ss','displayName':'B'}}}", USER_ACTIVE, "b@ss" },
        { "{'id':'1','" EXT "':{'manager':'b@ss'}}", USER_ACTIVE, "b@ss" },
        { "{'id':'1','" EXT "':{'manager':[{'value':'b@ss'}]}}", USER_ACTIVE, "b@ss" },
        { "{'id':'1','" EXT "':{'manager':null}}", USER_ACTIVE, "" },
        { "{'id':'1','" EXT "':{'manager':{}}}", USER_ACTIVE, "" },
        { "{'id':'1','manager':{'value':'no'},'urn:x:User':{'manager':'no'}}", USER_ACTIVE, "" },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct wire t;
        scim_init(&t);
        ck_assert_msg(list_one(&t, cases[i].user) == READ_COMPLETE, "%s", t.state.why);
        ck_assert_msg(roster_state(t.roster, 0) == cases[i].state, "%s", cases[i].user);
        assert_str(roster_manager_id(t.roster, 0), cases[i].manager);
        wire_deinit(&t);
    }
}
END_TEST

/* Ids are what the service says, byte for byte. */
START_TEST(ids_differ_in_case)
{
    struct wire t;
    static const struct line lines[] = {
        { "/Users?startIndex=1&count=100", 200,
          "{'totalResults':3,'Resources':[{'id':'ab'},{'id':'AB'},{'id':'a@b c/%'}]}" },
        { "/Users?startIndex=4&count=3", 200, "{'totalResults':3,'Resources':[]}" },
        { NULL, 0, NULL },
    };
    scim_init(&t);
    wire_connect(&t);
    struct read_goal goal = wire_goal_roster(&t);
    ck_assert_msg(scim_read(&t, &goal, lines) == READ_COMPLETE, "%s", t.state.why);
    ck_assert_uint_eq(roster_count(t.roster), 3);
    ck_assert(roster_by_id(t.roster, STR("ab")) != roster_by_id(t.roster, STR("AB")));
    ck_assert(roster_by_id(t.roster, STR("a@b c/%")) != NO_USER);
    wire_deinit(&t);
}
END_TEST

/* Versions are kept where they will be sent, and only there. */
START_TEST(versions)
{
    for (int etag = 0; etag < 2; etag++) {
        struct wire t;
        scim_init(&t);
        wire_connect(&t);
        t.conn->service.etag = etag;
        ck_assert_int_eq(list_one(&t, full_user), READ_COMPLETE);
        struct str v = versions_get(&t.conn->versions, STR("2819c223-7f76-453a-919d-413861904646"));
        assert_str(v, etag ? "W/\"3694e05e9dff591\"" : "");
        wire_deinit(&t);
    }
}
END_TEST

UNIT("scim users", full_user_of_the_rfc, minimal_user_of_the_rfc, in_pieces_of_any_size, shapes_of_values,
     states_and_managers, ids_differ_in_case, versions)
