/* READ_ROSTER: fact sheet 4.2, 4.3, 11.1. A scripted tenant whose pages go wrong in every way; none may ever
 * pass for a whole listing. */
#include <jansson.h>
#include <limits.h>

#include "lsq.h"

enum fault {
    NONE,
    EMPTY,        /* the page without its users */
    REPEATED,     /* the page before once more */
    PART,         /* valid JSON, a fifth of the users */
    SHIFTED,      /* one user slipped to the page before: a user is lost */
    SHIFTED_BACK, /* one user was inserted before: a user comes twice */
    TRUNCATED,    /* the body ends early, and so says the transport */
    CUT_SILENTLY, /* the body ends early, and nobody says so */
    LOST,
    NOT_SENT,
    HTML_500,
    MX_500,
    LIMITED_429,
    LIMITED_200,
    ERROR_200,
    EMPTY_ARRAY,
    EMPTY_BODY,
    NO_USERS,
    GARBAGE_BEHIND,
    NO_ID,
    BAD_STATUS,
    NESTED_VALUE,
    UNAUTHORIZED,
    FAULTS
};

struct tenant_script {
    size_t users;
    size_t cap; /* page size the tenant cuts to; 0: none */
    enum fault fault;
    uint32_t page;  /* of the search; 0: Users.Get */
    unsigned times; /* how often it goes wrong; UINT_MAX: always */
    unsigned pass;  /* 0: any; else only the n-th visit of the page */
    unsigned visits[64];
    size_t missing_in_get;  /* user left out of Users.Get, + 1 */
    size_t extra_in_get;    /* users that only Users.Get has */
    size_t other_state;     /* user whose state differs in Users.Get, + 1 */
    size_t repeated_in_get; /* user twice in Users.Get, + 1 */
    bool numeric;           /* StatusCode of the search as a number */
    int64_t count;          /* RecordCount; -1: none */
    bool text_count;
    size_t get_calls, search_calls;
    struct buf body; /* owned */
};

static void script_init(struct tenant_script *s, size_t users)
{
    *s = (struct tenant_script){ .users = users, .count = (int64_t)users };
    buf_init(&s->body, 64 << 20);
}

static void put_user(struct tenant_script *s, size_t i, bool search, enum fault fault)
{
    bool inactive = i % 7 == 3;
    if (!search && s->other_state == i + 1)
        inactive = !inactive;
    if (fault == NO_ID)
        buf_printf(&s->body, "{\"FirstName\":\"A\",\"StatusCode\":\"0\"}");
    else if (!search)
        buf_printf(&s->body,
                   "{\"ID\":\"33333333-aaaa-4bbb-8ccc-%012zu\",\"EmailAddress\":\"u%05zu@example.com\","
                   "\"StatusCode\":%d,"
                   "\"MemberOfGroups\":[\"South\",{\"StatusCode\":9}],\"Tag\":null}",
                   i, i, inactive);
    else
        buf_printf(
            &s->body,
            "{\"UserId\":\"33333333-aaaa-4bbb-8ccc-%012zu\",\"FirstName\":null,"
            "\"EmailAddress\":\"u%05zu@example.com\","
            "\"Role\":\"%s\",\"StatusCode\":%s%s%s,\"ManagerUserId\":\"33333333-aaaa-4bbb-8ccc-%012zu\","
            "\"mx_Custom_1\":%s\"E%05zu\"%s,"
            "\"ManagerName\":\"x\",\"Groups\":\"a,b\"}",
            i, i, i == 0 ? "Administrator" : "Sales_User", s->numeric ? "" : "\"",
            fault == BAD_STATUS ? "7"
            : inactive          ? "1"
                                : "0",
            s->numeric ? "" : "\"", i / 10, fault == NESTED_VALUE ? "[" : "", i,
            fault == NESTED_VALUE ? "]" : "");
}

static struct reply users_get(struct tenant_script *s)
{
    size_t n = s->users + s->extra_in_get;
    bool first = true;
    buf_puts(&s->body, "[");
    for (size_t i = 0; i < n; i++) {
        if (s->missing_in_get == i + 1)
            continue;
        for (int twice = s->repeated_in_get == i + 1 ? 2 : 1; twice > 0; twice--) {
            buf_puts(&s->body, first ? "" : ",");
            put_user(s, i, false, NONE);
            first = false;
        }
    }
    buf_puts(&s->body, "]");
    return (struct reply){ .status = 200, .body = buf_view(&s->body) };
}

