/* Answers: whole, slow, cut short, or not at all. */
#include "http_internal.h"

#include <stdlib.h>

#define HTTP_TICK_MS 50

static void send_more(struct http_exchange *x);

static void tick(struct http_exchange *x)
{
    if (x->conn)
        send_more(x);
    else
        http_exchange_done(x);
}

static void sent(uv_write_t *write, int status)
{
    struct http_exchange *x = write->data;

    x->writing = false;
    if (status == 0 && x->conn && x->sent < x->until) {
        http_later(x, HTTP_TICK_MS, tick);
        return;
    }
    if (status != 0 && x->conn)
        http_conn_close(x->conn, false);
    http_exchange_done(x);
}

static void send_more(struct http_exchange *x)
{
    size_t n = x->until - x->sent;
    uv_buf_t out;

    if (x->per_tick && n > x->per_tick)
        n = (size_t)x->per_tick;
    if (n > UINT32_MAX / 2)
        n = UINT32_MAX / 2;
    out = uv_buf_init(x->out.p + x->sent, (unsigned)n);
    x->sent += n;
    x->writing = true;
    if (uv_write(&x->write, (uv_stream_t *)&x->conn->tcp, &out, 1, sent) != 0) {
        x->writing = false;
        http_conn_close(x->conn, false);
        http_exchange_done(x);
    }
}

static bool may_have_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

static void write_head(struct http_exchange *x, const struct http_answer *a)
{
    buf_printf(&x->out, "HTTP/1.1 %d %s\r\n", a->status, http_status_str((enum http_status)a->status));
    if (a->type && may_have_body(a->status))
        buf_printf(&x->out, "Content-Type: %s\r\n", a->type);
    if (may_have_body(a->status))
        buf_printf(&x->out, "Content-Length: %zu\r\n", a->body.n);
    if (a->headers)
        buf_puts(&x->out, a->headers);
    if (x->close || !x->conn->keep)
        buf_puts(&x->out, "Connection: close\r\n");
    buf_puts(&x->out, "\r\n");
}

void http_send(struct http_exchange *x, struct http_answer *a)
{
    size_t head;

    if (!x->conn || a->ending == HTTP_RESET || a->ending == HTTP_HANGUP) {
        if (x->conn && a->ending == HTTP_RESET)
            http_conn_close(x->conn, true);
        x->close = true;
        buf_deinit(&a->body);
        http_exchange_done(x);
        return;
    }
    x->close = a->close || a->ending == HTTP_CUT;
    write_head(x, a);
    head = x->out.n;
    if (may_have_body(a->status))
        buf_add(&x->out, a->body.p, a->body.n);
    buf_deinit(&a->body);
    x->until = x->out.n;
    if (a->ending == HTTP_CUT && a->bytes < x->until - head)
        x->until = head + (size_t)a->bytes;
    x->per_tick = a->bytes_per_s ? a->bytes_per_s * HTTP_TICK_MS / 1000 + 1 : 0;
    send_more(x);
}
