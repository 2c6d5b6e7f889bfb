/* net: what comes back, well and badly, and what is sent. */
#include "net_bed.h"
#include "unit.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#define OK_TEXT "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static void serve_text(struct peer *p)
{
    peer_always(p, peer_ctx(p));
}

/* Sends the text after one request and ends the connection. */
static void serve_text_once(struct peer *p)
{
    if (peer_request(p))
        peer_text(p, peer_ctx(p));
}

static void assert_failed(const struct got *g, enum transport_error error, enum sent sent)
{
    ck_assert_msg(g->a.error == error && g->a.sent == sent, "error %s (%s), sent %d",
                  transport_error_name[g->a.error], g->a.detail, (int)g->a.sent);
    ck_assert_str_ne(g->a.detail, "");
}

static void assert_answered(const struct got *g, int status, const char *body)
{
    ck_assert_msg(g->a.sent == SENT_ANSWERED && g->a.error == NET_OK, "error %s (%s)",
                  transport_error_name[g->a.error], g->a.detail);
    ck_assert_int_eq(g->a.status, status);
    ck_assert_int_eq(g->head_status, status);
    ck_assert_uint_eq(g->heads, 1);
    assert_str(buf_view(&g->body), body);
}

/* One GET to a server that answers with `text` and closes. */
static void one_answer(struct got *g, const char *text, void (*check)(const struct got *g))
{
    struct bed b;
    bed_open(&b, serve_text_once, text, NULL);
    get(g, &b, "/x");
    check(g);
    got_deinit(g);
    bed_free(&b);
}

START_TEST(gets_an_answer)
{
    struct bed b;
    struct got g;
    bed_open(
        &b, serve_text,
        "HTTP/1.1 200 OK\r\ncontent-TYPE: Application/JSON ; charset=utf-8\r\nETag: W/\"7\"\r\nSet-Cookie: a=b\r\n"
        "Content-Length: 7\r\n\r\n{\"a\":1}",
        NULL);
    mono_us before = clock_mono();
    get(&g, &b, "/v2/Users?a=%20b");
    assert_answered(&g, 200, "{\"a\":1}");
    ck_assert_str_eq(g.content_type, "application/json");
    ck_assert_str_eq(g.etag, "W/\"7\"");
    ck_assert_int_eq(g.a.retry_after_us, -1);
    ck_assert(before <= g.a.at_sent && g.a.at_sent <= g.a.at_done && g.a.at_done <= clock_mono());
    got_deinit(&g);
    get(&g, &b, "/again");
    assert_answered(&g, 200, "{\"a\":1}");
    got_deinit(&g);
    bed_close(&b);
    const char *head = server_seen(b.server, 0)->head;
    ck_assert(strstr(head, "GET /v2/Users?a=%20b HTTP/1.1\r\n") == head);
    ck_assert_ptr_nonnull(strstr(head, "\r\nAccept-Encoding: identity\r\n"));
    ck_assert_ptr_nonnull(strstr(head, "\r\nUser-Agent: rollcall\r\n"));
    ck_assert_ptr_null(strcasestr(head, "\r\nExpect:"));
    ck_assert_ptr_null(strcasestr(head, "\r\nUpgrade:"));
    ck_assert_ptr_null(strcasestr(head, "\r\nContent-Type:"));
    ck_assert_ptr_null(strcasestr(server_seen(b.server, 1)->head, "\r\nCookie:"));
    ck_assert_uint_eq(server_connections(b.server), 1);
    bed_free(&b);
}
END_TEST

