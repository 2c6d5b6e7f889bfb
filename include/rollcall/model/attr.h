/* Attributes and the one place where a value gets its canonical form.
 *
 * A run deals with the attributes that its job maps, in the order of the job file: the `schema`. Everywhere
 * else an attribute is its index there, the `slot`. The manager and the status of a user are not slots: they
 * have rules of their own. */
#ifndef ROLLCALL_MODEL_ATTR_H
#define ROLLCALL_MODEL_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rollcall/base.h"

enum attr_type {
    ATTR_TEXT,   /* NFC, compared byte for byte */
    ATTR_FOLD,   /* compared without case (e-mail, roles): NFC case fold */
    ATTR_GUID,   /* 32 hexadecimal digits: braces and dashes dropped, lower case; other text as ATTR_FOLD */
    ATTR_NUMBER, /* decimal, ASCII digits of any number, no exponent: a minus where it counts, no leading
                  * zeros, no trailing zeros behind the point, "0." before a bare fraction. Never through a
                  * double: every digit stays. Other text as ATTR_TEXT */
    ATTR_BOOL,   /* "1" or "0" from true/false, yes/no, 1/0 in any case; other text as ATTR_TEXT */
    ATTR_SET,    /* several values, each as ATTR_TEXT, empty ones dropped, sorted by bytes, unique, joined by
                  * line ends. They come parted by line ends or by the attribute's own `separator` */
    ATTR_REF,    /* the name or id of a thing of the tenant (team): as ATTR_GUID. Name, path and id of one
                  * thing differ here; refs.h gives the id */
    ATTR_REFS,   /* several of those (groups): each as ATTR_REF, empty ones dropped, sorted by bytes, unique,
                  * joined by line ends. They come parted as those of ATTR_SET do. What is compared in the end
                  * are ids: see diff.c */
};

/* What a vendor lets us do with an attribute. Writable: READ|CREATE|UPDATE; create-only: READ|CREATE;
 * read-only: READ; write-only: no READ. */
enum attr_flag {
    ATTR_READ = 1,        /* listings show it */
    ATTR_CREATE = 2,      /* a create can carry it */
    ATTR_UPDATE = 4,      /* an update can carry it */
    ATTR_REQUIRED = 8,    /* a create must carry it */
    ATTR_SECRET = 16,     /* never shown, never stored in clear */
    ATTR_MEMBERSHIP = 32, /* a difference is a membership change, not an update */
    ATTR_CUSTOM = 64,     /* defined by the tenant; exists only if the tenant says so */
    ATTR_NO_BLANK = 128,  /* the vendor does not take an empty value */
};

#define ATTR_NAME_MAX 128
#define ATTR_VALUE_MAX ((size_t)1024 * 1024) /* bytes of one value as it comes */
#define SCHEMA_MAX 64                        /* attributes one job can map */
#define KEYS_MAX 8                           /* match keys */

struct attr {
    char name[ATTR_NAME_MAX];        /* as the vendor's documentation spells it; what the job file says */
    char wire_create[ATTR_NAME_MAX]; /* name in a create, when it differs from `name` */
    char wire_update[ATTR_NAME_MAX]; /* name in an update and in a listing, when it differs from `name` */
    enum attr_type type;
    char separator; /* ATTR_SET, ATTR_REFS: ASCII character that parts values besides line ends, in feed and
                       listing; 0: none. A job may name another for the feed's column alone */
    unsigned flags; /* attr_flag */
    unsigned ref_kind;  /* ATTR_REF, ATTR_REFS: enum ref_kind */
    unsigned max_chars; /* 0: no documented maximum */
};

struct schema {
    struct attr attr[SCHEMA_MAX];
    size_t n;
    uint8_t key[KEYS_MAX]; /* match keys in order, as slots */
    size_t n_keys;
    bool manager;        /* the job maps the manager */
    uint8_t manager_key; /* slot of the key by which the feed names managers */
};

/* Slot of the attribute called `name` (exact), or -1. */
int schema_slot(const struct schema *s, struct str name);
bool schema_is_key(const struct schema *s, size_t slot);

/* `s` without the white space that never counts: ASCII white space, U+00A0 (no-break space) and U+FEFF (byte
 * order mark) at both ends. Other Unicode spaces are part of the value. A slice of `s`; {NULL, 0} stays
 * so. */
struct str attr_trim(struct str s);

/* Appends the canonical form of `bytes` to `out`. Two values of an attribute are equal exactly when their
 * canonical forms are: index, matching and diff compare bytes. White space at both ends (attr_trim) never
 * counts, for a set at the ends of each of its values; null, missing and "" are all the empty value, whose
 * canonical form has no bytes. The canonical form of a canonical form is itself.
 *
 * False, with nothing appended, when the bytes are not valid UTF-8 or are more than ATTR_VALUE_MAX. Where
 * `out` has no room for the form it is marked full, as by every write; with room for ATTR_CANON_MAX more that
 * cannot happen (normal form and folding lengthen some texts). */
#define ATTR_CANON_MAX (9 * ATTR_VALUE_MAX)
bool attr_canon(const struct attr *a, struct str bytes, struct buf *out);

/* The next value of an ATTR_SET or ATTR_REFS as it is written, trimmed; *rest is what stands behind it. Empty
 * ones are passed over; {NULL,0} when there is none left. */
struct str attr_member(struct str *rest, char separator);

/* True when `s`, trimmed, is a GUID in any usual spelling: 32 hexadecimal digits in any case, bare or with
 * dashes as 8-4-4-4-12, with or without braces around. `out` gets its canonical form, the 32 digits in lower
 * case, without a NUL. */
#define GUID_DIGITS 32
bool attr_guid(struct str s, char out[GUID_DIGITS]);

/* Number of characters (code points), for max_chars. `s` is valid UTF-8. */
size_t attr_chars(struct str s);

#endif
