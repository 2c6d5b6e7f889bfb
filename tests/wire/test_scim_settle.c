/* SCIM: what the answers to single writes mean (RFC 7644 3.3, 3.5, 3.6, 3.12), PUT with what is read before
 * it, and conditional writes (3.14). */
#include "scim_write_bed.h"

/* A step of each kind of call: 0 create, 1 update, 2 delete, 3 and 4 members to add, 5 one to remove. */
static void steps_of_all(struct bed *b)
{
    struct edit name = edit(USER_NAME, "", "nila"), title = edit(TITLE, "", "T"), in = edit(GROUPS, "", "g"),
                out = edit(GROUPS, "g", "");
    struct change c[] = { joiner("nila", &name, 1),           of_user(CHANGE_UPDATE, "bare"),
                          of_user(CHANGE_RETIRE, "full"),     of_user(CHANGE_MEMBERSHIP, "bare"),
                          of_user(CHANGE_MEMBERSHIP, "full"), of_user(CHANGE_MEMBERSHIP, "boss") };
    struct edit *e[] = { &name, &title, NULL, &in, &in, &out };
    for (uint32_t i = 0; i < array_len(c); i++) {
        c[i].edit = e[i];
        c[i].n_edits = e[i] ? 1 : 0;
        lower_one(b, c[i], i);
    }
    ck_assert_uint_eq(b->n, 6);
}

START_TEST(creates_that_were_done)
{
    static const struct {
        int status;
        const char *body, *id;
    } row[] = {
        { 201, "{'id':'b@ss/% 1','userName':'other'}", "b@ss/% 1" },
        { 200, "{'id':'7'}", "7" },
        { 201, "{'meta':{'location':'https://scim.example.com/v2/Users/a%40b%2Fc/'}}", "a@b/c" },
        { 201, "{'meta':{'location':'/Users/x?attributes=id'}}", "x" },
    };
    struct bed b;
    bed_init(&b);
    steps_of_all(&b);
    for (size_t i = 0; i < array_len(row); i++) {
        settle(&b, 0, 1, row[i].status, row[i].body);
        assert_done(&b, 0);
        ck_assert_str_eq(b.out[0].new_id, row[i].id);
        ck_assert(!b.out[0].verify);
    }
    bed_deinit(&b);
}
END_TEST

/* Somebody was made, but nobody knows who: he is looked up by his keys. */
START_TEST(creates_without_an_id)
{
    static const char *const body[] = {
        NULL,
        "",
        "{}",
        "[1]",
        "{'id':7}",
        "{'id':''}",
        "{'meta':{'location':'nila'}}",
        "{'meta':{'location':'https://scim.example.com/v2/Users/a%00b'}}",
        "{'id':'a\\u0000b'}",
        "{'id':'12345678901234567890123456789012345678901234567890123456789012345678901234567890'}",
        "<html>ok</html>"
    };
    struct bed b;
    bed_init(&b);
    steps_of_all(&b);
    for (size_t i = 0; i < array_len(body); i++) {
        settle(&b, 0, 1, 201, body[i]);
        assert_settled(&b, 0, SETTLED_UNKNOWN, BLAST_STEP, AGAIN_LATER);
        ck_assert_str_eq(b.out[0].new_id, "");
    }
    bed_deinit(&b);
}
END_TEST

/* A body that shows something else than was sent is no refusal: the read back decides. */
START_TEST(others_that_were_done)
{
    static const struct {
        int status;
        const char *body;
    } row[] = { { 204, NULL }, { 200, "{'id':'bare','title':'other'}" }, { 200, "" }, { 202, "<p>" } };
    struct bed b;
    bed_init(&b);
    steps_of_all(&b);
    for (size_t i = 0; i < array_len(row); i++)
        for (size_t s = 1; s < 6; s++) {
            size_t n = s == 3 ? 2 : 1;
            settle(&b, s, n, row[i].status, row[i].body);
            for (size_t k = 0; k < n; k++)
                assert_done(&b, k);
        }
    settle(&b, 2, 1, 404, NULL); /* who is gone is deleted */
    assert_done(&b, 0);
    bed_deinit(&b);
}
END_TEST