static void put_range(struct tenant_script *s, size_t from, size_t n, enum fault fault)
{
    for (size_t i = from; i < from + n && i < s->users; i++) {
        buf_puts(&s->body, i > from ? "," : "");
        put_user(s, i, true, i == from ? fault : NONE);
    }
}

static struct reply search_page(struct tenant_script *s, size_t page, size_t size, enum fault fault)
{
    size_t from = (page - 1) * size, n = size;
    if (fault == REPEATED && page > 1)
        from -= size;
    if (fault == SHIFTED)
        from++;
    if (fault == SHIFTED_BACK && from > 0)
        from--;
    if (fault == EMPTY)
        n = 0;
    if (fault == PART)
        n /= 5;
    buf_puts(&s->body, "{\"SearchInfo\":{");
    if (s->count >= 0)
        buf_printf(&s->body, s->text_count ? "\"RecordCount\":\"%lld\"" : "\"RecordCount\":%lld",
                   (long long)s->count);
    buf_puts(&s->body, "},\"Users\":[");
    put_range(s, from, n, fault);
    buf_puts(&s->body, "]}");
    return (struct reply){ .status = 200, .body = buf_view(&s->body) };
}

static const char mx_error[] =
    "{\"Status\":\"Error\",\"ExceptionType\":\"MXInvalidInputException\",\"ExceptionMessage\":\"Invalid "
    "Input! Parameter Name: Paging\"}";
static const char limit_error[] =
    "{\"Status\":\"Error\",\"ExceptionType\":\"MXAPIRateLimitExceededException\","
    "\"ExceptionMessage\":\"API calls exceeded the limit of 20 in 5 second(s)\"}";

static struct reply spoil(struct reply r, enum fault fault)
{
    switch (fault) {
    case TRUNCATED:
        r.body.n -= r.body.n / 3;
        r.sent = SENT_UNKNOWN;
        return r;
    case CUT_SILENTLY: r.body.n -= r.body.n / 3; return r;
    case LOST: return (struct reply){ .sent = SENT_UNKNOWN };
    case NOT_SENT: return (struct reply){ .sent = SENT_NOT };
    case HTML_500: return SAYS(500, "<html>database error</html>");
    case MX_500: return SAYS(500, mx_error);
    case LIMITED_429: return SAYS(429, "");
    case LIMITED_200: return OK(limit_error);
    case ERROR_200: return OK(mx_error);
    case EMPTY_ARRAY: return OK("[]");
    case EMPTY_BODY: return OK("");
    case NO_USERS: return OK("{\"SearchInfo\":{\"RecordCount\":0}}");
    case GARBAGE_BEHIND:
        r.body.p = "{\"Users\":[]} {}";
        r.body.n = strlen(r.body.p);
        return r;
    case UNAUTHORIZED: return SAYS(401, "");
    default: return r;
    }
}

static struct reply serve(void *ctx, const struct request *q)
{
    struct tenant_script *s = ctx;
    size_t page = 0, size = 0;
    buf_clear(&s->body);
    if (contains(q->target.p, "Users.Get")) {
        s->get_calls++;
    } else {
        json_t *body = json_loadb(q->body.p, q->body.n, 0, NULL), *paging = json_object_get(body, "Paging");
        page = (size_t)json_integer_value(json_object_get(paging, "PageIndex"));
        size = (size_t)json_integer_value(json_object_get(paging, "PageSize"));
        size = s->cap && size > s->cap ? s->cap : size;
        ck_assert(page > 0 && page < array_len(s->visits) && size > 0);
        json_decref(body);
        s->search_calls++;
    }
    unsigned visit = ++s->visits[page];
    enum fault fault =
        page == s->page && s->times > 0 && (s->pass == 0 || s->pass == visit) ? s->fault : NONE;
    if (fault != NONE && s->times != UINT_MAX)
        s->times--;
    return spoil(page ? search_page(s, page, size, fault) : users_get(s), fault);
}

static enum read_next list(struct wire *t, struct tenant_script *s)
{
    wire_connect(t);
    struct read_goal goal = wire_goal_roster(t);
    return wire_read(t, &goal, serve, s);
}

