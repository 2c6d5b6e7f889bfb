/* net: libcurl multi on the libuv loop. A request value goes in, an answer value comes out. Transport only: it never retries, paces or reads bodies.
 *
 * The single-send rule: libcurl repeats a request by itself when a reused connection dies before the first answer byte, POST included. A write that is not
 * `harmless` must reach the server at most once: its body goes through a read callback whose seek callback refuses (so curl ends with error 65 and the answer is
 * SENT_UNKNOWN), and one without a body goes over a fresh connection. GET is not taken as harmless: vendors change state by GET. */
#ifndef ROLLCALL_NET_H
#define ROLLCALL_NET_H

#include <uv.h>

#include "rollcall/model.h"

struct net;
struct net_call;

struct net_options {
    const char *base_url;        /* no trailing slash */
    const char *ca_file;         /* NULL: the system's */
    const char *user_agent;
    bool allow_http;             /* loopback literals, or allowed by the operator; else only https */
    int64_t connect_us, silence_us, call_us; /* 0: 10 s, 30 s, 120 s (the last not for listings) */
    unsigned max_connections;    /* 0: 8 */
    const struct log *log;       /* borrowed; NULL: none */
};

struct net_events {
    void (*head)(void *ctx, int status);                    /* may be NULL; once per answer */
    void (*bytes)(void *ctx, const char *p, size_t n);      /* NULL: the body is held (up to ANSWER_BODY_MAX) and given in the answer */
    void (*done)(void *ctx, const struct answer *a);        /* exactly once, never inside net_send; the call is gone afterwards */
};

/* NULL: `why` (a base URL that is not allowed, no TLS). */
struct net *net_new(uv_loop_t *loop, const struct net_options *options, char why[300]);
/* Copies what it needs of `r`; `events` is borrowed until done. */
struct net_call *net_send(struct net *n, const struct request *r, const struct net_events *events, void *ctx);
void net_cancel(struct net *n, struct net_call *call); /* `done` follows: NET_CANCELLED, SENT_UNKNOWN when anything may have left */
size_t net_open_calls(const struct net *n);
/* Cancels everything and frees; `closed` is called when no handle is left on the loop. */
void net_close(struct net *n, void (*closed)(void *ctx), void *ctx);

#endif
