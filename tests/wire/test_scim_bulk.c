/* SCIM: many steps in one request, and what its answers mean (RFC 7644 3.7). */
#include "scim_write_bed.h"

static void bulk_init(struct bed *b)
{
    bed_init(b);
    b->conn->service.bulk = true;
}

/* Changes that most tests are made of; numbers as given. */
static void add_update(struct bed *b, uint32_t seq, const char *user, const char *title)
{
    struct edit e = edit(TITLE, "", title);
    struct change c = of_user(CHANGE_UPDATE, user);
    c.edit = &e;
    c.n_edits = 1;
    lower_one(b, c, seq);
}

static void add_groups(struct bed *b, uint32_t seq, const char *user, const char *before, const char *after)
{
    struct edit e = edit(GROUPS, before, after);
    struct change c = of_user(CHANGE_MEMBERSHIP, user);
    c.edit = &e;
    c.n_edits = 1;
    lower_one(b, c, seq);
}

/* A joiner; with `manager`, one whom the change of that number creates. */
static void add_joiner(struct bed *b, uint32_t seq, const char *name, uint32_t manager, const char *groups)
{
    struct edit e[] = { edit(USER_NAME, "", name), edit(GROUPS, "", groups) };
    struct change c = joiner(name, e, 2);
    c.manager_set = manager != NO_CHANGE;
    c.manager_after.key = manager != NO_CHANGE ? STR("E8") : (struct str){ 0 };
    lower_one(b, c, seq);
    for (size_t i = 0; i < b->n; i++)
        if (b->step[i].rank == RANK_MANAGER && b->step[i].change[0] == seq)
            b->step[i].manager_ref = manager;
}

static int by_rank(const void *a, const void *b)
{
    const struct step *x = *(const struct step *const *)a, *y = *(const struct step *const *)b;
    return x->rank != y->rank ? (x->rank < y->rank ? -1 : 1) : (x > y) - (x < y);
}

/* As the engine offers them. */
static void in_order(struct bed *b)
{
    qsort(b->at, b->n, sizeof(*b->at), by_rank);
}

static void assert_bulk(struct bed *b, const char *operations)
{
    char body[8192];
    snprintf(body, sizeof(body), BULK "%s]}", operations);
    assert_request(b, CALL_BULK, HTTP_POST, "/Bulk", body);
}

#define CREATE(n, name, more) "{'method':'POST','bulkId':'u" n "','path':'/Users','data':" NEW_USER more
#define PLAIN "],'active':true,'userName':'"
#define PATCH(n, path) "{'method':'PATCH','bulkId':'u" n "','path':'" path "','data':" PATCH_OP

/* Requests ---------------------------------------------------------------------------------------- */

START_TEST(everything_in_one_request)
{
    struct bed b;
    bulk_init(&b);
    lower_one(&b, of_user(CHANGE_DEACTIVATE, "full"), 3);
    add_update(&b, 0, "b@ss/% 1", "T");
    add_joiner(&b, 1, "nila", NO_CHANGE, "");
    add_groups(&b, 2, "bare", "out/1", "in");
    lower_one(&b, of_user(CHANGE_RETIRE, "boss"), 4);
    in_order(&b);
    for (size_t i = 0; i < b.n; i++) {
        ck_assert_uint_eq(b.at[i]->endpoint, CALL_BULK);
        ck_assert_uint_eq(b.at[i]->group.n, 0);
    }
    ck_assert_uint_eq(pack(&b, 0, b.n), 6);
    assert_bulk(&b, PATCH("0001", "/Users/full") "{'op':'replace','path':'active','value':false}]}},"
                    CREATE("0002", "nila", "") PLAIN "nila'}},"
                    PATCH("0003", "/Users/b%40ss%2F%25%201") "{'op':'replace','path':'title','value':'T'}]}},"
                    PATCH("0004", "/Groups/in") "{'op':'add','path':'members','value':[{'value':'bare'}]}]}},"
                    PATCH("0005", "/Groups/out%2F1") "{'op':'remove','path':'members[value eq \\\"bare\\\"]'}]}},"
                    "{'method':'DELETE','bulkId':'u0006','path':'/Users/boss'}");
    ck_assert(!b.q.harmless);
    ck_assert_int_eq(b.q.work_us, 6 * SECOND_US / 4);
    bed_deinit(&b);
}
END_TEST

