/* SCIM: users put back whole (RFC 7644 3.5.1), what is read before that, and conditional writes (3.14). */
#include "scim_write_bed.h"

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

/* Two users are read at once: neither is put back as the other. */
START_TEST(preludes_that_are_mixed_up)
{
    struct bed b;
    bed_init(&b);
    bed_option(&b, OPTION_UPDATE_BY, "put");
    lower_one(&b, of_user(CHANGE_DEACTIVATE, "bare"), 0);
    lower_one(&b, of_user(CHANGE_DEACTIVATE, "full"), 1);
    struct answer a = answer_of(&b, 200, "{'id':'full'}");
    scim_connector.prepare(b.conn, b.at + 1, 1, bed_created, &b, &b.q);
    ck_assert(!prepared(&b, 0, &a));
    assert_later(&b, 0);
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

UNIT("scim: put", put_changes_what_is_mapped_only, put_of_state_and_manager, put_where_active_is_a_text,
     put_where_the_manager_is_a_text, put_where_there_is_no_patch, preludes_that_are_mixed_up,
     preludes_that_fail, conditional_writes, versions_follow_the_answers,
     put_is_conditional_on_what_it_was_built_on, put_looks_first)
