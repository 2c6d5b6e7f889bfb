/* net: a write reaches the server at most once, whatever becomes of its connection; and cancelling, queueing,
 * closing. */
#include "net_bed.h"
#include "unit.h"

#define OK_TEXT "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* The scenario: a connection is kept after a first answer; the next request of interest is read whole and
 * never answered. */
struct trap {
    const char *instead; /* bytes sent instead of an answer */
    bool reset;
    unsigned sprung;     /* how often the server has read "/write" */
    unsigned answers_at; /* from this time on it answers after all; 0: never */
};

static void serve_trap(struct peer *p)
{
    struct trap *t = peer_ctx(p);
    const struct seen *s;
    while ((s = peer_request(p))) {
        bool write = strstr(s->head, " /write ") != NULL;
        if (write && (++t->sprung < t->answers_at || t->answers_at == 0)) {
            if (t->instead)
                peer_text(p, t->instead);
            if (t->reset)
                peer_reset(p);
            return;
        }
        if (!peer_text(p, OK_TEXT))
            return;
    }
}

/* What the server saw of "/write" on which connection. */
static unsigned writes_seen(struct server *s)
{
    unsigned n = 0;
    for (size_t i = 0; i < server_requests(s); i++)
        n += strstr(server_seen(s, i)->head, " /write ") != NULL;
    return n;
}

static void spring(struct got *g, struct bed *b, struct trap *t, enum http_method method, const char *body,
                   enum kind kind)
{
    struct request r;
    bed_open(b, serve_trap, t, NULL);
    get(g, b, "/first");
    ck_assert_int_eq(g->a.sent, SENT_ANSWERED);
    got_deinit(g);
    ask(&r, method, "/write", body, kind);
    call(g, b, &r);
    bed_close(b);
}

static const struct {
    enum http_method method;
    const char *body;
} writes[] = {
    { HTTP_POST, "{\"a\":1}" }, { HTTP_PATCH, "{\"a\":1}" }, { HTTP_PUT, "{}" },
    { HTTP_DELETE, "{}" },      { HTTP_GET, NULL },          { HTTP_POST, NULL },
    { HTTP_PUT, NULL },         { HTTP_DELETE, NULL },       { HTTP_PATCH, NULL },
};

static const struct {
    const char *instead;
    bool reset;
} ends[] = {
    { NULL, false }, { NULL, true }, { "HTTP/1.1 100 Continue\r\n\r\n", false }, { "HTTP/1.1 2", false }
};

START_TEST(a_write_is_sent_once)
{
    for (size_t i = 0; i < array_len(writes) * array_len(ends); i++) {
        size_t w = i / array_len(ends), e = i % array_len(ends);
        struct trap t = { .instead = ends[e].instead, .reset = ends[e].reset };
        struct bed b;
        struct got g;
        spring(&g, &b, &t, writes[w].method, writes[w].body, WRITE);
        ck_assert_msg(writes_seen(b.server) == 1, "%s %s seen %u times, end %zu",
                      http_method_name[writes[w].method], writes[w].body ? "with body" : "without body",
                      writes_seen(b.server), e);
        ck_assert_msg(g.a.sent == SENT_UNKNOWN, "sent %d: %s", (int)g.a.sent, g.a.detail);
        ck_assert(g.a.error == NET_RESET || g.a.error == NET_TRUNCATED);
        /* With a body it went over the kept connection, where libcurl would have repeated it; without over a
         * fresh one. */
        ck_assert_uint_eq(server_seen(b.server, 1)->connection, writes[w].body ? 1 : 2);
        got_deinit(&g);
        bed_free(&b);
    }
}
END_TEST

/* The contrary, so that the test above can fail: libcurl does repeat what may be repeated. */
START_TEST(what_may_be_repeated_is_repeated)
{
    static const struct {
        enum http_method method;
        const char *body;
        enum kind kind;
    } asked[] = {
        { HTTP_GET, NULL, READ },
        { HTTP_POST, "{\"search\":1}", READ },
        { HTTP_PATCH, "{\"a\":1}", HARMLESS_WRITE },
        { HTTP_PUT, "{\"a\":1}", HARMLESS_WRITE },
        { HTTP_PUT, NULL, HARMLESS_WRITE },
        { HTTP_DELETE, "{\"a\":1}", HARMLESS_WRITE },
        { HTTP_DELETE, NULL, HARMLESS_WRITE },
    };
    for (size_t i = 0; i < array_len(asked); i++) {
        struct trap t = { .answers_at = 2 };
        struct bed b;
        struct got g;
        spring(&g, &b, &t, asked[i].method, asked[i].body, asked[i].kind);
        ck_assert_int_eq(g.a.sent, SENT_ANSWERED);
        ck_assert_uint_eq(g.heads, 1);
        assert_str(buf_view(&g.body), "ok");
        ck_assert_uint_eq(writes_seen(b.server), 2);
        ck_assert_uint_eq(server_seen(b.server, 1)->connection, 1);
        ck_assert_uint_eq(server_seen(b.server, 2)->connection, 2);
        ck_assert_str_eq(server_seen(b.server, 2)->body, asked[i].body ? asked[i].body : "");
        got_deinit(&g);
        bed_free(&b);
    }
}
END_TEST

