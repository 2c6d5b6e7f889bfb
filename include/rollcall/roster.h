/* roster: the tenant's users by id and by key, compact. A user costs the bytes of its id, its manager's id
 * and its values, twice those of a value whose canonical form is not what the vendor wrote, two bytes for
 * each value, and 50 to 150 bytes of indexes: 16 for itself, 16 to 32 for the ids and 20 to 36 for each
 * indexed slot.
 *
 * Life: new -> reads enter users -> seal -> look-ups. A listing arrives as several reads at once (pages); a
 * read that ends badly is struck out with all its users and may be asked again under a new number; nothing
 * counts before roster_read_end(). After roster_seal() nothing is added, indexes exist, and users have stable
 * numbers 0..n-1 in the order of their ids (so that nothing depends on the order of arrival). */
#ifndef ROLLCALL_ROSTER_H
#define ROLLCALL_ROSTER_H

#include "rollcall/model.h"

#define NO_USER UINT32_MAX
#define NO_ROW UINT32_MAX

struct roster;

/* `schema` is borrowed for the roster's life; `key` keys the hash tables. */
struct roster *roster_new(const struct schema *schema, const struct hash_key *key);
void roster_free(struct roster *r);

#define ROSTER_ID_MAX 1024                        /* bytes of an id */
#define ROSTER_USER_MAX ((size_t)8 * 1024 * 1024) /* bytes kept of one user */

unsigned roster_read_begin(struct roster *r); /* a new read's number; reads may be open side by side */
/* Copies `u` into an open read. False when a text is not valid UTF-8 or longer than its limit, or the id is
 * empty: the read is bad. */
bool roster_add(struct roster *r, unsigned read, const struct user *u);
/* Ends a read, once. Good: its users count. Not good: they are struck out and leave nothing behind. True when
 * they count: false also for a read that was called good although roster_add() had refused one of its users;
 * it is struck out, and who takes the listing for complete after that has not looked. A read never ended
 * counts for nothing. */
bool roster_read_end(struct roster *r, unsigned read, bool good);
/* Users it brought so far; 0 once it is struck out. */
size_t roster_read_count(const struct roster *r, unsigned read);

enum roster_sealed {
    ROSTER_SEALED,
    ROSTER_TWICE, /* an id stands there twice (*id says which): the listing must be read again. Not sealed */
};
/* Before sealing: also index `slot` (match keys and, where managers are mapped, the manager key
 * always are). */
void roster_index(struct roster *r, size_t slot);
/* Before sealing, for look-ups: a user who was found by two keys comes in two reads. The id may stand several
 * times as long as everything that was read of the user is the same each time; he then counts once.
 * ROSTER_TWICE only where it differs. */
void roster_merge_repeats(struct roster *r);
/* `id` (may be NULL) is set with ROSTER_TWICE only; borrowed for the roster's life. Of several such ids it is
 * the lowest. */
enum roster_sealed roster_seal(struct roster *r, struct str *id);

/* What the reading proves. */
enum roster_proof {
    PROOF_NONE,
    PROOF_FOUND,     /* whoever was found is there; who was not may be there under another spelling: nobody is
                        created. A look at users of a tenant that can be listed is then made by listing it */
    PROOF_LOOKED_UP, /* each person was looked up by every key: who was not found is not there */
    PROOF_ALL,       /* everybody was listed */
    ROSTER_PROOFS
};
extern const char *const roster_proof_name[ROSTER_PROOFS]; /* "none", "found", "looked-up", "all" */

/* After sealing. */
size_t roster_count(const struct roster *r);
size_t roster_active(const struct roster *r);
size_t roster_memory(const struct roster *r); /* bytes held, unused ends of blocks left out; any time */
/* Compared exactly, or as GUIDs when both are in any spelling (attr_guid); NO_USER. The order of ids, too, is
 * that of the 32 digits for GUIDs and of the bytes for others. */
uint32_t roster_by_id(const struct roster *r, struct str id);
struct str roster_id(const struct roster *r, uint32_t user); /* as the vendor wrote it */
enum user_state roster_state(const struct roster *r, uint32_t user);
bool roster_administrator(const struct roster *r, uint32_t user);
/* A value in canonical form, and as the vendor wrote it; empty: none. Borrowed for the roster's life. */
struct str roster_canon(const struct roster *r, uint32_t user, size_t slot);
struct str roster_shown(const struct roster *r, uint32_t user, size_t slot);
uint32_t roster_manager(const struct roster *r, uint32_t user);      /* NO_USER: none, or not in the roster */
struct str roster_manager_id(const struct roster *r, uint32_t user); /* as the vendor wrote it; empty: none */

/* Users whose value of `slot` (a match key or the vendor's e-mail) is `canon`, one after the other by
 * ascending number, those who are gone included; start with NO_USER, go on with the user last given, end at
 * NO_USER. Each step takes the same time however many they are. Nobody has the empty value. Only indexed
 * slots: match keys, the manager key, and what roster_index() named. */
uint32_t roster_by_key(const struct roster *r, size_t slot, struct str canon, uint32_t after);

/* A word of 32 bits per user for whoever works with the roster (the plan: number of the row that matched).
 * NO_ROW at first. */
uint32_t roster_mark(const struct roster *r, uint32_t user);
void roster_set_mark(struct roster *r, uint32_t user, uint32_t mark);

#endif
