#include "http_internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

uint64_t http_now_us(void)
{
    return uv_hrtime() / 1000;
}

const struct http_request *http_request(const struct http_exchange *x)
{
    return &x->request;
}

void http_keep(struct http_exchange *x, void *user)
{
    x->user = user;
}

void *http_kept(const struct http_exchange *x)
{
    return x->user;
}

const char *http_header(const struct http_exchange *x, const char *name)
{
    for (size_t at = 0; at < x->fields.n;) {
        const char *own = x->fields.p + at, *value = own + strlen(own) + 1;

        if (strcasecmp(own, name) == 0)
            return value;
        at = (size_t)(value - x->fields.p) + strlen(value) + 1;
    }
    return NULL;
}

void http_server_release(struct http_server *server)
{
    if (server->closing && server->listener_closed && !server->conns && !server->exchanges)
        free(server);
}

/* ---- exchanges ---- */

static struct http_exchange *exchange_new(struct http_conn *c)
{
    struct http_exchange *x = xcalloc(1, sizeof(*x));

    buf_init(&x->request.body, HTTP_BODY_MAX);
    buf_init(&x->target, HTTP_FIELDS_MAX);
    buf_init(&x->fields, HTTP_FIELDS_MAX);
    buf_init(&x->out, ANSWER_MAX);
    x->conn = c;
    x->server = c->server;
    x->next = c->server->exchanges;
    if (x->next)
        x->next->prev = x;
    c->server->exchanges = x;
    uv_timer_init(c->server->loop, &x->timer);
    x->timer.data = x;
    x->write.data = x;
    c->x = x;
    return x;
}

static void exchange_closed(uv_handle_t *timer)
{
    struct http_exchange *x = timer->data;
    struct http_server *server = x->server;

    if (x->prev)
        x->prev->next = x->next;
    else
        server->exchanges = x->next;
    if (x->next)
        x->next->prev = x->prev;
    buf_deinit(&x->request.body);
    buf_deinit(&x->target);
    buf_deinit(&x->fields);
    buf_deinit(&x->out);
    free(x->request.path);
    free(x);
    http_server_release(server);
}

static void exchange_free(struct http_exchange *x)
{
    if (x->dead)
        return;
    x->dead = true;
    if (x->conn)
        x->conn->x = NULL;
    x->conn = NULL;
    x->server->hooks.gone(x->server->hooks.context, x);
    uv_close((uv_handle_t *)&x->timer, exchange_closed);
}

void http_exchange_done(struct http_exchange *x)
{
    struct http_conn *c = x->conn;
    bool close = x->close;

    exchange_free(x);
    if (!c || c->state == HTTP_CLOSED)
        return;
    if (close || !c->keep)
        http_conn_linger(c);
    else
        http_conn_next(c);
}

static void later_fired(uv_timer_t *timer)
{
    struct http_exchange *x = timer->data;
    void (*then)(struct http_exchange *) = x->then;

    x->then = NULL;
    then(x);
}

void http_later(struct http_exchange *x, uint64_t ms, void (*then)(struct http_exchange *))
{
    x->then = then;
    uv_timer_start(&x->timer, later_fired, ms, 0);
}

/* ---- connections ---- */

static void conn_handle_closed(uv_handle_t *handle)
{
    struct http_conn *c = handle->data;
    struct http_server *server = c->server;

    if (--c->open_handles)
        return;
    if (c->prev)
        c->prev->next = c->next;
    else
        server->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    buf_deinit(&c->ahead);
    free(c);
    http_server_release(server);
}

void http_conn_close(struct http_conn *c, bool reset)
{
    struct http_exchange *x = c->x;

    if (c->state == HTTP_CLOSED)
        return;
    c->x = NULL;
    if (x)
        x->conn = NULL;
    /* Half a request is nobody's: no one will ever answer it. */
    if (x && c->state == HTTP_READING)
        exchange_free(x);
    c->state = HTTP_CLOSED;
    uv_close((uv_handle_t *)&c->timer, conn_handle_closed);
    if (!reset || uv_tcp_close_reset(&c->tcp, conn_handle_closed) != 0)
        uv_close((uv_handle_t *)&c->tcp, conn_handle_closed);
}

static void conn_time_up(uv_timer_t *timer)
{
    http_conn_close(timer->data, false);
}

static void conn_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *into)
{
    struct http_conn *c = handle->data;

    (void)wanted;
    *into = uv_buf_init(c->server->input, sizeof(c->server->input));
}

static void conn_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *data);

static void conn_listen(struct http_conn *c, bool on)
{
    if (c->stopped != on || c->ended)
        return;
    c->stopped = !on;
    if (on)
        uv_read_start((uv_stream_t *)&c->tcp, conn_alloc, conn_read);
    else
        uv_read_stop((uv_stream_t *)&c->tcp);
}

static void linger_started(uv_shutdown_t *request, int status)
{
    struct http_conn *c = request->handle->data;

    if (c->state != HTTP_CLOSED && (status != 0 || c->ended))
        http_conn_close(c, false);
}