static void done(struct wire *t, struct tenant_script *s)
{
    buf_deinit(&s->body);
    wire_deinit(t);
}

/* Literal requests -------------------------------------------------------------------------------- */

START_TEST(requests_are_literal) /* fact sheet 4.2, 4.3 */
{
    struct wire t;
    struct request q;
    unsigned id;
    struct reply nobody = OK("[{\"ID\":\"" ID("101") "\",\"StatusCode\":0}]");
    request_init(&q);
    lsq_init(&t);
    wire_map(&t, "Role");
    wire_map(&t, "PhoneMain");
    wire_map(&t, "TeamId");
    wire_map(&t, "IsPhoneCallAgent"); /* the search does not show it */
    wire_connect(&t);
    struct read_goal goal = wire_goal_roster(&t);
    t.k->read_begin(t.conn, &goal);
    ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
    assert_request(&t, &q, "Users.Get", HTTP_GET, "/v2/UserManagement.svc/Users.Get", NULL);
    ck_assert(q.listing);
    ck_assert(wire_feed(&t, id, &nobody, 0).good);
    ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
    assert_request(
        &t, &q, "User/AdvancedSearch", HTTP_POST, "/v2/UserManagement.svc/User/AdvancedSearch",
        "{\"Columns\":{\"Include_CSV\":\"UserID,EmailAddress,StatusCode,Role,ManagerUserId,mx_Custom_1,"
        "PhoneMain,TeamId\"},"
        "\"GroupConditions\":[{\"Condition\":[{\"LookupName\":\"EmailAddress\",\"Operator\":\"lik\","
        "\"LookupValue\":\"@\","
        "\"ConditionOperator\":null}],\"GroupOperator\":null}],\"GroupOperator\":null,"
        "\"Sorting\":[{\"ColumnName\":\"EmailAddress\",\"Direction\":0}],\"Paging\":{\"PageIndex\":1,"
        "\"PageSize\":1000}}");
    ck_assert(q.listing);
    request_deinit(&q);
    wire_deinit(&t);
}
END_TEST

START_TEST(condition_and_path_are_options)
{
    struct wire t;
    struct request q;
    unsigned id;
    request_init(&q);
    lsq_init(&t);
    wire_option(&t, "match_all", "nothing");
    wire_option(&t, "search_path", "/v2/UserManagement.svc/User.AdvancedSearch");
    wire_option(&t, "proof", "count");
    wire_option(&t, "page_size", "200");
    wire_connect(&t);
    struct read_goal goal = wire_goal_roster(&t);
    t.k->read_begin(t.conn, &goal);
    ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
    assert_str(q.target, "/v2/UserManagement.svc/User.AdvancedSearch");
    assert_says(q.body.p, "\"GroupConditions\":[],");
    assert_says(q.body.p, "\"PageSize\":200}");
    request_deinit(&q);
    wire_deinit(&t);
}
END_TEST

/* Good listings ----------------------------------------------------------------------------------- */

static void good_listing(const char *proof, size_t users, size_t calls)
{
    struct wire t;
    struct tenant_script s;
    script_init(&s, users);
    s.numeric = users % 2 == 1; /* fact sheet 4.3: number or string */
    s.text_count = users % 3 == 1;
    lsq_init(&t);
    wire_option(&t, "proof", proof);
    wire_option(&t, "page_size", "100");
    ck_assert_msg(list(&t, &s) == READ_COMPLETE, "%s of %zu: %s", proof, users, t.state.why);
    ck_assert_int_eq(t.state.proof, PROOF_ALL);
    ck_assert_uint_eq(roster_count(t.roster), users);
    ck_assert_msg(s.get_calls + s.search_calls == calls, "%s of %zu: %zu calls", proof, users,
                  s.get_calls + s.search_calls);
    for (size_t i = 0; i < users; i++) {
        char id[64];
        snprintf(id, sizeof(id), "33333333-aaaa-4bbb-8ccc-%012zu", i);
        uint32_t u = roster_by_id(t.roster, str_of(id));
        ck_assert(u != NO_USER);
        ck_assert_int_eq(roster_state(t.roster, u), i % 7 == 3 ? USER_INACTIVE : USER_ACTIVE);
        ck_assert(roster_administrator(t.roster, u) == (i == 0));
    }
    if (users > 42) {
        uint32_t u = roster_by_key(t.roster, 0, STR("E00042"), NO_USER);
        assert_str(roster_shown(t.roster, u, 1), "u00042@example.com");
        assert_str(roster_manager_id(t.roster, u), "33333333-aaaa-4bbb-8ccc-000000000004");
    }
    done(&t, &s);
}

