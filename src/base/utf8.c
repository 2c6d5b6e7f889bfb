#include <string.h>
#include <utf8proc.h>

#include "utf8_internal.h"

size_t utf8_ascii_run(struct str s)
{
    size_t i = 0;
    for (; s.n - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, s.p + i, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (i < s.n && (unsigned char)s.p[i] < 0x80)
        i++;
    return i;
}

/* Table 3-7 of the Unicode standard: the second byte's range depends on the first, which keeps overlong
 * forms, surrogates and values above U+10FFFF out. */
size_t utf8_at(struct str s, size_t i, uint32_t *cp)
{
    const unsigned char *u = (const unsigned char *)s.p + i;
    size_t left = s.n - i;
    unsigned char c = u[0];
    if (c < 0x80) {
        *cp = c;
        return 1;
    }
    size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c > 0xf4 || len > left)
        return 0;
    unsigned char low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    unsigned char high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (u[1] < low || u[1] > high)
        return 0;
    uint32_t value = c & (0x7fU >> len);
    value = (value << 6) | (u[1] & 0x3fU);
    for (size_t k = 2; k < len; k++) {
        if ((u[k] & 0xc0) != 0x80)
            return 0;
        value = (value << 6) | (u[k] & 0x3fU);
    }
    *cp = value;
    return len;
}

size_t utf8_bad_at(struct str s)
{
    size_t i = 0;
    while (i < s.n) {
        i += utf8_ascii_run((struct str){ s.p + i, s.n - i });
        uint32_t cp;
        /* Text in other scripts comes in runs as well. */
        while (i < s.n && (unsigned char)s.p[i] >= 0x80) {
            size_t len = utf8_at(s, i, &cp);
            if (!len)
                return i;
            i += len;
        }
    }
    return s.n;
}

bool utf8_valid(struct str s)
{
    return utf8_bad_at(s) == s.n;
}

size_t utf8_columns(uint32_t cp)
{
    int width = utf8proc_charwidth((utf8proc_int32_t)cp);
    return width > 0 ? (size_t)width : 0;
}

size_t utf8_width(struct str s)
{
    size_t columns = 0;
    for (size_t i = 0; i < s.n;) {
        uint32_t cp;
        size_t len = utf8_at(s, i, &cp);
        columns += len ? utf8_columns(cp) : 1;
        i += len ? len : 1;
    }
    return columns;
}
