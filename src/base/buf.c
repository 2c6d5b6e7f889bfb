#include "buf_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem_internal.h"
#include "rollcall/base/mem.h"

#define CAP_MIN ((size_t)64)

void buf_init(struct buf *b, size_t max)
{
    *b = BUF_INIT(max);
}

void buf_deinit(struct buf *b)
{
    free(b->p);
    b->p = NULL;
    b->n = b->cap = 0;
    b->full = false;
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->full = false;
    if (b->p)
        b->p[0] = '\0';
}

bool buf_reserve(struct buf *b, size_t n)
{
    if (b->full || n > b->max - b->n || b->n + n == SIZE_MAX) {
        b->full = true;
        return false;
    }
    size_t need = b->n + n + 1;
    if (need <= b->cap)
        return true;
    size_t cap = b->cap > SIZE_MAX / 2 ? need : b->cap * 2;
    if (cap < CAP_MIN)
        cap = CAP_MIN;
    /* Doubling must not take more than the maximum was meant to allow. */
    if (b->max < SIZE_MAX && cap > b->max + 1)
        cap = b->max + 1;
    if (cap < need)
        cap = need;
    b->p = xrealloc(b->p, cap, 1);
    b->cap = cap;
    return true;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
    if (!buf_reserve(b, n))
        return;
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void buf_str(struct buf *b, struct str s)
{
    buf_add(b, s.p, s.n);
}

void buf_puts(struct buf *b, const char *z)
{
    buf_add(b, z, strlen(z));
}

void buf_putc(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    buf_vprintf(b, fmt, args);
    va_end(args);
}

static size_t try_printf(struct buf *b, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));

/* The length of the formatted text; what is written is cut to the room there is. */
static size_t try_printf(struct buf *b, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    size_t room = b->cap - b->n;
    int n = vsnprintf(b->p ? b->p + b->n : NULL, b->p ? room : 0, fmt, again);
    va_end(again);
    if (n < 0)
        out_of_memory();
    return (size_t)n;
}

void buf_vprintf(struct buf *b, const char *fmt, va_list args)
{
    if (!buf_reserve(b, 0))
        return;
    size_t n = try_printf(b, fmt, args);
    if (n >= b->cap - b->n) {
        if (!buf_reserve(b, n)) {
            b->p[b->n] = '\0';
            return;
        }
        n = try_printf(b, fmt, args);
    }
    b->n += n;
}

void buf_vprintf_cut(struct buf *b, const char *fmt, va_list args)
{
    size_t before = b->n;
    if (b->full)
        return;
    buf_vprintf(b, fmt, args);
    if (!b->full || b->max == before)
        return;
    b->full = false;
    if (!buf_reserve(b, b->max - b->n))
        return;
    try_printf(b, fmt, args);
    struct str cut = { b->p + before, b->max - before };
    /* Only a character cut in two is taken off: other invalid bytes are the text's own. */
    size_t keep = cut.n;
    for (size_t back = 1; back <= 3 && back <= cut.n; back++) {
        unsigned char c = (unsigned char)cut.p[cut.n - back];
        if (c < 0x80 || c >= 0xc0) {
            size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
            keep = want > back ? cut.n - back : cut.n;
            break;
        }
    }
    b->n = before + keep;
    b->p[b->n] = '\0';
    b->full = true;
}

struct str buf_view(const struct buf *b)
{
    return (struct str){ b->p, b->n };
}

char *buf_take(struct buf *b)
{
    char *p = b->p ? b->p : xmemdup("", 0);
    b->p = NULL;
    b->n = b->cap = 0;
    b->full = false;
    return p;
}