static const struct {
    enum http_method method;
    const char *body, *line, *length;
} methods[] = {
    { HTTP_GET, NULL, "GET /x HTTP/1.1\r\n", NULL },
    { HTTP_DELETE, NULL, "DELETE /x HTTP/1.1\r\n", NULL },
    { HTTP_POST, NULL, "POST /x HTTP/1.1\r\n", "\r\nContent-Length: 0\r\n" },
    { HTTP_PUT, NULL, "PUT /x HTTP/1.1\r\n", "\r\nContent-Length: 0\r\n" },
    { HTTP_PATCH, NULL, "PATCH /x HTTP/1.1\r\n", "\r\nContent-Length: 0\r\n" },
    { HTTP_POST, "[1]", "POST /x HTTP/1.1\r\n", "\r\nContent-Length: 3\r\n" },
    { HTTP_PATCH, "[12]", "PATCH /x HTTP/1.1\r\n", "\r\nContent-Length: 4\r\n" },
    { HTTP_PUT, "[123]", "PUT /x HTTP/1.1\r\n", "\r\nContent-Length: 5\r\n" },
    { HTTP_DELETE, "[1234]", "DELETE /x HTTP/1.1\r\n", "\r\nContent-Length: 6\r\n" },
    { HTTP_GET, NULL, "GET /x HTTP/1.1\r\n", NULL },
};

START_TEST(sends_every_method)
{
    struct bed b;
    bed_open(&b, serve_text, OK_TEXT, NULL);
    for (size_t i = 0; i < 2 * array_len(methods);
         i++) { /* reads and writes, on one and the same easy handle */
        struct got g;
        struct request r;
        ask(&r, methods[i / 2].method, "/x", methods[i / 2].body, i % 2 ? WRITE : READ);
        call(&g, &b, &r);
        assert_answered(&g, 200, "ok");
        got_deinit(&g);
        const struct seen *s = server_seen(b.server, i);
        const char *body = methods[i / 2].body ? methods[i / 2].body : "";
        ck_assert_msg(strstr(s->head, methods[i / 2].line) == s->head, "%s", s->head);
        ck_assert_str_eq(s->body, body);
        ck_assert(!methods[i / 2].length == !strcasestr(s->head, "\r\nContent-Length:"));
        ck_assert(!methods[i / 2].length || strstr(s->head, methods[i / 2].length));
        ck_assert(!*body == !strstr(s->head, "\r\nContent-Type: application/json\r\n"));
        ck_assert_ptr_null(strstr(s->head, "x-www-form-urlencoded"));
        ck_assert_ptr_null(strcasestr(s->head, "\r\nExpect:"));
    }
    bed_free(&b);
}
END_TEST

START_TEST(sends_headers_as_given)
{
    struct bed b;
    struct got g;
    struct request r;
    bed_open(&b, serve_text, OK_TEXT, &(struct net_options){ .user_agent = "rollcall/0.1" });
    ask(&r, HTTP_GET, "/x", NULL, READ);
    request_header(&r, "Authorization", STR("Bearer t0ken"), true);
    request_header(&r, "X-Empty", STR(""), false);
    call(&g, &b, &r);
    assert_answered(&g, 200, "ok");
    const char *head = server_seen(b.server, 0)->head;
    ck_assert_ptr_nonnull(strstr(head, "\r\nAuthorization: Bearer t0ken\r\n"));
    ck_assert_ptr_nonnull(strstr(head, "\r\nX-Empty:\r\n"));
    ck_assert_ptr_nonnull(strstr(head, "\r\nUser-Agent: rollcall/0.1\r\n"));
    got_deinit(&g);
    bed_free(&b);
}
END_TEST

static void serve_length(struct peer *p)
{
    const struct seen *s = peer_request(p);
    char text[100];
    snprintf(text, sizeof(text), "%zu", s ? s->body_n : 0);
    char answer[200];
    snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(text), text);
    peer_text(p, answer);
}

START_TEST(sends_the_largest_body)
{
    struct bed b;
    struct got g;
    struct request r;
    bed_open(&b, serve_length, NULL, NULL);
    ask(&r, HTTP_POST, "/x", NULL, WRITE);
    char *body = arena_bytes(&r.arena, REQUEST_BODY_MAX);
    for (size_t i = 0; i < REQUEST_BODY_MAX; i++)
        body[i] = (char)('a' + i % 23);
    r.body = (struct str){ body, REQUEST_BODY_MAX };
    got_init(&g, &b);
    send_call(&g, &r, &held);
    wait_for(&g);
    assert_answered(&g, 200, "4194304");
    ck_assert_mem_eq(server_seen(b.server, 0)->body, body, REQUEST_BODY_MAX);
    ck_assert(g.a.at_sent > 0 && g.a.at_sent <= g.a.at_done);
    got_deinit(&g);
    request_deinit(&r);
    bed_free(&b);
}
END_TEST

