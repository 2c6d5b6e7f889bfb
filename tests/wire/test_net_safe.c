/* net: only to whom it should be, only over what may be trusted, and no secret in a message. */
#include "net_bed.h"
#include "net_identity.h"
#include "unit.h"

#include <signal.h>

#define OK_TEXT "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static void serve_ok(struct peer *p)
{
    peer_always(p, OK_TEXT);
}

static void over_tls(struct got *g, struct bed *b, struct identity *id, bool trusted)
{
    struct request r;
    memset(b, 0, sizeof(*b));
    b->server = server_start(serve_ok, NULL, id->ctx);
    bed_net(b,
            &(struct net_options){ .base_url = server_url(b->server), .ca_file = trusted ? id->file : NULL });
    ask(&r, HTTP_POST, "/x", "{}", WRITE);
    call(g, b, &r);
    bed_close(b);
}

START_TEST(trusts_only_the_known)
{
    static const struct {
        const char *names;
        bool trusted, good;
    } cases[] = {
        { "IP:127.0.0.1", true, true },
        { "IP:127.0.0.1", false, false },          /* signed by itself */
        { "DNS:tenant.example.com", true, false }, /* somebody else's */
        { "IP:127.0.0.2,DNS:localhost", true, false },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct identity id;
        struct bed b;
        struct got g;
        identity_init(&id, cases[i].names);
        over_tls(&g, &b, &id, cases[i].trusted);
        ck_assert_msg(g.a.error == (cases[i].good ? NET_OK : NET_TLS), "case %zu: %s", i, g.a.detail);
        ck_assert_int_eq(g.a.sent, cases[i].good ? SENT_ANSWERED : SENT_NOT);
        ck_assert_uint_eq(server_requests(b.server), cases[i].good);
        ck_assert(id.offered_h2);
        got_deinit(&g);
        bed_free(&b);
        identity_deinit(&id);
    }
}
END_TEST

