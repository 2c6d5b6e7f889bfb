/* What the files of the plan share. One file per subject: match.c finds the user of a row, diff.c says what
 * differs, ref_sets.c several references of one user, repeat.c judges rows that claim the same user or key,
 * managers.c and cycles.c the manager graph, absence.c who is missing, guards.c what may not be done, order.c
 * the final order and fates, document.c the canonical document, patterns.c the summary for people, image.c
 * stale or already. */
#ifndef PLAN_INTERNAL_H
#define PLAN_INTERNAL_H

#include <assert.h>

#include "rollcall/plan.h"

#define NO_DRAFT UINT32_MAX

#define ROW_LINE_MAX ((UINT64_C(1) << 40) - 1)
#define ROW_LENGTH_MAX ((1U << 24) - 1)
#define ROW_OFFSET_MAX ((UINT64_C(1) << 44) - 1)

/* Everything that is kept of a row without a change. Places beyond the widths (16 TiB of feed) are clamped:
 * they only serve messages. */
struct row {
    uint64_t digest; /* of the person; meaningless when `early` */
    uint64_t line : 40;
    uint64_t length : 24;
    uint64_t offset : 44;
    uint64_t fate : 2;      /* enum row_fate */
    uint64_t same_keys : 8; /* bit k: the row's value of match key k is what its user has */
    uint64_t early : 1;     /* rejected by the feed: only its keys are known, it equals no other row */
    uint64_t ambiguous : 1; /* no user can be named for it: untouched */
    uint64_t leaver : 1;
    uint64_t state_change : 1; /* would activate or deactivate its user */
    uint64_t same_manager : 1; /* names the manager whom the user has */
    uint64_t renumbered : 1;   /* gives its user another value of the manager key */
    uint64_t creates : 1;
    uint64_t : 2;
};
static_assert(sizeof(struct row) == 24, "a row without a change costs 24 bytes");

/* A change in the making. `c` is what the reader gets in the end; it lives in the plan's arena. */
struct draft {
    struct change c;
    uint32_t row;           /* NO_ROW: absence */
    uint32_t user;          /* NO_USER: of a create, or beside one */
    uint32_t manager_user;  /* the manager it sets, when he exists; else NO_USER */
    uint32_t manager_draft; /* the create that makes the manager; else NO_DRAFT */
    bool dead;              /* its row was rejected, repeated or found ambiguous */
    int8_t missing;         /* CREATE: a required slot without a value; -1: none */
};

/* A value of a match key, of the manager key or (creates only) of the e-mail that the row's user does not
 * have. Rows in sync have none. */
struct entry {
    struct str canon; /* in the arena */
    uint32_t row, user /* NO_USER: none */, draft /* the create, or the update that would set it; NO_DRAFT */;
    uint8_t slot;
    uint8_t have; /* bit k: the row has a value of match key k */
};

/* A further row of a user who has one in his mark already, or a rejected row that surely means him. */
struct claim {
    uint32_t user, row;
};

/* A manager whom a row names and the user does not have. */
struct wish {
    uint32_t row, user /* NO_USER: a joiner */, draft /* his create, or NO_DRAFT */;
    struct str canon, send, key;
    /* What became of it. */
    uint32_t to_user, to_draft;
    enum hold hold;
    struct str why;
};

enum amb_kind {
    AMB_SEVERAL /* users share the value */,
    AMB_EARLIER /* an earlier key says otherwise */,
    AMB_CROSSED /* two keys, two users */,
    AMB_NAMED /* another row that cannot be settled names the user as well */,
    AMB_SHARED /* the row is settled; somebody whom no row names has its key too and is not called absent for
                  it */
};

struct amb {
    uint32_t row, user, other; /* other: AMB_CROSSED, AMB_SHARED */
    uint8_t kind, key,
        earlier;      /* kind: enum amb_kind; match keys by number. earlier: AMB_EARLIER, AMB_CROSSED */
    struct str shown; /* what people know the person by */
    struct str value; /* of `key` */
};

