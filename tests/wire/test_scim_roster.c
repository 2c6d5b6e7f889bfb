/* READ_ROSTER: fact sheet 1 (listing) and 2. A scripted service whose pages go wrong in every way; none may
 * ever pass for a whole listing. */
#include <limits.h>

#include "scim.h"

enum trouble {
    NONE,
    EMPTY,        /* the page without its users */
    REPEATED,     /* the page before once more */
    SHIFTED,      /* one user slipped to the page before: a user is lost */
    SHIFTED_BACK, /* one user was inserted before: a user comes twice */
    OTHER_TOTAL,
    REFUSED_400,
    ERROR_200, /* 400, under a status of 200 */
    UNAUTHORIZED,
    /* What shows by itself, and is asked again. */
    TRUNCATED,    /* the body ends early, and so says the transport */
    CUT_SILENTLY, /* the body ends early, and nobody says so */
    LOST,
    NOT_SENT,
    HTML_500,
    HTML_200,
    LIMITED_429,
    BUSY_503,
    EMPTY_BODY,
    NO_RESOURCES,
    GARBAGE_BEHIND,
    NO_ID,
    BAD_ACTIVE,
    FAULTS
};

enum beyond { BEYOND_EMPTY, BEYOND_FIRST, BEYOND_LAST, BEYOND_ERROR, BEYOND_NEW };

struct service {
    size_t users;
    size_t cap;        /* of a page; 0: none */
    size_t page_short; /* every page but the last brings so many fewer than it could */
    enum beyond beyond;
    int64_t total; /* stated; -1: none; -2: users on the page */
    bool echo;     /* itemsPerPage is the count that was asked for */
    bool deaf;     /* startIndex is not heeded */
    bool groups;   /* users show them */
    enum trouble fault;
    size_t at;      /* startIndex of the page that goes wrong */
    unsigned times; /* how often; UINT_MAX: always */
    unsigned visit; /* 0: any; else only the n-th visit of that page */
    unsigned visits[64];
    size_t calls;
    size_t vanishing;   /* user + 1 who is missing in the second pass */
    size_t other_state; /* user + 1 who is inactive in the second pass */
    char targets[4096]; /* of all calls, in order, a line each */
    struct buf body;    /* owned */
};

static void service_init(struct service *s, size_t users)
{
    *s = (struct service){ .users = users, .total = (int64_t)users };
    buf_init(&s->body, 8 << 20);
}

static void put_user(struct service *s, size_t i, enum trouble fault)
{
    bool inactive = i % 7 == 3;
    if (s->other_state == i + 1 && s->visits[1] == 2)
        inactive = !inactive;
    if (fault != NO_ID)
        buf_printf(&s->body, "{\"id\":\"id-%zu\",", i);
    else
        buf_puts(&s->body, "{");
    buf_printf(&s->body,
               "\"userName\":\"u%05zu@example.com\",\"externalId\":\"E%05zu\",\"active\":%s,"
               "\"" EXT "\":{\"manager\":{\"value\":\"id-%zu\"}}}",
               i, i,
               fault == BAD_ACTIVE ? "7"
               : inactive          ? "false"
                                   : "true",
               i / 10);
}

static struct reply page(struct service *s, size_t start, size_t asked, enum trouble fault)
{
    size_t from = s->deaf ? 0 : start - 1, n = s->cap && asked > s->cap ? s->cap : asked, put = 0;
    if (from >= s->users && s->beyond == BEYOND_FIRST)
        from = 0;
    if (from >= s->users && s->beyond == BEYOND_LAST)
        from = s->users - n % (s->users + 1);
    if (from >= s->users && s->beyond == BEYOND_ERROR)
        return SAYS(400, "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],\"status\":\"400\","
                         "\"detail\":\"no such page\"}");
    if (n > s->page_short && from + n < s->users)
        n -= s->page_short;
    from -= fault == REPEATED && from >= n ? n : 0;
    from += fault == SHIFTED;
    from -= fault == SHIFTED_BACK && from > 0;
    n = fault == EMPTY ? 0 : n;
    size_t end = s->users + (s->beyond == BEYOND_NEW);
    buf_printf(&s->body,
               "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"],\"Resources\":[");
    for (size_t i = from; i < from + n && i < end; i++) {
        if (s->vanishing == i + 1 && s->visits[1] == 2)
            continue;
        buf_puts(&s->body, put++ ? "," : "");
        put_user(s, i, i == from ? fault : NONE);
    }
    buf_printf(&s->body, "],\"itemsPerPage\":%zu,\"startIndex\":%zu", s->echo ? asked : put, start);
    if (s->total != -1)
        buf_printf(&s->body, ",\"totalResults\":%lld",
                   s->total == -2 ? (long long)put : (long long)s->total + (fault == OTHER_TOTAL));
    buf_puts(&s->body, "}");
    return (struct reply){ .status = 200, .body = buf_view(&s->body) };
}

