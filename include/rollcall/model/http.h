/* Requests and answers as values: connectors make and read them, net carries them, the engine counts them. */
#ifndef ROLLCALL_MODEL_HTTP_H
#define ROLLCALL_MODEL_HTTP_H

#include "rollcall/base.h"

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE, HTTP_METHODS };
extern const char *const http_method_name[HTTP_METHODS];

#define REQUEST_HEADERS_MAX 12
#define REQUEST_BODY_MAX (4 * 1024 * 1024)
#define REQUEST_TARGET_MAX (16 * 1024)

struct header {
    const char *name; /* borrowed, static */
    struct str value; /* in the request's arena */
    bool secret;
};

struct request {
    struct arena arena; /* owned; all text below lives in it */
    enum http_method method;
    struct str target; /* path and query, to be appended to the target's base URL; percent-encoded */
    struct str url;    /* a whole address instead (a token's): only ever an OPT_URL of the job. Else empty */
    struct str log_target; /* the same without anything secret: what logs and reports show */
    struct header header[REQUEST_HEADERS_MAX];
    size_t n_headers;
    struct str body;  /* empty: none */
    uint8_t endpoint; /* index in the vendor's endpoint table */
    bool write;       /* changes the tenant */
    bool harmless; /* sending it twice does no harm; a write that is not must reach the server at most once */
    bool listing;  /* may take long: only silence counts, not the whole call's time */
    int64_t work_us; /* time it gets beyond any other call, in silence too: it asks for much */
};

/* Empty: GET, no target, no headers. clear makes it so again for reuse and keeps some memory; both clear and
 * deinit overwrite the values of secret headers first. */
void request_init(struct request *r);
void request_deinit(struct request *r);
void request_clear(struct request *r);
/* Copies `value` into the request's arena; `name` must be static. False, and no header added, when the value
 * has a control character other than a tab: it could start a header of its own (RFC 9110 5.5). More than
 * REQUEST_HEADERS_MAX headers are a bug and end the process. */
bool request_header(struct request *r, const char *name, struct str value, bool secret);
/* Appends `s` with everything but RFC 3986 unreserved characters (A-Z a-z 0-9 - . _ ~) percent-encoded, byte
 * for byte, upper case. */
void url_encode(struct buf *out, struct str s);

/* How far a request came. */
enum sent {
    SENT_ANSWERED, /* a whole answer arrived: `status` counts */
    SENT_NOT,      /* surely not sent (no connection, name not found, refused by us): may be tried again */
    SENT_UNKNOWN,  /* sent, at least in part, and no whole answer: a write may or may not have been done */
};

enum transport_error {
    NET_OK,
    NET_RESOLVE,
    NET_CONNECT,
    NET_TLS,
    NET_TIMEOUT,
    NET_SILENCE,
    NET_RESET,
    NET_TRUNCATED,
    NET_PROTOCOL,
    NET_TOO_LARGE,
    NET_REFUSED_URL,
    NET_CANCELLED,
    NET_ERRORS
};
extern const char *const transport_error_name[NET_ERRORS]; /* "ok", "resolve", "connect", ... */

#define ANSWER_BODY_MAX (8 * 1024 * 1024) /* of an answer that is held whole; listings stream */

struct answer {
    enum sent sent;
    enum transport_error error;
    int status;              /* HTTP status, 0 when there was none */
    struct str body;         /* borrowed: valid during the call it is handed to; empty for a streamed read */
    struct str content_type; /* without parameters, lower case */
    int64_t retry_after_us;  /* -1: no such header; from either form, counted from the answer's arrival */
    struct str etag;
    char detail[200];         /* the transport's own words, no secret in it */
    mono_us at_sent, at_done; /* when the last request byte left (0: not known), when the answer was whole */
};

#endif
