#include "rollcall/base/clock.h"

#include <stdint.h>

#include "rollcall/base/mem.h"
#include "unit.h"

START_TEST(the_clocks_go_forward)
{
    mono_us before = clock_mono();
    ck_assert_int_ge(clock_mono(), before);
    ck_assert_int_gt(clock_unix(), INT64_C(1577836800) * SECOND_US); /* after 2020 */
}
END_TEST

START_TEST(rfc3339)
{
    static const struct {
        int64_t us;
        const char *plain, *with_us;
    } cases[] = {
        { 0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z" },
        { INT64_C(1767591000123456), "2026-01-05T05:30:00Z", "2026-01-05T05:30:00.123456Z" },
        { INT64_C(951782400) * SECOND_US, "2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000000Z" },
        { INT64_C(4107542399) * SECOND_US, "2100-02-28T23:59:59Z", "2100-02-28T23:59:59.000000Z" },
        { INT64_C(4107542400) * SECOND_US, "2100-03-01T00:00:00Z", "2100-03-01T00:00:00.000000Z" },
        { -1, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999999Z" },
        { INT64_C(-62135596800) * SECOND_US, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z" },
        { INT64_MAX, "294247-01-10T04:00:54Z", "294247-01-10T04:00:54.775807Z" },
        { INT64_MIN, "-290308-12-21T19:59:05Z", "-290308-12-21T19:59:05.224192Z" },
    };
    char out[32];
    for (size_t i = 0; i < array_len(cases); i++) {
        ck_assert_str_eq(time_rfc3339(out, cases[i].us, false), cases[i].plain);
        ck_assert_str_eq(time_rfc3339(out, cases[i].us, true), cases[i].with_us);
    }
}
END_TEST

START_TEST(http_dates_in_all_three_forms)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {
        { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },  { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
        { "Sun Nov  6 08:49:37 1994", 784111777 },       { "Wed Nov 16 08:49:37 1994", 784975777 },
        { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },          { "Tue, 29 Feb 2000 23:59:59 GMT", 951868799 },
        { "Thursday, 01-Jan-70 00:00:00 GMT", 0 },       { "Monday, 05-Jan-26 05:30:00 GMT", 1767591000 },
        { "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 }, /* a leap second */
        { "Thu, 31 Dec 2099 00:00:00 GMT", 4102358400 },
    };
    for (size_t i = 0; i < array_len(good); i++) {
        unix_us t = -1;
        ck_assert_msg(time_parse_http(str_of(good[i].text), &t), "%s", good[i].text);
        ck_assert_int_eq(t, good[i].seconds * SECOND_US);
    }
}
END_TEST

START_TEST(what_is_no_http_date)
{
    static const char *const bad[] = {
        "",
        "120",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Son, 06 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Mon, 29 Feb 2100 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 08:49:3",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  06 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT",
        "2026-01-05T05:30:00Z",
    };
    for (size_t i = 0; i < array_len(bad); i++) {
        unix_us t = 5;
        ck_assert_msg(!time_parse_http(str_of(bad[i]), &t), "'%s' was taken", bad[i]);
        ck_assert_int_eq(t, 5);
    }
    unix_us t;
    ck_assert(!time_parse_http((struct str){ NULL, 0 }, &t));
}
END_TEST

START_TEST(every_day_of_four_centuries)
{
    char text[32];
    for (int64_t day = -100000; day < 46097; day++) {
        int64_t us = day * DAY_US + 12345 * SECOND_US;
        time_rfc3339(text, us, false);
        static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        int64_t month = 0;
        if (!str_to_i64((struct str){ text + 5, 2 }, &month) || month < 1 || month > 12)
            ck_abort_msg("%s", text);
        struct buf http = BUF_INIT(64);
        buf_printf(&http, "Mon, %.2s %s %.4s %.8s GMT", text + 8, months[month - 1], text, text + 11);
        unix_us back = 0;
        if (!time_parse_http(buf_view(&http), &back) || back != us)
            ck_abort_msg("%s", text);
        buf_deinit(&http);
    }
}
END_TEST

START_TEST(spans_for_people)
{
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {
        { 0, "0 s" },
        { 1, "1 ms" },
        { 12 * 1000, "12 ms" },
        { 94999, "95 ms" },
        { 95000, "0.1 s" },
        { 400 * 1000, "0.4 s" },
        { 949999, "0.9 s" },
        { 950000, "1 s" },
        { 3 * SECOND_US, "3 s" },
        { 3499 * 1000, "3 s" },
        { 59600 * 1000, "1 min" },
        { 470 * SECOND_US, "7 min 50 s" },
        { 3599 * SECOND_US, "59 min 59 s" },
        { 3599 * SECOND_US + 600000, "1 h" },
        { HOUR_US + 2 * MINUTE_US, "1 h 2 min" },
        { HOUR_US + 2 * MINUTE_US + 40 * SECOND_US, "1 h 3 min" },
        { DAY_US - SECOND_US, "1 d" },
        { DAY_US, "1 d" },
        { 2 * DAY_US + 3 * HOUR_US, "2 d 3 h" },
        { -3 * SECOND_US, "-3 s" },
        { INT64_MAX, "106751991 d 4 h" },
        { INT64_MIN, "-106751991 d 4 h" },
    };
    char out[32];
    for (size_t i = 0; i < array_len(cases); i++)
        ck_assert_str_eq(time_span(out, cases[i].us), cases[i].text);
}
END_TEST

START_TEST(spans_in_jobs)
{
    static const struct {
        const char *text;
        int64_t us;
    } good[] = {
        { "30s", 30 * SECOND_US },
        { "30", 30 * SECOND_US },
        { "5min", 5 * MINUTE_US },
        { "24h", DAY_US },
        { "7d", 7 * DAY_US },
        { "500ms", 500000 },
        { "0", 0 },
        { "36500d", 36500 * DAY_US },
    };
    static const char *const bad[] = { "",
                                       "s",
                                       "-1",
                                       "-1s",
                                       "1m",
                                       "1.5h",
                                       "5 min",
                                       "5mins",
                                       " 5s",
                                       "36501d",
                                       "999999999999999999d",
                                       "99999999999999999999" };
    int64_t us = 0;
    for (size_t i = 0; i < array_len(good); i++) {
        ck_assert_msg(time_parse_span(str_of(good[i].text), &us), "%s", good[i].text);
        ck_assert_int_eq(us, good[i].us);
    }
    us = 5;
    for (size_t i = 0; i < array_len(bad); i++)
        ck_assert_msg(!time_parse_span(str_of(bad[i]), &us), "'%s' was taken", bad[i]);
    ck_assert(!time_parse_span((struct str){ NULL, 0 }, &us));
    ck_assert_int_eq(us, 5);
}
END_TEST

UNIT("base_clock", the_clocks_go_forward, rfc3339, http_dates_in_all_three_forms, what_is_no_http_date,
     every_day_of_four_centuries, spans_for_people, spans_in_jobs)
