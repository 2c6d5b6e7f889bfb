/* The inside of net: calls and their lists, the glue between libcurl and libuv, the head of an answer.
 *
 *   net.c       the room's door: opening and closing, the queue, cancelling, handing results over
 *   transfer.c  one call on one easy handle: its options, its callbacks, and what its end means
 *   glue.c      libcurl's sockets and timer as libuv handles
 *   head.c      header lines of an answer; pure
 *   address.c   which addresses, targets and header fields may be used at all */
#ifndef NET_INTERNAL_H
#define NET_INTERNAL_H

#include <curl/curl.h>
#include <uv.h>

#include "rollcall/net.h"

#define NET_CONNECTIONS 8
#define NET_CONNECTIONS_MAX 256
#define NET_CONNECT_US (10 * SECOND_US)
#define NET_SILENCE_US (30 * SECOND_US)
#define NET_CALL_US (120 * SECOND_US)
#define NET_IDLE_S                                                                                           \
    25 /* a kept connection older than this is not used again: servers close theirs at about this age */
#define NET_HEAD_MAX (64 * 1024)                          /* bytes of all header lines of one call */
#define NET_STREAM_MAX (INT64_C(16) * 1024 * 1024 * 1024) /* bytes of a streamed body */
#define NET_URL_MAX (2048 + REQUEST_TARGET_MAX)
#define NET_BASE_URL_MAX 2048
#define RETRY_AFTER_MAX_US (366 * DAY_US)

/* How long to wait, as a header says it: a span, a moment, or both of several. */
struct told {
    int64_t span_us; /* -1: none said */
    unix_us at;      /* 0: none said */
};

/* What the header lines of an answer say. */
struct head {
    char content_type[128]; /* without parameters, lower case */
    char etag[256];         /* as sent; "" when missing or longer than this */
    unix_us date;           /* the answer's own; 0: not said */
    struct told retry;      /* Retry-After */
    struct told hint;       /* the same in a vendor's own words */
    struct told reset;      /* when a limit's window begins anew */
    bool encoded;           /* Content-Encoding other than identity, though we asked for identity */
};

void head_clear(struct head *h);
/* One header line, with or without its line end; lines that are none are passed over. */
void head_line(struct head *h, struct str line);
/* How long to wait as told by Retry-After, or -1; without one, of an answer that refuses for want of room
 * (429, 503), as told by the vendors' own headers; the end of a limit's window counts with 429 alone. A date
 * is measured against the answer's own date, so that a wrong clock here does no harm; `now` stands in when
 * the answer has none. */
int64_t head_retry_after(const struct head *h, int status, unix_us now);

/* False: `why` says what is wrong with the address, called `what` ("the target's base URL"). A base URL has
 * targets put behind it: it does not end in a slash. `tls` tells https from http. */
bool address_check(const char *url, const char *what, bool base, bool allow_http, bool *tls, char why[300]);
/* NULL, or what is wrong with the request: it could reach another place, or say something else, than it seems
 * to. */
const char *address_refusal(const struct request *r);

enum call_state {
    CALL_WAITING, /* in net->waiting: not begun */
    CALL_OPEN,    /* in net->open: its easy handle is in the multi */
    CALL_OVER,    /* in net->over: decided, `done` comes with the next tick */
    CALL_TOLD,    /* in no list: `done` is running */
};

struct net_call {
    struct net *net;                 /* borrowed */
    struct net_call *prev, *next;    /* neighbours in the list of its state */
    const struct net_events *events; /* borrowed until done */
    void *ctx;
    enum call_state state;

    enum http_method method;
    bool single; /* must reach the server at most once */
    bool listing;
    int64_t work_us; /* added to its limits */
    char *url;       /* owned; wiped before it is freed, as the two below: credentials may be in them */
    const char *secret_target; /* the part of the URL that nobody may be shown; NULL: all may be */
    bool tls;
    struct curl_slist *headers; /* owned */
    unsigned secret_headers;    /* a bit for each of the first headers */
    char *body;                 /* owned; NULL: none */
    size_t body_n, body_at;     /* bytes; bytes given to libcurl */
    char *log_target;           /* owned; NULL when nobody logs */

    CURL *easy; /* owned while open */
    char curl_says[CURL_ERROR_SIZE];
    unsigned starts; /* how often libcurl began to write the request on a connection */
    bool body_read;  /* libcurl took bytes of the body */
    bool head_given; /* the answer's header lines are complete */
    bool cancelled;
    curl_off_t uploaded;
    mono_us began, at_sent, active; /* when libcurl got it; last request byte out; last sign of life */
    struct head head;
    size_t head_bytes;
    int64_t body_bytes;
    struct buf answer; /* the body when it is held */

    /* The end, as `done` will tell it. */
    enum sent sent;
    enum transport_error error;
    int status;
    mono_us at_done;
    int64_t retry_after_us;
    char detail[200];
};

struct call_list {
    struct net_call *first, *last;
    size_t n;
};

struct net_poll;

struct net {
    uv_loop_t *loop;        /* borrowed */
    CURLM *multi;           /* owned */
    uv_timer_t curl_timer;  /* libcurl's own timer */
    uv_timer_t tick;        /* ours: silence, and what must not happen inside somebody's call */
    struct net_poll *polls; /* a handle for every socket libcurl watches */
    size_t handles;         /* not yet closed */
    bool inside;            /* libcurl is on the stack: its API must not be entered */
    bool closing;
    void (*closed)(void *ctx);
    void *closed_ctx;

    char *base_url, *ca_file, *user_agent; /* owned */
    bool tls, any_tls;                     /* of the base URL; of any address */
    struct other {
        char *url; /* owned */
        bool tls;
    } * others; /* owned */
    size_t n_others;
    int64_t connect_us, silence_us, call_us;
    size_t max_open;
    const struct log *log; /* borrowed; may be NULL */

    struct call_list waiting, open, over;
    CURL **idle; /* easy handles ready for the next call */
    size_t n_idle;
};

/* net.c */
void net_after(struct net *n); /* to be called after libcurl was let run: results, cancellations, the queue */
void net_soon(struct net *n);  /* the tick comes with the next turn of the loop */
void net_handle_gone(struct net *n); /* from a close callback */

/* glue.c */
void glue_init(struct net *n);   /* timers and multi options */
void glue_deinit(struct net *n); /* after curl_multi_cleanup: closes every handle */

/* transfer.c */
CURL *transfer_easy(struct net *n); /* an easy handle with everything set that is the same for all calls */
bool transfer_begin(struct net_call *c); /* false: libcurl would not take it; the call's end is filled */
void transfer_end(struct net_call *c,
                  CURLcode code);         /* fills the call's end; the easy handle is still there */
void transfer_cancel(struct net_call *c); /* fills the call's end */
void transfer_silent(struct net_call *c); /* fills the call's end */

#endif