START_TEST(refuses_old_tls)
{
    for (int old = 0; old < 2; old++) {
        struct identity id;
        struct bed b;
        struct got g;
        identity_init(&id, "IP:127.0.0.1");
        SSL_CTX_set_security_level(id.ctx, 0);
        SSL_CTX_set_min_proto_version(id.ctx, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(id.ctx, old ? TLS1_1_VERSION : TLS1_2_VERSION);
        over_tls(&g, &b, &id, true);
        ck_assert_msg(g.a.error == (old ? NET_TLS : NET_OK), "%s", g.a.detail);
        ck_assert_int_eq(g.a.sent, old ? SENT_NOT : SENT_ANSWERED);
        got_deinit(&g);
        bed_free(&b);
        identity_deinit(&id);
    }
}
END_TEST

static void serve_once_then_close(struct peer *p)
{
    if (peer_request(p) && peer_text(p, OK_TEXT))
        peer_request(p); /* read, never answered */
}

START_TEST(a_write_is_sent_once_over_tls)
{
    static const char *const bodies[] = { "{}", NULL };
    for (size_t i = 0; i < array_len(bodies); i++) {
        struct identity id;
        struct bed b = { 0 };
        struct got g;
        struct request r;
        identity_init(&id, "IP:127.0.0.1");
        b.server = server_start(serve_once_then_close, NULL, id.ctx);
        bed_net(&b, &(struct net_options){ .base_url = server_url(b.server), .ca_file = id.file });
        get(&g, &b, "/first");
        ck_assert_int_eq(g.a.sent, SENT_ANSWERED);
        got_deinit(&g);
        ask(&r, HTTP_POST, "/write", bodies[i], WRITE);
        call(&g, &b, &r);
        bed_close(&b);
        ck_assert_uint_eq(server_requests(b.server), 2);
        ck_assert_int_eq(g.a.sent, bodies[i] ? SENT_UNKNOWN
                                             : SENT_ANSWERED); /* without a body: on a fresh connection */
        ck_assert_uint_eq(server_seen(b.server, 1)->connection, bodies[i] ? 1 : 2);
        got_deinit(&g);
        bed_free(&b);
        identity_deinit(&id);
    }
}
END_TEST

START_TEST(refuses_base_urls)
{
    static const struct {
        const char *url, *word; /* word NULL: fine */
        bool http;
    } cases[] = {
        { "https://api.example.com", NULL, false },
        { "https://api.example.com:8443/v2", NULL, false },
        { "http://127.0.0.1:8080", NULL, true },
        { "http://127.0.0.1:8080", "not https", false },
        { "ftp://api.example.com", "neither https nor http", true },
        { "file:///etc/passwd", "neither https nor http", true },
        { "https://user:hunter2@api.example.com", "user name or password", false },
        { "https://user@api.example.com", "user name or password", false },
        { "https://api.example.com/", "slash", false },
        { "https://api.example.com?a=b", "query", false },
        { "https://api.example.com/v2#x", "query or fragment", false },
        { "https://api.example.com/v2?", "query or fragment", false },
        { "", "empty", false },
        { "api.example.com", "not a URL", false },
        { "https://", "not a URL", false },
    };
    uv_loop_t loop;
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    for (size_t i = 0; i < array_len(cases); i++) {
        char why[300];
        struct net *n = net_new(
            &loop, &(struct net_options){ .base_url = cases[i].url, .allow_http = cases[i].http }, why);
        ck_assert_msg(!n == !!cases[i].word, "%s: %s", cases[i].url, why);
        if (n)
            net_close(n, NULL, NULL);
        else
            ck_assert_msg(strstr(why, cases[i].word) != NULL, "%s: %s", cases[i].url, why);
        ck_assert_ptr_null(strstr(why, "hunter2"));
    }
    char why[300];
    ck_assert_ptr_null(net_new(
        &loop, &(struct net_options){ .base_url = "https://x.example.com", .ca_file = "/no/such" }, why));
    ck_assert_ptr_nonnull(strstr(why, "/no/such"));
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

static void assert_refused(struct bed *b, struct request *r, bool refused)
{
    struct got g;
    size_t before = server_requests(b->server);
    call(&g, b, r);
    ck_assert_msg((g.a.sent == SENT_NOT) == refused, "request %zu: %s", before, g.a.detail);
    ck_assert_int_eq(g.a.sent, refused ? SENT_NOT : SENT_ANSWERED);
    ck_assert_int_eq(g.a.error, refused ? NET_REFUSED_URL : NET_OK);
    ck_assert_uint_eq(server_requests(b->server), before + !refused);
    got_deinit(&g);
}

START_TEST(refuses_requests_that_mean_something_else)
{
    static const struct {
        const char *target;
        bool refused;
    } targets[] = {
        { "/a/b?c=/../d", false },
        { "/a.b/..c", false },
        { "/a/...", false },
        { "", true },
        { "a", true },
        { "@other.example.com/", true },
        { ":9/x", true },
        { "/a b", true },
        { "/a\r\nX: y", true },
        { "/a#b", true },
        { "/a/../b", true },
        { "/a/..", true },
        { "/./a", true },
        { "/a/%2e%2E/b", true },
        { "/a/.%2e?x", true },
        { "/\xc3\xa9", true },
        { "/a\x7f", true },
    };
    static const struct {
        const char *name;
        struct str value;
        bool refused;
    } headers[] = {
        { "X-A", { "plain\tvalue", 11 }, false },
        { "X-A", { "caf\xc3\xa9", 5 }, false },
        { "X-A", { "a\r\nX-B: c", 9 }, true },
        { "X-A", { "a\0b", 3 }, true },
        { "X A", { "v", 1 }, true },
        { "X-A:", { "v", 1 }, true },
        { "X-A;", { "v", 1 }, true },
        { "", { "v", 1 }, true },
    };
    struct bed b;
    struct request r;
    bed_open(&b, serve_ok, NULL, NULL);
    for (size_t i = 0; i < array_len(targets); i++) {
        ask(&r, HTTP_GET, targets[i].target, NULL, READ);
        assert_refused(&b, &r, targets[i].refused);
    }
    for (size_t i = 0; i < array_len(headers); i++) {
        ask(&r, HTTP_GET, "/x", NULL, READ);
        r.header[r.n_headers++] = (struct header){ .name = headers[i].name, .value = headers[i].value };
        assert_refused(&b, &r, headers[i].refused);
    }
    ask(&r, HTTP_GET, "/x", NULL, READ);
    r.target.p = memset(arena_bytes(&r.arena, REQUEST_TARGET_MAX + 1), '/', REQUEST_TARGET_MAX + 1);
    r.target.n = REQUEST_TARGET_MAX + 1;
    assert_refused(&b, &r, true);
    bed_free(&b);
}
END_TEST

struct logged {
    struct buf text;
    unsigned lines;
};

static void on_log(void *ctx, enum log_level level, const char *event, const struct log_field *fields,
                   size_t n)
{
    struct logged *l = ctx;
    (void)level;
    l->lines++;
    buf_puts(&l->text, event);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&l->text, " %s=", fields[i].name);
        buf_str(&l->text, fields[i].value);
    }
    buf_putc(&l->text, '\n');
}