#define ERROR(status, more)                                                                                  \
    "{'schemas':['urn:ietf:params:scim:api:messages:2.0:Error'],'status':'" status "'" more "}"

/* Columns: the fault, then what becomes of a create, an update, a delete, two members, one to remove. */
START_TEST(faults)
{
    enum { C, U, D, M, R, CALLS };
    static const size_t first[CALLS] = { 0, 1, 2, 3, 5 }, count[CALLS] = { 1, 1, 1, 2, 1 };
    enum {
        NO = SETTLED_REFUSED,
        RE = SETTLED_NOT_DONE,
        UN = SETTLED_UNKNOWN,
        OK = SETTLED_DONE,
        ST = SETTLED_STALE
    };
    static const struct {
        int status;
        const char *body;
        int settled[CALLS];
        const char *says;
    } row[] = {
        { 400,
          ERROR("400", ",'scimType':'invalidPath','detail':'no such'"),
          { NO, NO, NO, NO, NO },
          "no such" },
        { 400, ERROR("400", ",'scimType':'noTarget'"), { NO, NO, NO, NO, OK }, "noTarget" },
        { 403, ERROR("403", ""), { NO, NO, NO, NO, NO }, "403" },
        { 404, NULL, { NO, NO, OK, NO, OK }, NULL },
        { 409, ERROR("409", ",'scimType':'uniqueness','detail':'taken'"), { NO, NO, NO, NO, NO }, "taken" },
        { 409, ERROR("409", ""), { NO, RE, RE, RE, RE }, "409" },
        { 412, NULL, { NO, ST, ST, ST, ST }, "412" },
        { 413, NULL, { NO, NO, NO, NO, NO }, "413" },
        { 500, "boom", { UN, RE, RE, UN, RE }, "boom" },
        { 502, NULL, { UN, RE, RE, UN, RE }, "502" },
        { 503, NULL, { UN, RE, RE, UN, RE }, "503" },
        { 301, NULL, { NO, NO, NO, NO, NO }, "redirect" },
        { 200, ERROR("400", ",'detail':'hidden'"), { NO, NO, NO, NO, NO }, "hidden" },
    };
    struct bed b;
    bed_init(&b);
    steps_of_all(&b);
    for (size_t i = 0; i < array_len(row); i++)
        for (size_t k = 0; k < CALLS; k++) {
            settle(&b, first[k], count[k], row[i].status, row[i].body);
            for (size_t s = 0; s < count[k]; s++) {
                ck_assert_msg((int)b.out[s].settled == row[i].settled[k], "%d to call %zu: %d '%s'",
                              row[i].status, k, (int)b.out[s].settled, b.out[s].text);
                ck_assert_str_eq(b.out[s].new_id, "");
                if (row[i].says && b.out[s].settled != SETTLED_DONE)
                    assert_says(b.out[s].text, row[i].says);
            }
        }
    settle(&b, 1, 1, 404, NULL);
    assert_refused(&b, 0);
    ck_assert_str_eq(b.out[0].text, "the user is gone");
    bed_deinit(&b);
}
END_TEST

/* Several members stand or fall together: halves find the one who is refused. */
START_TEST(how_far_a_refusal_reaches)
{
    struct bed b;
    bed_init(&b);
    steps_of_all(&b);
    settle(&b, 3, 2, 400, NULL);
    assert_settled(&b, 0, SETTLED_REFUSED, BLAST_CALL, AGAIN_NO);
    assert_settled(&b, 1, SETTLED_REFUSED, BLAST_CALL, AGAIN_NO);
    settle(&b, 3, 1, 400, NULL);
    assert_refused(&b, 0);
    settle(&b, 3, 2, 404, NULL);
    assert_settled(&b, 0, SETTLED_REFUSED, BLAST_CALL, AGAIN_NO);
    settle(&b, 1, 1, 503, NULL);
    assert_settled(&b, 0, SETTLED_NOT_DONE, BLAST_TENANT, AGAIN_LATER);
    settle(&b, 1, 1, 500, NULL);
    assert_later(&b, 0);
    bed_deinit(&b);
}
END_TEST

