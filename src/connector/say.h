/* What connectors say to people, and what every vendor's answers have in common: texts that fit, a verdict on
 * an answer, the vendor's words made safe. */
#ifndef CONNECTOR_SAY_H
#define CONNECTOR_SAY_H

#include "rollcall/connector.h"

/* Formats into `out` (cap bytes with the NUL), cut at a character. */
void say_text(char *out, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void say_cut(char *out, size_t cap, struct str s); /* a copy that fits, cut at a character */

enum fault {
    FAULT_NONE, /* 2xx: the call decides whether the shape is right */
    FAULT_THROTTLED,
    FAULT_PASSING,
    FAULT_REFUSED,
    FAULT_GONE,      /* 404, where the vendor means something by it */
    FAULT_STALE,     /* 412 */
    FAULT_TOO_LARGE, /* 413 */
    FAULT_LOGIN,     /* credentials or session refused */
    FAULT_NOT_SENT,
    FAULT_LOST, /* sent, and no whole answer */
};

/* What an answer means. */
struct judged {
    enum fault fault;
    int64_t wait_us;             /* FAULT_THROTTLED */
    char type[40];               /* the vendor's own word for a refusal; "" */
    char text[SETTLED_TEXT_MAX]; /* for people, printable: "409 uniqueness: userName is taken" */
};

/* An answer that did not come whole, or was not asked for: true, and *out says so. */
bool judged_transport(const struct answer *a, struct judged *out);
/* Appends the vendor's words, safe to show: without our credentials or `session`'s (NULL: there is none),
 * should they be echoed, and without anything that misleads a terminal. */
void say_words(const struct conn_config *config, const struct secret *session, struct str words,
               struct buf *out);

#endif
