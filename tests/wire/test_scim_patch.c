/* SCIM: changes -> steps -> single requests, byte for byte (RFC 7644 3.3, 3.5.2, 3.6), in every shape that
 * the options ask for. */
#include "scim_write_bed.h"

/* PATCH: one user in one call --------------------------------------------------------------------- */

START_TEST(activation_update_and_manager_are_one_patch)
{
    struct edit e[] = { edit(USER_NAME, "bare", "new"), edit(GIVEN, "", "Nila") };
    struct change c[] = { of_user(CHANGE_ACTIVATE, "bare"), of_user(CHANGE_UPDATE, "bare"),
                          of_user(CHANGE_MANAGER, "bare") };
    struct bed b;
    bed_init(&b);
    c[1].edit = e;
    c[1].n_edits = 2;
    c[2].manager_set = true;
    c[2].manager_after.id = STR("b@ss/% 1");
    lower(&b, c, 4, 3);
    ck_assert_uint_eq(b.n, 1);
    assert_step(&b, 0, CALL_PATCH, RANK_MANAGER);
    ck_assert_uint_eq(b.step[0].n_changes, 3);
    ck_assert_uint_eq(b.step[0].change[0], 6); /* the manager's first: see lower_user() */
    ck_assert_uint_eq(b.step[0].n_needs, 0);
    assert_patch(&b, 0, "bare",
                 "{'op':'replace','path':'active','value':true},"
                 "{'op':'replace','path':'userName','value':'new'},"
                 "{'op':'replace','path':'name.givenName','value':'Nila'},"
                 "{'op':'replace','path':'" EXT ":manager','value':{'value':'b@ss/% 1'}}");
    ck_assert(b.q.harmless);
    assert_str(header_of(&b.q, "If-Match"), "");
    bed_deinit(&b);
}
END_TEST

/* Who is deactivated, and who is deleted, has nothing else done to him. */
START_TEST(those_who_leave)
{
    struct bed b;
    bed_init(&b);
    lower_one(&b, of_user(CHANGE_DEACTIVATE, "b@ss/% 1"), 0);
    lower_one(&b, of_user(CHANGE_RETIRE, "b@ss/% 1"), 1);
    ck_assert_uint_eq(b.n, 2);
    assert_step(&b, 0, CALL_PATCH, RANK_DEACTIVATE);
    assert_patch(&b, 0, "b%40ss%2F%25%201", "{'op':'replace','path':'active','value':false}");
    assert_step(&b, 1, CALL_DELETE, RANK_RETIRE);
    ck_assert_uint_eq(pack(&b, 1, 1), 1);
    assert_request(&b, CALL_DELETE, HTTP_DELETE, "/Users/b%40ss%2F%25%201", NULL);
    ck_assert(b.q.harmless);
    bed_deinit(&b);
}
END_TEST

START_TEST(active_as_text)
{
    struct bed b;
    bed_init(&b);
    bed_option(&b, OPTION_ACTIVE_SHAPE, "string");
    lower_one(&b, of_user(CHANGE_DEACTIVATE, "bare"), 0);
    lower_one(&b, of_user(CHANGE_ACTIVATE, "bare"), 1);
    assert_step(&b, 1, CALL_PATCH, RANK_ACTIVATE);
    assert_patch(&b, 0, "bare", "{'op':'replace','path':'active','value':'False'}");
    assert_patch(&b, 1, "bare", "{'op':'replace','path':'active','value':'True'}");
    bed_deinit(&b);
}
END_TEST

/* Shapes: [patch_shape][extension_shape] of core, extension and typed attributes -------------------- */

#define CORE_PATHS                                                                                           \
    "{'op':'replace','path':'name.givenName','value':'N\\\"'},{'op':'replace','path':'title','value':'T'},"
#define OTHER_PATHS                                                                                          \
    ",{'op':'replace','path':'urn:example:ext:2.0:User:level','value':-7},"                                  \
    "{'op':'replace','path':'urn:example:ext:2.0:User:desk.remote','value':true}"
