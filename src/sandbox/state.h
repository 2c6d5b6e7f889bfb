/*
 * The users of the emulated tenant: rows of text values after the vendor's schema, with an index by id and
 * one by e-mail.
 *
 * Every value is text and never NULL ("" is empty); what it is on the wire (number, boolean, null) is the
 * vendor's business. A user's number is its place in the order of creation and never changes; a vendor that
 * deletes users marks their rows and counts them.
 *
 * Writes may be made to show later: then reads see the image from before until the delay has passed, while
 * rules (is the e-mail taken?) go by the truth. So reads ask state_seen(), rules look at user->f.
 */
#ifndef SANDBOX_STATE_H
#define SANDBOX_STATE_H

#include "text_util.h"
#include "textmap.h"

#include "rollcall/base/arena.h"

#include <jansson.h>
#include <stdbool.h>

enum field_kind { FIELD_TEXT, FIELD_BOOL, FIELD_NUMBER };

struct field {
    const char *name;
    enum field_kind kind;
    unsigned flags;     /* the vendor's */
    unsigned max;       /* bytes; 0: 1,000 */
    const char *normal; /* of a user that comes without it; NULL: "" */
};

struct schema {
    const struct field *fields;
    size_t count;
    size_t id, email;
    /* Does a user with these values hold its e-mail against others? */
    bool (*holds_email)(const char *const *f);
};

struct user_image {
    struct user_image *next; /* owned; newer */
    uint64_t until_us;       /* reads see it before this moment */
    const char **f;          /* owned; NULL: the user was not there yet */
};

struct user {
    const char **f;         /* owned array of schema->count texts in the arena */
    struct user_image *old; /* owned, oldest first */
    uint32_t number;
    bool behind_back; /* made or changed through the admin path and not yet shown to a client */
};

struct state {
    const struct schema *schema; /* borrowed */
    struct user *users;          /* owned */
    size_t count, size;
    size_t gone; /* users among them that the vendor has marked as deleted */
    struct textmap by_id, by_email;
    struct arena arena;
    uint64_t version;       /* grows with every write */
    uint64_t visible_until; /* no image is waiting after this moment */
    uint64_t delay_us;      /* of visibility */
};

void state_init(struct state *state, const struct schema *schema);
void state_free(struct state *state);

/* Number of the field called name, or schema->count. Case is ignored when `any_case`. */
size_t schema_find(const struct schema *schema, const char *name, bool any_case);

/*
 * Adds a user; values has schema->count texts (NULL is ""), which are copied. The id must be new and the
 * e-mail free. Pointers to users are invalid afterwards; numbers stay.
 */
struct user *state_add(struct state *state, const char *const *values, uint64_t now);

/* By id or by e-mail (held by somebody), or NULL. */
struct user *state_by_id(struct state *state, const char *id);
struct user *state_by_email(struct state *state, const char *email);

/* Must precede the state_set()s of one write, so that reads can go on seeing what was. */
void state_begin(struct state *state, struct user *u, uint64_t now);
void state_set(struct state *state, struct user *u, size_t field, const char *text, size_t len);

/* What reads see at `now`: schema->count texts, or NULL when the user does not show yet. */
const char *const *state_seen(struct user *u, uint64_t now);

/* True when at `now` reads see the truth for everybody. */
bool state_settled(const struct state *state, uint64_t now);

/* [{"UserId": "...", ...}]: values that are not empty, in their JSON types. */
void state_dump(const struct state *state, struct jw *j);
void state_dump_user(const struct state *state, const struct user *u, struct jw *j);

/* Reads what state_dump() writes (texts are taken for every type). False with the reason in *error. */
bool state_load(struct state *state, const json_t *users, struct buf *error);

/* Is text a value of this kind? */
bool state_fits(enum field_kind kind, const char *text);

/* A JSON value as the text that is kept: strings as they are, true, false, numbers. NULL for anything else.
 * number: 32 bytes of room. */
const char *state_value(const json_t *value, char *number);

#endif
