/* What roster's files share: the packed record of a user, and the roster itself. */
#ifndef ROSTER_INTERNAL_H
#define ROSTER_INTERNAL_H

#include "rollcall/roster.h"

/* A record is one run of bytes, so that a million users are a million pieces and not twelve million:
 *
 *     flags        state in two bits, administrator, "the id is a GUID"
 *     id           length, bytes; as the vendor wrote it
 *     manager id   length, bytes
 *     count        of values, one byte
 *     each value   slot (bit 7: the shown form differs), canonical length and bytes, then shown length and
 * bytes if it differs
 *
 * Lengths are written in groups of seven bits, lowest first, bit 7 where another follows. */
typedef const unsigned char *record;

enum record_form { FORM_CANON, FORM_SHOWN };

/* Packs `u` into `out` (cleared first); `canon` is scratch. False when it must not enter the roster. */
bool record_pack(const struct schema *schema, const struct user *u, struct buf *canon, struct buf *out);
enum user_state record_state(record rec);
bool record_administrator(record rec);
struct str record_id(record rec);
struct str record_manager(record rec);
struct str record_value(record rec, size_t slot, enum record_form form);
size_t record_size(record rec);
/* Everything but the id is the same. */
bool record_same(record a, record b);
/* The form in which ids are compared: the digits of a GUID (in `digits`), other ids as they are. */
struct str record_id_key(record rec, char digits[GUID_DIGITS]);
struct str id_key(struct str id, char digits[GUID_DIGITS]);

enum read_state { READ_OPEN, READ_GOOD, READ_STRUCK };

struct read {
    enum read_state state;
    bool refused;       /* a user of it could not be taken */
    uint32_t count;     /* users; 0 once struck out */
    struct arena arena; /* records, while it is open */
    record *user;       /* owned, while it is open */
    size_t cap;
};

/* Users by the value of one slot: the table leads to the first, `next` from one to the following with the
 * same value. A chain and not table entries alike, because a value that everybody has ("N/A") would make
 * these quadratic. */
struct key_index {
    struct table first;
    uint32_t *next; /* owned; by user; NO_USER ends */
};

struct roster {
    const struct schema *schema; /* borrowed */
    struct hash_key key;
    struct read *read; /* owned */
    size_t n_reads, reads_cap;
    struct arena arena; /* records of short reads, copied together */
    struct arena *kept; /* owned; arenas of long reads, taken over whole */
    size_t n_kept, kept_cap;
    record *user; /* owned array; by number once sealed, in order of arrival before */
    size_t n, cap;
    struct buf packed, canon; /* scratch of roster_add */
    bool wanted[SCHEMA_MAX];  /* slots to be indexed */
    bool merge_repeats;
    bool sealed;
    size_t active;
    uint32_t *manager, *mark; /* owned; by user */
    struct table by_id;
    struct key_index *index[SCHEMA_MAX]; /* owned; NULL: not indexed */
};

/* Digest of an id key or a canonical value; never 0, which says "no value". */
static inline uint64_t digest_of(const struct roster *r, struct str s)
{
    uint64_t digest = hash64(&r->key, s.p, s.n);
    return digest ? digest : 1;
}

/* order[i]: which of the records comes i-th by the compared form of its id. True when an id stands there more
 * than once. */
bool records_order(const record *v, size_t n, uint32_t *order);

#endif
