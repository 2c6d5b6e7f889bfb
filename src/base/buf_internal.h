/* Room in a buffer, for base's own writers that put many small pieces. */
#ifndef BASE_BUF_INTERNAL_H
#define BASE_BUF_INTERNAL_H

#include <stdarg.h>

#include "rollcall/base/text.h"

/* Makes room for `n` more bytes and the NUL; false, and `full` set, where the maximum forbids it or an
 * earlier write was refused. */
bool buf_reserve(struct buf *b, size_t n);
void buf_vprintf(struct buf *b, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
/* As buf_vprintf, but what does not fit is cut on a character boundary instead of refused. */
void buf_vprintf_cut(struct buf *b, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));

static inline void buf_put(struct buf *b, char c)
{
    if (b->n + 1 < b->cap && !b->full && b->n < b->max) {
        b->p[b->n++] = c;
        b->p[b->n] = '\0';
    } else {
        buf_putc(b, c);
    }
}

#endif
