/* A small server for the wire tests of net: a thread accepts, a thread per connection runs the test's own
 * function, which reads requests and writes whatever it likes, right or wrong, with or without TLS. Every
 * whole request is kept for the test to look at. */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#define SEEN_HEAD_MAX (64 * 1024)

struct seen {
    char head[SEEN_HEAD_MAX]; /* request line and header lines as they came, NUL-terminated */
    char *body;               /* owned by the server */
    size_t body_n;
    unsigned connection; /* 1-based, in the order of accepting */
};

struct server;
struct peer;
struct ssl_ctx_st;

struct server *server_start(void (*serve)(struct peer *p), const void *ctx, struct ssl_ctx_st *tls);
/* Ends every connection and thread; what it saw stays until server_free(). */
void server_stop(struct server *s);
void server_free(struct server *s);
const char *server_url(const struct server *s); /* "http://127.0.0.1:PORT", or https */
size_t server_requests(struct server *s);       /* whole requests seen so far */
const struct seen *server_seen(struct server *s, size_t i);
unsigned server_connections(struct server *s);
unsigned server_open_now(struct server *s);
unsigned server_most_at_once(struct server *s);

/* For the serving function, which ends the connection by returning. */
void *peer_ctx(struct peer *p);
unsigned peer_number(const struct peer *p);
const struct seen *peer_request(struct peer *p);              /* the next whole request, or NULL at its end */
bool peer_write(struct peer *p, const char *bytes, size_t n); /* false: the client is gone */
bool peer_text(struct peer *p, const char *text);
void peer_reset(struct peer *p); /* the connection will end by a reset */
void peer_pause(unsigned ms);
/* Answers every request with `text` until the client leaves. */
void peer_always(struct peer *p, const char *text);

#endif
