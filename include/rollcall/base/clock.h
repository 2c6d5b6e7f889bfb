/* Time. Pure rooms take times as arguments; only loop, cli, net and sandbox call the two clock functions. */
#ifndef ROLLCALL_BASE_CLOCK_H
#define ROLLCALL_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "rollcall/base/text.h"

typedef int64_t mono_us; /* microseconds of the monotonic clock: for pacing and timeouts */
typedef int64_t unix_us; /* microseconds since 1970 UTC: for people and records */

mono_us clock_mono(void);
unix_us clock_unix(void);

#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)

/* "2026-01-05T05:30:00Z" (out needs 28 bytes); with_us adds ".123456". */
char *time_rfc3339(char out[32], unix_us t, bool with_us);
/* Any of the three HTTP date forms (RFC 9110 5.6.7); false when it is none. */
bool time_parse_http(struct str s, unix_us *out);
/* "1 h 2 min", "7 min 50 s", "3 s", "0.4 s": at most two units. out needs 32 bytes. */
char *time_span(char out[32], int64_t us);
/* "30s", "5min", "24h", "7d", "500ms" and plain seconds "30"; false when it is none,
 * negative, or more than 36500 days. */
bool time_parse_span(struct str s, int64_t *us);

#endif