START_TEST(throttled)
{
    struct bed b;
    bed_init(&b);
    steps_of_all(&b);
    for (size_t s = 0; s < 3; s++) {
        struct answer a = answer_of(&b, 429, NULL);
        settle_with(&b, s, 1, &a);
        assert_settled(&b, 0, SETTLED_NOT_DONE, BLAST_TENANT, AGAIN_THROTTLED);
        ck_assert_int_eq(b.out[0].wait_us, 5000000); /* option throttled_wait */
        a.retry_after_us = 7000000;
        settle_with(&b, s, 1, &a);
        ck_assert_int_eq(b.out[0].wait_us, 7000000);
        a.status = 503;
        settle_with(&b, s, 1, &a);
        assert_settled(&b, 0, SETTLED_NOT_DONE, BLAST_TENANT, AGAIN_THROTTLED);
        ck_assert_int_eq(b.out[0].wait_us, 7000000);
    }
    bed_deinit(&b);
}
END_TEST

START_TEST(credentials_refused)
{
    struct bed b;
    bed_init(&b);
    steps_of_all(&b);
    settle(&b, 1, 1, 401, NULL);
    assert_settled(&b, 0, SETTLED_NOT_DONE, BLAST_RUN, AGAIN_NO);
    bed_option(&b, OPTION_AUTH, "oauth2");
    settle(&b, 0, 1, 401, NULL);
    assert_settled(&b, 0, SETTLED_NOT_DONE, BLAST_STEP, AGAIN_LOGIN);
    bed_deinit(&b);
}
END_TEST

START_TEST(not_answered)
{
    struct bed b;
    bed_init(&b);
    steps_of_all(&b);
    for (size_t s = 0; s < 4; s++) {
        size_t n = s == 3 ? 2 : 1;
        struct answer a = { .sent = SENT_NOT, .error = NET_CONNECT, .retry_after_us = -1 };
        settle_with(&b, s, n, &a);
        assert_settled(&b, 0, SETTLED_NOT_DONE, n > 1 ? BLAST_CALL : BLAST_STEP, AGAIN_LATER);
        a.sent = SENT_UNKNOWN;
        a.error = NET_RESET;
        settle_with(&b, s, n, &a);
        assert_settled(&b, 0, SETTLED_UNKNOWN, n > 1 ? BLAST_CALL : BLAST_STEP, AGAIN_LATER);
    }
    bed_deinit(&b);
}
END_TEST

/* A second time would make a second entry: what became of it has to be looked up. */
START_TEST(new_entries_are_not_repeated)
{
    struct edit e = edit(MAIL, "", "n@example.com");
    struct change c = of_user(CHANGE_UPDATE, "bare");
    struct bed b;
    bed_init(&b);
    c.edit = &e;
    c.n_edits = 1;
    lower_one(&b, c, 0);
    settle(&b, 0, 1, 500, NULL);
    assert_settled(&b, 0, SETTLED_UNKNOWN, BLAST_STEP, AGAIN_LATER);
    /* A PUT names all entries: as often as one likes. */
    b.n = 0;
    bed_option(&b, OPTION_UPDATE_BY, "put");
    lower_one(&b, c, 0);
    settle(&b, 0, 1, 500, NULL);
    assert_later(&b, 0);
    bed_deinit(&b);
}
END_TEST

/* Members to add: a service was met that then has them twice. What is known to be there is not added at all.
 */
START_TEST(members_are_not_added_twice)
{
    struct edit e = edit(GROUPS, "", "a\nb");
    struct change c = of_user(CHANGE_MEMBERSHIP, "full");
    static const struct hash_key key = { 1, 2 };
    struct bed b;
    bed_init(&b);
    b.roster = roster_new(&b.schema, &key);
    struct user u = { .id = STR("full") };
    u.text[GROUPS] = STR("b");
    unsigned read = roster_read_begin(b.roster);
    ck_assert(roster_add(b.roster, read, &u) && roster_read_end(b.roster, read, true));
    ck_assert_int_eq(roster_seal(b.roster, NULL), ROSTER_SEALED);
    c.edit = &e;
    c.n_edits = 1;
    lower_one(&b, c, 0);
    ck_assert_uint_eq(b.n, 1);
    assert_str(b.step[0].group, "a");
    pack(&b, 0, 1);
    ck_assert(!b.q.harmless);
    bed_deinit(&b);
}
END_TEST