static void serve_badly(struct peer *p)
{
    if (peer_request(p))
        peer_text(p, peer_number(p) % 2 ? "t0psecret garbage k3y\r\n\r\n"
                                        : "HTTP/1.1 200 OK\r\nContent-Length: t0psecret\r\n\r\n");
}

START_TEST(keeps_secrets_out_of_words)
{
    struct logged l = { .text = BUF_INIT(1 << 20) };
    const struct log log = { .level = LOG_DEBUG, .write = on_log, .ctx = &l };
    struct bed b;
    bed_open(&b, serve_badly, NULL, &(struct net_options){ .log = &log });
    for (int i = 0; i < 4; i++) {
        struct got g;
        struct request r;
        ask(&r, HTTP_GET, i == 3 ? "/bad target?key=t0psecret" : "/x?key=t0psecret", NULL, READ);
        r.log_target = arena_str(&r.arena, STR("/x?key=***"));
        request_header(&r, "Authorization", STR("t0psecret"), true);
        request_header(&r, "X-Key", STR("k3y"), true);
        call(&g, &b, &r);
        ck_assert_int_ne(g.a.error, NET_OK);
        ck_assert_ptr_null(strstr(g.a.detail, "t0psecret"));
        ck_assert_ptr_null(strstr(g.a.detail, "k3y"));
        ck_assert_str_ne(g.a.detail, "");
        got_deinit(&g);
    }
    bed_free(&b);
    ck_assert_uint_eq(l.lines, 4);
    ck_assert_ptr_nonnull(strstr(l.text.p, "target=/x?key=***"));
    ck_assert_ptr_null(strstr(l.text.p, "t0psecret"));
    ck_assert_ptr_null(strstr(l.text.p, "k3y"));
    buf_deinit(&l.text);
}
END_TEST

/* A connection that broke must not end the program: OpenSSL writes without MSG_NOSIGNAL. */
START_TEST(survives_a_broken_pipe)
{
    struct bed b;
    signal(SIGPIPE, SIG_DFL);
    bed_open(&b, serve_ok, NULL, NULL);
    raise(SIGPIPE);
    bed_free(&b);
}
END_TEST

START_TEST(speaks_tls_to_tls_only)
{
    struct bed b = { 0 };
    struct got g;
    b.server = server_start(serve_ok, NULL, NULL);
    char url[64];
    snprintf(url, sizeof(url), "https%s", server_url(b.server) + 4);
    bed_net(&b, &(struct net_options){ .base_url = url, .silence_us = SECOND_US, .connect_us = SECOND_US });
    get(&g, &b, "/x");
    ck_assert_int_eq(g.a.sent, SENT_NOT);
    ck_assert(g.a.error == NET_TLS ||
              g.a.error == NET_CONNECT); /* a plain server waits for the end of a line */
    got_deinit(&g);
    bed_free(&b);
}
END_TEST

UNIT("net safe", trusts_only_the_known, refuses_old_tls, a_write_is_sent_once_over_tls, refuses_base_urls,
     refuses_requests_that_mean_something_else, keeps_secrets_out_of_words, survives_a_broken_pipe,
     speaks_tls_to_tls_only)
