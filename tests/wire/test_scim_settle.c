/* SCIM: what the answers to single writes mean (RFC 7644 3.3, 3.5.2, 3.6, 3.12). */
#include "scim_write_bed.h"

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
    struct answer token = answer_of(&b, 200, "{'access_token':'A','token_type':'Bearer'}");
    ck_assert(scim_connector.login(b.conn, &b.q));
    ck_assert(scim_connector.login_end(b.conn, &token).good);
    ck_assert(!scim_connector.login(b.conn, &b.q));
    settle(&b, 0, 1, 401, NULL);
    assert_settled(&b, 0, SETTLED_NOT_DONE, BLAST_STEP, AGAIN_LOGIN);
    ck_assert(scim_connector.login(b.conn, &b.q));
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

UNIT("scim: answers to single writes", creates_that_were_done, creates_without_an_id, others_that_were_done,
     faults, how_far_a_refusal_reaches, throttled, credentials_refused, not_answered,
     new_entries_are_not_repeated, members_are_not_added_twice)