/* PUT --------------------------------------------------------------------------------------------- */

static bool prepared(struct bed *b, size_t step, const struct answer *a)
{
    scim_connector.prepare(b->conn, b->at + step, 1, bed_created, b, &b->q);
    memset(&b->out[0], 0, sizeof(b->out[0]));
    return scim_connector.prepared(b->conn, b->at + step, 1, a, &b->out[0]);
}

#define WHOLE                                                                                                \
    "{'schemas':['urn:ietf:params:scim:schemas:core:2.0:User','urn:example:ext:2.0:User'],'id':'b@ss/% 1',"  \
    "'meta':{'version':'W/\\\"3\\\"','created':'x'},'UserName':'old','active':true,'profileUrl':'u',"        \
    "'name':{'givenName':'A','formatted':'A B'},'title':'T','groups':[{'value':'g'}],"                       \
    "'emails':[{'type':'home','value':'h'},{'value':'w','Type':'Work','primary':true}],"                     \
    "'phoneNumbers':[{'type':'mobile','value':'1'},{'type':'work','value':'2'}],"                            \
    "'addresses':[{'type':'work','locality':'Pune','country':'IN'}],"                                        \
    "'urn:example:ext:2.0:User':{'badge':5,'level':1}}"

/* What the job maps is set or cleared, wherever the service spells it how it likes; all else goes back. */
START_TEST(put_changes_what_is_mapped_only)
{
    struct edit e[] = { edit(USER_NAME, "old", "new"), edit(GIVEN, "A", "Nila"),
                        edit(TITLE, "T", ""),          edit(MAIL, "w", "n@example.com"),
                        edit(MOBILE, "1", ""),         edit(STREET, "", "2 Road"),
                        edit(LOCALITY, "Pune", ""),    edit(DEPARTMENT, "", "D"),
                        edit(COST, "C", ""),           edit(LEVEL, "1", "2"),
                        edit(BADGES, "", "9") };
    struct change c[] = { of_user(CHANGE_UPDATE, "b@ss/% 1"), of_user(CHANGE_MANAGER, "b@ss/% 1") };
    struct bed b;
    bed_init(&b);
    bed_option(&b, OPTION_UPDATE_BY, "put");
    c[0].edit = e;
    c[0].n_edits = array_len(e);
    c[1].manager_after.id = STR("boss");
    lower(&b, c, 0, 2);
    ck_assert_uint_eq(b.n, 1);
    assert_step(&b, 0, CALL_PUT, RANK_MANAGER);
    struct answer a = answer_of(&b, 200, WHOLE);
    ck_assert(prepared(&b, 0, &a));
    assert_request(&b, CALL_USER, HTTP_GET, "/Users/b%40ss%2F%25%201", NULL);
    ck_assert_uint_eq(pack(&b, 0, 1), 1);
    assert_request(
        &b, CALL_PUT, HTTP_PUT, "/Users/b%40ss%2F%25%201",
        "{'schemas':['urn:ietf:params:scim:schemas:core:2.0:User','urn:example:ext:2.0:User','" EXT
        "'],'id':'b@ss/% 1','UserName':'new','active':true,'profileUrl':'u',"
        "'name':{'givenName':'Nila','formatted':'A B'},"
        "'emails':[{'type':'home','value':'h'},{'value':'n@example.com','Type':'Work','primary':true}],"
        "'phoneNumbers':[{'type':'work','value':'2'}],"
        "'addresses':[{'type':'work','country':'IN','streetAddress':'2 Road'}],"
        "'urn:example:ext:2.0:User':{'badge':5,'level':2,'badges':[{'type':'door','value':'9'}]},"
        "'" EXT "':{'department':'D','manager':{'value':'boss'}}}");
    ck_assert(b.q.harmless);
    assert_str(header_of(&b.q, "If-Match"), "");
    bed_deinit(&b);
}
END_TEST

