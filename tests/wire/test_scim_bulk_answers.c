/* SCIM: what the answers to a Bulk request mean (RFC 7644 3.7.3), in every form that services give them. */
#include "scim_bulk_bed.h"

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
    /* Some name failures alone: what must not be done twice is looked for. */
    static const char *const no_success[] = { OPS(""), OPS("{'bulkId':'u0002','status':'400'}") };
    for (size_t i = 0; i < array_len(no_success); i++) {
        settle(&b, 0, 4, 200, no_success[i]);
        assert_settled(&b, 0, SETTLED_UNKNOWN, BLAST_STEP, AGAIN_LATER);
        assert_settled(&b, 2, SETTLED_UNKNOWN, BLAST_STEP,
                       AGAIN_LATER); /* a member might stand there twice */
        if (i == 0)
            assert_later(&b, 1);
        assert_later(&b, 3);
    }
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
    settle(
        &b, 0, 4, 200,
        OPS("{'bulkId':'u0001','status':'409','response':{'schemas':['urn:ietf:params:scim:api:messages:2.0:Error'],"
            "'status':'409','scimType':'uniqueness','detail':'nila is taken'}},"
            "{'bulkId':'u0002','status':'404'},{'bulkId':'u0003','status':'400'},{'bulkId':'u0004','status':'500'}"));
    assert_refused(&b, 0);
    assert_says(b.out[0].text, "nila is taken");
    assert_refused(&b, 1);
    assert_says(b.out[1].text, "gone");
    assert_refused(&b, 2);
    assert_later(&b, 3);
    settle(
        &b, 0, 4, 200,
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
        { 413, SETTLED_REFUSED, BLAST_CALL, AGAIN_NO },
        { 400, SETTLED_REFUSED, BLAST_CALL, AGAIN_NO },
        { 404, SETTLED_NOT_DONE, BLAST_RUN, AGAIN_NO }, /* no such thing as /Bulk, whatever was said of it */
        { 501, SETTLED_NOT_DONE, BLAST_RUN, AGAIN_NO },
        { 500, SETTLED_UNKNOWN, BLAST_CALL, AGAIN_LATER },
        { 429, SETTLED_NOT_DONE, BLAST_TENANT, AGAIN_THROTTLED },
        { 401, SETTLED_NOT_DONE, BLAST_RUN, AGAIN_NO },
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
    assert_bulk(&b, CREATE("0001", "", "'userName':'nila'"));
    bed_deinit(&b);
}
END_TEST

/* Omar is not refused, only not done yet: his reports wait with him. */
START_TEST(references_to_what_is_not_done_yet)
{
    struct bed b;
    omar_and_nila(&b);
    settle(
        &b, 0, 6, 200,
        OPS("{'bulkId':'u0001','status':'429'},{'bulkId':'u0002','status':'412'},{'bulkId':'u0003','status':'400'},"
            "{'bulkId':'u0006','status':'400'}"));
    assert_settled(&b, 0, SETTLED_NOT_DONE, BLAST_TENANT, AGAIN_THROTTLED);
    for (size_t k = 1; k < 6; k++)
        assert_later(&b, k);
    /* Omar may stand, or not. */
    settle(
        &b, 0, 6, 200,
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

/* Nobody can say whether Omar was created; who was done with him in it was done. */
START_TEST(references_to_somebody_unclear)
{
    struct bed b;
    omar_and_nila(&b);
    settle(&b, 0, 6, 200,
           OPS("{'bulkId':'u0001','status':'500'},{'bulkId':'u0002','status':'201','response':{'id':'n'}},"
               "{'bulkId':'u0003','status':'200'},{'bulkId':'u0006','status':'200'}"));
    assert_settled(&b, 0, SETTLED_UNKNOWN, BLAST_STEP, AGAIN_LATER);
    for (size_t k = 1; k < 6; k++)
        assert_done(&b, k);
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

UNIT("scim: bulk answers", forms_of_the_answer, operations_that_are_absent, operations_that_nobody_can_tell,
     answers_that_are_none, one_refused_among_others, calls_that_fail, references_that_hold,
     references_that_fail, sent_again_without_the_manager, references_to_what_is_not_done_yet,
     references_taken_as_text, references_to_somebody_unclear, a_joiner_who_is_refused,
     members_refused_together)
