/* Sorting a roster by id. A comparison that looks at two records anywhere in memory is slow, so pieces of the
 * ids are taken along and only they are compared; where ids agree in a piece, the next piece decides. */
#include "roster_internal.h"

#define PIECE 7 /* bytes of the id in one sort key; the eighth tells how many there were */

struct item {
    uint64_t key;
    uint32_t at; /* in the records as they arrived */
};

/* Bytes from `from` on, the first in the highest place, zeros behind the end; then how many bytes were left,
 * PIECE + 1 for more than fit. Keys in order are pieces in order, and equal keys whose last byte is at most
 * PIECE are equal to the end. */
static uint64_t piece_key(struct str id, size_t from)
{
    uint64_t key = 0;
    size_t left = id.n > from ? id.n - from : 0;
    for (size_t i = 0; i < PIECE; i++)
        key = key << 8 | (i < left ? (unsigned char)id.p[from + i] : 0U);
    return key << 8 | (left > PIECE ? PIECE + 1 : left);
}

static int compare_items(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

/* Sorts items whose ids agree before `from`. It calls itself for those that agree in one more piece: at most
 * ROSTER_ID_MAX / PIECE deep. */
static bool sort_from(const record *v, struct item *item, size_t n, size_t from)
{
    char digits[GUID_DIGITS];
    bool repeats = false;
    for (size_t i = 0; i < n; i++)
        item[i].key = piece_key(record_id_key(v[item[i].at], digits), from);
    qsort(item, n, sizeof(*item), compare_items);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && item[end].key == item[i].key;)
            end++;
        if (end - i == 1)
            continue;
        if ((item[i].key & 0xff) > PIECE)
            repeats |= sort_from(v, item + i, end - i, from + PIECE);
        else
            repeats = true;
    }
    return repeats;
}

bool records_order(const record *v, size_t n, uint32_t *order)
{
    struct item *item = xrealloc(NULL, n, sizeof(*item));
    for (size_t i = 0; i < n; i++)
        item[i] = (struct item){ .at = (uint32_t)i };
    bool repeats = sort_from(v, item, n, 0);
    for (size_t i = 0; i < n; i++)
        order[i] = item[i].at;
    free(item);
    return repeats;
}
