/*
 * One API call: what the client asked, what the emulator makes of it; and what a vendor is made of.
 *
 * A vendor is data (endpoints, user schema, switches) and functions that read a call and write its answer.
 * The core does the rest: routing, rate limit, faults, delays, the log.
 */
#ifndef SANDBOX_CALL_H
#define SANDBOX_CALL_H

#include "faults.h"
#include "http.h"
#include "reqlog.h"
#include "rules.h"
#include "state.h"
#include "switches.h"

#define CALL_PARAMS_MAX 16

struct sandbox;
struct call;

enum endpoint_method { GET = 1, POST = 2, PUT = 4, PATCH = 8, DELETE = 16 };
enum endpoint_body {
    NO_BODY,
    JSON_BODY,
    OPTIONAL_BODY, /* JSON, or none */
    OTHER_BODY,    /* the handler reads request->body itself */
};

struct endpoint {
    const char *name; /* unique among the vendor's */
    const char *path; /* one segment may be {...}: any text, which the call then carries */
    unsigned methods; /* of enum endpoint_method */
    enum endpoint_body body;
    bool writes;
    bool bulk;                /* counts in the bulk rate too */
    bool large;               /* looks at the size of its body itself */
    const char *const *query; /* parameters, ends with NULL; may be NULL */
    void (*handle)(struct call *call);
};

/* What the core cannot answer in the vendor's manner by itself. */
enum problem {
    PROBLEM_KEYS,      /* wrong or dead keys */
    PROBLEM_THROTTLED, /* over the rate limit */
    PROBLEM_PATH,
    PROBLEM_METHOD,
    PROBLEM_BODY,  /* body against the specification */
    PROBLEM_LOGIC, /* an application error */
};

struct vendor {
    const char *name;
    const char *about;
    const struct endpoint *endpoints; /* ends with a NULL name */
    const struct schema *schema;
    const struct switch_def *switches;   /* ends with a NULL name */
    const char *access_key, *secret_key; /* defaults */
    const char *keys_about;              /* what the two are; NULL: what their names say */
    const char *rate;                    /* default of the switch `rate`; NULL: the core's */
    const char *type;                    /* Content-Type of answers; NULL: application/json */
    /* Is it a Content-Type that bodies may have? NULL: application/json only. */
    bool (*media)(const char *type);

    /* Life of the vendor's own data; generate or load fill it and the users. */
    void *(*create)(struct sandbox *sb, uint64_t seed);
    void (*destroy)(void *data);
    void (*generate)(struct sandbox *sb, size_t users, uint64_t seed);
    bool (*load)(struct sandbox *sb, const json_t *root, struct buf *error);
    void (*dump)(struct sandbox *sb, struct jw *j); /* members of the root object */
    /* The rows of the state are not the form in which people see users: dump writes them too, and edit does
     * what POST /admin/user asks (false with the reason in *error). NULL: the core does both, by the schema.
     */
    bool (*edit)(struct call *call, struct buf *error);

    /* Are the keys good? Asked when the header fields are there; records breaches of rules about keys. */
    bool (*admit)(struct call *call);
    /* Writes the answer. detail may be NULL. */
    void (*problem)(struct call *call, enum problem problem, const char *detail);
    /* Does what was accepted earlier and is due at `now`. */
    void (*settle)(struct sandbox *sb, uint64_t now);
    /* Members of /admin/stats; optional. */
    void (*report)(struct sandbox *sb, struct jw *j);
    /* A switch was set; optional. */
    void (*switched)(struct sandbox *sb);
};

enum call_verdict { CALL_ADMITTED, CALL_BAD_KEYS, CALL_THROTTLED };

struct call_param {
    char *name, *value; /* owned, decoded */
};

struct call {
    struct sandbox *sb;
    struct http_exchange *x;
    const struct http_request *request;
    const struct endpoint *endpoint; /* NULL: none */
    bool path_known;                 /* some endpoint has the path, if not for this method */
    bool admin;
    enum call_verdict verdict;
    uint64_t seq;
    uint64_t now; /* us: when it was taken in hand */
    struct call_param params[CALL_PARAMS_MAX];
    size_t nparams;
    char *id;      /* owned: what stood for {...} in the path, decoded; NULL: none */
    char *id_sent; /* owned: the same as it was sent */
    json_t *body;  /* owned; NULL: none */
    bool faulty;
    struct fault_hit fault;
    /* the answer */
    int status; /* 200 unless said otherwise */
    const char *type;
    struct buf headers; /* further header lines, each with its line end */
    struct buf out;
    bool applied;
};

int64_t call_switch(const struct call *call, size_t i);

/* Percent escapes undone, in a query a plus too; owned by the caller. A NUL or a broken escape stays as it
 * was sent: nothing that follows will match it. */
char *text_decoded(const char *text, size_t len, bool query);

/* A decoded query parameter, or NULL. Case is taken as the switch `case` says. */
const char *call_param(const struct call *call, const char *name);

void call_violation(struct call *call, enum rule rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The user was written by this call. */
void call_touch(struct call *call, struct user *u);

/* An answer of the vendor's for something that is wrong with the body; also recorded as a breach of `rule`.
 * Returns false. */
bool call_refuse_body(struct call *call, enum rule rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
