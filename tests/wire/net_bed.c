#include "net_bed.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

void bed_net(struct bed *b, const struct net_options *o)
{
    char why[300];
    ck_assert_int_eq(uv_loop_init(&b->loop), 0);
    b->net = net_new(&b->loop, o, why);
    ck_assert_msg(b->net != NULL, "net_new: %s", why);
}

void bed_open(struct bed *b, void (*serve)(struct peer *p), const void *ctx, const struct net_options *o)
{
    struct net_options options = { .allow_http = true };
    memset(b, 0, sizeof(*b));
    b->server = server_start(serve, ctx, NULL);
    if (o)
        options = *o;
    options.allow_http = true;
    options.base_url = server_url(b->server);
    bed_net(b, &options);
}

static void on_closed(void *ctx)
{
    struct bed *b = ctx;
    ck_assert(!b->closed);
    b->closed = true;
}

void bed_close(struct bed *b)
{
    net_close(b->net, on_closed, b);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    ck_assert(b->closed);
    ck_assert_int_eq(uv_loop_close(&b->loop), 0);
    if (b->server)
        server_stop(b->server);
}

void bed_free(struct bed *b)
{
    if (!b->closed)
        bed_close(b);
    if (b->server)
        server_free(b->server);
}

void ask(struct request *r, enum http_method method, const char *target, const char *body, enum kind kind)
{
    request_init(r);
    r->method = method;
    r->target = r->log_target = arena_str(&r->arena, str_of(target));
    if (body) {
        r->body = arena_str(&r->arena, str_of(body));
        request_header(r, "Content-Type", STR("application/json"), false);
    }
    r->write = kind != READ;
    r->harmless = kind == HARMLESS_WRITE;
}

static void on_head(void *ctx, int status)
{
    struct got *g = ctx;
    ck_assert_uint_eq(g->dones, 0);
    g->heads++;
    g->head_status = status;
    if (g->on_head)
        g->on_head(g);
}

static void on_bytes(void *ctx, const char *p, size_t n)
{
    struct got *g = ctx;
    ck_assert_uint_eq(g->dones, 0);
    ck_assert_uint_eq(g->heads, 1);
    buf_add(&g->body, p, n);
    if (g->on_bytes)
        g->on_bytes(g);
}

static void on_done(void *ctx, const struct answer *a)
{
    struct got *g = ctx;
    g->dones++;
    g->call = NULL;
    g->a = *a;
    buf_str(&g->body, a->body);
    snprintf(g->content_type, sizeof(g->content_type), "%.*s", STR_ARG(a->content_type));
    snprintf(g->etag, sizeof(g->etag), "%.*s", STR_ARG(a->etag));
    if (g->on_done)
        g->on_done(g);
}

const struct net_events held = { .head = on_head, .done = on_done };
const struct net_events streamed = { .head = on_head, .bytes = on_bytes, .done = on_done };

void got_init(struct got *g, struct bed *b)
{
    memset(g, 0, sizeof(*g));
    g->bed = b;
    buf_init(&g->body, 64 * 1024 * 1024);
}

void got_deinit(struct got *g)
{
    buf_deinit(&g->body);
}

void send_call(struct got *g, const struct request *r, const struct net_events *events)
{
    g->call = net_send(g->bed->net, r, events, g);
    ck_assert_msg(g->dones == 0, "done inside net_send");
}

void wait_for(struct got *g)
{
    while (g->dones == 0 && uv_run(&g->bed->loop, UV_RUN_ONCE))
        ;
    ck_assert_uint_eq(g->dones, 1);
}

void call(struct got *g, struct bed *b, struct request *r)
{
    got_init(g, b);
    send_call(g, r, &held);
    request_deinit(r);
    wait_for(g);
    ck_assert(g->heads <= 1);
}

void get(struct got *g, struct bed *b, const char *target)
{
    struct request r;
    ask(&r, HTTP_GET, target, NULL, READ);
    call(g, b, &r);
}