START_TEST(a_read_that_gave_bytes_is_not_repeated)
{
    struct trap t = { .instead = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc" };
    struct bed b;
    struct got g;
    spring(&g, &b, &t, HTTP_GET, NULL, READ);
    ck_assert_int_eq(g.a.sent, SENT_UNKNOWN);
    ck_assert_int_eq(g.a.error, NET_TRUNCATED);
    ck_assert_uint_eq(g.heads, 1);
    ck_assert_uint_eq(writes_seen(b.server), 1);
    got_deinit(&g);
    bed_free(&b);
}
END_TEST

static void serve_one(struct peer *p)
{
    if (peer_request(p))
        peer_text(p, OK_TEXT);
}

/* The usual end of a kept connection, seen in time: the write goes over another one and nothing is in doubt.
 */
START_TEST(a_connection_closed_while_idle_is_no_harm)
{
    for (size_t w = 0; w < array_len(writes); w++) {
        struct bed b;
        struct got g;
        struct request r;
        bed_open(&b, serve_one, NULL, NULL);
        get(&g, &b, "/first");
        got_deinit(&g);
        while (server_open_now(b.server) > 0)
            peer_pause(1);
        ask(&r, writes[w].method, "/write", writes[w].body, WRITE);
        call(&g, &b, &r);
        ck_assert_msg(g.a.sent == SENT_ANSWERED, "%s", g.a.detail);
        ck_assert_uint_eq(server_seen(b.server, 1)->connection, 2);
        got_deinit(&g);
        bed_free(&b);
    }
}
END_TEST

static void serve_ok(struct peer *p)
{
    peer_always(p, OK_TEXT);
}

static void serve_slowly(struct peer *p)
{
    while (peer_request(p)) {
        peer_pause(5);
        if (!peer_text(p, OK_TEXT))
            return;
    }
}

START_TEST(queues_beyond_the_connections)
{
    struct bed b;
    static struct got g[100];
    bed_open(&b, serve_slowly, NULL, &(struct net_options){ .max_connections = 3 });
    for (size_t i = 0; i < array_len(g); i++) {
        struct request r;
        got_init(&g[i], &b);
        ask(&r, HTTP_POST, "/x", "{}", WRITE);
        send_call(&g[i], &r, &held);
        request_deinit(&r); /* net has its own copy */
    }
    ck_assert_uint_eq(net_open_calls(b.net), array_len(g));
    for (size_t i = 0; i < array_len(g); i++) {
        wait_for(&g[i]);
        ck_assert_int_eq(g[i].a.sent, SENT_ANSWERED);
        got_deinit(&g[i]);
    }
    ck_assert_uint_eq(net_open_calls(b.net), 0);
    ck_assert_int_eq(uv_loop_alive(&b.loop), 0); /* an idle net keeps nobody */
    ck_assert_uint_eq(server_requests(b.server), array_len(g));
    ck_assert_uint_le(server_most_at_once(b.server), 3);
    bed_free(&b);
}
END_TEST

static void send_other(struct got *g)
{
    struct request r;
    ask(&r, HTTP_GET, "/other", NULL, READ);
    send_call(g->other, &r, &streamed);
    request_deinit(&r);
}

START_TEST(sends_from_inside_a_callback)
{
    for (int i = 0; i < 3; i++) {
        struct bed b;
        struct got g, other;
        struct request r;
        bed_open(&b, serve_ok, NULL, NULL);
        got_init(&g, &b);
        got_init(&other, &b);
        g.other = &other;
        g.on_head = i == 0 ? send_other : NULL;
        g.on_bytes = i == 1 ? send_other : NULL;
        g.on_done = i == 2 ? send_other : NULL;
        ask(&r, HTTP_GET, "/x", NULL, READ);
        send_call(&g, &r, &streamed);
        request_deinit(&r);
        wait_for(&g);
        wait_for(&other);
        ck_assert_int_eq(g.a.sent, SENT_ANSWERED);
        ck_assert_int_eq(other.a.sent, SENT_ANSWERED);
        assert_str(buf_view(&other.body), "ok");
        got_deinit(&g);
        got_deinit(&other);
        bed_free(&b);
    }
}
END_TEST

static void cancel_self(struct got *g)
{
    net_cancel(g->bed->net, g->call);
    ck_assert_uint_eq(g->dones, 0);
}

static void serve_two_pieces(struct peer *p)
{
    if (peer_request(p) && peer_text(p, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc")) {
        peer_pause(20);
        peer_text(p, "def");
    }
}

START_TEST(cancels_inside_an_answer)
{
    for (int i = 0; i < 2; i++) {
        struct bed b;
        struct got g;
        struct request r;
        bed_open(&b, serve_two_pieces, NULL, NULL);
        got_init(&g, &b);
        g.on_head = i == 0 ? cancel_self : NULL;
        g.on_bytes = i == 1 ? cancel_self : NULL;
        ask(&r, HTTP_GET, "/x", NULL, READ);
        send_call(&g, &r, &streamed);
        request_deinit(&r);
        wait_for(&g);
        ck_assert_int_eq(g.a.error, NET_CANCELLED);
        ck_assert_int_eq(g.a.sent, SENT_UNKNOWN);
        assert_str(buf_view(&g.body), i ? "abc" : "");
        got_deinit(&g);
        bed_free(&b);
    }
}
END_TEST

static void serve_nothing(struct peer *p)
{
    while (peer_request(p))
        ;
}

static void run_until_seen(struct bed *b, size_t requests)
{
    while (server_requests(b->server) < requests) {
        uv_run(&b->loop, UV_RUN_NOWAIT);
        peer_pause(1);
    }
}

START_TEST(cancels_before_and_after_sending)
{
    struct bed b;
    struct got g[3];
    bed_open(&b, serve_nothing, NULL, &(struct net_options){ .max_connections = 1 });
    for (size_t i = 0; i < array_len(g); i++) {
        struct request r;
        got_init(&g[i], &b);
        ask(&r, HTTP_POST, "/x", "{}", WRITE);
        send_call(&g[i], &r, &held);
        request_deinit(&r);
    }
    run_until_seen(&b, 1); /* the first is under way, the others wait for its connection */
    for (size_t i = 0; i < 2; i++) {
        net_cancel(b.net, g[i].call);
        ck_assert_msg(g[i].dones == 0, "done inside net_cancel");
        net_cancel(b.net, g[i].call); /* twice is fine */
    }
    for (size_t i = 0; i < 2; i++) {
        wait_for(&g[i]);
        ck_assert_int_eq(g[i].a.error, NET_CANCELLED);
        ck_assert_int_eq(g[i].a.sent, i == 0 ? SENT_UNKNOWN : SENT_NOT);
    }
    run_until_seen(&b, 2); /* the third takes the place */
    bed_close(&b);         /* and is cancelled by closing */
    ck_assert_uint_eq(g[2].dones, 1);
    ck_assert_int_eq(g[2].a.error, NET_CANCELLED);
    ck_assert_int_eq(g[2].a.sent, SENT_UNKNOWN);
    ck_assert_uint_eq(server_requests(b.server), 2);
    for (size_t i = 0; i < array_len(g); i++)
        got_deinit(&g[i]);
    bed_free(&b);
}
END_TEST

static void refuse_after_close(struct got *g)
{
    struct request r;
    ask(&r, HTTP_GET, "/late", NULL, READ);
    ck_assert_ptr_null(net_send(g->bed->net, &r, &held, g));
    request_deinit(&r);
}

START_TEST(closes_with_calls_in_every_state)
{
    struct bed b;
    struct got g[4];
    bed_open(&b, serve_nothing, NULL, &(struct net_options){ .max_connections = 2 });
    for (size_t i = 0; i < array_len(g); i++) {
        struct request r;
        got_init(&g[i], &b);
        g[i].on_done = refuse_after_close;
        ask(&r, HTTP_GET, i == 3 ? "no slash" : "/x", NULL, READ);
        send_call(&g[i], &r, &held);
        request_deinit(&r);
    }
    bed_close(&b);
    for (size_t i = 0; i < array_len(g); i++) {
        ck_assert_uint_eq(g[i].dones, 1);
        ck_assert_int_eq(g[i].a.error, i == 3 ? NET_REFUSED_URL : NET_CANCELLED);
        ck_assert_int_eq(g[i].a.sent, SENT_NOT);
        got_deinit(&g[i]);
    }
    bed_free(&b);
}
END_TEST

static void close_net(struct got *g)
{
    net_close(g->bed->net, NULL, NULL);
}

START_TEST(closes_from_inside_a_callback)
{
    for (int i = 0; i < 3; i++) {
        struct bed b;
        struct got g;
        struct request r;
        bed_open(&b, serve_two_pieces, NULL, NULL);
        got_init(&g, &b);
        g.on_head = i == 0 ? close_net : NULL;
        g.on_bytes = i == 1 ? close_net : NULL;
        g.on_done = i == 2 ? close_net : NULL;
        ask(&r, HTTP_GET, "/x", NULL, READ);
        send_call(&g, &r, &streamed);
        request_deinit(&r);
        uv_run(&b.loop, UV_RUN_DEFAULT);
        ck_assert_uint_eq(g.dones, 1);
        ck_assert_int_eq(uv_loop_close(&b.loop), 0);
        got_deinit(&g);
        server_free(b.server);
    }
}
END_TEST

UNIT("net once", a_write_is_sent_once, what_may_be_repeated_is_repeated,
     a_read_that_gave_bytes_is_not_repeated, a_connection_closed_while_idle_is_no_harm,
     queues_beyond_the_connections, sends_from_inside_a_callback, cancels_inside_an_answer,
     cancels_before_and_after_sending, closes_with_calls_in_every_state, closes_from_inside_a_callback)
