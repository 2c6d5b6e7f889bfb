/*
 * The HTTP/1.1 server under the emulator: libuv's sockets, http-parser's parser, and answers that can be
 * damaged on purpose (cut short, slowed down, reset), which is why no ready-made server does.
 *
 * One exchange is one request and its answer. Of a connection one exchange is worked on at a time; what
 * arrives meanwhile (pipelining) waits. An exchange lives until it is answered, also when its connection is
 * gone by then: a server that took a request in goes on with it whether or not the client still listens, and
 * that is exactly what clients have to survive.
 *
 * Life of an exchange: hook headers (all header fields are there; the moment that counts as arrival) - hook
 * request (body complete) - any number of http_later() - http_send() - hook gone. A connection that fails in
 * the middle of a body goes from headers to gone directly.
 */
#ifndef SANDBOX_HTTP_H
#define SANDBOX_HTTP_H

#include "text_util.h"

#include <stdbool.h>
#include <uv.h>

#define HTTP_BODY_MAX ((size_t)16 << 20)

struct http_server;
struct http_exchange;

/* Valid from the hook headers to the hook gone. */
struct http_request {
    const char *method;  /* "GET"; static */
    const char *target;  /* as sent; owned by the exchange */
    char *path;          /* target up to '?' ; owned, decoded by nobody */
    const char *query;   /* what follows '?', or "" */
    struct buf body;     /* owned */
    uint64_t arrived_us; /* http_now_us() when the header fields were complete */
};

enum http_ending {
    HTTP_WHOLE, /* as it should be */
    HTTP_CUT, /* the full Content-Length is promised, `bytes` bytes of the body are sent, then the connection
                 is closed */
    HTTP_RESET,  /* nothing is sent; RST */
    HTTP_HANGUP, /* nothing is sent; FIN */
};

struct http_answer {
    int status;
    const char *type;    /* Content-Type; borrowed until http_send returns; NULL: none */
    const char *headers; /* further header lines with their line ends; borrowed as well; NULL: none */
    struct buf body;     /* moved: http_send takes it and leaves an empty one */
    enum http_ending ending;
    uint64_t bytes;       /* for HTTP_CUT */
    uint64_t bytes_per_s; /* 0: as fast as it goes */
    bool close;           /* say Connection: close and do it */
};

struct http_hooks {
    void (*headers)(void *context, struct http_exchange *x);
    void (*request)(void *context, struct http_exchange *x);
    void (*gone)(void *context, struct http_exchange *x);
    /* What could not be read as HTTP; the server has answered with `status` by itself. */
    void (*malformed)(void *context, int status, const char *reason);
    void *context;
};

/*
 * Listens on 127.0.0.1:port (0: any) and sets *port. The server is freed by http_server_close(). NULL with
 * *error (static text) when the socket refused.
 */
struct http_server *http_server_new(uv_loop_t *loop, const struct http_hooks *hooks, int *port,
                                    const char **error);

/* Stops everything at once: open exchanges are dropped, after this the server closes itself on the loop and
 * frees its memory. */
void http_server_close(struct http_server *server);

/* A kept connection without a request for so long is closed by the server; 0: never. */
void http_server_idle(struct http_server *server, uint64_t ms);

const struct http_request *http_request(const struct http_exchange *x);

/* The value of a header field, or NULL. Names compare without case. Borrowed until the hook gone. */
const char *http_header(const struct http_exchange *x, const char *name);

/* What the hooks keep with the exchange. */
void http_keep(struct http_exchange *x, void *user);
void *http_kept(const struct http_exchange *x);

/* Calls then(x) after ms. One at a time. */
void http_later(struct http_exchange *x, uint64_t ms, void (*then)(struct http_exchange *x));

/* Answers; the exchange must not be touched afterwards. */
void http_send(struct http_exchange *x, struct http_answer *answer);

/* Microseconds on the monotonic clock. */
uint64_t http_now_us(void);

#endif
