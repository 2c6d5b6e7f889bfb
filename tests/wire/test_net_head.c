/* net: what header lines say, without a wire. */
#include "net_internal.h"
#include "unit.h"

#define NOW (INT64_C(784111777) * SECOND_US) /* Sun, 06 Nov 1994 08:49:37 GMT */

static int64_t wait_of(const char *const *lines)
{
    struct head h;
    head_clear(&h);
    for (; *lines; lines++)
        head_line(&h, str_of(*lines));
    return head_retry_after(&h, NOW);
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
        { { "X-Retry-After: 5", "Retry-Afterwards: 5", "Retry-After 5", "" }, -1 },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        int64_t wait = wait_of(cases[i].lines);
        ck_assert_msg(wait == cases[i].wait, "case %zu: %lld", i, (long long)wait);
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

UNIT("net head", reads_retry_after, reads_the_content_type, keeps_whole_etags_only, notices_compression)