void http_conn_linger(struct http_conn *c)
{
    c->state = HTTP_LINGERING;
    buf_deinit(&c->ahead);
    conn_listen(c, true);
    uv_timer_start(&c->timer, conn_time_up, HTTP_LINGER_MS, 0);
    if (uv_shutdown(&c->shutdown, (uv_stream_t *)&c->tcp, linger_started) != 0)
        http_conn_close(c, false);
}

static void conn_idle(struct http_conn *c)
{
    c->state = HTTP_READING;
    c->complete = false;
    if (c->server->idle_ms)
        uv_timer_start(&c->timer, conn_time_up, c->server->idle_ms, 0);
}

struct parting {
    uv_write_t write;
    struct http_conn *conn;
    char text[160];
};

static void parting_said(uv_write_t *write, int status)
{
    struct parting *p = write->data;

    if (p->conn->state != HTTP_CLOSED) {
        if (status == 0)
            http_conn_linger(p->conn);
        else
            http_conn_close(p->conn, false);
    }
    free(p);
}

/* What is not HTTP gets a short answer and loses its connection. */
static void conn_refuse(struct http_conn *c, int status, const char *reason)
{
    struct parting *p = xcalloc(1, sizeof(*p));
    uv_buf_t out;
    int n;

    if (c->x)
        exchange_free(c->x);
    c->state = HTTP_ANSWERING;
    c->keep = false;
    c->server->hooks.malformed(c->server->hooks.context, status, reason);
    n = snprintf(p->text, sizeof(p->text), "HTTP/1.1 %d %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                 status, http_status_str((enum http_status)status));
    p->conn = c;
    p->write.data = p;
    out = uv_buf_init(p->text, (unsigned)n);
    if (uv_write(&p->write, (uv_stream_t *)&c->tcp, &out, 1, parting_said) != 0) {
        free(p);
        http_conn_close(c, false);
    }
}

/* ---- the parser's callbacks: they store, conn_feed() acts ---- */

static int on_begin(http_parser *parser)
{
    struct http_conn *c = parser->data;

    uv_timer_stop(&c->timer);
    exchange_new(c);
    return 0;
}

static int on_url(http_parser *parser, const char *at, size_t n)
{
    struct http_conn *c = parser->data;

    buf_add(&c->x->target, at, n);
    return 0;
}

static int on_field(http_parser *parser, const char *at, size_t n)
{
    struct http_conn *c = parser->data;

    if (c->x->request.arrived_us)
        return 0; /* trailers: nobody asks for them, and the fields must stay where they are */
    if (c->x->in == HTTP_IN_VALUE)
        buf_putc(&c->x->fields, '\0');
    c->x->in = HTTP_IN_NAME;
    buf_add(&c->x->fields, at, n);
    return 0;
}

static int on_value(http_parser *parser, const char *at, size_t n)
{
    struct http_conn *c = parser->data;

    if (c->x->request.arrived_us)
        return 0;
    if (c->x->in == HTTP_IN_NAME)
        buf_putc(&c->x->fields, '\0');
    c->x->in = HTTP_IN_VALUE;
    buf_add(&c->x->fields, at, n);
    return 0;
}

static void interim_sent(uv_write_t *write, int status)
{
    (void)status;
    free(write);
}

static void say_continue(struct http_conn *c)
{
    static char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
    uv_buf_t out = uv_buf_init(line, sizeof(line) - 1);
    uv_write_t *write = xcalloc(1, sizeof(*write));

    if (uv_write(write, (uv_stream_t *)&c->tcp, &out, 1, interim_sent) != 0)
        free(write);
}

static int on_headers(http_parser *parser)
{
    struct http_conn *c = parser->data;
    struct http_exchange *x = c->x;
    const char *question, *expect;

    if (parser->http_major != 1)
        return -1;
    x->request.arrived_us = http_now_us();
    if (x->in == HTTP_IN_VALUE)
        buf_putc(&x->fields, '\0');
    x->request.method = http_method_str((enum http_method)parser->method);
    x->request.target = buf_z(&x->target);
    question = strchr(x->request.target, '?');
    x->request.query = question ? question + 1 : "";
    x->request.path =
        xmemdup(x->request.target, question ? (size_t)(question - x->request.target) : x->target.n);
    if ((parser->flags & F_CONTENTLENGTH) && parser->content_length > HTTP_BODY_MAX) {
        c->too_large = true;
        return -1;
    }
    c->server->hooks.headers(c->server->hooks.context, x);
    expect = http_header(x, "Expect");
    if (expect && strcasecmp(expect, "100-continue") == 0)
        say_continue(c);
    return 0;
}

static int on_body(http_parser *parser, const char *at, size_t n)
{
    struct http_conn *c = parser->data;

    buf_add(&c->x->request.body, at, n);
    c->too_large = c->x->request.body.full;
    return c->too_large ? -1 : 0;
}

static int on_complete(http_parser *parser)
{
    struct http_conn *c = parser->data;

    c->complete = true;
    c->keep = http_should_keep_alive(parser) != 0;
    http_parser_pause(parser, 1);
    return 0;
}

static const http_parser_settings parser_settings = {
    .on_message_begin = on_begin,
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_headers,
    .on_body = on_body,
    .on_message_complete = on_complete,
};

static void conn_feed(struct http_conn *c, const char *data, size_t len)
{
    size_t used = http_parser_execute(&c->parser, &parser_settings, data, len);
    enum http_errno problem = HTTP_PARSER_ERRNO(&c->parser);

    if (problem == HPE_PAUSED && c->complete) {
        http_parser_pause(&c->parser, 0);
        buf_add(&c->ahead, data + used, len - used);
        c->state = HTTP_ANSWERING;
        c->server->hooks.request(c->server->hooks.context, c->x);
    } else if (c->too_large) {
        conn_refuse(c, 413, "the body is larger than 16 MiB");
    } else if (problem != HPE_OK || used != len) {
        conn_refuse(c, 400, http_errno_description(problem));
    }
}

void http_conn_next(struct http_conn *c)
{
    struct buf ahead = c->ahead;

    buf_init(&c->ahead, ANSWER_MAX);
    conn_idle(c);
    if (ahead.n)
        conn_feed(c, ahead.p, ahead.n);
    buf_deinit(&ahead);
    if (c->state != HTTP_READING)
        return;
    if (c->ended)
        http_conn_close(c, false);
    else
        conn_listen(c, true);
}

static void conn_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *data)
{
    struct http_conn *c = stream->data;

    if (n == 0)
        return;
    if (n < 0) {
        c->ended = true;
        /* A FIN behind a whole request only says that no more requests come: the answer is still wanted. */
        if (n != UV_EOF || c->state != HTTP_ANSWERING)
            http_conn_close(c, false);
        else
            uv_read_stop(stream);
    } else if (c->state == HTTP_READING) {
        conn_feed(c, data->base, (size_t)n);
    } else if (c->state == HTTP_ANSWERING) {
        buf_add(&c->ahead, data->base, (size_t)n);
        if (c->ahead.n > HTTP_AHEAD_MAX)
            conn_listen(c, false);
    }
}

