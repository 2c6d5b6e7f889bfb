/* plan: WHAT to do. Persons are matched with users and compared; the result is all changes, all that is held,
 * and one fate for every row and user. Pure.
 *
 * How a row finds its user: match keys in order. A value that one user has is he; through a later key only
 * when he has no value of the earlier keys that the row has. Several users with the value, or an earlier key
 * that says otherwise: ambiguous, nobody is touched. Keys that name two users: the earlier decides for
 * attributes, the later one's value is held (HOLD_NEED); nobody is activated or deactivated on such a row,
 * nor on one whose user is also named by a row that is ambiguous or rejected. Users who are gone never match.
 *
 * Rows that are one person twice (one user, or equal in the first match key that both have) are one person
 * when equal, else all rejected and their user is untouched and not absent; a row that the feed rejected
 * counts as different. Two creates that share any match key or the e-mail are rejected both. A value that
 * another user has or another row wants is never set.
 *
 * What cannot be done goes into held changes of its own and the rest of the row goes on. So a joiner whose
 * team or manager is not good is created without, and a held MEMBERSHIP, UPDATE or MANAGER change with an
 * empty `user` and the create's `key` says why. Of several references (groups) each name that is not good is
 * held for itself; the others are added, but nothing is taken away beside it, for it may mean one of those
 * that the user has. Otherwise he is to have exactly what the row names. A write-only attribute goes with a
 * create only. A create that can carry none of its match keys is held: it would be repeated for ever.
 *
 * Where the job switches RETIRE on and the vendor can do it, whoever leaves (a row says so, or he is absent
 * and such users are deactivated) gets a RETIRE instead of a DEACTIVATE, and so does who leaves and is
 * inactive already, unless he is gone. One change per leaver: a connector that has to deactivate first does
 * both for it.
 *
 * A manager is found when all rows are known: among the persons of the feed (joiners, and users who get
 * another number), then among the users. Of a joiner manager_after.id is empty and manager_after.key is the
 * `key` of his create, byte for byte, whatever the manager key is.
 *
 * Life: plan_new -> plan_row / plan_reject for every row, in any order -> plan_end -> read it. The result
 * does not depend on the order of rows: changes are ordered by kind, then by key, then by user id; ids of the
 * run, times and durations are not part of the hashed document. */
#ifndef ROLLCALL_PLAN_H
#define ROLLCALL_PLAN_H

#include "rollcall/model.h"
#include "rollcall/roster.h"

enum absent_policy { ABSENT_IGNORE, ABSENT_REPORT, ABSENT_DEACTIVATE };
enum on_trip { TRIP_KIND /* withhold that kind whole */, TRIP_PLAN /* withhold everything */ };

/* limit = min(number, max(1, percent of active managed users, rounded up)); with an empty tenant, where
 * nobody but protected users is active, only the number counts. -1: that half is off. A negative number and a
 * negative percent: no limit. */
struct guard {
    int64_t number;
    double percent;
};

/* A value that the tenant accepted in an earlier run and never showed: phone numbers that it rewrites, say.
 * Remembered by what was wanted and what was shown instead, both as stick_digest() has them. */
struct plan_stick {
    struct str user; /* the vendor's id */
    uint8_t slot;
    char wanted[SHA256_HEX], seen[SHA256_HEX];
    struct str since; /* the day when it was found: "2026-11-22" */
};

/* Of a value of `slot`, wanted or shown, canonical; a reference by its id. Keyed with the user's id, so that
 * equal values of two users do not show. */
void stick_digest(const struct schema *s, const struct refs *refs, size_t slot, struct str user,
                  struct str value, char out[SHA256_HEX]);

/* The policy: every field takes part in the policy hash. Borrowed for the plan's life. */
struct plan_options {
    enum absent_policy absent;
    bool action[CHANGE_KINDS]; /* kinds switched on */
    struct guard guard[CHANGE_KINDS];
    enum on_trip on_trip;
    int64_t rejects_number; /* more rejected rows than this, or this share, break the feed (exit 4, no create,
                               no deactivation); -1: off */
    double rejects_percent;
    const char *const *protected_keys; /* ids or values of a match key, any form */
    size_t n_protected;
    const char *own_user;          /* id; always protected; "" unknown */
    unsigned vendor_kinds;         /* bits of kinds the vendor can do */
    bool early_moves_from_leavers; /* the target wants reports moved before their manager is deactivated */
    int email_slot;                /* slot whose value goes into change.user_email; -1 none */
    /* --accept KIND=COUNT: says yes to exactly that many, once. -1: not given. */
    int64_t accept[CHANGE_KINDS];
    /* Not policy but memory: a value that is still wanted, and still not shown, as one of these says is not
     * sent again; see plan_unstuck(). None with --retry-refused. */
    const struct plan_stick *sticks;
    size_t n_sticks;
};

/* How much feed and roster prove. Given at plan_end. */
struct plan_proof {
    bool feed_proven, feed_whole;
    enum roster_proof roster;
    const char
        *roster_why; /* PROOF_FOUND: why it proves nothing that somebody was not found; NULL: not said */
};

struct plan;

/* `roster` is sealed; its marks are used. `refs` resolves ATTR_REF. All borrowed for the plan's life. */
struct plan *plan_new(const struct plan_options *options, const struct schema *schema, struct roster *roster,
                      const struct refs *refs, const struct hash_key *key);
void plan_free(struct plan *p);

/* A row; copies what it keeps: 24 bytes for a row without a change. (A leaver without a user costs his keys
 * as well.) */
void plan_row(struct plan *p, const struct person *person);
/* A rejected row; `known` carries the keys that could be read, or is NULL: then nobody can be called absent.
 */
