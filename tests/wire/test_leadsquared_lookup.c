/* READ_LOOKUP: fact sheet 4.3, 4.4, 14. */
#include <jansson.h>

#include "lsq.h"

#define MAIL 1 /* slot of EmailAddress in lsq_init() */

static const char asha[] = "{\"UserId\":\"" ID(
    "101") "\",\"EmailAddress\":\"Asha.Rao@example.com\",\"StatusCode\":\"1\",\"mx_Custom_1\":\"E1\"}";
static const char imran[] = "{\"UserId\":\"" ID(
    "102") "\",\"EmailAddress\":\"imran@example.com\",\"StatusCode\":\"0\",\"mx_Custom_1\":\"E2\"}";

/* Finds users by the conditions it is given, as the tenant would: case-insensitively, with one user thrown in
 * whom nobody asked for. */
static struct reply serve(void *ctx, const struct request *q)
{
    static const char *const user[] = { asha, imran };
    static const char *const id[] = { ID("101"), ID("102") };
    struct buf *out = ctx;
    bool first = true;
    buf_clear(out);
    if (contains(q->target.p, "ByUserId")) {
        buf_puts(out, "[");
        if (contains(q->target.p, id[1])) /* 101 is inactive: hidden */
            buf_printf(
                out, "{\"UserId\":\"%s\",\"EmailAddress\":\"imran@example.com\",\"Groups\":[{\"Id\":\"1\"}]}",
                id[1]);
        buf_puts(out, "]");
        return (struct reply){ .status = 200, .body = buf_view(out) };
    }
    json_t *body = json_loadb(q->body.p, q->body.n, 0, NULL);
    json_t *group = json_array_get(json_object_get(body, "GroupConditions"), 0),
           *list = json_object_get(group, "Condition"), *c;
    buf_puts(out, "{\"Users\":[");
    for (size_t u = 0; u < array_len(user); u++) {
        json_t *row = json_loads(user[u], 0, NULL);
        size_t i;
        bool hit = false;
        json_array_foreach(list, i, c)
        {
            const char *name = json_string_value(json_object_get(c, "LookupName")),
                       *value = json_string_value(json_object_get(c, "LookupValue"));
            const char *have = json_string_value(json_object_get(row, name));
            hit = hit || (have && strcasecmp(have, value) == 0);
        }
        if (hit)
            buf_printf(out, "%s%s", first ? "" : ",", user[u]);
        first = first && !hit;
        json_decref(row);
    }
    json_decref(body);
    buf_printf(
        out, "%s{\"UserId\":\"" ID("999") "\",\"EmailAddress\":\"other@example.com\",\"StatusCode\":\"0\"}]}",
        first ? "" : ",");
    return (struct reply){ .status = 200, .body = buf_view(out) };
}

struct bed {
    struct wire t;
    struct buf out;
};

static void bed_init(struct bed *b)
{
    lsq_init(&b->t);
    buf_init(&b->out, 1 << 20);
}

static void bed_deinit(struct bed *b)
{
    buf_deinit(&b->out);
    wire_deinit(&b->t);
}

static enum read_next look(struct bed *b, const struct lookup *v, size_t n)
{
    wire_connect(&b->t);
    struct read_goal goal = wire_goal_lookup(&b->t, v, n);
    return wire_read(&b->t, &goal, serve, &b->out);
}

START_TEST(
    request_is_literal) /* fact sheet 4.3: the operator joins to the next condition, null on the last */
{
    static const struct lookup v[] = { { MAIL, { "a+b@example.com", 15 } }, { 0, { "E\"1", 3 } } };
    struct bed b;
    struct request q;
    unsigned id;
    request_init(&q);
    bed_init(&b);
    wire_connect(&b.t);
    struct read_goal goal = wire_goal_lookup(&b.t, v, 2);
    b.t.k->read_begin(b.t.conn, &goal);
    ck_assert_int_eq(b.t.k->read_next(b.t.conn, &q, &id, &b.t.state), READ_REQUEST);
    assert_request(
        &b.t, &q, "User/AdvancedSearch", HTTP_POST, "/v2/UserManagement.svc/User/AdvancedSearch",
        "{\"Columns\":{\"Include_CSV\":\"UserID,EmailAddress,StatusCode,Role,ManagerUserId,mx_Custom_1\"},"
        "\"GroupConditions\":[{\"Condition\":[{\"LookupName\":\"EmailAddress\",\"Operator\":\"eq\","
        "\"LookupValue\":\"a+b@example.com\","
        "\"ConditionOperator\":\"OR\"},{\"LookupName\":\"mx_Custom_1\",\"Operator\":\"eq\","
        "\"LookupValue\":\"E\\\"1\","
        "\"ConditionOperator\":null}],\"GroupOperator\":null}],\"GroupOperator\":null,"
        "\"Sorting\":[{\"ColumnName\":\"EmailAddress\",\"Direction\":0}],\"Paging\":{\"PageIndex\":1,"
        "\"PageSize\":1000}}");
    request_deinit(&q);
    bed_deinit(&b);
}
END_TEST

