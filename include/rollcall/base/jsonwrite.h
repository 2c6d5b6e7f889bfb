/* JSON writer into a buffer. Canonical when its caller writes members in ascending key order (RFC 8785: no
 * white space, shortest escapes, UTF-8 as it is); in debug builds jw_key() asserts that order when
 * `canonical` is set. Invalid UTF-8 is written as U+FFFD. */
#ifndef ROLLCALL_BASE_JSONWRITE_H
#define ROLLCALL_BASE_JSONWRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "rollcall/base/text.h"

struct jw {
    struct buf *out; /* borrowed */
    unsigned depth;
    bool comma[70]; /* a value was written at this depth */
    bool after_key;
    bool canonical;
    int indent;            /* 0: compact */
    char last_key[70][24]; /* first bytes of the last key at each depth, for the canonical assertion */
};

void jw_init(struct jw *w, struct buf *out, bool canonical);
void jw_object(struct jw *w);
void jw_end_object(struct jw *w);
void jw_array(struct jw *w);
void jw_end_array(struct jw *w);
void jw_key(struct jw *w, const char *key);
void jw_keystr(struct jw *w, struct str key);
void jw_str(struct jw *w, struct str s); /* {NULL, 0} writes null */
void jw_z(struct jw *w, const char *z);  /* NULL writes null */
void jw_int(struct jw *w, int64_t n);
void jw_real(struct jw *w, double d, int decimals);
void jw_bool(struct jw *w, bool b);
void jw_null(struct jw *w);
void jw_raw(struct jw *w, struct str json); /* a complete JSON value, copied */

/* Key and value in one. */
void jw_kstr(struct jw *w, const char *key, struct str s);
void jw_kz(struct jw *w, const char *key, const char *z);
void jw_kint(struct jw *w, const char *key, int64_t n);
void jw_kbool(struct jw *w, const char *key, bool b);

#endif