START_TEST(reads_chunks_and_forgets_trailers)
{
    struct bed b;
    struct got g;
    struct request r;
    bed_open(
        &b, serve_text,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n"
        "Retry-After: 9\r\nContent-Type: evil/type\r\n\r\n",
        NULL);
    ask(&r, HTTP_GET, "/x", NULL, READ);
    got_init(&g, &b);
    send_call(&g, &r, &streamed);
    wait_for(&g);
    assert_answered(&g, 200, "abcdefg");
    ck_assert_uint_eq(g.a.body.n, 0);
    ck_assert_str_eq(g.content_type, "text/plain");
    ck_assert_int_eq(g.a.retry_after_us, -1);
    got_deinit(&g);
    request_deinit(&r);
    bed_free(&b);
}
END_TEST

static void is_404(const struct got *g)
{
    assert_answered(g, 404, "");
}
static void is_204(const struct got *g)
{
    assert_answered(g, 204, "");
}
static void is_302(const struct got *g)
{
    assert_answered(g, 302, "");
    ck_assert_uint_eq(server_requests(g->bed->server), 1);
}
static void is_abc(const struct got *g)
{
    assert_answered(g, 200, "abc");
}
static void is_truncated(const struct got *g)
{
    assert_failed(g, NET_TRUNCATED, SENT_UNKNOWN);
    ck_assert_uint_eq(g->a.body.n, 0);
}
static void is_reset(const struct got *g)
{
    assert_failed(g, NET_RESET, SENT_UNKNOWN);
}
static void is_cut(const struct got *g) /* in a chunk: libcurl has two names for it */
{
    ck_assert(g->a.error == NET_TRUNCATED || g->a.error == NET_RESET);
    ck_assert_int_eq(g->a.sent, SENT_UNKNOWN);
}
static void is_garbage(const struct got *g)
{
    assert_failed(g, NET_PROTOCOL, SENT_UNKNOWN);
}
static void is_bad_chunk(const struct got *g)
{
    ck_assert(g->a.error == NET_PROTOCOL || g->a.error == NET_RESET);
    ck_assert_int_eq(g->a.sent, SENT_UNKNOWN);
}
static void waits_120(const struct got *g)
{
    assert_answered(g, 429, "");
    ck_assert_int_eq(g->a.retry_after_us, 120 * SECOND_US);
}
static void waits_90(const struct got *g)
{
    assert_answered(g, 503, "");
    ck_assert_int_eq(g->a.retry_after_us, 90 * SECOND_US);
}

static const struct {
    const char *text;
    void (*check)(const struct got *g);
} answers[] = {
    { "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", is_404 },
    { "HTTP/1.1 204 No Content\r\n\r\n", is_204 },
    { "HTTP/1.1 302 Found\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n", is_302 },
    { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", is_abc },
    { "HTTP/1.1 200 OK\r\n\r\nabc", is_abc }, /* the end of the connection is the body's end */
    { "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", is_truncated },
    { "HTTP/1.1 200 OK\r\nContent-Le", is_truncated },
    { "HTTP/1.1 200 OK\r\n", is_truncated },
    { "HTTP/1.1 100 Continue\r\n\r\n", is_reset }, /* no answer at all */
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nabc", is_cut },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", is_cut },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", is_bad_chunk },
    { "", is_reset },
    { "garbage, not a status line\r\n\r\n", is_garbage },
    { "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", is_garbage },
    { "HTTP/1.1 429 Slow\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n", waits_120 },
    { "HTTP/1.1 503 Busy\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:51:07 GMT\r\n"
      "Content-Length: 0\r\n\r\n",
      waits_90 },
};

START_TEST(tells_answers_apart)
{
    struct got g;
    for (size_t i = 0; i < array_len(answers); i++)
        one_answer(&g, answers[i].text, answers[i].check);
}
END_TEST

