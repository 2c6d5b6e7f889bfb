/* A reading as a set of asks: which request is next, which answer belongs to which ask, what a bad answer
 * means. The same for every vendor; what a reading consists of, and what an answer says, is the vendor's
 * (struct asks_hooks). */
#ifndef CONNECTOR_ASKS_H
#define CONNECTOR_ASKS_H

#include <jansson.h>

#include "say.h"

#define ASKS_OPEN_MAX 16 /* reads open at once, whatever is configured */
#define ASK_ERROR_BODY_MAX                                                                                   \
    ((size_t)65536) /* bytes kept of an answer that was to be streamed and is an error */

enum ask_state { ASK_READY, ASK_OPEN, ASK_DONE };

/* One request of a reading, from the wish to the good answer. First member of a vendor's own ask. */
struct ask {
    struct conn *conn; /* borrowed */
    unsigned kind;     /* the vendor's */
    enum ask_state state;
    unsigned id;    /* of the read while open; a new one for each offer */
    unsigned tries; /* that ended badly */
    int status;     /* while open: of the answer */
    bool streamed;  /* while open: its bytes go to the vendor's reader, not into `body` */
    bool read_open; /* while open: its users go into the roster, under the number `read` */
    unsigned read;
    struct buf body; /* while open: owned */
};

struct asks_hooks {
    size_t ask_size; /* of the vendor's own ask */
    void (*request)(struct conn *c, struct ask *a, struct request *out);
    void (*name)(const struct conn *c, const struct ask *a, char *out, size_t cap); /* in messages */
    bool (*into_roster)(const struct conn *c, const struct ask *a);
    size_t (*body_max)(const struct ask *a); /* of an answer that is held */
    /* An answer with a->status begins: true when its bytes go to bytes(). */
    bool (*stream)(struct conn *c, struct ask *a);
    void (*bytes)(struct ask *a, const char *p, size_t n);
    /* What the answer brought so far is void; may be called at any time, more than once. In the state
     * ASK_DONE the ask itself is about to go. */
    void (*strike)(struct ask *a);
    /* The answer was good: what was needed to read it may go. */
    void (*close)(struct ask *a);
    /* The answer ended; FAULT_NONE: taken. Of a streamed one, and of one that was held: `root` is its body
     * where that is JSON, else NULL. */
    void (*judge_streamed)(struct conn *c, struct ask *a, const struct answer *answer, struct judged *out);
    void (*judge_held)(struct conn *c, struct ask *a, const struct answer *answer, const json_t *root,
                       struct judged *out);
    /* By kind of reading. Nothing is open or ready: adds asks, completes or fails. */
    void (*advance[READ_LOOKUP + 1])(struct conn *c);
    /* Optional. Credentials or session were refused: true when logging in once more may help. */
    bool (*login_again)(struct conn *c);
};

/* The first member of a vendor's struct conn: so a conn is its asks. */
struct asks {
    const struct asks_hooks *hooks; /* borrowed */
    unsigned concurrency;           /* asks open at once */
    unsigned tries;                 /* times one ask may fail */
    unsigned last_id;               /* over all readings: a late answer never meets a new ask */
    struct read_goal goal;
    struct ask **ask; /* owned, each too */
    size_t n_asks, cap_asks;
    size_t first_ready; /* no ask before it is ready */
    struct ask *open[ASKS_OPEN_MAX];
    unsigned n_open;
    bool reached;          /* kept: the service was there once */
    unsigned missed;       /* while it never was: asks of this reading that failed for it */
    enum read_next result; /* READ_COMPLETE or READ_INCOMPLETE once decided; READ_WAIT before */
    struct read_state state;
};

/* A vendor's new ask, zeroed but for kind and state. */
struct ask *asks_add(struct asks *r, unsigned kind);
void asks_complete(struct asks *r, enum roster_proof proof, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The first failure is the one that is told. */
void asks_fail(struct asks *r, enum again again, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

void asks_init(struct asks *r, const struct asks_hooks *hooks, const struct conn_config *config,
               int64_t tries);
/* Forgets the reading before, and starts one. */
void asks_begin(struct asks *r, const struct read_goal *goal);
void asks_clear(struct asks *r);

/* Of a READ_LOOKUP: indexes the attribute `name` besides the keys, lets users count once who were found
 * twice, and seals. False, and the reading has failed, where somebody was not the same both times. */
bool asks_seal_found(struct asks *r, const struct schema *schema, const char *name);

/* As the door names them, for every vendor whose conn has its asks as its first member. */
enum read_next asks_read_next(struct conn *c, struct request *out, unsigned *id, struct read_state *state);
void asks_read_head(struct conn *c, unsigned id, int status);
void asks_read_bytes(struct conn *c, unsigned id, const char *p, size_t n);
struct read_verdict asks_read_end(struct conn *c, unsigned id, const struct answer *answer);

#endif