static void conn_new(uv_stream_t *listener, int status)
{
    struct http_server *server = listener->data;
    struct http_conn *c;

    if (status != 0)
        return;
    c = xcalloc(1, sizeof(*c));
    c->server = server;
    c->next = server->conns;
    if (c->next)
        c->next->prev = c;
    server->conns = c;
    uv_tcp_init(server->loop, &c->tcp);
    uv_timer_init(server->loop, &c->timer);
    c->tcp.data = c;
    c->timer.data = c;
    c->open_handles = 2;
    c->stopped = true;
    buf_init(&c->ahead, ANSWER_MAX);
    http_parser_init(&c->parser, HTTP_REQUEST);
    c->parser.data = c;
    if (uv_accept(listener, (uv_stream_t *)&c->tcp) != 0) {
        http_conn_close(c, false);
        return;
    }
    uv_tcp_nodelay(&c->tcp, 1);
    conn_idle(c);
    conn_listen(c, true);
}

/* ---- the server ---- */

static void listener_closed(uv_handle_t *handle)
{
    struct http_server *server = handle->data;

    server->listener_closed = true;
    http_server_release(server);
}

void http_server_close(struct http_server *server)
{
    if (server->closing)
        return;
    server->closing = true;
    for (struct http_exchange *x = server->exchanges, *next; x; x = next) {
        next = x->next;
        /* One that is being written is finished by the write's callback, which closing the connection brings
         * about. */
        if (!x->writing)
            exchange_free(x);
    }
    for (struct http_conn *c = server->conns; c; c = c->next)
        http_conn_close(c, false);
    uv_close((uv_handle_t *)&server->listener, listener_closed);
}

void http_server_idle(struct http_server *server, uint64_t ms)
{
    server->idle_ms = ms;
}

struct http_server *http_server_new(uv_loop_t *loop, const struct http_hooks *hooks, int *port,
                                    const char **error)
{
    struct http_server *server = xcalloc(1, sizeof(*server));
    struct sockaddr_in address;
    int size = sizeof(address), e;

    server->loop = loop;
    server->hooks = *hooks;
    server->listener.data = server;
    uv_ip4_addr("127.0.0.1", *port, &address);
    uv_tcp_init(loop, &server->listener);
    e = uv_tcp_bind(&server->listener, (const struct sockaddr *)&address, 0);
    if (e == 0)
        e = uv_listen((uv_stream_t *)&server->listener, 512, conn_new);
    if (e == 0)
        e = uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &size);
    if (e != 0) {
        *error = uv_strerror(e);
        http_server_close(server);
        return NULL;
    }
    *port = ntohs(address.sin_port);
    return server;
}