START_TEST(whole_listings)
{
    static const size_t sizes[] = { 1, 99, 100, 101, 250, 300, 1000 };
    for (size_t i = 0; i < array_len(sizes); i++) {
        size_t n = sizes[i], pages = n / 100 + 1, until_empty = n % 100 ? pages + 1 : pages;
        good_listing("two_listings", n, 1 + pages);
        good_listing("two_passes", n, until_empty + pages); /* the first pass ends with an empty page */
        good_listing("count", n, pages);
    }
}
END_TEST

START_TEST(page_concurrency)
{
    for (unsigned most = 1; most <= 8; most++) {
        struct wire t;
        struct tenant_script s;
        script_init(&s, 1050);
        lsq_init(&t);
        wire_option(&t, "page_size", "100");
        t.config.page_concurrency = most;
        ck_assert_int_eq(list(&t, &s), READ_COMPLETE);
        ck_assert_uint_eq(t.most_open, most);
        done(&t, &s);
    }
}
END_TEST

/* Fact sheet 4.2: "up to 200" says one source. */
START_TEST(capped_users_get)
{
    struct wire t;
    struct tenant_script s;
    script_init(&s, 200);
    lsq_init(&t);
    wire_option(&t, "page_size", "100");
    wire_option(&t, "users_get_cap", "200");
    ck_assert_int_eq(list(&t, &s), READ_COMPLETE);
    ck_assert_str_eq(t.state.why, "two passes");
    ck_assert_uint_eq(s.search_calls, 6);
    done(&t, &s);

    script_init(&s, 200);
    s.extra_in_get = 1; /* what Users.Get does show must be there */
    lsq_init(&t);
    wire_option(&t, "page_size", "100");
    wire_option(&t, "users_get_cap", "200");
    ck_assert_int_eq(list(&t, &s), READ_INCOMPLETE);
    done(&t, &s);
}
END_TEST

/* Pages that go wrong ----------------------------------------------------------------------------- */

/* What a fault that happens once, and one that happens always, may lead to. A fault that shows by itself is
 * asked again. One that does not is found in the end. */
static bool shows_by_itself(enum fault f)
{
    return f >= TRUNCATED && f != MX_500 && f != ERROR_200 && f != UNAUTHORIZED;
}

static void one_fault(const char *proof, enum fault fault, uint32_t page, unsigned times, unsigned pass)
{
    struct wire t;
    struct tenant_script s;
    script_init(&s, 350);
    s.fault = fault;
    s.page = page;
    s.times = times;
    s.pass = pass;
    lsq_init(&t);
    wire_option(&t, "proof", proof);
    wire_option(&t, "page_size", "100");
    enum read_next got = list(&t, &s);
    bool good = shows_by_itself(fault) && times == 1;
    ck_assert_msg((got == READ_COMPLETE) == good, "%s, fault %d on page %u, %u times: %d, %s", proof, fault,
                  page, times, got, t.state.why);
    if (got == READ_COMPLETE)
        ck_assert_uint_eq(roster_count(t.roster), 350);
    else
        ck_assert_msg(t.state.why[0], "no reason");
    ck_assert(t.state.refused_login == (fault == UNAUTHORIZED));
    if (!good && fault != NOT_SENT) /* then it depends on whether anybody was there before */
        ck_assert_int_eq(t.state.again, fault == MX_500 || fault == ERROR_200 || fault == UNAUTHORIZED
                                            ? AGAIN_NO
                                            : AGAIN_LATER);
    done(&t, &s);
}

