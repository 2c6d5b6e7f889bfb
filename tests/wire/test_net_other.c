/* net: requests with an address of their own go there and nowhere else, under the rules of all others. */
#include "net_bed.h"
#include "net_identity.h"
#include "unit.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#define BASE_TEXT "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbase"
#define OTHER_TEXT "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother"

static void serve_base(struct peer *p)
{
    peer_always(p, BASE_TEXT);
}

static void serve_other(struct peer *p)
{
    peer_always(p, OTHER_TEXT);
}

/* A bed with a second server, one address at which is known to the net. */
struct two {
    struct bed bed;
    struct server *other;
    char url[100];
};

static void two_open(struct two *t, void (*serve)(struct peer *p), const void *ctx,
                     const struct net_options *o, const char *path)
{
    struct net_options options = o ? *o : (struct net_options){ 0 };
    memset(t, 0, sizeof(*t));
    t->other = server_start(serve, ctx, NULL);
    snprintf(t->url, sizeof(t->url), "%s%s", server_url(t->other), path);
    options.others = &(struct net_address){ t->url, true };
    options.n_others = 1;
    bed_open(&t->bed, serve_base, NULL, &options);
}

static void two_close(struct two *t)
{
    if (!t->bed.closed)
        bed_close(&t->bed);
    server_stop(t->other);
    server_free(t->other);
    bed_free(&t->bed);
}

/* A request for a token, as a connector makes it. */
static void ask_other(struct request *r, enum http_method method, const char *url, const char *body,
                      enum kind kind)
{
    ask(r, method, "", body, kind);
    r->url = arena_str(&r->arena, str_of(url));
    r->log_target = STR("POST token");
}

START_TEST(goes_to_its_own_address)
{
    struct two t;
    struct got g;
    struct request r;
    two_open(&t, serve_other, NULL, NULL, "/oauth/token/");
    for (int i = 0; i < 3; i++) { /* in turns, on the same easy handle */
        ask_other(&r, HTTP_POST, t.url, "grant_type=client_credentials", READ);
        request_header(&r, "Authorization", STR("Basic abc"), true);
        call(&g, &t.bed, &r);
        ck_assert_msg(g.a.sent == SENT_ANSWERED && g.a.status == 200, "%s", g.a.detail);
        assert_str(buf_view(&g.body), "other");
        got_deinit(&g);
        get(&g, &t.bed, "/x");
        assert_str(buf_view(&g.body), "base");
        got_deinit(&g);
    }
    bed_close(&t.bed);
    ck_assert_uint_eq(server_requests(t.other), 3);
    ck_assert_uint_eq(server_requests(t.bed.server), 3);
    const struct seen *s = server_seen(t.other, 2);
    ck_assert(strstr(s->head, "POST /oauth/token/ HTTP/1.1\r\n") == s->head);
    ck_assert_ptr_nonnull(strstr(s->head, "\r\nAuthorization: Basic abc\r\n"));
    ck_assert_str_eq(s->body, "grant_type=client_credentials");
    ck_assert_uint_eq(server_connections(t.other), 1); /* kept, as the other */
    ck_assert_ptr_null(strstr(server_seen(t.bed.server, 2)->head, "Authorization"));
    two_close(&t);
}
END_TEST

START_TEST(an_address_without_a_path_will_do)
{
    struct two t;
    struct got g;
    struct request r;
    two_open(&t, serve_other, NULL, NULL, "");
    ask_other(&r, HTTP_GET, t.url, NULL, READ);
    call(&g, &t.bed, &r);
    assert_str(buf_view(&g.body), "other");
    ck_assert(strstr(server_seen(t.other, 0)->head, "GET / HTTP/1.1\r\n") == server_seen(t.other, 0)->head);
    got_deinit(&g);
    two_close(&t);
}
END_TEST

/* In a net that knows one other address; both servers must stay unasked. */
static void assert_refused(struct two *t, struct request *r)
{
    struct got g;
    call(&g, &t->bed, r);
    ck_assert_int_eq(g.a.error, NET_REFUSED_URL);
    ck_assert_int_eq(g.a.sent, SENT_NOT);
    ck_assert_str_ne(g.a.detail, "");
    ck_assert_ptr_null(strstr(g.a.detail, "://")); /* it may hold a secret */
    ck_assert_uint_eq(server_requests(t->other) + server_requests(t->bed.server), 0);
    got_deinit(&g);
}

