/* Decoding, for base's own text functions. */
#ifndef BASE_UTF8_INTERNAL_H
#define BASE_UTF8_INTERNAL_H

#include "rollcall/base/text.h"

/* Length of the valid character at `i` (i < s.n) and its code point; 0 where the byte at `i` starts none. */
size_t utf8_at(struct str s, size_t i, uint32_t *cp);
/* Length of the leading run of ASCII. */
size_t utf8_ascii_run(struct str s);
/* Columns of a code point that printable() lets through. */
size_t utf8_columns(uint32_t cp);

#endif
