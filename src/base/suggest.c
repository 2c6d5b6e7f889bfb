#include "rollcall/base/mem.h"
#include "rollcall/base/text.h"

#define WORD_MAX ((size_t)64) /* longer words are no slips of a finger */

static unsigned char lower(const char *p, size_t i)
{
    unsigned char c = (unsigned char)p[i];
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours, each counting one. Both texts are at most
 * WORD_MAX long. */
static unsigned distance(struct str a, struct str b)
{
    unsigned rows[3][WORD_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b.n; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= a.n; i++) {
        now[0] = (unsigned)i;
        for (size_t j = 1; j <= b.n; j++) {
            unsigned cost = lower(a.p, i - 1) == lower(b.p, j - 1) ? 0 : 1;
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + cost);
            if (i > 1 && j > 1 && lower(a.p, i - 1) == lower(b.p, j - 2) &&
                lower(a.p, i - 2) == lower(b.p, j - 1))
                now[j] = least(now[j], before[j - 2] + 1);
        }
        unsigned *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[b.n];
}

/* One slip in three letters: in shorter words every other word would be close. */
static unsigned slips_allowed(size_t a, size_t b)
{
    size_t longer = a > b ? a : b;
    return longer / 3 > 3 ? 3 : (unsigned)(longer / 3);
}

const char *suggest(struct str word, const char *const *candidates, size_t n)
{
    const char *best = NULL;
    unsigned best_distance = UINT32_MAX;
    if (word.n == 0 || word.n > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        struct str c = str_of(candidates[i]);
        if (c.n == 0 || c.n > WORD_MAX)
            continue;
        unsigned d = distance(word, c);
        if (d <= slips_allowed(word.n, c.n) && d < best_distance) {
            best = candidates[i];
            best_distance = d;
        }
    }
    return best;
}