START_TEST(put_of_state_and_manager)
{
    struct change c = of_user(CHANGE_MANAGER, "bare");
    struct bed b;
    bed_init(&b);
    bed_option(&b, OPTION_UPDATE_BY, "put");
    lower_one(&b, c, 0);
    lower_one(&b, of_user(CHANGE_DEACTIVATE, "bare"), 1);
    assert_step(&b, 1, CALL_PUT, RANK_DEACTIVATE);
    struct answer a = answer_of(
        &b, 200, "{'id':'bare','" EXT "':{'manager':{'value':'boss','displayName':'B'},'division':'X'}}");
    ck_assert(prepared(&b, 0, &a));
    pack(&b, 0, 1);
    assert_request(&b, CALL_PUT, HTTP_PUT, "/Users/bare", "{'id':'bare','" EXT "':{'division':'X'}}");
    ck_assert(prepared(&b, 1, &a));
    pack(&b, 1, 1);
    assert_request(&b, CALL_PUT, HTTP_PUT, "/Users/bare",
                   "{'id':'bare','" EXT "':{'manager':{'value':'boss','displayName':'B'},'division':'X'},"
                   "'active':false}");
    /* Never without having been read: when calls are only counted, and whatever else may go wrong. */
    pack(&b, 1, 1);
    ck_assert_int_eq(b.q.method, HTTP_GET);
    bed_deinit(&b);
}
END_TEST

