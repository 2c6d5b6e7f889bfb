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

/* "25/5s", "10000/1d", "100/min": a count of 1 or more, a slash, a span as time_parse_span() reads it, but
 * with its unit and not 0; the unit alone stands for one of it. Nothing around or between. False when it is
 * none. */
bool rate_parse(struct str s, struct rate *out);
/* "25/5s": in the largest unit that divides the span, so that rate_parse() gives the same back. Returns
 * out. */
char *rate_text(char out[40], const struct rate *r);

/* The least time from now until the last of `calls` calls can go, when each goes as early as all windows
 * allow. A window allows its count in any span: of any count + 1 calls in a row the last goes at least the
 * span after the first.
 *
 * With `full` false the windows are empty: a first burst goes at once, so one window "25/5s" needs 0 for 25
 * calls, 5 s for 26 and 15 s for 100. With `full` true the whole allowance of each window counts as used at
 * this moment, so everything waits for the longest span first and then goes as with empty windows: 20 s for
 * these 100.
 *
 * Windows of a day or longer are quotas: the engine ends a run that has used one up, it does not sleep
 * through it. They never add time here. No calls, or no windows left, need no time. The result is exact for
 * any number of calls and windows; INT64_MAX when it would be more. (With several windows that do not fit
 * into each other, such as 7/3s and 11/5s, the slowest alone would be too little: the search goes through the
 * combinations. Should a set of windows be made to have millions of them, it ends early, less than the
 * longest span short.) */
int64_t rates_least_us(const struct rates *r, uint64_t calls, bool full);

#endif