START_TEST(request_by_id_is_literal) /* fact sheet 4.4 */
{
    static const struct lookup v[] = { { -1, { ID("1+@"), 36 } } };
    struct bed b;
    struct request q;
    unsigned id;
    request_init(&q);
    bed_init(&b);
    wire_connect(&b.t);
    struct read_goal goal = wire_goal_lookup(&b.t, v, 1);
    b.t.k->read_begin(b.t.conn, &goal);
    ck_assert_int_eq(b.t.k->read_next(b.t.conn, &q, &id, &b.t.state), READ_REQUEST);
    assert_request(
        &b.t, &q, "User/Retrieve/ByUserId", HTTP_GET,
        "/v2/UserManagement.svc/User/Retrieve/ByUserId?userId=33333333-aaaa-4bbb-8ccc-0000000001%2B%40",
        NULL);
    request_deinit(&q);
    bed_deinit(&b);
}
END_TEST

/* An inactive user is found, in any case of the key, once though two keys name him; who was not asked for is
 * left out. */
START_TEST(finds_by_key)
{
    static const struct lookup v[] = { { MAIL, { "ASHA.rao@example.com", 20 } },
                                       { 0, { "E2", 2 } },
                                       { MAIL, { "imran@example.com", 17 } },
                                       { MAIL, { "nobody@example.com", 18 } },
                                       { MAIL, { "", 0 } },
                                       { 0, { "E2", 2 } },
                                       { MAIL, { "\xff\xfe", 2 } } };
    for (int batch = 1; batch <= 5; batch++) {
        struct bed b;
        char text[8];
        bed_init(&b);
        snprintf(text, sizeof(text), "%d", batch);
        wire_option(&b.t, "lookup_batch", text);
        ck_assert_msg(look(&b, v, array_len(v)) == READ_COMPLETE, "%s", b.t.state.why);
        ck_assert_int_eq(b.t.state.proof, PROOF_LOOKED_UP);
        ck_assert_uint_eq(roster_count(b.t.roster), 2);
        ck_assert_int_eq(roster_state(b.t.roster, roster_by_id(b.t.roster, STR(ID("101")))), USER_INACTIVE);
        ck_assert_uint_eq(b.t.asked,
                          (4 + (size_t)batch - 1) /
                              (size_t)batch); /* the empty, the broken and the repeated are not asked for */
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(nobody_to_look_up)
{
    struct bed b;
    bed_init(&b);
    ck_assert_int_eq(look(&b, NULL, 0), READ_COMPLETE);
    ck_assert_uint_eq(roster_count(b.t.roster), 0);
    ck_assert_uint_eq(b.t.asked, 0);
    bed_deinit(&b);
}
END_TEST

/* Fact sheet 4.4: [] both for unknown and for inactive: it proves nothing. */
START_TEST(by_id)
{
    static const struct lookup active[] = { { -1, { ID("102"), 36 } } },
                               hidden[] = { { -1, { ID("102"), 36 } }, { -1, { ID("101"), 36 } } };
    struct bed b;
    bed_init(&b);
    ck_assert_int_eq(look(&b, active, 1), READ_COMPLETE);
    ck_assert_int_eq(roster_state(b.t.roster, 0), USER_ACTIVE);
    bed_deinit(&b);

    bed_init(&b);
    ck_assert_int_eq(look(&b, hidden, 2), READ_INCOMPLETE);
    ck_assert_int_eq(b.t.state.again, AGAIN_NO);
    assert_says(b.t.state.why,
                ID("101") "' is not shown by User/Retrieve/ByUserId, which hides inactive users");
    bed_deinit(&b);

    bed_init(&b);
    wire_option(&b.t, "lookup_by_id", "search");
    ck_assert_int_eq(look(&b, hidden, 2), READ_COMPLETE);
    ck_assert_uint_eq(roster_count(b.t.roster), 2);
    ck_assert_uint_eq(b.t.asked, 1);
    bed_deinit(&b);
}
END_TEST

/* Error bodies and wrong shapes are never "nobody". */
static struct reply always(void *ctx, const struct request *q)
{
    (void)q;
    return OK(ctx);
}

START_TEST(errors_are_not_empty_answers)
{
    static const struct {
        const char *body;
        enum again again;
    } row[] = {
        { "[]", AGAIN_LATER },
        { "{}", AGAIN_LATER },
        { "", AGAIN_LATER },
        { "{\"Users\":null}", AGAIN_LATER },
        { "{\"Users\":{}}", AGAIN_LATER },
        { "{\"Users\":[5]}", AGAIN_LATER },
        { "{\"Users\":[],\"Users\":[]}", AGAIN_LATER },
        { "{\"Users\":[{\"UserId\":\"1\"}]}", AGAIN_LATER },
        { "{\"Status\":\"Error\",\"ExceptionType\":\"MXInvalidInputException\","
          "\"ExceptionMessage\":\"User search has some invalid Attributes\"}",
          AGAIN_NO },
        { "{\"Users\":[],\"Status\":\"Error\"}", AGAIN_NO },
        { "{\"Users\":[],\"IsMXException\":true}", AGAIN_NO },
    };
    static const struct lookup v[] = { { MAIL, { "asha.rao@example.com", 20 } } };
    for (size_t i = 0; i < array_len(row); i++) {
        struct bed b;
        bed_init(&b);
        wire_connect(&b.t);
        struct read_goal goal = wire_goal_lookup(&b.t, v, 1);
        ck_assert_msg(wire_read(&b.t, &goal, always, (void *)(uintptr_t)row[i].body) == READ_INCOMPLETE,
                      "row %zu", i);
        ck_assert_int_eq(b.t.state.again, row[i].again);
        ck_assert_uint_eq(b.t.asked, row[i].again == AGAIN_NO ? 1 : 4);
        bed_deinit(&b);
    }
}
END_TEST

START_TEST(changed_while_being_looked_up)
{
    static const char *const body[] = {
        "{\"Users\":[{\"UserId\":\"" ID(
            "1") "\",\"EmailAddress\":\"a@example.com\",\"StatusCode\":0,\"mx_Custom_1\":\"E1\"}]}",
        "{\"Users\":[{\"UserId\":\"" ID(
            "1") "\",\"EmailAddress\":\"a@example.com\",\"StatusCode\":1,\"mx_Custom_1\":\"E1\"}]}"
    };
    static const struct lookup v[] = { { MAIL, { "a@example.com", 13 } }, { 0, { "E1", 2 } } };
    struct bed b;
    struct request q;
    unsigned id;
    request_init(&q);
    bed_init(&b);
    wire_option(&b.t, "lookup_batch", "1");
    wire_connect(&b.t);
    struct read_goal goal = wire_goal_lookup(&b.t, v, 2);
    b.t.k->read_begin(b.t.conn, &goal);
    for (size_t i = 0; i < 2; i++) {
        struct reply r = OK(body[i]);
        ck_assert_int_eq(b.t.k->read_next(b.t.conn, &q, &id, &b.t.state), READ_REQUEST);
        ck_assert(wire_feed(&b.t, id, &r, 3).good);
    }
    ck_assert_int_eq(b.t.k->read_next(b.t.conn, &q, &id, &b.t.state), READ_INCOMPLETE);
    ck_assert_int_eq(b.t.state.again, AGAIN_LATER);
    assert_says(b.t.state.why, "changed while being looked up");
    request_deinit(&q);
    bed_deinit(&b);
}
END_TEST

/* Many users may share a key: pages are read to the end. */
static struct reply shared_key(void *ctx, const struct request *q)
{
    struct buf *out = ctx;
    json_t *body = json_loadb(q->body.p, q->body.n, 0, NULL);
    int page = (int)json_integer_value(json_object_get(json_object_get(body, "Paging"), "PageIndex"));
    json_decref(body);
    buf_clear(out);
    buf_puts(out, "{\"Users\":[");
    for (int i = (page - 1) * 10; i < page * 10 && i < 25; i++)
        buf_printf(out,
                   "%s{\"UserId\":\"33333333-aaaa-4bbb-8ccc-%012d\",\"StatusCode\":0,\"mx_Custom_1\":\"E1\"}",
                   i % 10 ? "," : "", i);
    buf_puts(out, "]}");
    return (struct reply){ .status = 200, .body = buf_view(out) };
}

START_TEST(pages_of_a_search)
{
    static const struct lookup v[] = { { 0, { "E1", 2 } } };
    struct bed b;
    bed_init(&b);
    wire_option(&b.t, "page_size", "10");
    wire_connect(&b.t);
    struct read_goal goal = wire_goal_lookup(&b.t, v, 1);
    ck_assert_int_eq(wire_read(&b.t, &goal, shared_key, &b.out), READ_COMPLETE);
    ck_assert_uint_eq(roster_count(b.t.roster), 25);
    ck_assert_uint_eq(b.t.asked, 3);
    bed_deinit(&b);
}
END_TEST

START_TEST(costs)
{
    struct bed b;
    uint8_t endpoint = 0;
    bed_init(&b);
    wire_connect(&b.t);
    ck_assert_uint_eq(b.t.k->lookup_calls(b.t.conn, 0, &endpoint), 0);
    ck_assert_uint_eq(b.t.k->lookup_calls(b.t.conn, 20, &endpoint), 1);
    ck_assert_uint_eq(b.t.k->lookup_calls(b.t.conn, 21, &endpoint), 2);
    ck_assert_str_eq(b.t.k->vendor.endpoints[endpoint].name, "User/AdvancedSearch");
    bed_deinit(&b);
}
END_TEST

UNIT("leadsquared lookup", request_is_literal, request_by_id_is_literal, finds_by_key, nobody_to_look_up,
     by_id, errors_are_not_empty_answers, changed_while_being_looked_up, pages_of_a_search, costs)