START_TEST(every_fault_on_every_page)
{
    static const char *const proof[] = { "two_listings", "two_passes", "count" };
    for (enum fault f = NONE + 1; f < FAULTS; f++)
        for (uint32_t page = 1; page <= 4; page++)
            for (size_t p = 0; p < array_len(proof); p++) {
                if ((f == REPEATED || f == SHIFTED_BACK) && page == 1)
                    continue;
                if (f == LIMITED_429 || f == LIMITED_200) {
                    one_fault(proof[p], f, page, 1, 0);
                    continue;
                }
                one_fault(proof[p], f, page, 1, 0);
                /* Twice the same lie in both passes cannot be seen but by the count: so each pass for itself.
                 */
                one_fault(proof[p], f, page, UINT_MAX, p == 1 && f <= SHIFTED_BACK ? 2 : 0);
            }
}
END_TEST

START_TEST(faults_of_users_get)
{
    for (enum fault f = TRUNCATED; f < FAULTS; f++) {
        if (f == NO_USERS || f == NO_ID || f == BAD_STATUS || f == NESTED_VALUE || f == GARBAGE_BEHIND ||
            f == EMPTY_ARRAY)
            continue;
        one_fault("two_listings", f, 0, 1, 0);
        if (f != LIMITED_429 && f != LIMITED_200)
            one_fault("two_listings", f, 0, UINT_MAX, 0);
    }
}
END_TEST

/* "[]" is a list, but not of everybody. */
START_TEST(users_get_names_nobody)
{
    struct wire t;
    struct tenant_script s;
    script_init(&s, 350);
    s.fault = EMPTY_ARRAY;
    s.times = UINT_MAX;
    lsq_init(&t);
    wire_option(&t, "page_size", "1000");
    ck_assert_int_eq(list(&t, &s), READ_INCOMPLETE);
    assert_says(t.state.why,
                "Users.Get named 0 users, the search 350; 0 stand only in the first, 350 only in the second: "
                "'33333333-");
    assert_says(t.state.why, ", ...");
    done(&t, &s);

    script_init(&s, 0);
    lsq_init(&t);
    ck_assert_int_eq(list(&t, &s), READ_INCOMPLETE);
    assert_says(t.state.why, "no user was listed");
    done(&t, &s);
}
END_TEST

START_TEST(listings_that_disagree)
{
    static const struct {
        size_t missing, extra, state, repeated;
        const char *says;
    } row[] = {
        { 43, 0, 0, 0,
          "0 stand only in the first, 1 only in the second: '33333333-aaaa-4bbb-8ccc-000000000042'" },
        { 0, 2, 0, 0,
          "2 stand only in the first, 0 only in the second: '33333333-aaaa-4bbb-8ccc-000000000250', "
          "'33333333-" },
        { 0, 0, 43, 0,
          "Users.Get and the search disagree whether 1 users are active: "
          "'33333333-aaaa-4bbb-8ccc-000000000042'" },
        { 0, 0, 0, 8, "Users.Get named 1 users twice: '33333333-aaaa-4bbb-8ccc-000000000007'" },
    };
    for (size_t i = 0; i < array_len(row); i++) {
        struct wire t;
        struct tenant_script s;
        script_init(&s, 250);
        s.missing_in_get = row[i].missing;
        s.extra_in_get = row[i].extra;
        s.other_state = row[i].state;
        s.repeated_in_get = row[i].repeated;
        lsq_init(&t);
        wire_option(&t, "page_size", "100");
        ck_assert_int_eq(list(&t, &s), READ_INCOMPLETE);
        ck_assert_int_eq(t.state.again, AGAIN_LATER);
        assert_says(t.state.why, row[i].says);
        done(&t, &s);
    }
}
END_TEST

/* Fact sheet 10: a tenant may clamp the page size silently. Two passes over the same first page must not
 * agree on it. */
START_TEST(clamped_pages)
{
    static const char *const proof[] = { "two_listings", "two_passes", "count" };
    for (size_t i = 0; i < array_len(proof); i++) {
        struct wire t;
        struct tenant_script s;
        script_init(&s, 350);
        s.cap = 50;
        s.count = i == 1 ? -1 : 350;
        lsq_init(&t);
        wire_option(&t, "proof", proof[i]);
        wire_option(&t, "page_size", "100");
        ck_assert_int_eq(list(&t, &s), READ_INCOMPLETE);
        assert_says(t.state.why, "brought 50 users instead of 100");
        ck_assert(contains(t.state.why, "set 'page_size' to what the tenant gives") == (i == 1));
        done(&t, &s);
    }
}
END_TEST

