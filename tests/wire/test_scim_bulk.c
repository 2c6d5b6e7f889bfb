/* SCIM: many steps in one request (RFC 7644 3.7). */
#include "scim_bulk_bed.h"

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
    assert_bulk(&b, PATCH("0001", "/Users/full", REPLACE("active", "false")),
                CREATE("0002", "", "'userName':'nila'"),
                PATCH("0003", "/Users/b%40ss%2F%25%201", REPLACE("title", "'T'")),
                PATCH("0004", "/Groups/in", ADD("{'value':'bare'}")),
                PATCH("0005", "/Groups/out%2F1", REMOVE("bare")), DELETE("0006", "/Users/boss"));
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
    assert_bulk(&b, CREATE("0003", "", "'userName':'pia'"),
                CREATE("0002", ",'" EXT "'", "'userName':'omar'," MANAGER("bulkId:u0003")),
                CREATE("0001", ",'" EXT "'", "'userName':'nila'," MANAGER("bulkId:u0002")));
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
    assert_bulk(&b, CREATE("0001", ",'" EXT "'", "'userName':'nila'," MANAGER("omar/2")));
    name_user(&b, 1, "nila@1");
    ck_assert_uint_eq(pack(&b, 1, 1), 1);
    assert_bulk(&b, PATCH("0001", "/Users/nila%401", REPLACE(EXT ":manager", "{'value':'omar/2'}")));
    /* An existing user's new manager, created by the operation before. */
    b.n = 0;
    c.manager_after.key = STR("E8");
    lower_one(&b, c, 0);
    add_joiner(&b, 2, "omar", NO_CHANGE, "");
    b.id[2][0] = '\0';
    b.step[0].manager_ref = 2;
    in_order(&b);
    ck_assert_uint_eq(pack(&b, 0, 2), 2);
    assert_bulk(&b, CREATE("0001", "", "'userName':'omar'"),
                PATCH("0002", "/Users/bare", REPLACE(EXT ":manager", "{'value':'bulkId:u0001'}")));
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
    assert_bulk(&b, CREATE("0001", "", "'userName':'nila'"),
                PATCH("0002", "/Groups/g", ADD("{'value':'bulkId:u0001'},{'value':'full'}")),
                PATCH("0004", "/Groups/h", ADD("{'value':'bare'}") "," REMOVE("full")),
                PATCH("0006", "/Groups/g", REMOVE("bare")));
    bed_deinit(&b);
}
END_TEST

/* Steps come person by person: a group stands behind the joiner whom it names. Two joiners are not named
 * together. */
START_TEST(groups_stand_behind_their_members)
{
    struct bed b;
    bulk_init(&b);
    add_groups(&b, 1, "full", "", "g");
    add_joiner(&b, 2, "nila", NO_CHANGE, "g");
    add_joiner(&b, 3, "omar", NO_CHANGE, "g");
    add_groups(&b, 4, "bare", "", "g");
    ck_assert_uint_eq(b.n, 6);
    ck_assert_uint_eq(pack(&b, 0, 6), 6);
    assert_bulk(&b, CREATE("0002", "", "'userName':'nila'"),
                PATCH("0001", "/Groups/g", ADD("{'value':'full'},{'value':'bulkId:u0002'},{'value':'bare'}")),
                CREATE("0004", "", "'userName':'omar'"),
                PATCH("0005", "/Groups/g", ADD("{'value':'bulkId:u0004'}")));
    bed_deinit(&b);
}
END_TEST

/* A PATCH that names a user whom a later operation creates never comes back from one service that was met. */
START_TEST(whoever_is_named_stands_first)
{
    struct change c = of_user(CHANGE_MANAGER, "bare");
    struct bed b;
    bulk_init(&b);
    c.manager_after.key = STR("E8");
    lower_one(&b, c, 0);
    add_joiner(&b, 2, "omar", NO_CHANGE, "");
    b.step[0].manager_ref = 2;
    ck_assert_uint_eq(pack(&b, 0, 2), 2);
    assert_bulk(&b, CREATE("0002", "", "'userName':'omar'"),
                PATCH("0001", "/Users/bare", REPLACE(EXT ":manager", "{'value':'bulkId:u0002'}")));
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
    assert_bulk(&b, PATCH("0001", "/Groups/g", ADD("{'value':'n1'}")),
                PATCH("0002", "/Users/n1", REPLACE(EXT ":manager", "{'value':'n2'}")));
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
    add_joiner(&b, 2, "omar", NO_CHANGE, "");
    add_groups(&b, 3, "full", "", "g");
    in_order(&b);
    ck_assert_uint_eq(pack(&b, 0, 5), 5);
    b.conn->service.bulk_operations = 2;
    ck_assert_uint_eq(pack(&b, 0, 5), 2);
    bed_deinit(&b);
}
END_TEST

/* Never more bytes than the service takes, and not fewer steps than fit; ids that are not known yet are
 * counted so that planned and sent calls are cut at the same place. */
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
    assert_bulk(
        &b,
        "{'method':'PATCH','bulkId':'u0001','path':'/Users/bare','version':'W/\\\"1\\\"','data':" PATCH_OP
            REPLACE("title", "'T'") "]}}",
        PATCH("0002", "/Groups/g", ADD("{'value':'bare'}")));
    settle(
        &b, 0, 2, 200,
        "{'Operations':[{'bulkId':'u0001','status':'200','version':'W/\\\"2\\\"'},{'bulkId':'u0002','status':'204'}]}");
    assert_str(versions_get(&b.conn->versions, STR("bare")), "W/\"2\"");
    settle(&b, 0, 2, 200,
           "{'Operations':[{'bulkId':'u0001','status':'412'},{'bulkId':'u0002','status':'204'}]}");
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
    assert_bulk(&b, PATCH("0002", "/Users/full", REPLACE("title", "'T'")));
    settle(&b, 0, 2, 200, "{'Operations':[{'bulkId':'u0002','status':'200'}]}");
    assert_refused(&b, 0);
    assert_says(b.out[0].text, "not there");
    assert_done(&b, 1);
    bed_deinit(&b);
}
END_TEST

UNIT("scim: bulk requests", everything_in_one_request, managers_who_join_stand_first, managers_in_a_ring,
     references_to_those_who_stand, members_go_together, groups_stand_behind_their_members,
     whoever_is_named_stands_first, without_references, number_of_operations, joined_steps_are_no_operations,
     size_of_a_request, counted_as_sent, versions_in_operations, put_goes_alone, left_out)
