/* Text: slices, bounded growing buffers, UTF-8, folding, safe display, suggestions. */
#ifndef ROLLCALL_BASE_TEXT_H
#define ROLLCALL_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A borrowed run of bytes, not NUL-terminated. {NULL, 0} is "no text". */
struct str {
    const char *p; /* borrowed */
    size_t n;      /* bytes */
};

#define STR(lit) ((struct str){ (lit), sizeof(lit) - 1 })
#define STR_ARG(s) (int)(s).n, (s).p /* for printf's %.*s */

struct str str_of(const char *z); /* NULL gives {NULL, 0} */
bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *z);
bool str_starts(struct str a, struct str prefix);
int str_cmp(struct str a, struct str b);        /* memcmp order, shorter first */
struct str str_trim(struct str s);              /* ASCII white space at both ends */
bool str_ieq_ascii(struct str a, struct str b); /* for protocol tokens only, never for values */
bool str_to_i64(struct str s, int64_t *out);    /* whole slice, decimal, range checked */

/* A growing buffer with a maximum. A write that would pass `max` leaves the buffer as it was and sets `full`;
 * later writes are refused too, so a caller may write many times and ask once. Always NUL-terminated once
 * written to. */
struct buf {
    char *p; /* owned; may be NULL while empty */
    size_t n, cap;
    size_t max; /* bytes allowed */
    bool full;
};

#define BUF_INIT(maximum) ((struct buf){ .max = (maximum) })
void buf_init(struct buf *b, size_t max);
void buf_deinit(struct buf *b);
void buf_clear(struct buf *b); /* keeps the memory, clears `full` */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_puts(struct buf *b, const char *z);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct str buf_view(const struct buf *b); /* borrowed until the next write */
char *buf_take(struct buf *b); /* hands the text over ("" when empty); the buffer is empty afterwards */

/* UTF-8. */
bool utf8_valid(struct str s);    /* no surrogates, no overlong forms */
size_t utf8_bad_at(struct str s); /* offset of the first invalid byte, or s.n */
size_t utf8_width(struct str s);  /* terminal columns, for aligning tables */

/* Appends NFC of `s`; false (nothing appended) when s is not valid UTF-8. */
bool text_nfc(struct buf *out, struct str s);
/* Appends the NFC case fold of `s` (full Unicode folding, not tolower); false when s is not valid UTF-8. */
bool text_fold(struct buf *out, struct str s);

/* Appends `s` so that a terminal or a log cannot be misled by it: control characters, bidirectional and
 * zero-width controls, line separators, everything else that shows as nothing, and invalid bytes are written
 * as \xNN or \u{NNNN}; a backslash is doubled. What is wider than `max_columns` (0: any width) is cut and
 * ends with "...", these dots included in the width. */
void printable(struct buf *out, struct str s, size_t max_columns);

/* The candidate closest to `word` (Damerau-Levenshtein, case-insensitive) when close enough to be a slip (one
 * in three letters, at most three); else NULL. The first of equally close ones. */
const char *suggest(struct str word, const char *const *candidates, size_t n);

/* Thousands with commas, for people: 41207 -> "41,207". Writes into out (at least 28 bytes), returns out. */
char *text_count(char out[28], int64_t n);

#endif