static void serve_reset(struct peer *p)
{
    if (peer_request(p)) {
        peer_text(p, peer_ctx(p));
        peer_pause(50); /* for the bytes to arrive before the reset */
        peer_reset(p);
    }
}

START_TEST(knows_a_reset)
{
    static const char *const before[] = { "", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc" };
    for (size_t i = 0; i < array_len(before); i++) {
        struct bed b;
        struct got g;
        bed_open(&b, serve_reset, before[i], NULL);
        get(&g, &b, "/x");
        assert_failed(&g, NET_RESET, SENT_UNKNOWN);
        ck_assert_uint_eq(g.heads, i);
        got_deinit(&g);
        bed_free(&b);
    }
}
END_TEST

/* "start|again": the start once, then the rest until the client leaves. */
static void serve_endless(struct peer *p)
{
    const char *text = peer_ctx(p), *bar = strchr(text, '|');
    static const char junk[] =
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    if (!peer_request(p) || !peer_write(p, text, (size_t)(bar - text)))
        return;
    while (peer_text(p, bar[1] ? bar + 1 : junk))
        ;
}

START_TEST(ends_an_endless_answer)
{
    static const char *const texts[] = {
        "HTTP/1.1 200 OK\r\n\r\n|",
        "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n|",
        "HTTP/1.1 200 OK\r\n|X-More: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n",
        "HTTP/1.1 200 OK\r\nX-Long: |",
        "|HTTP/1.1 100 Continue\r\n\r\n",
    };
    for (size_t i = 0; i < array_len(texts); i++) {
        struct bed b;
        struct got g;
        bed_open(&b, serve_endless, texts[i], NULL);
        get(&g, &b, "/x");
        assert_failed(&g, NET_TOO_LARGE, SENT_UNKNOWN);
        ck_assert_uint_eq(g.a.body.n, 0);
        got_deinit(&g);
        bed_free(&b);
    }
}
END_TEST

/* Waits for the client to leave. */
static void wait_end(struct peer *p)
{
    while (peer_request(p))
        ;
}

static void serve_silence(struct peer *p)
{
    if (peer_request(p) && peer_text(p, peer_ctx(p)))
        wait_end(p);
}

START_TEST(ends_silence)
{
    static const char *const before[] = { "", "HTTP/1.1 200",
                                          "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc" };
    for (size_t i = 0; i < 2 * array_len(before); i++) {
        struct bed b;
        struct got g;
        struct request r;
        bed_open(&b, serve_silence, before[i / 2], &(struct net_options){ .silence_us = 200000 });
        ask(&r, HTTP_GET, "/x", NULL, READ);
        r.listing = i % 2;
        call(&g, &b, &r);
        assert_failed(&g, NET_SILENCE, SENT_UNKNOWN);
        got_deinit(&g);
        bed_free(&b);
    }
}
END_TEST

static void serve_late(struct peer *p)
{
    if (!peer_request(p))
        return;
    peer_pause(500);
    peer_text(p, OK_TEXT);
}

START_TEST(a_request_that_asks_for_much_may_be_silent_for_longer)
{
    static const struct net_options limits[] = { { .silence_us = 200000 }, { .call_us = 200000 } };
    for (size_t i = 0; i < 2 * array_len(limits); i++) {
        struct bed b;
        struct got g;
        struct request r;
        bed_open(&b, serve_late, NULL, &limits[i / 2]);
        ask(&r, HTTP_GET, "/x", NULL, READ);
        r.work_us = i % 2 ? MINUTE_US : 1000;
        call(&g, &b, &r);
        if (i % 2)
            assert_answered(&g, 200, "ok");
        else
            assert_failed(&g, i ? NET_TIMEOUT : NET_SILENCE, SENT_UNKNOWN);
        got_deinit(&g);
        bed_free(&b);
    }
}
END_TEST

static void serve_drip(struct peer *p)
{
    if (!peer_request(p) || !peer_text(p, "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n"))
        return;
    for (int i = 0; i < 8 && peer_text(p, "x"); i++)
        peer_pause(100);
}

START_TEST(a_drip_is_not_silence_but_takes_its_time)
{
    for (int i = 0; i < 3; i++) {
        struct bed b;
        struct got g;
        struct request r;
        bed_open(&b, serve_drip, NULL, &(struct net_options){ .call_us = i ? 250000 : 0 });
        ask(&r, HTTP_GET, "/x", NULL, READ);
        r.listing = i == 1; /* may take long */
        call(&g, &b, &r);
        if (i < 2)
            assert_answered(&g, 200, "xxxxxxxx");
        else
            assert_failed(&g, NET_TIMEOUT, SENT_UNKNOWN);
        got_deinit(&g);
        bed_free(&b);
    }
}
END_TEST

/* A port on which nobody listens. */
static int dead_port(char url[64])
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert(fd >= 0 && bind(fd, (struct sockaddr *)&at, n) == 0 &&
              getsockname(fd, (struct sockaddr *)&at, &n) == 0);
    snprintf(url, 64, "http://127.0.0.1:%u", ntohs(at.sin_port));
    return fd;
}

