/* The other side of the wire tests of net: a loop with a net on it, requests in one line, and what became of
 * them. */
#ifndef NET_BED_H
#define NET_BED_H

#include "net_server.h"
#include "rollcall/net.h"

struct bed {
    uv_loop_t loop;
    struct net *net;
    struct server *server; /* NULL: none */
    bool closed;
};

/* What a call brought. */
struct got {
    struct bed *bed;
    struct net_call *call;
    unsigned heads, dones;
    int head_status;
    struct answer a; /* its borrowed text is not to be looked at, but: */
    struct buf body; /* held or streamed */
    char content_type[128], etag[256];
    void (*on_head)(struct got *g);
    void (*on_bytes)(struct got *g);
    void (*on_done)(struct got *g);
    struct got *other;
};

/* Starts a server and a net for it; `o` NULL: defaults with plain http allowed. */
void bed_open(struct bed *b, void (*serve)(struct peer *p), const void *ctx, const struct net_options *o);
/* A net without a server. */
void bed_net(struct bed *b, const struct net_options *o);
/* Closes net and server; asserts that the loop is left without a handle. The server's memory stays until
 * bed_free(). */
void bed_close(struct bed *b);
void bed_free(struct bed *b);

enum kind { READ, WRITE, HARMLESS_WRITE };
void ask(struct request *r, enum http_method method, const char *target, const char *body, enum kind kind);

extern const struct net_events held, streamed;

void got_init(struct got *g, struct bed *b);
void got_deinit(struct got *g);
void send_call(struct got *g, const struct request *r, const struct net_events *events);
void wait_for(struct got *g);
/* Sends and waits; frees the request. */
void call(struct got *g, struct bed *b, struct request *r);
/* The same in one: a held GET that changes nothing. */
void get(struct got *g, struct bed *b, const char *target);

#endif