START_TEST(counts_that_disagree)
{
    static const struct {
        const char *proof;
        int64_t count;
        enum read_next next;
        const char *says;
    } row[] = {
        { "count", -1, READ_INCOMPLETE, "states no count" },
        { "count", 349, READ_INCOMPLETE, "states 349 users, the pages brought 350" },
        { "count", 5, READ_INCOMPLETE, "should be the last" },
        { "count", 12345678901234, READ_INCOMPLETE, "more than can be read" },
        { "two_passes", 360, READ_INCOMPLETE, "states 360 users, its pages brought 350" },
        { "two_passes", 100, READ_COMPLETE, "two passes" },     /* perhaps the page's own count */
        { "two_listings", 999, READ_COMPLETE, "two listings" }, /* fact sheet 4.3: must not be depended on */
    };
    for (size_t i = 0; i < array_len(row); i++) {
        struct wire t;
        struct tenant_script s;
        script_init(&s, 350);
        s.count = row[i].count;
        lsq_init(&t);
        wire_option(&t, "proof", row[i].proof);
        wire_option(&t, "page_size", "100");
        ck_assert_msg(list(&t, &s) == row[i].next, "row %zu: %s", i, t.state.why);
        assert_says(t.state.why, row[i].says);
        done(&t, &s);
    }
}
END_TEST

/* A tenant that gives the same page for every number must not be read for ever. */
static struct reply always_page_one(void *ctx, const struct request *q)
{
    struct tenant_script *s = ctx;
    (void)q;
    buf_clear(&s->body);
    return search_page(s, 1, 100, NONE);
}

START_TEST(endless_pages)
{
    struct wire t;
    struct tenant_script s;
    script_init(&s, 350);
    lsq_init(&t);
    wire_option(&t, "proof", "two_passes");
    wire_option(&t, "page_size", "100");
    wire_connect(&t);
    struct read_goal goal = wire_goal_roster(&t);
    ck_assert_int_eq(wire_read(&t, &goal, always_page_one, &s), READ_INCOMPLETE);
    assert_says(t.state.why, "page 2 of the search begins with the same user as page 1");
    ck_assert_uint_eq(t.asked, 2);
    done(&t, &s);
}
END_TEST

START_TEST(obsolete_users)
{
    static const char get[] =
        "[{\"ID\":\"" ID("101") "\",\"StatusCode\":0},{\"ID\":\"" ID("102") "\",\"StatusCode\":\"2\"}]";
    static const char page[] = "{\"Users\":[{\"UserID\":\"" ID(
        "102") "\",\"StatusCode\":2},{\"UserId\":\"" ID("101") "\",\"StatusCode\":\"0\"}]}";
    for (int allowed = 0; allowed < 2; allowed++) {
        struct wire t;
        struct request q;
        unsigned id;
        struct reply reply[] = { OK(get), OK(page) };
        request_init(&q);
        lsq_init(&t);
        wire_option(&t, "obsolete_status", allowed ? "2" : "");
        wire_connect(&t);
        struct read_goal goal = wire_goal_roster(&t);
        t.k->read_begin(t.conn, &goal);
        ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
        struct read_verdict v = wire_feed(&t, id, &reply[0], 1);
        ck_assert(v.good == (allowed == 1));
        if (allowed) {
            ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
            ck_assert(wire_feed(&t, id, &reply[1], 1).good);
            ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_COMPLETE);
            ck_assert_int_eq(roster_state(t.roster, roster_by_id(t.roster, STR(ID("102")))), USER_GONE);
        } else {
            assert_says(v.text, "unknown StatusCode '2'; see the option 'obsolete_status'");
        }
        request_deinit(&q);
        wire_deinit(&t);
    }
}
END_TEST

