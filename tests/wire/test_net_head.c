/* net: what header lines say, without a wire. */
#include "net_internal.h"
#include "unit.h"

#include <string.h>

#define NOW (INT64_C(784111777) * SECOND_US) /* Sun, 06 Nov 1994 08:49:37 GMT */

static int64_t wait_of(int status, const char *const *lines)
{
    struct head h;
    head_clear(&h);
    for (; *lines; lines++)
        head_line(&h, str_of(*lines));
    return head_retry_after(&h, status, NOW);
}

START_TEST(reads_retry_after)
{
    static const struct {
        const char *lines[5];
        int64_t wait;
    } cases[] = {
        { { NULL }, -1 },
        { { "Retry-After: 0" }, 0 },
        { { "retry-after:7\r\n" }, 7 * SECOND_US },
        { { "RETRY-AFTER:  120  \r\n" }, 120 * SECOND_US },
        { { "Retry-After: 0.4" }, SECOND_US },
        { { "Retry-After: -5" }, -1 },
        { { "Retry-After: soon" }, -1 },
        { { "Retry-After:" }, -1 },
        { { "Retry-After: 99999999999999999999" }, -1 },
        { { "Retry-After: 9223372036854775807" }, RETRY_AFTER_MAX_US },
        { { "Retry-After: 3", "Retry-After: 9", "Retry-After: 5" }, 9 * SECOND_US },
        { { "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT" }, 60 * SECOND_US }, /* against our clock */
        { { "Retry-After: Sunday, 06-Nov-94 08:50:37 GMT" }, 60 * SECOND_US },
        { { "Retry-After: Sun Nov  6 08:50:37 1994" }, 60 * SECOND_US },
        { { "Retry-After: Sun, 06 Nov 1994 08:49:30 GMT" }, 0 }, /* over already */
        /* Against the server's, when it tells it, whichever line comes first. */
        { { "Date: Sun, 06 Nov 1994 08:50:00 GMT", "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT" },
          37 * SECOND_US },
        { { "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT", "Date: Sun, 06 Nov 1994 08:50:00 GMT" },
          37 * SECOND_US },
        { { "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT", "Date: garbage" }, 60 * SECOND_US },
        { { "Retry-After: Sun, 06 Nov 2094 08:50:37 GMT" }, RETRY_AFTER_MAX_US },
        { { "Retry-Afterwards: 5", "Retry-After 5", "" }, -1 },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        static const int statuses[] = { 200, 429, 503 };
        for (size_t k = 0; k < array_len(statuses); k++) {
            int64_t wait = wait_of(statuses[k], cases[i].lines);
            ck_assert_msg(wait == cases[i].wait, "case %zu: %lld", i, (long long)wait);
        }
    }
}
END_TEST

