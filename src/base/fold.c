/* Normal form and case folding. */
#include <stdlib.h>
#include <utf8proc.h>

#include "mem_internal.h"
#include "rollcall/base/mem.h"
#include "utf8_internal.h"

#define SMALL 256 /* code points handled without an allocation */

/* Every character below U+0300 is in normal form C by itself and combines with nothing before it. */
static bool surely_nfc(struct str s)
{
    for (size_t i = utf8_ascii_run(s); i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0xcc)
            return false;
    return true;
}

/* `s` is valid UTF-8 here. */
static void append_mapped(struct buf *out, struct str s, utf8proc_option_t options)
{
    utf8proc_int32_t small[SMALL + 1];
    utf8proc_int32_t *points = small, *heap = NULL;
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)s.p;
    utf8proc_ssize_t n = utf8proc_decompose(bytes, (utf8proc_ssize_t)s.n, small, SMALL, options);
    if (n > SMALL) {
        heap = points = xrealloc(NULL, (size_t)n + 1, sizeof(*points));
        n = utf8proc_decompose(bytes, (utf8proc_ssize_t)s.n, points, n, options);
    }
    if (n >= 0)
        n = utf8proc_reencode(points, n, options);
    if (n < 0) /* of a valid text only sizes beyond the address space can fail */
        out_of_memory();
    buf_add(out, points, (size_t)n);
    free(heap);
}

bool text_nfc(struct buf *out, struct str s)
{
    if (!utf8_valid(s))
        return false;
    if (surely_nfc(s))
        buf_str(out, s);
    else
        append_mapped(out, s, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    return true;
}

static void append_lower_ascii(struct buf *out, struct str s)
{
    size_t at = out->n;
    buf_str(out, s);
    for (; at < out->n; at++)
        if (out->p[at] >= 'A' && out->p[at] <= 'Z')
            out->p[at] = (char)(out->p[at] + 32);
}

bool text_fold(struct buf *out, struct str s)
{
    if (utf8_ascii_run(s) == s.n) {
        size_t before = out->n;
        if (!out->full && s.n <= out->max - before)
            append_lower_ascii(out, s);
        else
            out->full = true;
        return true;
    }
    if (!utf8_valid(s))
        return false;
    if (surely_nfc(s)) {
        append_mapped(out, s, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
        return true;
    }
    /* Folding turns U+0345 into a letter that marks no longer pass, so equivalent spellings must have become
     * one before it. */
    struct buf nfc = BUF_INIT(SIZE_MAX);
    append_mapped(&nfc, s, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    append_mapped(out, buf_view(&nfc), UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD);
    buf_deinit(&nfc);
    return true;
}
