/* Shared by http.c (connections, reading) and http_send.c (answers). */
#ifndef SANDBOX_HTTP_INTERNAL_H
#define SANDBOX_HTTP_INTERNAL_H

#include "http.h"

#include <http_parser.h>

/* The parser ends what is longer (80 KiB); each name and value takes a byte more here. */
#define HTTP_FIELDS_MAX ((size_t)256 * 1024)
/* While an answer is on its way so much further input is kept, then reading stops. */
#define HTTP_AHEAD_MAX ((size_t)256 * 1024)
/* How long a connection that we close may go on sending before it is cut. */
#define HTTP_LINGER_MS 2000

enum http_conn_state {
    HTTP_READING,   /* waiting for, or in the middle of, a request */
    HTTP_ANSWERING, /* an exchange is worked on or written */
    HTTP_LINGERING, /* our side is closed; input is read and dropped until the peer closes too */
    HTTP_CLOSED,    /* handles are closing */
};

struct http_conn {
    uv_tcp_t tcp;
    uv_timer_t timer; /* idle or linger */
    uv_shutdown_t shutdown;
    unsigned open_handles;
    struct http_server *server; /* borrowed */
    struct http_conn *next, *prev;
    enum http_conn_state state;
    http_parser parser;
    struct http_exchange *x; /* in work; it points back */
    struct buf ahead;        /* input that came before its turn */
    bool complete;           /* the parser has seen the end of a request */
    bool keep;               /* the connection stays open after this answer */
    bool too_large;
    bool ended;   /* the peer sent its FIN */
    bool stopped; /* reading is off */
};

enum http_field_state { HTTP_IN_NAME, HTTP_IN_VALUE };

struct http_exchange {
    struct http_request request;
    struct buf target; /* behind request.target */
    struct buf fields; /* name NUL value NUL ... */
    enum http_field_state in;
    struct http_conn *conn;     /* NULL once the connection is gone */
    struct http_server *server; /* borrowed */
    struct http_exchange *next, *prev;
    void *user;
    uv_timer_t timer;
    void (*then)(struct http_exchange *x);
    uv_write_t write;
    struct buf out;    /* the answer on its way */
    size_t sent;       /* handed to the socket */
    size_t until;      /* where the answer ends: short of out.n when it is cut */
    uint64_t per_tick; /* bytes each HTTP_TICK_MS; 0: all at once */
    bool close;
    bool writing;
    bool dead; /* hook gone was called */
};

struct http_server {
    uv_loop_t *loop; /* borrowed */
    uv_tcp_t listener;
    struct http_hooks hooks;
    struct http_conn *conns;
    struct http_exchange *exchanges;
    uint64_t idle_ms;
    bool closing;
    bool listener_closed;
    char input[64 * 1024]; /* shared: what is read is used at once */
};

/* The answer is out, or given up: goes on with the connection and frees the exchange. */
void http_exchange_done(struct http_exchange *x);

void http_conn_close(struct http_conn *c, bool reset);

/* FIN, then wait for the peer's. */
void http_conn_linger(struct http_conn *c);

/* Looks at the input that waits; called when an answer is out. */
void http_conn_next(struct http_conn *c);

/* Frees the server once nothing of it is left on the loop. */
void http_server_release(struct http_server *server);

#endif
