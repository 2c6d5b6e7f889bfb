/* Rate windows: reading, writing, and the least time a number of calls needs under several of them. */
#include <inttypes.h>

#include "rollcall/model.h"

#define SEARCH_MAX 2000000 /* combinations looked at; real windows need a handful */

__extension__ typedef unsigned __int128 wide; /* calls times microseconds */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A span with its unit; the unit alone is one of it. */
static bool parse_span(struct str s, int64_t *us)
{
    char one[16] = "1";
    if (!s.n || is_digit(s.p[s.n - 1]))
        return false;
    if (!is_digit(s.p[0])) {
        if (s.n > sizeof(one) - 1)
            return false;
        memcpy(one + 1, s.p, s.n);
        s = (struct str){ one, s.n + 1 };
    }
    return time_parse_span(s, us) && *us > 0;
}

bool rate_parse(struct str s, struct rate *out)
{
    const char *slash = s.n ? memchr(s.p, '/', s.n) : NULL;
    if (!slash || !is_digit(s.p[0])) /* no sign either */
        return false;
    size_t at = (size_t)(slash - s.p);
    int64_t calls, span;
    if (!str_to_i64((struct str){ s.p, at }, &calls) || calls < 1 || calls > UINT32_MAX)
        return false;
    if (!parse_span((struct str){ slash + 1, s.n - at - 1 }, &span))
        return false;
    *out = (struct rate){ .calls = (uint32_t)calls, .span_us = span };
    return true;
}

char *rate_text(char out[40], const struct rate *r)
{
    static const struct {
        int64_t us;
        const char *name;
    } units[] = { { DAY_US, "d" },    { HOUR_US, "h" }, { MINUTE_US, "min" },
                  { SECOND_US, "s" }, { 1000, "ms" },   { 1, "us" } };
    size_t u = 0;
    while (r->span_us % units[u].us)
        u++;
    snprintf(out, 40, "%" PRIu32 "/%" PRId64 "%s", r->calls, r->span_us / units[u].us, units[u].name);
    return out;
}

/* Calls in order go at times t(1) <= t(2) <= ..., and a window of c calls in a span S means t(n) >= t(n - c)
 * + S for n > c and nothing else. So the earliest t(N) is the largest sum of spans over all ways to step back
 * from N to 1 or more, each step c calls long: an unbounded knapsack of weight N - 1 with windows as items,
 * weight c, worth S. */
struct search {
    struct rate item[RATE_WINDOWS_MAX]; /* by falling worth for the weight */
    size_t n;
    wide best;
    unsigned left; /* combinations that may still be looked at */
};

/* `b` is of no use beside `a`: as many of `a` as fit into its weight are worth as much. */
static bool useless(const struct rate *b, const struct rate *a)
{
    return (wide)(b->calls / a->calls) * (wide)a->span_us >= (wide)b->span_us;
}

static bool denser(const struct rate *a, const struct rate *b)
{
    wide x = (wide)a->span_us * b->calls, y = (wide)b->span_us * a->calls;
    return x > y || (x == y && a->calls < b->calls);
}

static void search_item(struct search *s, const struct rate *r)
{
    for (size_t i = 0; i < s->n; i++)
        if (useless(r, &s->item[i]))
            return;
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++)
        if (!useless(&s->item[i], r))
            s->item[kept++] = s->item[i];
    size_t at = kept;
    for (; at > 0 && denser(r, &s->item[at - 1]); at--)
        s->item[at] = s->item[at - 1];
    s->item[at] = *r;
    s->n = kept + 1;
}

/* Depth first, the most of the densest item first. What is left of the weight can at best be filled at the
 * density of the next item; where that cannot win, fewer of this item, which leave more to the thinner ones,
 * cannot either. As deep as there are windows. */
static void search_from(struct search *s, size_t i, uint64_t weight, wide worth)
{
    const struct rate *r = &s->item[i], *next = r + 1;
    for (uint64_t k = weight / r->calls;; k--) {
        uint64_t rest = weight - k * r->calls;
        wide sum = worth + (wide)k * (wide)r->span_us;
        if (sum > s->best)
            s->best = sum;
        if (i + 1 == s->n || sum + (wide)rest * (wide)next->span_us / next->calls <= s->best || s->left == 0)
            return;
        s->left--;
        search_from(s, i + 1, rest, sum);
        if (k == 0)
            return;
    }
}

int64_t rates_least_us(const struct rates *r, uint64_t calls, bool full)
{
    struct search s = { .left = SEARCH_MAX };
    uint64_t longest = 0;
    if (calls == 0)
        return 0;
    for (size_t i = 0; i < r->n; i++) {
        const struct rate *w = &r->v[i];
        if (w->calls == 0 || w->span_us <= 0 || w->span_us >= DAY_US)
            continue;
        search_item(&s, w);
        if ((uint64_t)w->span_us > longest)
            longest = (uint64_t)w->span_us;
    }
    if (s.n)
        search_from(&s, 0, calls - 1, 0);
    wide least = s.best;
    if (full)
        least += longest;
    return least > INT64_MAX ? INT64_MAX : (int64_t)least;
}