enum user_flag {
    U_PROTECTED = 1,
    U_MANAGED = 2, /* of this job, not protected; active, or, where leavers are retired, at least not gone */
    U_NAMED = 4,   /* some row means him, surely or not: never absent */
    U_ACTIVATING = 8,
    U_LEAVING = 16,
    U_ACTIVATION_HELD = 32,
    U_CHANGED = 64, /* has a change that is not held */
    U_HELD = 128,   /* has a held one */
};

/* References are few and rows are many: each name is looked up once. */
struct ref_cached {
    struct str canon;
    uint8_t slot;
    enum ref_found found;
    const struct ref *ref;
};

/* What several references mean, by id; sorted, each once. */
struct ref_set {
    const struct ref **v; /* owned */
    size_t n, cap;
};

/* One of the options' sticks whose user is there. */
struct stick {
    uint32_t user, row; /* row: says what the user has; NO_ROW: none does */
    size_t number;
};

struct plan {
    const struct plan_options *opt;
    const struct schema *schema;
    struct roster *roster;
    const struct refs *refs;
    struct hash_key key;
    struct arena arena;
    bool ended, unknown_keys, broken;

    struct row *rows;
    size_t n_rows, cap_rows;
    struct draft **drafts; /* the drafts lie in the arena */
    size_t n_drafts, cap_drafts;
    struct entry *entries; /* sorted by slot and value at the end */
    size_t n_entries, cap_entries;
    struct table entry_heads; /* first entry of each (slot, value), after the sort */
    struct claim *claims;
    size_t n_claims, cap_claims;
    struct wish *wishes;
    size_t n_wishes, cap_wishes;
    struct amb *ambs;
    size_t n_ambs, cap_ambs;
    struct reject *rejects;
    size_t n_rejects, cap_rejects;
    struct ref_cached *ref_cache;
    size_t n_ref_cache, cap_ref_cache;
    struct table ref_table;
    struct ref_set has, wants; /* for the attribute that is being compared */

    struct stick *sticks; /* sorted by user */
    size_t n_sticks;
    bool *stick_over;             /* by number in the options */
    struct plan_unstuck *unstuck; /* with its row; sorted at the end, when rows count no more */
    uint32_t *unstuck_row;
    size_t n_unstuck, cap_unstuck, cap_unstuck_row;

    uint32_t n_users;
    uint8_t *user_flags, *user_fate;

    struct plan_ambiguous *ambiguous;
    uint32_t *absent;
    size_t n_absent, cap_absent;
    struct plan_counts counts;
};

/* Working text, with the plan's own limit for a piece of prose. */
#define WHY_MAX ((size_t)64 * 1024)
#define VALUE_COLUMNS 80 /* a value in prose is cut behind this many columns */

/* match.c */
enum matched { MATCH_NO_KEY, MATCH_NONE, MATCH_USER, MATCH_AMBIGUOUS };
struct match {
    enum matched result;
    uint32_t user;     /* MATCH_USER */
    uint8_t same_keys; /* MATCH_USER: see struct row */
    uint8_t have;      /* keys with a value */
    struct amb amb;    /* MATCH_AMBIGUOUS */
};
struct match match_person(const struct plan *p, const struct person *person);
/* Next user after `after` who holds `canon` in `slot` and is not gone. */
uint32_t holder_next(const struct plan *p, size_t slot, struct str canon, uint32_t after);
/* Records what rows share: every key value that `user` (NO_USER: none) does not have. */
void match_entries(struct plan *p, uint32_t row, const struct person *person, const struct match *m,
                   uint32_t draft);
void ambiguous_add(struct plan *p, const struct amb *a);
void ambiguous_texts(struct plan *p);

/* diff.c */
struct draft *draft_new(struct plan *p, enum change_kind kind, uint32_t row, uint32_t user, struct str key);
void draft_hold(struct draft *d, enum hold hold, struct str why); /* the earliest in the enum's order stays */
/* Both return the draft that carries the edits that can be sent (the update; the create), or NO_DRAFT. */
uint32_t diff_user(struct plan *p, uint32_t row, uint32_t user, const struct person *person);
uint32_t diff_create(struct plan *p, uint32_t row, const struct person *person);
/* Whether a user's canonical value is what a row wants, by what references mean. */
bool same_value(struct plan *p, size_t slot, struct str has, struct str wants);
bool retires(const struct plan *p); /* leavers are retired, not just deactivated */
struct draft *draft_split(
    struct plan *p, uint32_t draft,
    uint8_t slot); /* takes the edit of `slot` out into a change of its own; NULL: no such edit */