#define IN_ONE "'" EXT "':{'department':'D','costCenter':'C','manager':{'value':'boss'}}"

START_TEST(shapes_of_attributes)
{
    static const struct {
        const char *patch, *extension, *operations;
    } row[] = {
        { "paths", "path",
          CORE_PATHS "{'op':'replace','path':'" EXT ":department','value':'D'},"
                     "{'op':'replace','path':'" EXT ":costCenter','value':'C'}" OTHER_PATHS
                     ",{'op':'replace','path':'" EXT ":manager','value':{'value':'boss'}}" },
        { "paths", "object",
          CORE_PATHS
          "{'op':'replace','path':'" EXT "','value':{'department':'D','costCenter':'C',"
          "'manager':{'value':'boss'}}},"
          "{'op':'replace','path':'urn:example:ext:2.0:User','value':{'level':-7,'desk':{'remote':true}}}" },
        { "paths", "value",
          CORE_PATHS "{'op':'replace','value':{" IN_ONE
                     ",'urn:example:ext:2.0:User':{'level':-7,'desk':{'remote':true}}}}" },
        { "value", "path",
          "{'op':'replace','value':{'name':{'givenName':'N\\\"'},'title':'T'," IN_ONE
          ",'urn:example:ext:2.0:User':{'level':-7,'desk':{'remote':true}}}}" },
    };
    for (size_t i = 0; i < array_len(row); i++) {
        struct edit e[] = { edit(GIVEN, "", "N\""), edit(TITLE, "x", "T"),  edit(DEPARTMENT, "", "D"),
                            edit(COST, "c", "C"),   edit(LEVEL, "", "-07"), edit(REMOTE, "", "Yes") };
        struct change c[] = { of_user(CHANGE_UPDATE, "bare"), of_user(CHANGE_MANAGER, "bare") };
        struct bed b;
        bed_init(&b);
        c[0].edit = e;
        c[0].n_edits = array_len(e);
        c[1].manager_after.id = STR("boss");
        bed_option(&b, OPTION_PATCH_SHAPE, row[i].patch);
        bed_option(&b, OPTION_EXTENSION_SHAPE, row[i].extension);
        bed_option(&b, OPTION_MANAGER_SHAPE, "object");
        lower(&b, c, 0, 2);
        assert_patch(&b, 0, "bare", row[i].operations);
        bed_deinit(&b);
    }
}
END_TEST

