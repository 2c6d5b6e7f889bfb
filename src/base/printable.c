#include <stdio.h>
#include <string.h>

#include "buf_internal.h"
#include "utf8_internal.h"

struct range {
    uint32_t from, to;
};

/* Code points that change how their neighbours look, or that look like nothing: controls, line separators,
 * bidirectional and zero-width controls, and whatever else Unicode calls default ignorable
 * (DerivedCoreProperties.txt). Sorted. */
static const struct range hidden[] = {
    { 0x0000, 0x001f }, { 0x007f, 0x009f }, { 0x00ad, 0x00ad },   { 0x034f, 0x034f },   { 0x061c, 0x061c },
    { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f },   { 0x200b, 0x200f },   { 0x2028, 0x202e },
    { 0x2060, 0x206f }, { 0x3164, 0x3164 }, { 0xfdd0, 0xfdef },   { 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },
    { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

static bool is_hidden(uint32_t cp)
{
    if (cp >= 0x20 && cp < 0x7f)
        return false;
    if ((cp & 0xfffe) == 0xfffe) /* not characters, in any plane */
        return true;
    size_t low = 0, high = sizeof(hidden) / sizeof(hidden[0]);
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (cp > hidden[mid].to)
            low = mid + 1;
        else if (cp < hidden[mid].from)
            high = mid;
        else
            return true;
    }
    return false;
}

/* One character as it is shown. */
struct piece {
    char text[16];
    size_t n, columns;
    size_t eaten; /* bytes of the input */
};

static struct piece next_piece(struct str s, size_t i)
{
    struct piece piece = { .eaten = 1 };
    uint32_t cp;
    size_t len = utf8_at(s, i, &cp);
    int n = 0;
    if (!len || cp < 0x20 || cp == 0x7f) {
        n = snprintf(piece.text, sizeof(piece.text), "\\x%02x", (unsigned char)s.p[i]);
    } else if (cp == '\\') {
        n = snprintf(piece.text, sizeof(piece.text), "\\\\");
    } else if (is_hidden(cp)) {
        n = snprintf(piece.text, sizeof(piece.text), "\\u{%04x}", (unsigned)cp);
        piece.eaten = len;
    } else {
        memcpy(piece.text, s.p + i, len);
        piece.n = piece.eaten = len;
        piece.columns = utf8_columns(cp);
        return piece;
    }
    piece.n = piece.columns = (size_t)n;
    return piece;
}

void printable(struct buf *out, struct str s, size_t max_columns)
{
    static const char dots[] = "...";
    size_t dots_n = max_columns < 3 ? max_columns : 3;
    size_t columns = 0, keep = out->n;
    for (size_t i = 0; i < s.n && !out->full;) {
        struct piece piece = next_piece(s, i);
        if (max_columns && columns + piece.columns > max_columns) {
            /* Back to where the dots still fit. */
            out->n = keep;
            buf_add(out, dots, dots_n);
            return;
        }
        buf_add(out, piece.text, piece.n);
        columns += piece.columns;
        if (max_columns && columns + dots_n <= max_columns)
            keep = out->n;
        i += piece.eaten;
    }
}