static struct reply spoil(struct reply r, enum trouble fault)
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
    case HTML_200: return OK("<html>welcome</html>");
    case LIMITED_429: return SAYS(429, "");
    case BUSY_503: return (struct reply){ .status = 503, .retry_after_us = 1 };
    case REFUSED_400: return SAYS(400, "{\"detail\":\"no\"}");
    case ERROR_200:
        return OK("{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],\"status\":\"400\"}");
    case EMPTY_BODY: return OK("");
    case NO_RESOURCES: return OK("{\"schemas\":[]}");
    case GARBAGE_BEHIND: return OK("{\"totalResults\":0,\"Resources\":[]} {}");
    case UNAUTHORIZED: return SAYS(401, "");
    default: return r;
    }
}

static size_t number_behind(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

static struct reply serve(void *ctx, const struct request *q)
{
    struct service *s = ctx;
    size_t used = strlen(s->targets), start = number_behind(q->target.p, "startIndex="),
           count = number_behind(q->target.p, "count=");
    snprintf(s->targets + used, sizeof(s->targets) - used, "%s\n", q->target.p);
    ck_assert(start > 0 && count > 0);
    buf_clear(&s->body);
    s->calls++;
    unsigned visit = start < array_len(s->visits) ? ++s->visits[start] : 1;
    bool wrong = start == s->at && s->times > 0 && (s->visit == 0 || s->visit == visit);
    if (wrong && s->times != UINT_MAX)
        s->times--;
    enum trouble fault = wrong ? s->fault : NONE;
    return spoil(page(s, start, count, fault), fault);
}

static enum read_next list(struct wire *t, struct service *s)
{
    wire_connect(t);
    struct read_goal goal = wire_goal_roster(t);
    return wire_read(t, &goal, serve, s);
}

static void done(struct wire *t, struct service *s)
{
    buf_deinit(&s->body);
    wire_deinit(t);
}

/* Requests ---------------------------------------------------------------------------------------- */

static void first_request(struct wire *t, struct request *q)
{
    unsigned id;
    wire_connect(t);
    struct read_goal goal = wire_goal_roster(t);
    t->k->read_begin(t->conn, &goal);
    ck_assert_int_eq(t->k->read_next(t->conn, q, &id, &t->state), READ_REQUEST);
}

START_TEST(requests_are_literal)
{
    struct wire t;
    struct request q;
    request_init(&q);
    scim_init(&t);
    first_request(&t, &q);
    assert_get(&t, &q, "GET /Users", "/Users?startIndex=1&count=100");
    ck_assert(q.listing);
    wire_deinit(&t);

    scim_init(&t);
    wire_map(&t, "name.givenName");
    wire_map(&t, MAIL);
    wire_map(&t, "emails[primary eq true].value");
    wire_map(&t, EXT ":department");
    wire_map(&t, "groups");
    wire_option(&t, "page_size", "25");
    wire_option(&t, "sort_by", "userName");
    wire_option(&t, "ask_attributes", "true");
    first_request(&t, &q);
    assert_get(&t, &q, "GET /Users",
               "/Users?startIndex=1&count=25&sortBy=userName&attributes=userName,active,externalId,"
               "name.givenName,emails," EXT ":department," EXT ":manager,groups");
    wire_deinit(&t);

    scim_init(&t);
    wire_option(&t, "paging", "cursor");
    first_request(&t, &q);
    assert_get(&t, &q, "GET /Users", "/Users?cursor&count=100");
    wire_deinit(&t);

    scim_init(&t); /* RFC 7617, the example of its section 2 */
    wire_option(&t, "auth", "basic");
    wire_credential(&t, CRED_USERNAME, "Aladdin");
    wire_credential(&t, CRED_PASSWORD, "open sesame");
    first_request(&t, &q);
    assert_str(header_of(&q, "Authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    wire_deinit(&t);
    request_deinit(&q);
}
END_TEST

START_TEST(further_pages_go_by_what_came)
{
    struct wire t;
    struct service s;
    service_init(&s, 70);
    s.cap = 30;
    scim_init(&t);
    t.config.page_concurrency = 1;
    ck_assert_int_eq(list(&t, &s), READ_COMPLETE);
    ck_assert_str_eq(s.targets, "/Users?startIndex=1&count=100\n/Users?startIndex=31&count=30\n"
                                "/Users?startIndex=61&count=30\n/Users?startIndex=71&count=30\n");
    done(&t, &s);

    service_init(&s, 50); /* gaps are asked for from where they begin */
    s.cap = 20;
    s.page_short = 3;
    scim_init(&t);
    t.config.page_concurrency = 1;
    ck_assert_int_eq(list(&t, &s), READ_COMPLETE);
    assert_says(
        s.targets,
        "/Users?startIndex=1&count=100\n/Users?startIndex=18&count=17\n/Users?startIndex=35&count=17\n"
        "/Users?startIndex=32&count=3\n");
    ck_assert_uint_eq(roster_count(t.roster), 50);
    done(&t, &s);
}
END_TEST

/* Whole listings ---------------------------------------------------------------------------------- */

static void whole(size_t users, const char *proof, enum beyond beyond, size_t cap, size_t page_short)
{
    struct wire t;
    struct service s;
    service_init(&s, users);
    s.beyond = beyond;
    s.cap = cap;
    s.page_short = page_short;
    s.echo = users % 2;
    s.total = strcmp(proof, "total") != 0 && users % 3 == 0 ? -1 : (int64_t)users;
    scim_init(&t);
    wire_option(&t, "proof", proof);
    ck_assert_msg(list(&t, &s) == READ_COMPLETE, "%zu, %s, beyond %d, cap %zu: %s", users, proof, beyond, cap,
                  t.state.why);
    ck_assert_int_eq(t.state.proof, PROOF_ALL);
    ck_assert_str_eq(t.state.why, strcmp(proof, "total") == 0 ? "total" : "two passes");
    ck_assert_uint_eq(roster_count(t.roster), users);
    for (size_t i = 0; i < users; i++) {
        char text[32];
        snprintf(text, sizeof(text), "E%05zu", i);
        uint32_t u = roster_by_key(t.roster, 0, str_of(text), NO_USER);
        snprintf(text, sizeof(text), "id-%zu", i);
        ck_assert(u != NO_USER && str_is(roster_id(t.roster, u), text));
        ck_assert(roster_state(t.roster, u) == (i % 7 == 3 ? USER_INACTIVE : USER_ACTIVE));
        snprintf(text, sizeof(text), "id-%zu", i / 10);
        ck_assert(str_is(roster_manager_id(t.roster, u), text));
    }
    done(&t, &s);
}

START_TEST(whole_listings)
{
    static const size_t sizes[] = { 1, 99, 100, 101, 200, 333 };
    for (size_t i = 0; i < array_len(sizes); i++)
        for (enum beyond b = BEYOND_EMPTY; b <= BEYOND_ERROR; b++) {
            whole(sizes[i], "total", b, 0, 0);
            whole(sizes[i], "two_passes", b, 0, 0);
            whole(sizes[i], "total", b, 37, 5);
            whole(sizes[i], "two_passes", b == BEYOND_LAST ? BEYOND_FIRST : b, 37, 5);
        }
}
END_TEST

START_TEST(nobody_at_all)
{
    for (int passes = 0; passes < 2; passes++) {
        struct wire t;
        struct service s;
        service_init(&s, 0);
        scim_init(&t);
        wire_option(&t, "proof", passes ? "two_passes" : "total");
        ck_assert_int_eq(list(&t, &s), READ_COMPLETE);
        ck_assert_int_eq(t.state.proof, PROOF_ALL);
        ck_assert_uint_eq(roster_count(t.roster), 0);
        ck_assert_uint_eq(s.calls, 2);
        done(&t, &s);
    }
}
END_TEST

START_TEST(pages_are_asked_for_side_by_side)
{
    for (unsigned most = 1; most <= 8; most++) {
        struct wire t;
        struct service s;
        service_init(&s, 1050);
        scim_init(&t);
        t.config.page_concurrency = most;
        ck_assert_int_eq(list(&t, &s), READ_COMPLETE);
        ck_assert_uint_eq(t.most_open, most);
        done(&t, &s);
    }
}
END_TEST

/* Faults ------------------------------------------------------------------------------------------ */

static void one_fault(const char *proof, enum trouble fault, size_t at, unsigned times, unsigned visit)
{
    struct wire t;
    struct service s;
    service_init(&s, 55);
    s.cap = 20;
    s.fault = fault;
    s.at = at;
    s.times = times;
    s.visit = visit;
    bool passes = strcmp(proof, "two_passes") == 0;
    scim_init(&t);
    wire_option(&t, "proof", proof);
    enum read_next got = list(&t, &s);
    bool good = fault >= TRUNCATED && times == 1;
    /* What a pass by pages cannot tell from its end, and what its total is not asked about. */
    ck_assert_msg((got == READ_COMPLETE) == good, "%s, fault %d at %zu, %u times: %d, %s", proof, fault, at,
                  times, got, t.state.why);
    if (good)
        ck_assert_uint_eq(roster_count(t.roster), 55);
    else
        ck_assert_msg(t.state.why[0], "no reason");
    ck_assert(t.state.refused_login == (fault == UNAUTHORIZED));
    bool hopeless = fault == UNAUTHORIZED || (fault == NOT_SENT && at == 1) ||
                    (fault == REFUSED_400 && !(passes && at > 1)) ||
                    (fault == ERROR_200 && !(passes && at > 1));
    if (!good)
        ck_assert_msg(t.state.again == (hopeless ? AGAIN_NO : AGAIN_LATER), "%s, fault %d at %zu: %s", proof,
                      fault, at, t.state.why);
    done(&t, &s);
}

START_TEST(every_fault_on_every_page)
{
    static const char *const proof[] = { "total", "two_passes" };
    for (enum trouble f = NONE + 1; f < FAULTS; f++)
        for (size_t at = 1; at <= 41; at += 20)
            for (size_t p = 0; p < array_len(proof); p++) {
                if ((f == REPEATED || f == SHIFTED_BACK) && at == 1)
                    continue;
                if (f == OTHER_TOTAL && p == 1 && at > 1)
                    continue; /* a total that is too high shows; see below */
                one_fault(proof[p], f, at, 1, 0);
                if (f == LIMITED_429 || f == BUSY_503)
                    continue;
                /* Twice the same lie in both passes cannot be seen: so each pass for itself. */
                one_fault(proof[p], f, at, UINT_MAX, p == 1 && f < UNAUTHORIZED ? 2 : 0);
            }
}
END_TEST

START_TEST(totals_that_lie)
{
    static const struct {
        const char *proof;
        int64_t total;
        enum beyond beyond;
        enum again again;
        const char *why; /* NULL: it does not matter */
    } cases[] = {
        { "total", -1, BEYOND_EMPTY, AGAIN_NO,
          "states no total of its users: set the option 'proof' to 'two_passes'" },
        { "total", -2, BEYOND_EMPTY, AGAIN_LATER, "states 20 users and has more, such as 'id-" },
        { "total", 54, BEYOND_EMPTY, AGAIN_LATER, "states 54 in all" },
        { "total", 56, BEYOND_EMPTY, AGAIN_LATER,
          "from number 56 brought nobody, though the service states 56" },
        { "total", 0, BEYOND_EMPTY, AGAIN_LATER, "states 0 in all" },
        { "total", 40, BEYOND_EMPTY, AGAIN_LATER, "states 40 users and has more, such as 'id-40': set" },
        { "total", 55, BEYOND_NEW, AGAIN_LATER, "states 55 in all" },
        { "total", 60, BEYOND_FIRST, AGAIN_LATER, "was listed twice" },
        { "total", INT64_C(60000000), BEYOND_EMPTY, AGAIN_NO, "more than can be read" },
        { "two_passes", -1, BEYOND_EMPTY, AGAIN_NO, NULL },
        { "two_passes", -2, BEYOND_EMPTY, AGAIN_NO, NULL },
        { "two_passes", 54, BEYOND_EMPTY, AGAIN_NO, NULL },
        { "two_passes", 56, BEYOND_EMPTY, AGAIN_LATER, "states 56 users, its pages brought 55" },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct wire t;
        struct service s;
        service_init(&s, 55);
        s.cap = 20;
        s.total = cases[i].total;
        s.beyond = cases[i].beyond;
        scim_init(&t);
        wire_option(&t, "proof", cases[i].proof);
        enum read_next got = list(&t, &s);
        ck_assert_msg((got == READ_COMPLETE) == !cases[i].why, "case %zu: %s", i, t.state.why);
        if (cases[i].why) {
            assert_says(t.state.why, cases[i].why);
            ck_assert_int_eq(t.state.again, cases[i].again);
        }
        done(&t, &s);
    }
}
END_TEST

/* Who heeds no startIndex and counts the page alone shows the same whole list, whatever he is asked. One user
 * is no list: nobody can be number two. */
START_TEST(a_service_that_heeds_no_start)
{
    static const struct {
        size_t users, cap;
        int64_t total;
        const char *why; /* NULL: whole */
    } cases[] = {
        { 55, 20, -2,
          "GET /Users does not heed startIndex: there may be more users than the 20 that it shows" },
        { 20, 0, 20, "does not heed startIndex" },
        { 55, 20, 55, "brought 20 users, though the service states 55 in all" },
        { 1, 0, 1, NULL },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct wire t;
        struct service s;
        service_init(&s, cases[i].users);
        s.cap = cases[i].cap;
        s.total = cases[i].total;
        s.deaf = true;
        scim_init(&t);
        enum read_next got = list(&t, &s);
        ck_assert_msg((got == READ_COMPLETE) == !cases[i].why, "case %zu: %s", i, t.state.why);
        if (cases[i].why)
            assert_says(t.state.why, cases[i].why);
        done(&t, &s);
    }
}
END_TEST

/* Behind full pages, a refusal may be the end of what is listed in one piece; and whose pages go by no
 * startIndex gives the first again. */
START_TEST(ends_that_are_not_clear)
{
    static const struct {
        size_t users, cap;
        enum beyond beyond;
        int64_t total;
        const char *why; /* NULL: clear */
    } cases[] = {
        { 60, 20, BEYOND_ERROR, -1, "GET /Users is refused behind 60 users" },
        { 100, 0, BEYOND_ERROR, -1, "GET /Users is refused behind 100 users" },
        { 100, 0, BEYOND_FIRST, -1, "GET /Users brings the same page again behind 100 users" },
        { 60, 20, BEYOND_ERROR, 60, NULL },
        { 61, 20, BEYOND_ERROR, -1, NULL },
        { 20, 20, BEYOND_ERROR, -1, NULL },
        { 60, 20, BEYOND_FIRST, -1, NULL },
        { 60, 20, BEYOND_EMPTY, -1, NULL },
        { 99, 0, BEYOND_FIRST, -1, NULL },
        { 100, 0, BEYOND_EMPTY, -1, NULL },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct wire t;
        struct service s;
        service_init(&s, cases[i].users);
        s.cap = cases[i].cap;
        s.beyond = cases[i].beyond;
        s.total = cases[i].total;
        scim_init(&t);
        wire_option(&t, "proof", "two_passes");
        enum read_next got = list(&t, &s);
        ck_assert_msg((got == READ_COMPLETE) == !cases[i].why, "case %zu: %s", i, t.state.why);
        if (cases[i].why) {
            assert_says(t.state.why, cases[i].why);
            assert_says(t.state.why, "set the option 'page_size'");
            ck_assert_int_eq(t.state.again, AGAIN_NO);
        }
        done(&t, &s);
    }
}
END_TEST

START_TEST(passes_that_disagree)
{
    struct wire t;
    struct service s;
    service_init(&s, 55);
    s.vanishing = 31;
    s.total = -1;
    scim_init(&t);
    wire_option(&t, "proof", "two_passes");
    ck_assert_int_eq(list(&t, &s), READ_INCOMPLETE);
    assert_says(t.state.why,
                "the first pass named 55 users, the second 54; 'id-30' stands only in the first");
    ck_assert_int_eq(t.state.again, AGAIN_LATER);
    done(&t, &s);

    service_init(&s, 55);
    s.other_state = 31;
    scim_init(&t);
    wire_option(&t, "proof", "two_passes");
    ck_assert_int_eq(list(&t, &s), READ_INCOMPLETE);
    assert_says(t.state.why, "the two passes disagree whether the user 'id-30' is active");
    done(&t, &s);
}
END_TEST

/* Some services take no attributes=, or not those of extensions. */
START_TEST(attributes_that_are_refused)
{
    static const struct line lines[] = {
        { "/Users?startIndex=1&count=100&attributes=userName,active,externalId," EXT ":manager", 400,
          "{'detail':'attributes'}" },
        { "/Users?startIndex=1&count=100", 200, "{'totalResults':1,'Resources':[{'id':'1'}]}" },
        { "/Users?startIndex=2&count=1", 200, "{'totalResults':1,'Resources':[]}" },
        { NULL, 0, NULL },
    };
    struct wire t;
    scim_init(&t);
    wire_option(&t, "ask_attributes", "true");
    wire_connect(&t);
    for (int again = 0; again < 2; again++) {
        struct script s = { .t = &t, .lines = lines };
        struct read_goal goal = wire_goal_roster(&t);
        ck_assert_msg(wire_read(&t, &goal, script_answer, &s) == READ_COMPLETE, "%s", t.state.why);
        ck_assert_uint_eq(s.asked[0], again ? 0 : 1);
    }
    wire_deinit(&t);
}
END_TEST

/* A host that is not there is a slip; one that was there may come back. */
START_TEST(services_that_are_not_there)
{
    static const struct {
        enum transport_error error;
        bool before; /* it was there */
        enum again again;
    } cases[] = {
        { NET_RESOLVE, false, AGAIN_NO },   { NET_CONNECT, false, AGAIN_NO },
        { NET_TLS, false, AGAIN_LATER },    { NET_RESOLVE, true, AGAIN_LATER },
        { NET_CONNECT, true, AGAIN_LATER },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct wire t;
        struct service s;
        struct request q;
        unsigned id;
        struct answer a = { .sent = SENT_NOT, .error = cases[i].error, .retry_after_us = -1 };
        service_init(&s, 5);
        request_init(&q);
        scim_init(&t);
        wire_connect(&t);
        struct read_goal goal = wire_goal_roster(&t);
        if (cases[i].before)
            ck_assert_int_eq(wire_read(&t, &goal, serve, &s), READ_COMPLETE);
        goal = wire_goal_roster(&t);
        t.k->read_begin(t.conn, &goal);
        for (int tries = 0; tries < 4; tries++) {
            ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_REQUEST);
            /* The last leaves nothing to wait for. */
            ck_assert_int_eq(t.k->read_end(t.conn, id, &a).again, tries < 3 ? AGAIN_LATER : AGAIN_NO);
        }
        ck_assert_int_eq(t.k->read_next(t.conn, &q, &id, &t.state), READ_INCOMPLETE);
        ck_assert_msg(t.state.again == cases[i].again, "case %zu: %s", i, t.state.why);
        request_deinit(&q);
        done(&t, &s);
    }
}
END_TEST

UNIT("scim roster", requests_are_literal, further_pages_go_by_what_came, whole_listings, nobody_at_all,
     pages_are_asked_for_side_by_side, every_fault_on_every_page, totals_that_lie,
     a_service_that_heeds_no_start, ends_that_are_not_clear, passes_that_disagree,
     attributes_that_are_refused, services_that_are_not_there)