/* RFC 7644 3.7.2. Nila's manager Omar and his manager Pia join with her, in the other order. */
START_TEST(managers_who_join_stand_first)
{
    struct bed b;
    bulk_init(&b);
    add_joiner(&b, 1, "nila", 2, "");
    add_joiner(&b, 2, "omar", 3, "");
    add_joiner(&b, 3, "pia", NO_CHANGE, "");
    in_order(&b);
    ck_assert_uint_eq(b.n, 5);
    ck_assert_uint_eq(pack(&b, 0, 5), 5);
    assert_bulk(&b, CREATE("0003", "pia", "") PLAIN "pia'}},"
                    CREATE("0002", "omar", ",'" EXT "'") "],'active':true,'userName':'omar','" EXT
                                                         "':{'manager':{'value':'bulkId:u0003'}}}},"
                    CREATE("0001", "nila", ",'" EXT "'") "],'active':true,'userName':'nila','" EXT
                                                         "':{'manager':{'value':'bulkId:u0002'}}}}");
    bed_deinit(&b);
}
END_TEST

/* A ring, which no plan has: nobody waits for ever. */
START_TEST(managers_in_a_ring)
{
    struct bed b;
    bulk_init(&b);
    add_joiner(&b, 0, "nila", 1, "");
    add_joiner(&b, 1, "omar", 0, "");
    in_order(&b);
    ck_assert_uint_eq(pack(&b, 0, 4), 4);
    ck_assert(strstr(b.q.body.p, "bulkId:u0001") && strstr(b.q.body.p, "bulkId:u0002"));
    bed_deinit(&b);
}
END_TEST

/* The manager, or the joiner himself, was created by an earlier request. */
START_TEST(references_to_those_who_stand)
{
    struct change c = of_user(CHANGE_MANAGER, "bare");
    struct bed b;
    bulk_init(&b);
    add_joiner(&b, 1, "nila", 2, "");
    name_user(&b, 2, "omar/2");
    in_order(&b);
    ck_assert_uint_eq(pack(&b, 0, 2), 2);
    assert_bulk(&b, CREATE("0001", "nila", ",'" EXT "'") "],'active':true,'userName':'nila','" EXT
                                                         "':{'manager':{'value':'omar/2'}}}}");
    name_user(&b, 1, "nila@1");
    ck_assert_uint_eq(pack(&b, 1, 1), 1);
    assert_bulk(&b, PATCH("0001", "/Users/nila%401") "{'op':'replace','path':'" EXT ":manager','value':{'value':'omar/2'}}]}}");
    /* An existing user's new manager, created by the operation before. */
    b.n = 0;
    c.manager_after.key = STR("E8");
    lower_one(&b, c, 0);
    add_joiner(&b, 2, "omar", NO_CHANGE, "");
    b.id[2][0] = '\0';
    b.step[0].manager_ref = 2;
    in_order(&b);
    ck_assert_uint_eq(pack(&b, 0, 2), 2);
    assert_bulk(&b, CREATE("0001", "omar", "") PLAIN "omar'}},"
                    PATCH("0002", "/Users/bare") "{'op':'replace','path':'" EXT
                                                 ":manager','value':{'value':'bulkId:u0001'}}]}}");
    bed_deinit(&b);
}
END_TEST

/* One operation a group, up to the option's number. */
START_TEST(members_go_together)
{
    struct bed b;
    bulk_init(&b);
    bed_option(&b, OPTION_GROUP_BATCH, "2");
    add_joiner(&b, 1, "nila", NO_CHANGE, "g");
    add_groups(&b, 2, "full", "h", "g");
    add_groups(&b, 3, "bare", "g", "h");
    in_order(&b);
    ck_assert_uint_eq(b.n, 6);
    ck_assert_uint_eq(pack(&b, 0, 6), 6);
    assert_bulk(&b, CREATE("0001", "nila", "") PLAIN "nila'}},"
                    PATCH("0002", "/Groups/g") "{'op':'add','path':'members','value':[{'value':'bulkId:u0001'},"
                                               "{'value':'full'}]}]}},"
                    PATCH("0004", "/Groups/h") "{'op':'add','path':'members','value':[{'value':'bare'}]},"
                                               "{'op':'remove','path':'members[value eq \\\"full\\\"]'}]}},"
                    PATCH("0006", "/Groups/g") "{'op':'remove','path':'members[value eq \\\"bare\\\"]'}]}}");
    bed_deinit(&b);
}
END_TEST