START_TEST(goes_nowhere_else)
{
    struct two t;
    struct request r;
    char url[200];
    two_open(&t, serve_other, NULL, NULL, "/token");
    const char *other = server_url(t.other), *base = server_url(t.bed.server);
    const struct {
        const char *root, *path;
    } rows[] = {
        { other, "" },
        { other, "/token/" },
        { other, "/token?a=b" },
        { other, "/toke" },
        { other, "/other" },
        { base, "" },
        { base, "/token" },
        { other, "/../token" },
        { "file:///", "etc" },
        { "http://1.2.3.4", "" },
        { "x", "" },
        { other, "/token\r\nX: y" },
    };
    for (size_t i = 0; i < array_len(rows); i++) {
        snprintf(url, sizeof(url), "%s%s", rows[i].root, rows[i].path);
        ask_other(&r, HTTP_POST, url, "secret", READ);
        assert_refused(&t, &r);
    }
    ask_other(&r, HTTP_POST, t.url, "secret", READ);
    r.target = STR("/x"); /* which of both? */
    assert_refused(&t, &r);
    two_close(&t);
}
END_TEST

START_TEST(without_further_addresses_there_are_none)
{
    struct bed b;
    struct got g;
    struct request r;
    bed_open(&b, serve_base, NULL, NULL);
    ask_other(&r, HTTP_POST, server_url(b.server), NULL, READ);
    call(&g, &b, &r);
    ck_assert_int_eq(g.a.error, NET_REFUSED_URL);
    ck_assert_uint_eq(server_requests(b.server), 0);
    got_deinit(&g);
    bed_free(&b);
}
END_TEST