START_TEST(reads_the_vendors_own_headers)
{
    static const struct {
        const char *lines[4];
        int64_t wait;
    } cases[] = {
        { { "X-Retry-After: 5" }, 5 * SECOND_US },
        { { "x-retry-after: Sun, 06 Nov 1994 08:50:37 GMT\r\n" }, 60 * SECOND_US },
        { { "Retry-After-Ms: 1500" }, 1500000 },
        { { "retry-after-ms: 0.2" }, 1000 },
        { { "X-MS-Retry-After-MS: 250" }, 250000 },
        { { "X-Ms-Retry-After-Ms: 250", "Retry-After-Ms: 300" }, 300000 },
        { { "Retry-After-Ms: 9223372036854775807" }, RETRY_AFTER_MAX_US },
        { { "Retry-After-Ms: -1" }, -1 },
        { { "RateLimit-Reset: 30" }, 30 * SECOND_US },
        { { "RateLimit-Reset: 1e3" }, -1 },
        { { "X-RateLimit-Reset: 0" }, 0 },
        { { "X-RateLimit-Reset: 59.2" }, 60 * SECOND_US },
        { { "X-Rate-Limit-Reset: 3600" }, 3600 * SECOND_US },
        { { "X-RateLimit-Reset: 1000000000" }, RETRY_AFTER_MAX_US }, /* the largest span */
        /* Seconds since 1970, against the answer's own clock when it tells it. */
        { { "X-Rate-Limit-Reset: 1000000001", "Date: Sun, 09 Sep 2001 01:46:00 GMT" }, 41 * SECOND_US },
        { { "X-RateLimit-Reset: 1000000001", "Date: Sun, 09 Sep 2001 02:00:00 GMT" }, 0 },
        { { "X-RateLimit-Reset: 1900000000" }, RETRY_AFTER_MAX_US },
        { { "X-RateLimit-Reset: 1000000000000", "Date: Sun, 09 Sep 2001 01:46:00 GMT" }, RETRY_AFTER_MAX_US },
        /* Milliseconds since 1970. */
        { { "X-RateLimit-Reset: 1000000000500", "Date: Sun, 09 Sep 2001 01:46:00 GMT" }, 40500000 },
        { { "X-RateLimit-Reset: 9223372036854775807" }, RETRY_AFTER_MAX_US },
        { { "X-RateLimit-Reset: 99999999999999999999" }, -1 },
        { { "RateLimit: \"default\";r=0;t=30" }, 30 * SECOND_US },
        { { "ratelimit: \"a;t=9,\";r=0; t=20 , \"b\";t=10\r\n" }, 20 * SECOND_US },
        { { "RateLimit: \"hour\";r=0;t=120, \"day\";r=5000;t=3600" }, 120 * SECOND_US },
        { { "RateLimit: limit=100, remaining=0, reset=50" }, 50 * SECOND_US },
        { { "RateLimit: \"default\";r=10" }, -1 },
        { { "RateLimit: \"default\";t=x" }, -1 },
        { { "RateLimit: \"t=5" }, -1 },
        { { "RateLimit: ;;,,;t=" }, -1 },
        { { "RateLimit:" }, -1 },
        { { "RateLimit-Policy: \"default\";q=100;w=10", "X-RateLimit-Remaining: 0" }, -1 },
        /* The longer of two alike; what says when to come back before when a window ends; Retry-After before
           all. */
        { { "X-RateLimit-Reset: 7", "RateLimit-Reset: 9", "X-RateLimit-Reset: 8" }, 9 * SECOND_US },
        { { "X-RateLimit-Reset: 3600", "Retry-After-Ms: 20" }, 20000 },
        { { "X-RateLimit-Reset: 3600", "X-Retry-After: 40", "Retry-After: 2" }, 2 * SECOND_US },
        { { "X-RateLimit-Reset: 3600", "Retry-After: soon" }, 3600 * SECOND_US },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        static const int others[] = { 0, 200, 403, 409, 500, 502, 504 };
        const char *without[array_len(cases[i].lines)] = { NULL };
        for (size_t k = 0, n = 0; cases[i].lines[k]; k++)
            if (!strcasestr(cases[i].lines[k], "limit"))
                without[n++] = cases[i].lines[k];
        int64_t wait = wait_of(429, cases[i].lines), busy = wait_of(503, cases[i].lines);
        ck_assert_msg(wait == cases[i].wait, "case %zu: %lld", i, (long long)wait);
        /* When a limit's window ends says nothing of a service that is not there. */
        ck_assert_msg(busy == wait_of(429, without), "case %zu, 503: %lld", i, (long long)busy);
        bool plain = strstr(cases[i].lines[0], "3600") && cases[i].lines[2];
        for (size_t k = 0; k < array_len(others); k++)
            ck_assert_int_eq(wait_of(others[k], cases[i].lines), plain ? 2 * SECOND_US : -1);
    }
}
END_TEST

START_TEST(reads_the_content_type)
{
    static const char *const cases[][2] = {
        { "Content-Type: application/json", "application/json" },
        { "content-type:Text/HTML;charset=x", "text/html" },
        { "Content-Type:  application/scim+json ; a=b\r\n", "application/scim+json" },
        { "Content-Type:", "" },
        { "Content-Type: ;", "" },
        { "Content-Types: a/b", "" },
    };
    struct head h;
    char longest[400];
    for (size_t i = 0; i < array_len(cases); i++) {
        head_clear(&h);
        head_line(&h, str_of(cases[i][0]));
        ck_assert_str_eq(h.content_type, cases[i][1]);
    }
    snprintf(longest, sizeof(longest), "Content-Type: %0300d", 1);
    head_line(&h, str_of(longest));
    ck_assert_str_eq(h.content_type, "");
}
END_TEST

START_TEST(keeps_whole_etags_only)
{
    struct head h;
    char line[300];
    head_clear(&h);
    snprintf(line, sizeof(line), "ETag: %0255d", 7);
    head_line(&h, str_of(line));
    ck_assert_uint_eq(strlen(h.etag), 255);
    snprintf(line, sizeof(line), "ETag: %0256d", 7);
    head_line(&h, str_of(line));
    ck_assert_str_eq(h.etag, "");
}
END_TEST

START_TEST(notices_compression)
{
    static const struct {
        const char *line;
        bool encoded;
    } cases[] = {
        { "Content-Encoding: gzip", true },      { "content-encoding: br\r\n", true },
        { "Content-Encoding: identity", false }, { "Content-Encoding:", false },
        { "Transfer-Encoding: chunked", false },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct head h;
        head_clear(&h);
        head_line(&h, str_of(cases[i].line));
        ck_assert_int_eq(h.encoded, cases[i].encoded);
    }
}
END_TEST

UNIT("net head", reads_retry_after, reads_the_vendors_own_headers, reads_the_content_type,
     keeps_whole_etags_only, notices_compression)