/* Also where it is not what is changed. */
START_TEST(put_where_active_is_a_text)
{
    struct edit e = edit(TITLE, "", "T");
    struct change c = of_user(CHANGE_UPDATE, "bare");
    static const char *const row[][2] = { { "true", "'True'" },
                                          { "false", "'False'" },
                                          { "'yes'", "'yes'" } };
    for (size_t i = 0; i < array_len(row); i++) {
        char shown[80], body[120];
        struct bed b;
        bed_init(&b);
        bed_option(&b, OPTION_UPDATE_BY, "put");
        bed_option(&b, OPTION_ACTIVE_SHAPE, "string");
        c.edit = &e;
        c.n_edits = 1;
        lower_one(&b, c, 0);
        snprintf(shown, sizeof(shown), "{'id':'bare','active':%s}", row[i][0]);
        snprintf(body, sizeof(body), "{'id':'bare','active':%s,'title':'T'}", row[i][1]);
        struct answer a = answer_of(&b, 200, shown);
        ck_assert(prepared(&b, 0, &a));
        pack(&b, 0, 1);
        assert_request(&b, CALL_PUT, HTTP_PUT, "/Users/bare", body);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(put_where_the_manager_is_a_text)
{
    struct change c = of_user(CHANGE_MANAGER, "bare");
    struct bed b;
    bed_init(&b);
    bed_option(&b, OPTION_UPDATE_BY, "put");
    c.manager_after.id = STR("boss");
    lower_one(&b, c, 0);
    struct answer a = answer_of(&b, 200, "{'id':'bare','schemas':['" EXT "'],'" EXT "':{'manager':'old'}}");
    ck_assert(prepared(&b, 0, &a));
    pack(&b, 0, 1);
    assert_request(&b, CALL_PUT, HTTP_PUT, "/Users/bare",
                   "{'id':'bare','schemas':['" EXT "'],'" EXT "':{'manager':'boss'}}");
    bed_deinit(&b);
}
END_TEST

/* A service without PATCH, whatever the option says; and a joiner, whose id is known by then. */
START_TEST(put_where_there_is_no_patch)
{
    struct edit e = edit(USER_NAME, "", "nila");
    struct change nila = joiner("nila", &e, 1);
    struct bed b;
    bed_init(&b);
    b.conn->service.patch = false;
    nila.manager_set = true;
    nila.manager_after.key = STR("E8");
    lower_one(&b, nila, 1);
    assert_step(&b, 1, CALL_PUT, RANK_MANAGER);
    b.step[1].manager_ref = 2;
    name_user(&b, 1, "n1");
    name_user(&b, 2, "n2");
    struct answer a = answer_of(&b, 200, "{'id':'n1','userName':'nila'}");
    ck_assert(prepared(&b, 1, &a));
    assert_request(&b, CALL_USER, HTTP_GET, "/Users/n1", NULL);
    pack(&b, 1, 1);
    assert_request(
        &b, CALL_PUT, HTTP_PUT, "/Users/n1",
        "{'id':'n1','userName':'nila','" EXT
        "':{'manager':{'value':'n2'}},'schemas':['urn:ietf:params:scim:schemas:core:2.0:User','" EXT "']}");
    bed_deinit(&b);
}
END_TEST

START_TEST(preludes_that_fail)
{
    static const struct {
        int status;
        const char *body;
        enum settled settled;
        enum again again;
    } row[] = {
        { 404, NULL, SETTLED_REFUSED, AGAIN_NO },
        { 403, NULL, SETTLED_REFUSED, AGAIN_NO },
        { 500, NULL, SETTLED_NOT_DONE, AGAIN_LATER },
        { 429, NULL, SETTLED_NOT_DONE, AGAIN_THROTTLED },
        { 200, "{'id':'BARE'}", SETTLED_NOT_DONE, AGAIN_LATER }, /* ids mind case */
        { 200, "{'userName':'bare'}", SETTLED_NOT_DONE, AGAIN_LATER },
        { 200, "[]", SETTLED_NOT_DONE, AGAIN_LATER },
        { 200, "", SETTLED_NOT_DONE, AGAIN_LATER },
    };
    struct bed b;
    bed_init(&b);
    bed_option(&b, OPTION_UPDATE_BY, "put");
    lower_one(&b, of_user(CHANGE_DEACTIVATE, "bare"), 0);
    for (size_t i = 0; i < array_len(row); i++) {
        struct answer a = answer_of(&b, row[i].status, row[i].body);
        ck_assert(!prepared(&b, 0, &a));
        ck_assert_msg(b.out[0].settled == row[i].settled && b.out[0].again == row[i].again &&
                          b.out[0].text[0],
                      "row %zu: %d '%s'", i, (int)b.out[0].settled, b.out[0].text);
        pack(&b, 0, 1);
        ck_assert_int_eq(b.q.method, HTTP_GET);
    }
    struct answer lost = { .sent = SENT_UNKNOWN, .error = NET_TIMEOUT, .retry_after_us = -1 };
    ck_assert(!prepared(&b, 0, &lost));
    assert_later(&b, 0); /* it was a question only */
    bed_deinit(&b);
}
END_TEST

/* ETags ------------------------------------------------------------------------------------------- */

static const char *version(const struct bed *b, const char *id)
{
    struct str v = versions_get(&b->conn->versions, str_of(id));
    return v.n ? v.p : "";
}

START_TEST(conditional_writes)
{
    struct bed b;
    bed_init(&b);
    b.conn->service.etag = true;
    steps_of_all(&b);
    versions_put(&b.conn->versions, STR("bare"), STR("W/\"1\""));
    versions_put(&b.conn->versions, STR("full"), STR("W/\"5\""));
    pack(&b, 1, 1);
    assert_str(header_of(&b.q, "If-Match"), "W/\"1\"");
    pack(&b, 2, 1);
    assert_str(header_of(&b.q, "If-Match"), "W/\"5\"");
    pack(&b, 0, 1);
    assert_str(header_of(&b.q, "If-Match"), "");
    pack(&b, 3, 2); /* the group is not what was read */
    assert_str(header_of(&b.q, "If-Match"), "");
    settle(&b, 3, 2, 204, NULL);
    ck_assert_str_eq(version(&b, "bare"), "W/\"1\"");
    bed_option(&b, OPTION_IF_MATCH, "off");
    pack(&b, 1, 1);
    assert_str(header_of(&b.q, "If-Match"), "");
    bed_deinit(&b);
}
END_TEST

/* Each answer tells the version, or that the one we knew is none any more. */
START_TEST(versions_follow_the_answers)
{
    struct bed b;
    bed_init(&b);
    b.conn->service.etag = true;
    steps_of_all(&b);
    versions_put(&b.conn->versions, STR("bare"), STR("1"));
    settle(&b, 1, 1, 200, "{'id':'bare','meta':{'version':'W/\\\"2\\\"'}}");
    ck_assert_str_eq(version(&b, "bare"), "W/\"2\"");
    struct answer a = answer_of(&b, 204, NULL);
    a.etag = STR("W/\"3\"");
    settle_with(&b, 1, 1, &a);
    ck_assert_str_eq(version(&b, "bare"), "W/\"3\"");
    settle(&b, 1, 1, 204, NULL);
    ck_assert_str_eq(version(&b, "bare"), "");
    versions_put(&b.conn->versions, STR("bare"), STR("4"));
    settle(&b, 1, 1, 412, NULL);
    assert_settled(&b, 0, SETTLED_STALE, BLAST_STEP, AGAIN_LATER);
    ck_assert_str_eq(version(&b, "bare"), "");
    settle(&b, 0, 1, 201, "{'id':'n1','meta':{'version':'1'}}");
    ck_assert_str_eq(version(&b, "n1"), "1");
    bed_deinit(&b);
}
END_TEST

START_TEST(put_is_conditional_on_what_it_was_built_on)
{
    struct bed b;
    bed_init(&b);
    b.conn->service.etag = true;
    bed_option(&b, OPTION_UPDATE_BY, "put");
    lower_one(&b, of_user(CHANGE_DEACTIVATE, "bare"), 0);
    struct answer a = answer_of(&b, 200, "{'id':'bare','meta':{'version':'2'}}");
    a.etag = STR("3");
    ck_assert(prepared(&b, 0, &a));
    pack(&b, 0, 1);
    assert_str(header_of(&b.q, "If-Match"), "2");
    versions_put(&b.conn->versions, STR("bare"), STR("3"));
    a = answer_of(&b, 200, "{'id':'bare'}");
    a.etag = STR("3");
    ck_assert(prepared(&b, 0, &a));
    pack(&b, 0, 1);
    assert_str(header_of(&b.q, "If-Match"), "3");
    assert_str(b.q.body, json(&b, "{'id':'bare','active':false}"));
    bed_deinit(&b);
}
END_TEST

/* Another version than the roster's, and a user who is already as he should be: a look decides, nothing is
 * sent. */
START_TEST(put_looks_first)
{
    static const struct {
        const char *known, *body;
    } row[] = { { "1", "{'id':'bare','meta':{'version':'2'}}" }, { "", "{'id':'bare','active':false}" } };
    for (size_t i = 0; i < array_len(row); i++) {
        struct bed b;
        bed_init(&b);
        b.conn->service.etag = true;
        bed_option(&b, OPTION_UPDATE_BY, "put");
        lower_one(&b, of_user(CHANGE_DEACTIVATE, "bare"), 0);
        versions_put(&b.conn->versions, STR("bare"), str_of(row[i].known));
        struct answer a = answer_of(&b, 200, row[i].body);
        ck_assert(!prepared(&b, 0, &a));
        assert_settled(&b, 0, SETTLED_STALE, BLAST_STEP, AGAIN_LATER);
        bed_deinit(&b);
    }
}
END_TEST

UNIT("scim: answers to single writes", creates_that_were_done, creates_without_an_id, others_that_were_done,
     faults, how_far_a_refusal_reaches, throttled, credentials_refused, not_answered,
     new_entries_are_not_repeated, members_are_not_added_twice, put_changes_what_is_mapped_only,
     put_of_state_and_manager, put_where_active_is_a_text, put_where_the_manager_is_a_text,
     put_where_there_is_no_patch, preludes_that_fail, conditional_writes, versions_follow_the_answers,
     put_is_conditional_on_what_it_was_built_on, put_looks_first)
