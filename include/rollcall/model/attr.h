/* Attributes and the one place where a value gets its canonical form.
 *
 * A run deals with the attributes that its job maps, in the order of the job file: the `schema`. Everywhere else an attribute is its
 * index there, the `slot`. The manager and the status of a user are not slots: they have rules of their own. */
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
    ATTR_NUMBER, /* decimal: sign, no leading zeros, no trailing zeros behind the point; other text as ATTR_TEXT */
    ATTR_BOOL,   /* "1" or "0" from true/false, yes/no, 1/0 in any case; other text as ATTR_TEXT */
    ATTR_SET,    /* several values, each as ATTR_TEXT, sorted, unique, joined by '\n' */
    ATTR_REF,    /* the name or id of a thing of the tenant (team): canonical form of the name as ATTR_FOLD; refs.h gives the id */
};

/* What a vendor lets us do with an attribute. Writable: READ|CREATE|UPDATE; create-only: READ|CREATE; read-only: READ; write-only: no READ. */
enum attr_flag {
    ATTR_READ = 1,       /* listings show it */
    ATTR_CREATE = 2,     /* a create can carry it */
    ATTR_UPDATE = 4,     /* an update can carry it */
    ATTR_REQUIRED = 8,   /* a create must carry it */
    ATTR_SECRET = 16,    /* never shown, never stored in clear */
    ATTR_MEMBERSHIP = 32, /* a difference is a membership change, not an update */
    ATTR_CUSTOM = 64,    /* defined by the tenant; exists only if the tenant says so */
    ATTR_NO_BLANK = 128, /* the vendor does not take an empty value */
};

#define ATTR_NAME_MAX 128
#define SCHEMA_MAX 64 /* attributes one job can map */
#define KEYS_MAX 8    /* match keys */

struct attr {
    char name[ATTR_NAME_MAX];      /* as the vendor's documentation spells it; what the job file says */
    char wire_create[ATTR_NAME_MAX]; /* name in a create, when it differs from `name` */
    char wire_update[ATTR_NAME_MAX]; /* name in an update and in a listing, when it differs from `name` */
    enum attr_type type;
    unsigned flags;                /* attr_flag */
    unsigned ref_kind;             /* ATTR_REF: enum ref_kind */
    unsigned max_chars;            /* 0: no documented maximum */
};

struct schema {
    struct attr attr[SCHEMA_MAX];
    size_t n;
    uint8_t key[KEYS_MAX]; /* match keys in order, as slots */
    size_t n_keys;
    bool manager;          /* the job maps the manager */
    uint8_t manager_key;   /* slot of the key by which the feed names managers */
};

/* Slot of the attribute called `name` (exact), or -1. */
int schema_slot(const struct schema *s, struct str name);
bool schema_is_key(const struct schema *s, size_t slot);

/* Appends the canonical form of `bytes` to `out`. White space at both ends never counts; null, missing and "" are all the empty
 * value. False (nothing appended) when the bytes are not valid UTF-8. Two values of an attribute are equal exactly when their
 * canonical forms are: index, matching and diff compare bytes. */
bool attr_canon(const struct attr *a, struct str bytes, struct buf *out);

/* Number of characters (code points), for max_chars. */
size_t attr_chars(struct str s);

#endif
