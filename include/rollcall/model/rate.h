/* Rate windows as vendors state them: "25/5s" is 25 calls in any 5 seconds. */
#ifndef ROLLCALL_MODEL_RATE_H
#define ROLLCALL_MODEL_RATE_H

#include "rollcall/base.h"

#define RATE_WINDOWS_MAX 4

struct rate {
    uint32_t calls;
    int64_t span_us;
};

struct rates {
    struct rate v[RATE_WINDOWS_MAX];
    size_t n;
};

/* "25/5s", "10000/1d", "100/min"; false when it is none. */
bool rate_parse(struct str s, struct rate *out);
/* "25/5s". */
char *rate_text(char out[40], const struct rate *r);
/* The shortest time in which `calls` calls can go under all windows, the first at once; starting with the windows full
 * (`full`) each window's allowance counts as just used. Daily windows count only as quota, not as time. */
int64_t rates_least_us(const struct rates *r, uint64_t calls, bool full);

#endif