struct str key_of(const struct plan *p, uint32_t user,
                  const struct person *person); /* borrowed from either */
struct str key_of_user(const struct plan *p, uint32_t user);

const struct ref_cached *ref_resolve(struct plan *p, size_t slot,
                                     struct str canon); /* until the next ref_resolve() */

/* ref_sets.c */
void ref_set_add(struct ref_set *s, const struct ref *r);
void ref_set_end(struct ref_set *s); /* sorts; each once */
/* What the members of a canonical set mean; false when some mean nothing, and are left out. */
bool ref_set_read(struct plan *p, size_t slot, struct str canon, struct ref_set *out);
bool ref_set_same(const struct ref_set *a, const struct ref_set *b);
bool same_refs(struct plan *p, size_t slot, struct str has, struct str wants);
/* As an edit has them: ids as the vendor writes them, by line ends; what people call them, by commas. */
void ref_set_texts(struct plan *p, const struct ref_set *s, struct str *ids, struct str *names);
/* The member of `send` whose canonical form is `canon`, as it is written; `canon` itself when none is. */
struct str ref_as_written(const struct attr *a, struct str send, struct str canon);

/* sticks.c */
void sticks_init(struct plan *p);
void sticks_deinit(struct plan *p);
void sticks_row(struct plan *p, uint32_t row, uint32_t user,
                const struct person *person); /* notes what the user has by now */
/* True when the edit is one that does not stick: it is noted, and not to be made. */
bool sticks_hold(struct plan *p, uint32_t row, uint32_t user, const struct edit *e, struct str key);
void sticks_end(struct plan *p, const struct plan_proof *proof);

/* image.c */
/* Canonical form of a text of slot `slot`; a reference's is its id, whatever it was written as. Borrowed from
 * `text`, `out` or `refs`. */
struct str value_canon(const struct schema *s, const struct refs *refs, size_t slot, struct str text,
                       struct buf *out);

/* repeat.c */
void repeat_judge(struct plan *p);
const struct entry *entry_group(const struct plan *p, size_t slot, struct str canon,
                                size_t *n);             /* after repeat_judge */
bool row_live(const struct plan *p, uint32_t row);      /* a person whose changes count */
uint32_t user_row(const struct plan *p, uint32_t user); /* the live row that is surely this user, or NO_ROW */
void reject_late(struct plan *p, uint32_t row, enum reject_reason reason, struct str detail);

/* managers.c, cycles.c */
void managers_row(struct plan *p, uint32_t row, const struct match *m, uint32_t create,
                  const struct person *person);
void managers_resolve(struct plan *p);
void managers_strip(struct plan *p, struct draft *create, enum hold hold,
                    struct str why); /* a joiner's manager becomes a held change of its own */
size_t cycles_hold(struct plan *p);  /* how many moves it held */

/* absence.c */
void absence_trust(struct plan *p, const struct plan_proof *proof);
void absence_find(struct plan *p);

/* guards.c */
void guards_rejects(struct plan *p, const struct plan_proof *proof);
void guards_static(struct plan *p, const struct plan_proof *proof);
void guards_count(struct plan *p);
bool guards_needs(struct plan *p); /* one round; true when anything was newly held */

/* order.c */
void order_changes(struct plan *p);
void order_fates(struct plan *p);

/* plan.c */
struct str plan_say(struct plan *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3))); /* prose in the arena */
/* A value for prose: quoted, printable, cut. Borrowed from the arena, NUL-terminated. */
const char *plan_shown(struct plan *p, struct str value);
const char *shown_id(struct plan *p, uint32_t user);
struct place row_place(const struct row *r);

#endif