/* bulk_id off: the request ends before the first operation that would refer to another. */
START_TEST(without_references)
{
    struct bed b;
    bulk_init(&b);
    bed_option(&b, OPTION_BULK_ID, "false");
    add_update(&b, 0, "bare", "T");
    add_joiner(&b, 1, "nila", 2, "g");
    add_joiner(&b, 2, "omar", NO_CHANGE, "");
    in_order(&b);
    ck_assert_uint_eq(b.n, 5); /* two creates, an update, a membership, a manager */
    ck_assert_uint_eq(pack(&b, 0, 5), 3);
    ck_assert(!strstr(b.q.body.p, "bulkId:"));
    name_user(&b, 1, "n1");
    name_user(&b, 2, "n2");
    ck_assert_uint_eq(pack(&b, 3, 2), 2);
    assert_bulk(&b, PATCH("0001", "/Groups/g") "{'op':'add','path':'members','value':[{'value':'n1'}]}]}},"
                    PATCH("0002", "/Users/n1") "{'op':'replace','path':'" EXT
                                               ":manager','value':{'value':'n2'}}]}}");
    bed_deinit(&b);
}
END_TEST

START_TEST(number_of_operations)
{
    static const struct {
        uint64_t service;
        const char *option;
        size_t taken;
    } row[] = { { 0, "0", 7 }, { 3, "0", 3 }, { 3, "2", 2 }, { 3, "5", 3 }, { 0, "4", 4 }, { 1, "0", 1 } };
    for (size_t i = 0; i < array_len(row); i++) {
        struct bed b;
        bulk_init(&b);
        b.conn->service.bulk_operations = row[i].service;
        bed_option(&b, OPTION_BULK_OPERATIONS, row[i].option);
        for (uint32_t k = 0; k < 7; k++)
            add_update(&b, k, "bare", "T");
        ck_assert_uint_eq(pack(&b, 0, 7), row[i].taken);
        bed_deinit(&b);
    }
}
END_TEST

/* What joins an operation is none of its own. */
START_TEST(joined_steps_are_no_operations)
{
    struct bed b;
    bulk_init(&b);
    b.conn->service.bulk_operations = 3;
    add_joiner(&b, 1, "nila", 2, "g");
    add_joiner(&b, 2, "omar", NO_CHANGE, "g");
    in_order(&b);
    ck_assert_uint_eq(pack(&b, 0, 5), 5);
    b.conn->service.bulk_operations = 2;
    ck_assert_uint_eq(pack(&b, 0, 5), 2);
    bed_deinit(&b);
}
END_TEST

/* Never more bytes than the service takes, and not fewer steps than fit; ids that are not known yet are counted so
 * that planned and sent calls are cut at the same place. */
START_TEST(size_of_a_request)
{
    static const uint64_t size[] = { 1, 700, 1024, 3000, 20000, 1000000 };
    struct bed b;
    bulk_init(&b);
    for (uint32_t i = 0; i < 60; i++)
        if (i % 4 == 0)
            add_joiner(&b, 100 + i, "somebody@example.com", i > 0 ? 96 + i : NO_CHANGE, i % 8 ? "group" : "");
        else
            add_update(&b, 100 + i, "bare", "T");
    in_order(&b);
    for (size_t i = 0; i < array_len(size); i++) {
        size_t calls = 0;
        b.conn->service.bulk_bytes = size[i];
        for (size_t at = 0; at < b.n; calls++) {
            size_t k = pack(&b, at, b.n - at);
            ck_assert_uint_ge(k, 1);
            ck_assert_msg(b.q.body.n <= size[i] || k == 1, "%zu bytes of %zu", b.q.body.n, (size_t)size[i]);
            at += k;
        }
        if (size[i] == 1)
            ck_assert_uint_eq(calls, b.n);
        if (size[i] == 1000000)
            ck_assert_uint_eq(calls, 1);
        if (size[i] == 20000)
            ck_assert_uint_le(calls, 3);
    }
    bed_deinit(&b);
}
END_TEST

