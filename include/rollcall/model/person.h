/* What the feed says: rows, and the person a row describes. */
#ifndef ROLLCALL_MODEL_PERSON_H
#define ROLLCALL_MODEL_PERSON_H

#include "rollcall/model/attr.h"

/* Every row of the feed has exactly one fate. */
enum row_fate { ROW_PERSON, ROW_REJECTED, ROW_EXCLUDED, ROW_REPEATED, ROW_FATES };
extern const char *const row_fate_name[ROW_FATES]; /* "person", "rejected", ... */

enum reject_reason {
    REJECT_NONE,
    REJECT_FIELDS,       /* more or fewer fields than the header */
    REJECT_ENCODING,     /* bytes that are not valid in the feed's encoding */
    REJECT_NUL,          /* a NUL byte */
    REJECT_QUOTE,        /* a stray quote */
    REJECT_CUT,          /* the last line has no line end and nothing proves that it is whole */
    REJECT_NO_KEY,       /* no match key has a value */
    REJECT_STATUS,       /* a status value the job does not know, or none */
    REJECT_VALUE,        /* a value that the attribute cannot take (too long, not in the value map) */
    REJECT_REQUIRED,     /* a joiner without an attribute that a create needs */
    REJECT_REPEATED_KEY, /* the same key again with different values */
    REJECT_REASONS
};
extern const char *const
    reject_reason_name[REJECT_REASONS]; /* "fields", "encoding", ..., "repeated_key": the report's words */

enum person_state { PERSON_ACTIVE, PERSON_LEAVER };

/* Where a row stands in the feed as read (after decompression and spooling). */
struct place {
    uint64_t offset; /* of its first byte */
    uint32_t length; /* bytes, line end included */
    uint64_t line;   /* physical line of its first byte, 1-based; the header is line 1 */
};

struct value {
    struct str canon; /* borrowed; {NULL,0}: the column is blank, keep what the user has */
    struct str send;  /* borrowed; the form to send and show */
};

struct person {
    struct place at;
    enum person_state state;
    struct str state_text;          /* the status cell as written; empty without a status column */
    struct value value[SCHEMA_MAX]; /* by slot; match keys included */
    struct value manager; /* canonical by the attribute of schema.manager_key; empty: not named, keep */
    uint64_t digest;      /* of everything above but `at`: equal persons have equal digests */
};

struct reject {
    struct place at;
    enum reject_reason reason;
    char column[ATTR_NAME_MAX]; /* feed column concerned, or "" */
    char *detail;               /* owned; one printable line for people */
    bool keys_known; /* the match keys of the row could be read: only then can absence of others be trusted */
};

#endif