/* The fact sheet's own answers (4.2, 4.3), split at every byte, cut at every byte. */
START_TEST(pieces_and_cuts)
{
    static const char get[] = "[ { \"ID\": \"" ID(
        "101") "\",\n \"FirstName\": \"Asha\", \"LastName\": \"Rao\", \"EmailAddress\": "
               "\"asha.rao@example.com\", \"Role\": "
               "\"Sales_User\", \"StatusCode\": 0, \"MemberOfGroups\": [\"South\"], \"Tag\": null, "
               "\"IsPhoneCallAgent\": false } ]";
    static const char page[] = "{ \"SearchInfo\": { \"RecordCount\": 1 }, \"Users\": [ { \"UserId\": \"" ID(
        "101") "\", \"FirstName\": \"Ash\\u00e9\", \"EmailAddress\": "
               "\"asha.rao@example.com\", \"Role\": \"Sales_User\", \"StatusCode\": \"0\", "
               "\"PhoneMain\": \"+91-9000000101\", \"Team\": null, "
               "\"ManagerUserId\": \"" ID("110") "\", \"Groups\": \"South,Renewals\" } ] }";
    for (size_t i = 0; i < sizeof(page) - 1; i++) {
        struct wire t;
        struct request q;
        unsigned id;
        struct reply first = OK(get), second = OK(page), cut = OK(i % 2 ? get : page);
        request_init(&q);
        lsq_init(&t);
        wire_map(&t, "FirstName");
        wire_connect(&t);
        struct read_goal goal = wire_goal_roster(&t);
        t.k->read_begin(t.conn, &goal);
        cut.body = (struct str){ get, i % (sizeof(get) - 2) };
        ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
        struct read_verdict v = wire_feed(&t, id, &cut, 0);
        ck_assert(!v.good && v.again == AGAIN_LATER && v.text[0]);
        ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
        ck_assert(wire_feed(&t, id, &first, i).good);
        ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
        cut.body = (struct str){ page, i };
        ck_assert(!wire_feed(&t, id, &cut, 0).good);
        ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
        ck_assert(wire_feed(&t, id, &second, i).good);
        ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_COMPLETE);
        assert_str(roster_shown(t.roster, 0, 2), "Ash\xc3\xa9");
        request_deinit(&q);
        wire_deinit(&t);
    }
}
END_TEST

/* The transport may start over: what came before a new head is void. */
START_TEST(head_again)
{
    static const char get[] = "[{\"ID\":\"" ID("101") "\",\"StatusCode\":0}]";
    static const char page[] = "{\"Users\":[{\"UserId\":\"" ID("101") "\",\"StatusCode\":\"0\"}]}";
    struct wire t;
    struct request q;
    unsigned id;
    struct reply first = OK(get), second = OK(page);
    request_init(&q);
    lsq_init(&t);
    wire_connect(&t);
    struct read_goal goal = wire_goal_roster(&t);
    t.k->read_begin(t.conn, &goal);
    ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
    t.k->read_head(t.conn, id, 200);
    t.k->read_bytes(t.conn, id, get, sizeof(get) - 2);
    ck_assert(wire_feed(&t, id, &first, 0).good);
    ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
    t.k->read_head(t.conn, id, 200);
    t.k->read_bytes(t.conn, id, page, sizeof(page) - 1);
    ck_assert(wire_feed(&t, id, &second, 0).good);
    ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_COMPLETE);
    ck_assert_uint_eq(roster_count(t.roster), 1);
    request_deinit(&q);
    wire_deinit(&t);
}
END_TEST

/* A new reading may begin while answers of the old one are still on their way: they belong to nobody. */
START_TEST(late_answers)
{
    struct wire t;
    struct tenant_script s;
    struct request q;
    unsigned id;
    struct reply old = OK("[{\"ID\":\"" ID("999") "\",\"StatusCode\":0}]");
    script_init(&s, 120);
    request_init(&q);
    lsq_init(&t);
    wire_connect(&t);
    struct read_goal goal = wire_goal_roster(&t);
    t.k->read_begin(t.conn, &goal);
    ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
    goal = wire_goal_roster(&t);
    t.k->read_begin(t.conn, &goal);
    wire_feed(&t, id, &old, 0);
    ck_assert_int_eq(wire_read(&t, &goal, serve, &s), READ_COMPLETE);
    ck_assert_uint_eq(roster_count(t.roster), 120);
    request_deinit(&q);
    done(&t, &s);
}
END_TEST

UNIT("leadsquared roster", requests_are_literal, condition_and_path_are_options, whole_listings,
     page_concurrency, capped_users_get, every_fault_on_every_page, faults_of_users_get,
     users_get_names_nobody, listings_that_disagree, clamped_pages, counts_that_disagree, endless_pages,
     obsolete_users, pieces_and_cuts, head_again, late_answers)
