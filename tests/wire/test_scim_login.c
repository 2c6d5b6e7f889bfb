/* Logging in with OAuth 2.0: client credentials (RFC 6749 4.4). */
#include "scim.h"

static void oauth(struct wire *t)
{
    scim_init(t);
    t->config.credential[CRED_TOKEN] = NULL;
    wire_option(t, "auth", "oauth2");
    wire_option(t, "token_url", "https://login.example.com/token?x=1");
    wire_credential(t, CRED_CLIENT_ID, "s6BhdRkqt3");
    wire_credential(t, CRED_CLIENT_SECRET, "7Fjfp0ZBr1KtDRbnfVdmIw");
}

static struct read_verdict login_answer(struct wire *t, int status, const char *body)
{
    struct answer a = { .status = status, .body = json_of(t, body), .retry_after_us = -1 };
    return t->k->login_end(t->conn, &a);
}

START_TEST(tokens_are_asked_for)
{
    struct wire t;
    struct request q;
    request_init(&q);
    oauth(&t);
    wire_connect(&t);
    ck_assert(t.k->login(t.conn, &q));
    ck_assert_str_eq(t.k->vendor.endpoints[q.endpoint].name, "POST token");
    ck_assert_int_eq(q.method, HTTP_POST);
    ck_assert(!q.write && q.target.n == 0);
    assert_str(q.url, "https://login.example.com/token?x=1");
    assert_str(q.log_target, "https://login.example.com/token?x=1");
    assert_str(q.body, "grant_type=client_credentials");
    assert_str(header_of(&q, "Content-Type"), "application/x-www-form-urlencoded");
    assert_str(header_of(&q, "Accept"), "application/json");
    assert_str(header_of(&q, "Authorization"), "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3");
    wire_deinit(&t);

    oauth(&t);
    wire_option(&t, "token_auth", "body");
    wire_option(&t, "token_scope", "users read+write");
    wire_credential(&t, CRED_CLIENT_SECRET, "a&b=c d");
    wire_connect(&t);
    ck_assert(t.k->login(t.conn, &q));
    assert_str(q.body, "grant_type=client_credentials&scope=users%20read%2Bwrite&client_id=s6BhdRkqt3"
                       "&client_secret=a%26b%3Dc%20d");
    assert_str(header_of(&q, "Authorization"), "");
    wire_deinit(&t);

    scim_init(&t); /* a token that is given needs none */
    wire_connect(&t);
    ck_assert(!t.k->login(t.conn, &q));
    ck_assert(!scim_can_login(t.conn));
    wire_deinit(&t);
    request_deinit(&q);
}
END_TEST

START_TEST(a_token_is_used_and_renewed)
{
    struct wire t;
    struct request q;
    unsigned id;
    request_init(&q);
    oauth(&t);
    no_discovery(&t);
    wire_connect(&t);
    ck_assert(t.k->login(t.conn, &q));
    ck_assert(
        login_answer(&t, 200,
                     "{'access_token':'2YotnFZFEjr1zCsicMWpAA','token_type':'Bearer','expires_in':3600}")
            .good);
    ck_assert(!t.k->login(t.conn, &q));
    struct read_goal goal = wire_goal_tenant(&t);
    t.k->read_begin(t.conn, &goal);
    for (int i = 0; i < 9; i++) { /* a 401 is no failed try */
        ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
        assert_str(header_of(&q, "Authorization"), i ? "Bearer other" : "Bearer 2YotnFZFEjr1zCsicMWpAA");
        struct reply refused =
            says(&t, 401, i ? "" : "{'detail':'expired: 2YotnFZFEjr1zCsicMWpAA, get another'}");
        struct read_verdict v = wire_feed(&t, id, &refused, 0);
        ck_assert(!v.good && v.again == AGAIN_LOGIN);
        assert_says(v.text, i ? "401" : "401: expired: ***, get another");
        ck_assert(t.k->login(t.conn, &q));
        ck_assert(login_answer(&t, 200, "{'access_token':'other','token_type':'bearer'}").good);
    }
    ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
    struct reply good = says(&t, 200, "{'totalResults':0}");
    ck_assert(wire_feed(&t, id, &good, 0).good);
    ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_COMPLETE);
    request_deinit(&q);
    wire_deinit(&t);
}
END_TEST

START_TEST(tokens_that_are_refused)
{
    static const struct {
        int status;
        const char *body;
        enum again again;
        const char *text;
    } cases[] = {
        { 401, "{'error':'invalid_client','error_description':'7Fjfp0ZBr1KtDRbnfVdmIw is wrong'}", AGAIN_NO,
          "401 invalid_client: *** is wrong; check client_id, client_secret" },
        { 400, "{'error':'invalid_scope'}", AGAIN_NO, "400 invalid_scope; check" },
        { 403, "<html>", AGAIN_NO, "403; check token_url, client_id" },
        { 200, "{'access_token':'x','token_type':'mac'}", AGAIN_NO, "has no bearer token" },
        { 200, "{'access_token':'x'}", AGAIN_NO, "has no bearer token" },
        { 200, "{'access_token':'a b','token_type':'bearer'}", AGAIN_NO, "has no bearer token" },
        { 200, "{'access_token':'','token_type':'bearer'}", AGAIN_NO, "has no bearer token" },
        { 200, "hello", AGAIN_NO, "has no bearer token" },
        { 500, "", AGAIN_LATER, "the option token_url: 500" },
        { 429, "", AGAIN_THROTTLED, "429" },
    };
    struct request q;
    request_init(&q);
    for (size_t i = 0; i < array_len(cases); i++) {
        struct wire t;
        oauth(&t);
        wire_connect(&t);
        struct read_verdict v = login_answer(&t, cases[i].status, cases[i].body);
        ck_assert_msg(!v.good && v.again == cases[i].again, "case %zu: %s", i, v.text);
        assert_says(v.text, cases[i].text);
        ck_assert(!contains(v.text, "7Fjfp"));
        ck_assert(v.again != AGAIN_THROTTLED || v.wait_us == 5 * SECOND_US);
        ck_assert(t.k->login(t.conn, &q));
        wire_deinit(&t);
    }
    request_deinit(&q);
}
END_TEST

UNIT("scim login", tokens_are_asked_for, a_token_is_used_and_renewed, tokens_that_are_refused)