/* Longest ids, as known later: the same number of steps, and no more bytes. */
START_TEST(counted_as_sent)
{
    char longest[80];
    memset(longest, '"', 79);
    longest[79] = '\0';
    for (uint64_t bytes = 600; bytes < 4000; bytes += 37) {
        struct change c = of_user(CHANGE_MANAGER, "bare");
        struct bed b;
        bulk_init(&b);
        b.conn->service.bulk_bytes = bytes;
        c.manager_after.key = STR("E8");
        for (uint32_t i = 0; i < 5; i++)
            lower_one(&b, c, 10 + i);
        for (size_t i = 0; i < b.n; i++)
            b.step[i].manager_ref = 2;
        size_t counted = pack(&b, 0, b.n);
        name_user(&b, 2, longest);
        ck_assert_uint_eq(pack(&b, 0, b.n), counted);
        ck_assert(b.q.body.n <= bytes || counted == 1);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(versions_in_operations)
{
    struct bed b;
    bulk_init(&b);
    b.conn->service.etag = true;
    versions_put(&b.conn->versions, STR("bare"), STR("W/\"1\""));
    versions_put(&b.conn->versions, STR("g"), STR("not the group's"));
    add_update(&b, 0, "bare", "T");
    add_groups(&b, 1, "bare", "", "g");
    in_order(&b);
    pack(&b, 0, 2);
    assert_bulk(&b, "{'method':'PATCH','bulkId':'u0001','path':'/Users/bare','version':'W/\\\"1\\\"','data':" PATCH_OP
                    "{'op':'replace','path':'title','value':'T'}]}},"
                    PATCH("0002", "/Groups/g") "{'op':'add','path':'members','value':[{'value':'bare'}]}]}}");
    settle(&b, 0, 2, 200,
           "{'Operations':[{'bulkId':'u0001','status':'200','version':'W/\\\"2\\\"'},{'bulkId':'u0002','status':'204'}]}");
    assert_str(versions_get(&b.conn->versions, STR("bare")), "W/\"2\"");
    settle(&b, 0, 2, 200, "{'Operations':[{'bulkId':'u0001','status':'412'},{'bulkId':'u0002','status':'204'}]}");
    assert_settled(&b, 0, SETTLED_STALE, BLAST_STEP, AGAIN_LATER);
    assert_done(&b, 1);
    ck_assert_uint_eq(versions_get(&b.conn->versions, STR("bare")).n, 0);
    bed_deinit(&b);
}
END_TEST

/* A PUT is built on what was read right before: never in a Bulk. All else is. */
START_TEST(put_goes_alone)
{
    struct bed b;
    bulk_init(&b);
    bed_option(&b, OPTION_UPDATE_BY, "put");
    add_update(&b, 0, "bare", "T");
    lower_one(&b, of_user(CHANGE_DEACTIVATE, "full"), 1);
    lower_one(&b, of_user(CHANGE_RETIRE, "boss"), 2);
    add_joiner(&b, 3, "nila", NO_CHANGE, "g");
    assert_step(&b, 0, CALL_PUT, RANK_UPDATE);
    assert_step(&b, 1, CALL_PUT, RANK_DEACTIVATE);
    assert_step(&b, 2, CALL_BULK, RANK_RETIRE);
    assert_step(&b, 3, CALL_BULK, RANK_CREATE);
    assert_step(&b, 4, CALL_BULK, RANK_MEMBERSHIP);
    b.n = 0;
    bed_option(&b, OPTION_BULK, "off");
    lower_one(&b, of_user(CHANGE_RETIRE, "boss"), 2);
    assert_step(&b, 0, CALL_DELETE, RANK_RETIRE);
    bed_deinit(&b);
}
END_TEST

/* A manager who is gone: left out, and alone nothing is written at all. */
START_TEST(left_out)
{
    struct change c = of_user(CHANGE_MANAGER, "bare");
    struct bed b;
    bulk_init(&b);
    c.manager_after.id = STR("nobody");
    lower_one(&b, c, 0);
    ck_assert_uint_eq(pack(&b, 0, 1), 1);
    assert_request(&b, CALL_BULK, HTTP_GET, "/Users/nobody", NULL);
    settle(&b, 0, 1, 404, NULL);
    assert_refused(&b, 0);
    add_update(&b, 1, "full", "T");
    ck_assert_uint_eq(pack(&b, 0, 2), 2);
    assert_bulk(&b, PATCH("0002", "/Users/full") "{'op':'replace','path':'title','value':'T'}]}}");
    settle(&b, 0, 2, 200, "{'Operations':[{'bulkId':'u0002','status':'200'}]}");
    assert_refused(&b, 0);
    assert_says(b.out[0].text, "not there");
    assert_done(&b, 1);
    bed_deinit(&b);
}
END_TEST

/* Answers ----------------------------------------------------------------------------------------- */

/* 0 nila created, 1 full updated, 2 boss deleted, 3 bare into g. */
static void four(struct bed *b)
{
    bulk_init(b);
    add_joiner(b, 1, "nila", NO_CHANGE, "");
    add_update(b, 2, "full", "T");
    add_groups(b, 3, "bare", "", "g");
    lower_one(b, of_user(CHANGE_RETIRE, "boss"), 4);
    in_order(b);
    ck_assert_uint_eq(b->n, 4);
}

#define OPS(list) "{'schemas':['urn:ietf:params:scim:api:messages:2.0:BulkResponse'],'Operations':[" list "]}"

START_TEST(forms_of_the_answer)
{
    static const char *const body[] = {
        OPS("{'method':'POST','bulkId':'u0001','status':'201','location':'https://x/v2/Users/n%401'},"
            "{'method':'PATCH','bulkId':'u0002','status':'200'},{'method':'PATCH','bulkId':'u0003','status':'204'},"
            "{'method':'DELETE','bulkId':'u0004','status':'204'}"),
        OPS("{'bulkId':'u0004','status':204},{'bulkId':'u0003','status':204},{'bulkId':'u0002','status':200},"
            "{'bulkId':'u0001','status':201,'response':{'id':'n@1'}}"),
        OPS("{'bulkId':'u0001','status':{'code':'201'},'response':{'id':'n@1','meta':{'location':'no'}}},"
            "{'bulkId':'u0002','status':{'code':200}},{'bulkId':'u0003','status':{'code':'204'}},"
            "{'bulkId':'u0004','status':{'code':'404'}}"),
        /* bulkId of creates only */
        OPS("{'method':'POST','bulkId':'u0001','status':'201','location':'/Users/n@1'},"
            "{'method':'DELETE','location':'https://x/Users/boss','status':'204'},"
            "{'method':'PATCH','location':'https://x/Groups/g/','status':'200'},"
            "{'method':'patch','location':'https://x/Users/full?a=/b','status':'200'}"),
    };
    for (size_t i = 0; i < array_len(body); i++) {
        struct bed b;
        four(&b);
        settle(&b, 0, 4, 200, body[i]);
        for (size_t k = 0; k < 4; k++)
            assert_done(&b, k);
        ck_assert_str_eq(b.out[0].new_id, "n@1");
        ck_assert_str_eq(b.out[1].new_id, "");
        bed_deinit(&b);
    }
}
END_TEST

/* RFC 7644 3.7.3: behind failOnErrors nothing is answered, and nothing done. */
START_TEST(operations_that_are_absent)
{
    struct bed b;
    four(&b);
    settle(&b, 0, 4, 200, OPS("{'bulkId':'u0002','status':'200'}"));
    assert_later(&b, 0);
    assert_done(&b, 1);
    assert_later(&b, 2);
    assert_later(&b, 3);
    settle(&b, 0, 4, 200, OPS(""));
    for (size_t k = 0; k < 4; k++)
        assert_later(&b, k);
    bed_deinit(&b);
}
END_TEST

/* Something was answered that cannot be told from what is absent. */
START_TEST(operations_that_nobody_can_tell)
{
    static const char *const body[] = {
        OPS("{'bulkId':'u0002','status':'200'},{'method':'POST','status':'201'}"),
        OPS("{'bulkId':'u0002','status':'200'},{'bulkId':'u0009','status':'201'}"),
        OPS("{'bulkId':'u0002','status':'200'},{'bulkId':'u0001'}"),
        OPS("{'bulkId':'u0002','status':'200'},{'bulkId':'u0001','status':'done'}"),
        OPS("{'bulkId':'u0002','status':'200'},7"),
        OPS("{'bulkId':'u0002','status':'200'},{'method':'PATCH','location':'https://x/Users/g','status':'200'}"),
    };
    struct bed b;
    four(&b);
    for (size_t i = 0; i < array_len(body); i++) {
        settle(&b, 0, 4, 200, body[i]);
        assert_done(&b, 1);
        assert_settled(&b, 0, SETTLED_UNKNOWN, BLAST_STEP, AGAIN_LATER);
        assert_settled(&b, 2, SETTLED_UNKNOWN, BLAST_STEP, AGAIN_LATER);
        ck_assert_str_eq(b.out[0].new_id, "");
    }
    bed_deinit(&b);
}
END_TEST

START_TEST(answers_that_are_none)
{
    static const char *const body[] = { NULL, "", "[]", "{}", "{'Operations':{}}", "<html>" };
    struct bed b;
    four(&b);
    for (size_t i = 0; i < array_len(body); i++) {
        settle(&b, 0, 4, 200, body[i]);
        for (size_t k = 0; k < 4; k++)
            assert_settled(&b, k, SETTLED_UNKNOWN, BLAST_STEP, AGAIN_LATER);
    }
    bed_deinit(&b);
}
END_TEST

START_TEST(one_refused_among_others)
{
    struct bed b;
    four(&b);
    settle(&b, 0, 4, 200,
           OPS("{'bulkId':'u0001','status':'409','response':{'schemas':['urn:ietf:params:scim:api:messages:2.0:Error'],"
               "'status':'409','scimType':'uniqueness','detail':'nila is taken'}},"
               "{'bulkId':'u0002','status':'404'},{'bulkId':'u0003','status':'400'},{'bulkId':'u0004','status':'500'}"));
    assert_refused(&b, 0);
    assert_says(b.out[0].text, "nila is taken");
    assert_refused(&b, 1);
    assert_says(b.out[1].text, "gone");
    assert_refused(&b, 2);
    assert_later(&b, 3);
    settle(&b, 0, 4, 200,
           OPS("{'bulkId':'u0001','status':'500'},{'bulkId':'u0002','status':'429'},{'bulkId':'u0003','status':'503'},"
               "{'bulkId':'u0004','status':'204'}"));
    assert_settled(&b, 0, SETTLED_UNKNOWN, BLAST_STEP, AGAIN_LATER);
    assert_settled(&b, 1, SETTLED_NOT_DONE, BLAST_TENANT, AGAIN_THROTTLED);
    assert_settled(&b, 2, SETTLED_UNKNOWN, BLAST_TENANT, AGAIN_LATER);
    assert_done(&b, 3);
    bed_deinit(&b);
}
END_TEST

/* The whole call. */
START_TEST(calls_that_fail)
{
    static const struct {
        int status;
        enum settled settled;
        enum blast blast;
        enum again again;
    } row[] = {
        { 413, SETTLED_REFUSED, BLAST_CALL, AGAIN_NO },          { 400, SETTLED_REFUSED, BLAST_CALL, AGAIN_NO },
        { 404, SETTLED_REFUSED, BLAST_CALL, AGAIN_NO },          { 500, SETTLED_UNKNOWN, BLAST_CALL, AGAIN_LATER },
        { 429, SETTLED_NOT_DONE, BLAST_TENANT, AGAIN_THROTTLED }, { 401, SETTLED_NOT_DONE, BLAST_RUN, AGAIN_NO },
    };
    struct answer lost = { .sent = SENT_UNKNOWN, .error = NET_SILENCE, .retry_after_us = -1 };
    struct bed b;
    four(&b);
    for (size_t i = 0; i < array_len(row); i++) {
        settle(&b, 0, 4, row[i].status, NULL);
        for (size_t k = 0; k < 4; k++)
            assert_settled(&b, k, row[i].settled, row[i].blast, row[i].again);
    }
    settle_with(&b, 0, 4, &lost);
    for (size_t k = 0; k < 4; k++)
        assert_settled(&b, k, SETTLED_UNKNOWN, BLAST_CALL, AGAIN_LATER);
    settle(&b, 1, 1, 500, NULL); /* nothing in it that a second time could do twice */
    assert_later(&b, 0);
    settle(&b, 1, 1, 413, NULL);
    assert_refused(&b, 0);
    bed_deinit(&b);
}
END_TEST

/* References ---------------------------------------------------------------------------------------- */

/* 0 omar, 1 nila (his report), 2 nila into g, 3 bare into g, 4 nila's manager, 5 bare's manager omar. */
static void omar_and_nila(struct bed *b)
{
    struct change c = of_user(CHANGE_MANAGER, "bare");
    bulk_init(b);
    c.manager_after.key = STR("E8");
    add_joiner(b, 2, "omar", NO_CHANGE, "");
    add_joiner(b, 1, "nila", 2, "g");
    add_groups(b, 3, "bare", "", "g");
    lower_one(b, c, 4);
    b->step[b->n - 1].manager_ref = 2;
    in_order(b);
    ck_assert_uint_eq(b->n, 6);
    ck_assert_uint_eq(pack(b, 0, 6), 6);
}

START_TEST(references_that_hold)
{
    struct bed b;
    omar_and_nila(&b);
    settle(&b, 0, 6, 200,
           OPS("{'bulkId':'u0001','status':'201','response':{'id':'o'}},"
               "{'bulkId':'u0002','status':'201','response':{'id':'n'}},{'bulkId':'u0003','status':'200'},"
               "{'bulkId':'u0006','status':'200'}"));
    for (size_t k = 0; k < 6; k++)
        assert_done(&b, k);
    ck_assert_str_eq(b.out[1].new_id, "n");
    ck_assert_str_eq(b.out[4].new_id, "");
    bed_deinit(&b);
}
END_TEST

/* Omar is refused, and all that names him with him: that is no fault of theirs. */
START_TEST(references_that_fail)
{
    static const char *const status[] = { "412", "400", "404" };
    for (size_t i = 0; i < array_len(status); i++) {
        char body[800];
        struct bed b;
        omar_and_nila(&b);
        snprintf(body, sizeof(body),
                 OPS("{'bulkId':'u0001','status':'400'},{'bulkId':'u0002','status':'%s'},"
                     "{'bulkId':'u0003','status':'%s'},{'bulkId':'u0006','status':'%s'}"),
                 status[i], status[i], status[i]);
        settle(&b, 0, 6, 200, body);
        assert_refused(&b, 0);
        assert_later(&b, 1); /* sent again, without him */
        assert_later(&b, 2);
        assert_later(&b, 3);
        assert_refused(&b, 4);
        ck_assert_str_eq(b.out[4].text, "the new manager was not created");
        assert_later(&b, 5);
        bed_deinit(&b);
    }
}
END_TEST

/* The second request: nila without her manager step, and then she is there. */
START_TEST(sent_again_without_the_manager)
{
    struct bed b;
    omar_and_nila(&b);
    b.at[0] = b.at[1];
    ck_assert_uint_eq(pack(&b, 0, 1), 1);
    assert_bulk(&b, CREATE("0001", "nila", "") PLAIN "nila'}}");
    bed_deinit(&b);
}
END_TEST

/* Omar is not refused, only not done yet: his reports wait with him. */
START_TEST(references_to_what_is_not_done_yet)
{
    struct bed b;
    omar_and_nila(&b);
    settle(&b, 0, 6, 200,
           OPS("{'bulkId':'u0001','status':'429'},{'bulkId':'u0002','status':'412'},{'bulkId':'u0003','status':'400'},"
               "{'bulkId':'u0006','status':'400'}"));
    assert_settled(&b, 0, SETTLED_NOT_DONE, BLAST_TENANT, AGAIN_THROTTLED);
    for (size_t k = 1; k < 6; k++)
        assert_later(&b, k);
    /* Omar may stand, or not. */
    settle(&b, 0, 6, 200,
           OPS("{'bulkId':'u0001','status':'500'},{'bulkId':'u0002','status':'400'},{'bulkId':'u0003','status':'400'},"
               "{'bulkId':'u0006','status':'400'}"));
    assert_settled(&b, 0, SETTLED_UNKNOWN, BLAST_STEP, AGAIN_LATER);
    for (size_t k = 1; k < 6; k++)
        assert_later(&b, k);
    bed_deinit(&b);
}
END_TEST

/* A service that takes any text as an id: done, and to nobody. */
START_TEST(references_taken_as_text)
{
    struct bed b;
    omar_and_nila(&b);
    settle(&b, 0, 6, 200,
           OPS("{'bulkId':'u0001','status':'400'},{'bulkId':'u0002','status':'201','response':{'id':'n'}},"
               "{'bulkId':'u0003','status':'200'},{'bulkId':'u0006','status':'200'}"));
    assert_refused(&b, 0);
    assert_done(&b, 1);
    assert_done(&b, 2);
    assert_done(&b, 3);
    assert_refused(&b, 4);
    assert_refused(&b, 5);
    bed_deinit(&b);
}
END_TEST

/* Nila is refused for her own sake: her manager with her, whoever is in her group goes on. */
START_TEST(a_joiner_who_is_refused)
{
    struct bed b;
    omar_and_nila(&b);
    settle(&b, 0, 6, 200,
           OPS("{'bulkId':'u0001','status':'201','response':{'id':'o'}},{'bulkId':'u0002','status':'409'},"
               "{'bulkId':'u0003','status':'412'},{'bulkId':'u0006','status':'200'}"));
    assert_done(&b, 0);
    assert_refused(&b, 1);
    assert_later(&b, 2);
    assert_later(&b, 3);
    assert_refused(&b, 4);
    assert_done(&b, 5);
    settle(&b, 0, 6, 200,
           OPS("{'bulkId':'u0001','status':'201','response':{'id':'o'}},{'bulkId':'u0002','status':'409'},"
               "{'bulkId':'u0003','status':'200'},{'bulkId':'u0006','status':'200'}"));
    assert_later(&b, 2); /* somebody who does not exist is no member */
    assert_done(&b, 3);
    bed_deinit(&b);
}
END_TEST

/* Halves find which member it is. */
START_TEST(members_refused_together)
{
    struct bed b;
    bulk_init(&b);
    add_groups(&b, 1, "full", "", "g");
    add_groups(&b, 2, "bare", "", "g");
    add_groups(&b, 3, "boss", "h", "");
    settle(&b, 0, 3, 200, OPS("{'bulkId':'u0001','status':'400'},{'bulkId':'u0003','status':'404'}"));
    assert_settled(&b, 0, SETTLED_REFUSED, BLAST_CALL, AGAIN_NO);
    assert_settled(&b, 1, SETTLED_REFUSED, BLAST_CALL, AGAIN_NO);
    assert_done(&b, 2); /* who is not in it is out */
    settle(&b, 0, 1, 200, OPS("{'bulkId':'u0001','status':'400'}"));
    assert_refused(&b, 0);
    bed_deinit(&b);
}
END_TEST

UNIT("scim: bulk", everything_in_one_request, managers_who_join_stand_first, managers_in_a_ring,
     references_to_those_who_stand, members_go_together, without_references, number_of_operations,
     joined_steps_are_no_operations, size_of_a_request, counted_as_sent, versions_in_operations, put_goes_alone,
     left_out, forms_of_the_answer, operations_that_are_absent, operations_that_nobody_can_tell,
     answers_that_are_none, one_refused_among_others, calls_that_fail, references_that_hold, references_that_fail,
     sent_again_without_the_manager, references_to_what_is_not_done_yet, references_taken_as_text,
     a_joiner_who_is_refused, members_refused_together)