START_TEST(a_refused_connection_sends_nothing)
{
    struct bed b = { 0 };
    struct got g;
    struct request r;
    char url[64];
    int fd = dead_port(url);
    bed_net(&b, &(struct net_options){ .base_url = url, .allow_http = true });
    ask(&r, HTTP_POST, "/x", "{}", WRITE);
    call(&g, &b, &r);
    assert_failed(&g, NET_CONNECT, SENT_NOT);
    ck_assert_int_eq(g.a.status, 0);
    ck_assert_int_eq(g.a.at_sent, 0);
    ck_assert(g.a.at_done > 0);
    got_deinit(&g);
    bed_free(&b);
    close(fd);
}
END_TEST

START_TEST(an_unknown_name_sends_nothing)
{
    struct bed b = { 0 };
    struct got g;
    struct request r;
    bed_net(&b, &(struct net_options){
                    .base_url = "http://tenant.invalid", .allow_http = true, .connect_us = 2 * SECOND_US });
    ask(&r, HTTP_POST, "/x", "{}", WRITE);
    call(&g, &b, &r);
    assert_failed(&g, NET_RESOLVE, SENT_NOT);
    got_deinit(&g);
    bed_free(&b);
}
END_TEST

START_TEST(the_environment_and_netrc_change_nothing)
{
    struct bed b;
    struct got g;
    char url[64], dir[] = "/tmp/rollcall-net-XXXXXX", path[64];
    int fd = dead_port(url);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/.netrc", dir);
    FILE *f = fopen(path, "w");
    fputs("machine 127.0.0.1 login u password p\n", f);
    fclose(f);
    static const char *const proxies[] = { "http_proxy", "https_proxy", "all_proxy", "ALL_PROXY" };
    for (size_t i = 0; i < array_len(proxies); i++)
        setenv(proxies[i], url, 1);
    const char *home = getenv("HOME");
    char *old_home = home ? strdup(home) : NULL;
    setenv("HOME", dir, 1);
    bed_open(&b, serve_text, OK_TEXT, NULL);
    get(&g, &b, "/x");
    assert_answered(&g, 200, "ok");
    ck_assert_ptr_null(strcasestr(server_seen(b.server, 0)->head, "authorization"));
    got_deinit(&g);
    bed_free(&b);
    for (size_t i = 0; i < array_len(proxies); i++)
        unsetenv(proxies[i]);
    if (old_home)
        setenv("HOME", old_home, 1);
    free(old_home);
    unlink(path);
    rmdir(dir);
    close(fd);
}
END_TEST

UNIT("net answers", gets_an_answer, sends_every_method, sends_headers_as_given, sends_the_largest_body,
     reads_chunks_and_forgets_trailers, tells_answers_apart, knows_a_reset, ends_an_endless_answer,
     ends_silence, a_request_that_asks_for_much_may_be_silent_for_longer,
     a_drip_is_not_silence_but_takes_its_time, a_refused_connection_sends_nothing,
     an_unknown_name_sends_nothing, the_environment_and_netrc_change_nothing)