/* What is no number, and a decimal, as they are. */
START_TEST(typed_values)
{
    static const char *const row[][2] = { { "12.50", "12.5" },
                                          { "0.1", "0.1" },
                                          { "123456789012345678", "123456789012345678" },
                                          { "1234567890123456.7", "'1234567890123456.7'" },
                                          { "many", "'many'" } };
    for (size_t i = 0; i < array_len(row); i++) {
        struct edit e = edit(LEVEL, "", row[i][0]);
        struct change c = of_user(CHANGE_UPDATE, "bare");
        char want[200];
        struct bed b;
        bed_init(&b);
        c.edit = &e;
        c.n_edits = 1;
        lower_one(&b, c, 0);
        snprintf(want, sizeof(want), "{'op':'replace','path':'urn:example:ext:2.0:User:level','value':%s}",
                 row[i][1]);
        assert_patch(&b, 0, "bare", want);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(shapes_of_the_manager)
{
    static const struct {
        const char *shape, *clear, *extension, *patch, *set, *cleared;
    } row[] = {
        { "value", "remove", "path", "paths",
          "{'op':'replace','path':'" EXT ":manager.value','value':'boss'}",
          "{'op':'remove','path':'" EXT ":manager'}" },
        { "object", "remove", "path", "paths",
          "{'op':'replace','path':'" EXT ":manager','value':{'value':'boss'}}",
          "{'op':'remove','path':'" EXT ":manager'}" },
        { "text", "remove", "path", "paths", "{'op':'replace','path':'" EXT ":manager','value':'boss'}",
          "{'op':'remove','path':'" EXT ":manager'}" },
        { "value", "empty", "path", "paths", "{'op':'replace','path':'" EXT ":manager.value','value':'boss'}",
          "{'op':'replace','path':'" EXT ":manager.value','value':''}" },
        { "object", "empty", "path", "paths",
          "{'op':'replace','path':'" EXT ":manager','value':{'value':'boss'}}",
          "{'op':'replace','path':'" EXT ":manager','value':{'value':''}}" },
        { "text", "null", "path", "paths", "{'op':'replace','path':'" EXT ":manager','value':'boss'}",
          "{'op':'replace','path':'" EXT ":manager','value':null}" },
        { "object", "null", "path", "paths",
          "{'op':'replace','path':'" EXT ":manager','value':{'value':'boss'}}",
          "{'op':'replace','path':'" EXT ":manager','value':null}" },
        { "value", "null", "object", "paths",
          "{'op':'replace','path':'" EXT "','value':{'manager':{'value':'boss'}}}",
          "{'op':'replace','path':'" EXT "','value':{'manager':null}}" },
        { "text", "empty", "path", "value", "{'op':'replace','value':{'" EXT "':{'manager':'boss'}}}",
          "{'op':'replace','value':{'" EXT "':{'manager':''}}}" },
    };
    for (size_t i = 0; i < array_len(row); i++) {
        struct change c = of_user(CHANGE_MANAGER, "bare");
        struct bed b;
        bed_init(&b);
        bed_option(&b, OPTION_MANAGER_SHAPE, row[i].shape);
        bed_option(&b, OPTION_CLEAR_SHAPE, row[i].clear);
        bed_option(&b, OPTION_EXTENSION_SHAPE, row[i].extension);
        bed_option(&b, OPTION_PATCH_SHAPE, row[i].patch);
        c.manager_after.id = STR("boss");
        lower_one(&b, c, 0);
        c.manager_after.id = (struct str){ 0 };
        lower_one(&b, c, 1);
        assert_patch(&b, 0, "bare", row[i].set);
        assert_patch(&b, 1, "bare", row[i].cleared);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(shapes_of_clearing)
{
    static const struct {
        const char *clear, *patch, *operations;
    } row[] = {
        { "remove", "paths",
          "{'op':'remove','path':'title'},{'op':'remove','path':'emails[type eq \\\"work\\\"]'},"
          "{'op':'remove','path':'addresses[type eq \\\"work\\\"].locality'},"
          "{'op':'remove','path':'" EXT ":department'}" },
        { "empty", "paths",
          "{'op':'replace','path':'title','value':''},"
          "{'op':'replace','path':'emails[type eq \\\"work\\\"].value','value':''},"
          "{'op':'replace','path':'addresses[type eq \\\"work\\\"].locality','value':''},"
          "{'op':'replace','path':'" EXT ":department','value':''}" },
        { "null", "paths",
          "{'op':'replace','path':'title','value':null},"
          "{'op':'replace','path':'emails[type eq \\\"work\\\"].value','value':null},"
          "{'op':'replace','path':'addresses[type eq \\\"work\\\"].locality','value':null},"
          "{'op':'replace','path':'" EXT ":department','value':null}" },
        { "null", "value",
          "{'op':'replace','value':{'title':null,'" EXT "':{'department':null}}},"
          "{'op':'replace','path':'emails[type eq \\\"work\\\"].value','value':null},"
          "{'op':'replace','path':'addresses[type eq \\\"work\\\"].locality','value':null}" },
    };
    for (size_t i = 0; i < array_len(row); i++) {
        struct edit e[] = { edit(TITLE, "T", ""), edit(MAIL, "old@example.com", ""),
                            edit(LOCALITY, "Pune", ""), edit(DEPARTMENT, "D", "") };
        struct change c = of_user(CHANGE_UPDATE, "full");
        struct bed b;
        bed_init(&b);
        bed_option(&b, OPTION_CLEAR_SHAPE, row[i].clear);
        bed_option(&b, OPTION_PATCH_SHAPE, row[i].patch);
        c.edit = e;
        c.n_edits = array_len(e);
        lower_one(&b, c, 0);
        assert_patch(&b, 0, "full", row[i].operations);
        ck_assert(b.q.harmless);
        bed_deinit(&b);
    }
}
END_TEST

/* Several-valued attributes ------------------------------------------------------------------------ */

START_TEST(entries_that_are_there)
{
    struct edit e[] = { edit(MAIL, "old@example.com", "new@example.com"), edit(STREET, "1 Road", "2 Road"),
                        edit(LOCALITY, "", "Pune"), edit(BADGES, "77", "78") };
    struct change c = of_user(CHANGE_UPDATE, "full");
    struct bed b;
    bed_init(&b);
    c.edit = e;
    c.n_edits = array_len(e);
    lower_one(&b, c, 0);
    assert_patch(
        &b, 0, "full",
        "{'op':'replace','path':'emails[type eq \\\"work\\\"].value','value':'new@example.com'},"
        "{'op':'replace','path':'addresses[type eq \\\"work\\\"].streetAddress','value':'2 Road'},"
        "{'op':'replace','path':'addresses[type eq \\\"work\\\"].locality','value':'Pune'},"
        "{'op':'replace','path':'urn:example:ext:2.0:User:badges[type eq \\\"door\\\"].value','value':'78'}");
    ck_assert(b.q.harmless);
    bed_deinit(&b);
}
END_TEST

/* The address' street is not in this change: that it is there, the roster knows. */
START_TEST(an_entry_is_there_by_another_part)
{
    struct edit e = edit(LOCALITY, "", "Pune");
    struct change c = of_user(CHANGE_UPDATE, "full");
    struct bed b;
    bed_init(&b);
    c.edit = &e;
    c.n_edits = 1;
    lower_one(&b, c, 0);
    assert_patch(&b, 0, "full",
                 "{'op':'replace','path':'addresses[type eq \\\"work\\\"].locality','value':'Pune'}");
    bed_deinit(&b);
}
END_TEST

/* Parts of one new entry go together; a second time would make a second entry, so the call is not harmless.
 */
START_TEST(new_entries)
{
    static const struct {
        const char *patch, *operations;
    } row[] = {
        { "paths",
          "{'op':'add','path':'emails','value':[{'type':'work','value':'n@example.com'}]},"
          "{'op':'add','path':'phoneNumbers','value':[{'type':'mobile','value':'+91 1'}]},"
          "{'op':'add','path':'addresses','value':[{'type':'work','streetAddress':'2 Road',"
          "'locality':'Pune'}]},"
          "{'op':'add','path':'emails','value':[{'primary':true,'value':'p@example.com'}]},"
          "{'op':'add','path':'urn:example:ext:2.0:User:badges','value':[{'type':'door','value':'9'}]}" },
        { "value",
          "{'op':'add','value':{'emails':[{'type':'work','value':'n@example.com'}]}},"
          "{'op':'add','value':{'phoneNumbers':[{'type':'mobile','value':'+91 1'}]}},"
          "{'op':'add','value':{'addresses':[{'type':'work','streetAddress':'2 Road',"
          "'locality':'Pune'}]}},"
          "{'op':'add','value':{'emails':[{'primary':true,'value':'p@example.com'}]}},"
          "{'op':'add','value':{'urn:example:ext:2.0:User':{'badges':[{'type':'door','value':'9'}]}}}" },
    };
    for (size_t i = 0; i < array_len(row); i++) {
        struct edit e[] = { edit(MAIL, "", "n@example.com"),    edit(MOBILE, "", "+91 1"),
                            edit(STREET, "", "2 Road"),         edit(LOCALITY, "", "Pune"),
                            edit(PRIMARY, "", "p@example.com"), edit(BADGES, "", "9") };
        struct change c = of_user(CHANGE_UPDATE, "bare");
        struct bed b;
        bed_init(&b);
        bed_option(&b, OPTION_PATCH_SHAPE, row[i].patch);
        c.edit = e;
        c.n_edits = array_len(e);
        lower_one(&b, c, 0);
        assert_patch(&b, 0, "bare", row[i].operations);
        ck_assert(!b.q.harmless);
        bed_deinit(&b);
    }
}
END_TEST

/* Joiners ------------------------------------------------------------------------------------------ */

START_TEST(joiner_with_everything)
{
    struct edit e[] = { edit(USER_NAME, "", "nila"),     edit(GIVEN, "", "Nila"),
                        edit(FAMILY, "", "Das"),         edit(TITLE, "", ""),
                        edit(MAIL, "", "n@example.com"), edit(STREET, "", "2 Road"),
                        edit(LOCALITY, "", "Pune"),      edit(DEPARTMENT, "", "D"),
                        edit(GROUPS, "", "g 1\ng/2"),    edit(LEVEL, "", "3") };
    struct change c = joiner("nila", e, array_len(e));
    struct bed b;
    bed_init(&b);
    c.manager_set = true;
    c.manager_after.id = STR("b@ss/% 1");
    lower_one(&b, c, 1);
    ck_assert_uint_eq(b.n, 3);
    assert_step(&b, 0, CALL_CREATE, RANK_CREATE);
    ck_assert_uint_eq(b.step[0].n_needs, 0);
    ck_assert_uint_eq(pack(&b, 0, 1), 1);
    assert_request(&b, CALL_CREATE, HTTP_POST, "/Users",
                   NEW_USER ",'" EXT "','urn:example:ext:2.0:User'],'active':true,'userName':'nila',"
                            "'name':{'givenName':'Nila','familyName':'Das'},"
                            "'emails':[{'type':'work','value':'n@example.com','primary':true}],"
                            "'addresses':[{'type':'work','streetAddress':'2 Road','locality':'Pune'}],"
                            "'" EXT "':{'department':'D','manager':{'value':'b@ss/% 1'}},"
                            "'urn:example:ext:2.0:User':{'level':3}}");
    ck_assert(!b.q.harmless);
    name_user(&b, 1, "new@1");
    for (size_t i = 1; i < 3; i++) {
        assert_step(&b, i, CALL_GROUP_PATCH, RANK_MEMBERSHIP);
        ck_assert(needs(&b.step[i], NEED_CREATED, 1) && b.step[i].n_needs == 1);
        ck_assert_uint_eq(b.step[i].user_ref, 1);
    }
    ck_assert_uint_eq(pack(&b, 2, 1), 1);
    assert_request(&b, CALL_GROUP_PATCH, HTTP_PATCH, "/Groups/g%2F2",
                   PATCH_OP "{'op':'add','path':'members','value':[{'value':'new@1'}]}]}");
    bed_deinit(&b);
}
END_TEST

/* One who is there, one who joins, one who is gone, none at all. */
START_TEST(joiners_manager)
{
    static const struct {
        const char *id, *key;
        size_t steps;
        bool inside;
    } row[] = {
        { "boss", "E1", 1, true }, { "", "E8", 2, false }, { "nobody", "E9", 2, false }, { "", "", 1, false }
    };
    for (size_t i = 0; i < array_len(row); i++) {
        struct edit e = edit(USER_NAME, "", "nila");
        struct change c = joiner("nila", &e, 1);
        struct bed b;
        bed_init(&b);
        c.manager_set = true;
        c.manager_after = (struct manager_ref){ str_of(row[i].id), str_of(row[i].key) };
        lower_one(&b, c, 1);
        ck_assert_uint_eq(b.n, row[i].steps);
        pack(&b, 0, 1);
        ck_assert((strstr(b.q.body.p, "manager") != NULL) == row[i].inside);
        if (b.n > 1) {
            assert_step(&b, 1, CALL_PATCH, RANK_MANAGER);
            ck_assert(needs(&b.step[1], NEED_CREATED, 1));
            ck_assert_uint_eq(b.step[1].change[0], 1);
        }
        bed_deinit(&b);
    }
}
END_TEST

/* The engine says whose id it will be. */
START_TEST(manager_who_joins)
{
    struct change c = of_user(CHANGE_MANAGER, "bare");
    struct edit e = edit(USER_NAME, "", "nila");
    struct change nila = joiner("nila", &e, 1);
    struct bed b;
    bed_init(&b);
    c.manager_after.key = STR("E8");
    nila.manager_set = true;
    nila.manager_after.key = STR("E8");
    lower_one(&b, c, 0);
    lower_one(&b, nila, 1);
    b.step[0].manager_ref = b.step[2].manager_ref = 2;
    name_user(&b, 1, "nila#1");
    name_user(&b, 2, "boss\"2");
    assert_patch(&b, 0, "bare", "{'op':'replace','path':'" EXT ":manager','value':{'value':'boss\\\"2'}}");
    assert_patch(&b, 2, "nila%231",
                 "{'op':'replace','path':'" EXT ":manager','value':{'value':'boss\\\"2'}}");
    b.id[2][0] = '\0'; /* when calls are only counted */
    ck_assert_uint_eq(pack(&b, 2, 1), 1);
    bed_deinit(&b);
}
END_TEST

START_TEST(primary_address)
{
    static const struct {
        const char *mark;
        enum slot slot;
        const char *emails;
    } row[] = {
        { "true", MAIL, "'emails':[{'type':'work','value':'m@example.com','primary':true}]" },
        { "false", MAIL, "'emails':[{'type':'work','value':'m@example.com'}]" },
        { "true", PRIMARY, "'emails':[{'primary':true,'value':'m@example.com'}]" },
        { "true", TITLE, "'title':'m@example.com'" },
    };
    for (size_t i = 0; i < array_len(row); i++) {
        struct edit e = edit(row[i].slot, "", "m@example.com");
        char body[400];
        struct bed b;
        bed_init(&b);
        bed_option(&b, OPTION_MARK_PRIMARY, row[i].mark);
        lower_one(&b, joiner("x", &e, 1), 0);
        pack(&b, 0, 1);
        snprintf(body, sizeof(body), NEW_USER "],'active':true,%s}", row[i].emails);
        assert_request(&b, CALL_CREATE, HTTP_POST, "/Users", body);
        bed_deinit(&b);
    }
}
END_TEST

/* `active` in the form that is taken; the shape of the manager is that of a PATCH. */
START_TEST(shapes_in_documents)
{
    struct edit e = edit(USER_NAME, "", "nila");
    struct change c = joiner("nila", &e, 1);
    struct bed b;
    bed_init(&b);
    bed_option(&b, OPTION_ACTIVE_SHAPE, "string");
    bed_option(&b, OPTION_MANAGER_SHAPE, "text");
    c.manager_set = true;
    c.manager_after.id = STR("boss");
    lower_one(&b, c, 0);
    pack(&b, 0, 1);
    assert_request(&b, CALL_CREATE, HTTP_POST, "/Users",
                   NEW_USER ",'" EXT "'],'active':'True','userName':'nila','" EXT
                            "':{'manager':{'value':'boss'}}}");
    bed_deinit(&b);
}
END_TEST

/* Nothing is written, and nobody checks but us; the rest of the user goes on. */
START_TEST(manager_who_is_gone)
{
    struct edit e = edit(TITLE, "", "T");
    struct change c[] = { of_user(CHANGE_UPDATE, "bare"), of_user(CHANGE_MANAGER, "bare") };
    struct bed b;
    bed_init(&b);
    c[0].edit = &e;
    c[0].n_edits = 1;
    c[1].manager_after.id = STR("no/body");
    lower(&b, c, 0, 2);
    ck_assert_uint_eq(b.n, 2);
    assert_step(&b, 0, CALL_PATCH, RANK_MANAGER);
    ck_assert_uint_eq(pack(&b, 0, 1), 1);
    assert_request(&b, CALL_PATCH, HTTP_GET, "/Users/no%2Fbody", NULL);
    settle(&b, 0, 1, 404, NULL);
    assert_refused(&b, 0);
    assert_says(b.out[0].text, "not there");
    settle(&b, 0, 1, 200, "{'id':'no/body'}");
    assert_refused(&b, 0);
    assert_patch(&b, 1, "bare", "{'op':'replace','path':'title','value':'T'}");
    /* Who was only looked up may well have one whom nobody looked for. */
    b.n = 0;
    b.conn->looked_up = true;
    lower(&b, c, 0, 2);
    ck_assert_uint_eq(b.n, 1);
    bed_deinit(&b);
}
END_TEST

/* Groups ------------------------------------------------------------------------------------------- */

START_TEST(groups_added_and_removed)
{
    struct edit e = edit(GROUPS, "a\nkeep\nz", "b\nkeep");
    struct change c = of_user(CHANGE_MEMBERSHIP, "bare");
    static const struct {
        const char *group, *operation;
    } row[] = { { "b", "{'op':'add','path':'members','value':[{'value':'bare'}]}" },
                { "a", "{'op':'remove','path':'members[value eq \\\"bare\\\"]'}" },
                { "z", "{'op':'remove','path':'members[value eq \\\"bare\\\"]'}" } };
    struct bed b;
    bed_init(&b);
    c.edit = &e;
    c.n_edits = 1;
    lower_one(&b, c, 0);
    ck_assert_uint_eq(b.n, 3);
    for (size_t i = 0; i < 3; i++) {
        char body[400], target[40];
        assert_step(&b, i, CALL_GROUP_PATCH, RANK_MEMBERSHIP);
        assert_str(b.step[i].group, row[i].group);
        ck_assert_uint_eq(b.step[i].n_needs, 0);
        pack(&b, i, 1);
        snprintf(body, sizeof(body), PATCH_OP "%s]}", row[i].operation);
        snprintf(target, sizeof(target), "/Groups/%s", row[i].group);
        assert_request(&b, CALL_GROUP_PATCH, HTTP_PATCH, target, body);
    }
    bed_deinit(&b);
}
END_TEST

START_TEST(many_members_in_one_call)
{
    static const char *const id[] = { "full", "ba\"re", "b\\s", "boss", "x" };
    struct bed b;
    bed_init(&b);
    bed_option(&b, OPTION_GROUP_BATCH, "4");
    for (uint32_t i = 0; i < 5; i++) {
        struct edit e = i % 2 ? edit(GROUPS, "g", "") : edit(GROUPS, "", "g");
        struct change c = of_user(CHANGE_MEMBERSHIP, id[i]);
        c.edit = &e;
        c.n_edits = 1;
        lower_one(&b, c, i);
    }
    ck_assert_uint_eq(b.n, 5);
    ck_assert_uint_eq(pack(&b, 0, 5), 4);
    assert_request(&b, CALL_GROUP_PATCH, HTTP_PATCH, "/Groups/g",
                   PATCH_OP "{'op':'add','path':'members','value':[{'value':'full'},{'value':'b\\\\s'}]},"
                            "{'op':'remove','path':'members[value eq \\\"ba\\\\\\\"re\\\"]'},"
                            "{'op':'remove','path':'members[value eq \\\"boss\\\"]'}]}");
    bed_deinit(&b);
}
END_TEST

UNIT("scim: single writes", activation_update_and_manager_are_one_patch, those_who_leave, active_as_text,
     shapes_of_attributes, typed_values, shapes_of_the_manager, shapes_of_clearing, entries_that_are_there,
     an_entry_is_there_by_another_part, new_entries, joiner_with_everything, joiners_manager,
     manager_who_joins, primary_address, shapes_in_documents, manager_who_is_gone, groups_added_and_removed,
     many_members_in_one_call)
