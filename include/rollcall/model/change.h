/* A change: one kind of thing to do to one user, with before- and after-image. A plain value; its canonical
 * JSON is what plans are hashed over, what the ledger keeps and what a plan file carries. */
#ifndef ROLLCALL_MODEL_CHANGE_H
#define ROLLCALL_MODEL_CHANGE_H

#include "rollcall/model/attr.h"
#include "rollcall/model/person.h"
#include "rollcall/model/user.h"

enum change_kind {
    CHANGE_CREATE,
    CHANGE_ACTIVATE,
    CHANGE_UPDATE,
    CHANGE_MANAGER,
    CHANGE_MEMBERSHIP,
    CHANGE_DEACTIVATE,
    CHANGE_RETIRE,
    CHANGE_KINDS
};
extern const char *const change_kind_name[CHANGE_KINDS]; /* "create", "activate", ... */

/* Why a change of the plan is not to be done. Order: what is said first when several apply. */
enum hold {
    HOLD_NONE,
    HOLD_ACTION_OFF, /* the job switches this kind off */
    HOLD_PROTECTED,
    HOLD_NO_PROOF, /* feed not proven enough for this kind */
    HOLD_GUARD,    /* more of this kind than the guard allows */
    HOLD_UNKNOWN_MANAGER,
    HOLD_OWN_MANAGER,
    HOLD_LEAVING_MANAGER,
    HOLD_CYCLE,
    HOLD_INACTIVE_MANAGER,
    HOLD_UNKNOWN_REF,
    HOLD_AMBIGUOUS_REF,
    HOLD_READ_ONLY, /* the vendor cannot change this attribute (an e-mail address, say) */
    HOLD_NEED,      /* something it needs is itself held: `why` names it */
    HOLD_SEATS,
    HOLDS
};
extern const char *const hold_name[HOLDS]; /* "none", "action_off", ...: for reports and scripts */

enum outcome {
    OUTCOME_NONE,
    OUTCOME_APPLIED,
    OUTCOME_ALREADY,
    OUTCOME_FAILED,
    OUTCOME_STALE,
    OUTCOME_WITHHELD,
    OUTCOME_UNRESOLVED,
    OUTCOME_NOT_VISIBLE,
    OUTCOMES
};
extern const char *const outcome_name[OUTCOMES]; /* "none", "applied", ..., "not_visible" */

struct edit {
    uint8_t slot;
    struct str before;                  /* shown form; empty: none. A reference: its id */
    struct str after;                   /* form to send. A reference: its id */
    struct str before_name, after_name; /* references: what people call it; else empty */
    /* Several references (ATTR_REFS): the ids as the vendor writes them, ordered by their canonical forms and
     * parted by line ends; the names in the same order, parted by ", ". */
    /* There is a value, but it is secret and the JSON that this was read from did not carry it: the feed has
     * to say it again. Set by change_read() only. */
    bool before_hidden, after_hidden;
};

/* The user a change refers to as manager. Exactly one of `id` and `key` decides: a manager who is created in
 * the same run has no id yet. */
struct manager_ref {
    struct str id;  /* the vendor's id; empty: will be created by the change whose `key` this is */
    struct str key; /* value of the schema's manager key, for people and for joiners */
};

struct change {
    enum change_kind kind;
    struct str user; /* the vendor's id; empty for a create */
    struct str key;  /* value of the first match key that the person or user has: what people know him by */
    struct str user_email; /* see vendor: an attribute some bulk calls select by; may be empty */
    struct edit *edit;     /* UPDATE, MEMBERSHIP, CREATE; by ascending slot */
    size_t n_edits;
    struct manager_ref manager_before, manager_after; /* MANAGER, CREATE; both empty when not concerned */
    bool manager_set;                                 /* manager_after counts */
    struct str reason; /* DEACTIVATE: "status 'Terminated'", "absent"; ACTIVATE: "in the feed as 'Active'" */
    bool inactive;     /* RETIRE: he was so when it was planned. Who is back since then is not retired */
    struct place at;   /* the row behind it; line 0 for absence */
    enum hold hold;
    struct str why; /* of the hold, for people: "cycle: E7 -> E91 -> E7" */
};

/* Of an edit of several references: each that it adds, then each that it takes away. `name` is the id where
 * names cannot be told apart (one has a comma in it). */
void edit_members(const struct edit *e, void (*each)(void *ctx, bool added, struct str id, struct str name),
                  void *ctx);

/* What change_read() takes; a maximum for the buffer to write into. */
#define CHANGE_JSON_MAX ((size_t)64 * 1024 * 1024)

/* Appends the canonical JSON of `c` (RFC 8785: members sorted, no white space): attribute names from the
 * schema, edits as an array in the order given (by ascending slot), empty text and what does not apply left
 * out. No line numbers nor offsets (row order must not matter) unless `with_place`: then "at" has line,
 * length and offset. A value of an ATTR_SECRET attribute is never written, {"secret":true} stands for it;
 * that plans which differ only in such a value have one hash is meant. */
void change_write(const struct change *c, const struct schema *s, bool with_place, struct buf *out);
/* Reads it back; text and edits go into the arena, *out is complete. What change_write() wrote comes back
 * whole but for secrets, and gives the same bytes when written again. False when it is no such
 * document (a plan file that was edited by hand): not JSON, a member missing, unknown, twice or of the wrong
 * type, an unknown word, an attribute that the schema does not have or that is out of order, more than
 * CHANGE_JSON_MAX; *out is then undefined. */
bool change_read(struct str json, const struct schema *s, struct arena *a, struct change *out);

#endif
