/* roster: the tenant's users by id and by key, compact: a user costs its id, its mapped values and about 40 bytes.
 *
 * Life: new -> reads enter users -> seal -> look-ups. A listing arrives as several reads at once (pages); a read that ends badly is
 * struck out with all its users and may be asked again under a new number; nothing counts before roster_read_end(). After
 * roster_seal() nothing is added, indexes exist, and users have stable numbers 0..n-1 in the order of their ids (so that nothing
 * depends on the order of arrival). */
#ifndef ROLLCALL_ROSTER_H
#define ROLLCALL_ROSTER_H

#include "rollcall/model.h"

#define NO_USER UINT32_MAX
#define NO_ROW UINT32_MAX

struct roster;

/* `schema` is borrowed for the roster's life; `key` keys the hash tables. */
struct roster *roster_new(const struct schema *schema, const struct hash_key *key);
void roster_free(struct roster *r);

unsigned roster_read_begin(struct roster *r);               /* a new read's number */
/* Copies `u`. False when a value is not valid UTF-8 or the id is empty: the read is bad. */
bool roster_add(struct roster *r, unsigned read, const struct user *u);
void roster_read_end(struct roster *r, unsigned read, bool good);
size_t roster_read_count(const struct roster *r, unsigned read); /* users it brought */

enum roster_sealed {
    ROSTER_SEALED,
    ROSTER_TWICE, /* an id stands in two good reads, or twice in one: the listing must be read again; *id says which. Nothing is sealed */
};
/* Before sealing: also index `slot` (match keys and the manager key always are). */
void roster_index(struct roster *r, size_t slot);
enum roster_sealed roster_seal(struct roster *r, struct str *id);

/* What the listing proves. */
enum roster_proof { PROOF_NONE, PROOF_LOOKED_UP, PROOF_ALL };

/* After sealing. */
size_t roster_count(const struct roster *r);
size_t roster_active(const struct roster *r);
size_t roster_memory(const struct roster *r);               /* bytes held */
uint32_t roster_by_id(const struct roster *r, struct str id); /* compared exactly, or as GUIDs when both are; NO_USER */
struct str roster_id(const struct roster *r, uint32_t user);
enum user_state roster_state(const struct roster *r, uint32_t user);
bool roster_administrator(const struct roster *r, uint32_t user);
struct str roster_canon(const struct roster *r, uint32_t user, size_t slot); /* canonical form; empty: none. Borrowed for the roster's life */
struct str roster_shown(const struct roster *r, uint32_t user, size_t slot); /* as the vendor wrote it */
uint32_t roster_manager(const struct roster *r, uint32_t user);  /* NO_USER: none, or not in the roster */
struct str roster_manager_id(const struct roster *r, uint32_t user); /* as the vendor wrote it; empty: none */

/* Users whose value of `slot` (a match key or the vendor's e-mail) is `canon`, one after the other; start with NO_USER.
 * Only indexed slots: match keys, the manager key, and what roster_index() named. */
uint32_t roster_by_key(const struct roster *r, size_t slot, struct str canon, uint32_t after);

/* A word of 32 bits per user for whoever works with the roster (the plan: number of the row that matched). NO_ROW at first. */
uint32_t roster_mark(const struct roster *r, uint32_t user);
void roster_set_mark(struct roster *r, uint32_t user, uint32_t mark);

#endif