START_TEST(refuses_addresses)
{
    static const struct {
        const char *url, *word; /* word NULL: fine */
        bool http;
    } cases[] = {
        { "https://login.example.com/t/", NULL, false },
        { "http://127.0.0.1:8080/t", NULL, true },
        { "http://127.0.0.1:8080/t", "not https", false },
        { "ftp://login.example.com", "neither https nor http", true },
        { "https://user:hunter2@login.example.com", "user name or password", false },
        { "https://login.example.com/?hunter2", "query", false },
        { "", "empty", false },
        { "login", "not a URL", false },
    };
    uv_loop_t loop;
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    for (size_t i = 0; i < array_len(cases); i++) {
        char why[300];
        const struct net_address others[] = { { "https://first.example.com", false },
                                              { cases[i].url, cases[i].http } };
        /* That the base URL may go without TLS says nothing of the others. */
        struct net *n = net_new(
            &loop,
            &(struct net_options){
                .base_url = "http://127.0.0.1:1", .allow_http = true, .others = others, .n_others = 2 },
            why);
        ck_assert_msg(!n == !!cases[i].word, "%s: %s", cases[i].url, why);
        if (n)
            net_close(n, NULL, NULL);
        else
            ck_assert_msg(strstr(why, cases[i].word) != NULL, "%s: %s", cases[i].url, why);
        ck_assert_ptr_null(strstr(why, "hunter2"));
    }
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

/* One of both with TLS, the other without: each keeps its own rule, and the certificates that the job names
 * count for both. */
START_TEST(each_address_has_its_own_tls)
{
    for (int i = 0; i < 8; i++) {
        bool base_tls = i & 1, other_tls = i & 2, trusted = !(i & 4);
        struct identity id;
        struct bed b = { 0 };
        struct got g;
        struct request r;
        identity_init(&id, "IP:127.0.0.1");
        b.server = server_start(serve_base, NULL, base_tls ? id.ctx : NULL);
        struct server *other = server_start(serve_other, NULL, other_tls ? id.ctx : NULL);
        bed_net(&b, &(struct net_options){ .base_url = server_url(b.server),
                                           .allow_http = !base_tls,
                                           .others = &(struct net_address){ server_url(other), !other_tls },
                                           .n_others = 1,
                                           .ca_file = trusted ? id.file : NULL });
        ask_other(&r, HTTP_POST, server_url(other), "{}", WRITE);
        call(&g, &b, &r);
        bool good = trusted || !other_tls;
        ck_assert_msg(g.a.error == (good ? NET_OK : NET_TLS), "case %d: %s", i, g.a.detail);
        assert_str(buf_view(&g.body), good ? "other" : "");
        got_deinit(&g);
        get(&g, &b, "/x");
        good = trusted || !base_tls;
        ck_assert_msg(g.a.error == (good ? NET_OK : NET_TLS), "case %d: %s", i, g.a.detail);
        assert_str(buf_view(&g.body), good ? "base" : "");
        got_deinit(&g);
        bed_close(&b);
        server_stop(other);
        server_free(other);
        bed_free(&b);
        identity_deinit(&id);
    }
}
END_TEST

/* A redirect of either server leads nowhere. */
static void serve_redirect(struct peer *p)
{
    char text[200];
    snprintf(text, sizeof(text), "HTTP/1.1 307 Elsewhere\r\nLocation: %s/token\r\nContent-Length: 0\r\n\r\n",
             (const char *)peer_ctx(p));
    peer_always(p, text);
}

START_TEST(follows_no_redirect)
{
    struct two t;
    struct got g;
    struct request r;
    char base[100] = "";
    two_open(&t, serve_redirect, base, NULL, "/token");
    snprintf(base, sizeof(base), "%s", server_url(t.bed.server));
    ask_other(&r, HTTP_POST, t.url, "secret", READ);
    call(&g, &t.bed, &r);
    ck_assert_int_eq(g.a.status, 307);
    ck_assert_uint_eq(server_requests(t.bed.server), 0);
    got_deinit(&g);
    two_close(&t);
}
END_TEST

/* Reads the second request of a connection and never answers it. */
static void serve_trap(struct peer *p)
{
    if (peer_request(p) && peer_text(p, OTHER_TEXT))
        peer_request(p);
}

START_TEST(a_write_is_sent_once_there_too)
{
    static const char *const bodies[] = { "{}", NULL };
    for (size_t i = 0; i < array_len(bodies); i++) {
        struct two t;
        struct got g;
        struct request r;
        two_open(&t, serve_trap, NULL, NULL, "/token");
        ask_other(&r, HTTP_GET, t.url, NULL, READ);
        call(&g, &t.bed, &r);
        ck_assert_int_eq(g.a.sent, SENT_ANSWERED);
        got_deinit(&g);
        ask_other(&r, HTTP_DELETE, t.url, bodies[i], WRITE);
        call(&g, &t.bed, &r);
        ck_assert_uint_eq(server_requests(t.other), 2);
        ck_assert_int_eq(g.a.sent, bodies[i] ? SENT_UNKNOWN : SENT_ANSWERED); /* without: on a fresh one */
        ck_assert_uint_eq(server_seen(t.other, 1)->connection, bodies[i] ? 1 : 2);
        got_deinit(&g);
        two_close(&t);
    }
}
END_TEST

static void on_log(void *ctx, enum log_level level, const char *event, const struct log_field *fields,
                   size_t n)
{
    (void)level, (void)event;
    for (size_t i = 0; i < n; i++) {
        buf_printf(ctx, "%s=", fields[i].name);
        buf_str(ctx, fields[i].value);
        buf_putc(ctx, '\n');
    }
}

/* What is logged is what the request says, not the address; a dead one is called by libcurl's own words. */
START_TEST(is_logged_by_its_name)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(at);
    struct buf text = BUF_INIT(1 << 16);
    const struct log log = { .level = LOG_DEBUG, .write = on_log, .ctx = &text };
    struct bed b = { 0 };
    struct got g;
    struct request r;
    char url[64];
    int fd = socket(AF_INET, SOCK_STREAM, 0); /* a port on which nobody listens */
    ck_assert(fd >= 0 && bind(fd, (struct sockaddr *)&at, size) == 0 &&
              getsockname(fd, (struct sockaddr *)&at, &size) == 0);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/t0psecret", ntohs(at.sin_port));
    bed_net(&b, &(struct net_options){ .base_url = "https://tenant.invalid",
                                       .others = &(struct net_address){ url, true },
                                       .n_others = 1,
                                       .log = &log });
    ask_other(&r, HTTP_POST, url, "k3y", READ);
    call(&g, &b, &r);
    ck_assert_int_eq(g.a.error, NET_CONNECT);
    ck_assert_int_eq(g.a.sent, SENT_NOT);
    ck_assert_msg(strstr(g.a.detail, "127.0.0.1") != NULL, "%s", g.a.detail);
    got_deinit(&g);
    bed_free(&b);
    ck_assert_msg(strstr(text.p, "target=POST token\n") != NULL, "%s", text.p);
    ck_assert_msg(!strstr(text.p, "t0psecret") && !strstr(text.p, "k3y"), "%s", text.p);
    buf_deinit(&text);
    close(fd);
}
END_TEST

UNIT("net other", goes_to_its_own_address, an_address_without_a_path_will_do, goes_nowhere_else,
     without_further_addresses_there_are_none, refuses_addresses, each_address_has_its_own_tls,
     follows_no_redirect, a_write_is_sent_once_there_too, is_logged_by_its_name)