void plan_reject(struct plan *p, const struct reject *r, const struct person *known);

/* Judges repeated keys, managers, absence, proof and guards, orders the changes. Once. */
void plan_end(struct plan *p, const struct plan_proof *proof);

/* After plan_end ---------------------------------------------------------------------------------------------------------- */

size_t plan_changes(const struct plan *p);
const struct change *plan_change(const struct plan *p, size_t i); /* held ones included; borrowed */

struct plan_ambiguous {
    struct place at;
    struct str key;  /* of the person */
    struct str text; /* "matches user 8f.. by EmailAddress, whose mx_Custom_1 is E0077" */
};
size_t plan_ambiguous_count(const struct plan *p);
const struct plan_ambiguous *plan_ambiguous(const struct plan *p, size_t i);

size_t plan_rejects(const struct plan *p); /* also those found late (repeated keys), ordered by line */
const struct reject *plan_reject_at(const struct plan *p, size_t i);

/* Managed, active, not in the feed, and not to be deactivated: reported. */
size_t plan_absent(const struct plan *p);
uint32_t plan_absent_user(const struct plan *p, size_t i);

/* Values that do not stick: they differ, they were sent in an earlier run, and nothing has changed since. No
 * change, and no reason for any exit code. Not for memberships and managers. By key, user and slot. */
struct plan_unstuck {
    uint32_t user;
    struct str key; /* of the person */
    uint8_t slot;
    struct str wanted, seen; /* shown forms; references by name */
    struct str since;
};
size_t plan_unstuck_count(const struct plan *p);
const struct plan_unstuck *plan_unstuck(const struct plan *p, size_t i);
/* Whether the i-th of plan_options.sticks has served its time: the tenant shows by now what is wanted, or has
 * no such user any more. */
bool plan_stick_over(const struct plan *p, size_t i);

struct plan_counts {
    uint64_t row[ROW_FATES], rows;
    uint64_t user[USER_FATES], users, active_users, managed_active;
    uint64_t change[CHANGE_KINDS]; /* not held */
    uint64_t held[CHANGE_KINDS];
    uint64_t hold[HOLDS];
    struct plan_guard {
        int64_t limit;   /* -1: none */
        uint64_t wanted; /* changes of the kind, before guards */
        bool tripped, accepted;
    } guard[CHANGE_KINDS];
    bool too_many_rejects;
    bool absence_untrusted; /* a reject's keys were unreadable, or no proof: why */
    char absence_why[160];
};
const struct plan_counts *plan_counts(const struct plan *p);
/* The sums of fates: every row one, every user one, every change one. False is a bug of ours: *why says which
 * sum; the run ends with exit 1. */
bool plan_sums(const struct plan *p, char why[200]);

/* Fate of one user, and of the row at a place. */
enum user_fate plan_user_fate(const struct plan *p, uint32_t user);

/* The canonical document: a header line (feed hash, policy hash, tenant, schema names, counts), then a line
 * per change, then ambiguous ones, then values that do not stick. `write` gets it in pieces; the SHA-256 of
 * exactly these bytes names the plan. */
struct plan_header {
    const char *connector, *tenant; /* tenant id */
    const char *feed_sha256, *policy_sha256;
    const char *feed_proof, *roster_proof;
};
void plan_write(const struct plan *p, const struct plan_header *h, void (*write)(void *ctx, struct str bytes),
                void *ctx, char sha256[SHA256_HEX]);

/* Reading a stored document back: each line by itself (for apply). */
struct plan_header_read {
    char connector[64], tenant[120], feed_sha256[SHA256_HEX], policy_sha256[SHA256_HEX];
    uint64_t changes;
};
bool plan_read_header(struct str line, const struct schema *s, struct plan_header_read *out);

/* For people: changes of a kind grouped by pattern, most frequent first: "Department 'Sls' -> 'Sales'", 1381.
 */
struct plan_pattern {
    enum change_kind kind;
    char text[200]; /* printable */
    uint64_t users;
};
/* Fills up to `max` patterns of `kind` (not held, or held by a guard only: whoever is asked to let them
 * through has to see what they are), returns how many. Values of an attribute that occur once
 * are summed as "Designation (various)", what is beyond `max` as "(various)" in the last place; such a sum
 * counts edits, so a user may be in it more than once. Creates have no patterns. */
size_t plan_patterns(const struct plan *p, enum change_kind kind, struct plan_pattern *out, size_t max);

/* Does the user, as read now, still hold the change's before-image, already its after-image, or neither? For
 * stale and read back. `roster` is a fresh one; `created` the id that a create got ("" unknown: by match
 * keys). AFTER only when every part is; BEFORE also when some parts are after and the others before: sending
 * the rest is right. Write-only and secret attributes are not compared. GONE: no such user, or gone (for a
 * create: `created` is not there). A create without a user is BEFORE, with one who differs OTHER.
 * `difference` (may be NULL) gets what is not as wanted: "Department is 'Sls', not 'Sales'". */
enum change_image { IMAGE_BEFORE, IMAGE_AFTER, IMAGE_OTHER, IMAGE_GONE };
enum change_image change_image(const struct change *c, const struct schema *s, const struct roster *roster,
                               const struct refs *refs, struct str created, struct buf *difference);

/* Which values of an accepted change the user, as read now, does not show: for plan_options.sticks of later
 * runs. Edits of CREATE and UPDATE, without memberships; `created` as above. Fills out[0..n-1] (`since` stays
 * empty; `user` is borrowed from the roster) and returns n; 0 when he is not there. */
size_t change_unstuck(const struct change *c, const struct schema *s, const struct roster *roster,
                      const struct refs *refs, struct str created, struct plan_stick out[SCHEMA_MAX]);

#endif
