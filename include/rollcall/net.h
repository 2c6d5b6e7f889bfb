/* net: libcurl multi on the libuv loop. A request value goes in, an answer value comes out. Transport only:
 * it never retries, paces or reads bodies.
 *
 * The single-send rule: libcurl repeats a request by itself when a reused connection dies before the first
 * answer byte, POST included. A write that is not `harmless` must reach the server at most once: libcurl's
 * pre-request callback refuses a second start, its body goes through a read callback whose seek callback
 * refuses (so the answer is SENT_UNKNOWN), and one without a body goes over a fresh connection. GET is not
 * taken as harmless: vendors change state by GET.
 *
 * SENT_NOT is said only when no connection was ready for the request or not one byte could be written on it.
 * A redirect is an answer like others. An answer that is compressed though `Accept-Encoding: identity` was
 * sent is an error. A request goes below the base URL, or to one of the further addresses that net_new was
 * told of, and nowhere else. The program's SIGPIPE is set to be ignored when it was not handled: libcurl asks
 * for that. */
#ifndef ROLLCALL_NET_H
#define ROLLCALL_NET_H

#include <uv.h>

#include "rollcall/model.h"

struct net;
struct net_call;

/* A whole address besides the base URL (a token's), to which a request may go whose `url` is the same, byte
 * for byte. No user, query or fragment. */
struct net_address {
    const char *url;
    bool allow_http; /* as below, of this address */
};

struct net_options {
    /* https://host[:port][/path]: no trailing slash, user, query or fragment. */
    const char *base_url;
    const struct net_address *others;
    size_t n_others;
    /* PEM; the only authorities trusted. NULL: the system's. */
    const char *ca_file;
    const char *user_agent;
    /* The caller knows the host as a loopback literal, or as allowed by the operator; else only https. */
    bool allow_http;
    /* 0: 10 s, 30 s, 120 s (the last not for listings). Counted from when the call leaves the queue; a
     * request's own work_us comes on top of the last two. */
    int64_t connect_us, silence_us, call_us;
    /* Calls under way at once; the others queue in order. 0: 8, at most 256. */
    unsigned max_connections;
    /* Borrowed; NULL: none. A line "call" per call at LOG_DEBUG, with its log_target. */
    const struct log *log;
};

/* From inside these three, net_send, net_cancel and net_close may be called. */
struct net_events {
    /* May be NULL. At most once, before the first bytes; interim answers (1xx) are not told. */
    void (*head)(void *ctx, int status);
    /* NULL: the body is held (up to ANSWER_BODY_MAX) and given in the answer. */
    void (*bytes)(void *ctx, const char *p, size_t n);
    /* Exactly once, never inside net_send or net_cancel. The call is gone afterwards. */
    void (*done)(void *ctx, const struct answer *a);
};

/* NULL: `why` (an address that is not allowed, an unreadable ca_file, no TLS). */
struct net *net_new(uv_loop_t *loop, const struct net_options *options, char why[300]);
/* Copies what it needs of `r`; `events` is borrowed until done. A request that means something else than it
 * seems to (a target with "..", a header with a line end, a `url` that is none of the addresses told) ends as
 * NET_REFUSED_URL, SENT_NOT. NULL only after net_close(). */
struct net_call *net_send(struct net *n, const struct request *r, const struct net_events *events, void *ctx);
/* `done` follows with the loop's next turn: NET_CANCELLED, SENT_UNKNOWN when anything may have left. */
void net_cancel(struct net *n, struct net_call *call);
size_t net_open_calls(const struct net *n);
/* Cancels everything and frees; `closed` is called when no handle is left on the loop. */
void net_close(struct net *n, void (*closed)(void *ctx), void *ctx);

#endif
