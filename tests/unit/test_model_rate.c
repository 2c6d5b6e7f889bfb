/* Rate windows: reading, writing, and the least time, held against a plain simulation call by call. */
#include "rollcall/model.h"
#include "unit.h"

START_TEST(reads_what_vendors_state)
{
    static const struct {
        const char *text;
        uint32_t calls;
        int64_t span_us;
    } v[] = {
        { "25/5s", 25, 5 * SECOND_US },
        { "10000/1d", 10000, DAY_US },
        { "100/min", 100, MINUTE_US },
        { "100/1min", 100, MINUTE_US },
        { "1/s", 1, SECOND_US },
        { "7/500ms", 7, 500000 },
        { "3600/h", 3600, HOUR_US },
        { "5/d", 5, DAY_US },
        { "4294967295/1s", UINT32_MAX, SECOND_US },
    };
    for (size_t i = 0; i < array_len(v); i++) {
        struct rate r;
        ck_assert_msg(rate_parse(str_of(v[i].text), &r), "%s", v[i].text);
        ck_assert_uint_eq(r.calls, v[i].calls);
        ck_assert_int_eq(r.span_us, v[i].span_us);
    }
}
END_TEST

START_TEST(refuses_everything_else)
{
    static const char *const bad[] = {
        "",
        "/",
        "25",
        "25/",
        "/5s",
        "25/5",
        "0/5s",
        "25/0s",
        "-25/5s",
        "+25/5s",
        "25/-5s",
        "25/5x",
        " 25/5s",
        "25/5s ",
        "25 /5s",
        "25/ 5s",
        "25/5s/2",
        "2.5/5s",
        "25/.5s",
        "4294967296/1s",
        "99999999999999999999/1s",
        "25/99999999999999999999d",
        "25/seconds",
        "twenty/5s",
        "25/1234567890123456789",
        "25/abcdefghijklmnopqrstuvwxyz",
    };
    struct rate r = { .calls = 77, .span_us = 88 };
    for (size_t i = 0; i < array_len(bad); i++)
        ck_assert_msg(!rate_parse(str_of(bad[i]), &r), "taken: '%s'", bad[i]);
    ck_assert(!rate_parse((struct str){ NULL, 0 }, &r));
    ck_assert_uint_eq(r.calls, 77);
    ck_assert_int_eq(r.span_us, 88);
}
END_TEST

START_TEST(text_is_read_back)
{
    static const struct {
        struct rate rate;
        const char *text;
    } v[] = {
        { { 25, 5 * SECOND_US }, "25/5s" },
        { { 10000, DAY_US }, "10000/1d" },
        { { 1, 90 * SECOND_US }, "1/90s" },
        { { 100, MINUTE_US }, "100/1min" },
        { { 5, 36 * HOUR_US }, "5/36h" },
        { { 2, 1500000 }, "2/1500ms" },
        { { UINT32_MAX, 7 * DAY_US }, "4294967295/7d" },
    };
    char text[40];
    for (size_t i = 0; i < array_len(v); i++) {
        struct rate back;
        ck_assert_ptr_eq(rate_text(text, &v[i].rate), text);
        ck_assert_str_eq(text, v[i].text);
        ck_assert(rate_parse(str_of(text), &back));
        ck_assert_uint_eq(back.calls, v[i].rate.calls);
        ck_assert_int_eq(back.span_us, v[i].rate.span_us);
    }
    ck_assert_str_eq(rate_text(text, &(struct rate){ UINT32_MAX, INT64_MAX }),
                     "4294967295/9223372036854775807us");
}
END_TEST

static struct rates windows(const char *a, const char *b, const char *c, const char *d)
{
    const char *const texts[] = { a, b, c, d };
    struct rates r = { .n = 0 };
    for (size_t i = 0; i < array_len(texts) && texts[i]; i++)
        ck_assert(rate_parse(str_of(texts[i]), &r.v[r.n++]));
    return r;
}

START_TEST(one_window)
{
    struct rates r = windows("25/5s", NULL, NULL, NULL);
    ck_assert_int_eq(rates_least_us(&r, 0, false), 0);
    ck_assert_int_eq(rates_least_us(&r, 0, true), 0);
    ck_assert_int_eq(rates_least_us(&r, 1, false), 0);
    ck_assert_int_eq(rates_least_us(&r, 25, false), 0);
    ck_assert_int_eq(rates_least_us(&r, 26, false), 5 * SECOND_US);
    ck_assert_int_eq(rates_least_us(&r, 100, false), 15 * SECOND_US);
    ck_assert_int_eq(rates_least_us(&r, 101, false), 20 * SECOND_US);
    ck_assert_int_eq(rates_least_us(&r, 1, true), 5 * SECOND_US);
    ck_assert_int_eq(rates_least_us(&r, 25, true), 5 * SECOND_US);
    ck_assert_int_eq(rates_least_us(&r, 100, true), 20 * SECOND_US);
    ck_assert_int_eq(rates_least_us(&r, 2251 + 96, false), 465 * SECOND_US);
}
END_TEST

START_TEST(quotas_of_a_day_or_longer_add_no_time)
{
    struct rates r = windows("1/1d", "2/24h", "3/7d", NULL);
    ck_assert_int_eq(rates_least_us(&r, 1000000, false), 0);
    ck_assert_int_eq(rates_least_us(&r, 1000000, true), 0);
    r = windows("25/5s", "10/1d", NULL, NULL);
    ck_assert_int_eq(rates_least_us(&r, 100, false), 15 * SECOND_US);
    ck_assert_int_eq(rates_least_us(&r, 100, true), 20 * SECOND_US);
    r = windows("1/23h", NULL, NULL, NULL);
    ck_assert_int_eq(rates_least_us(&r, 2, false), 23 * HOUR_US);
    r = (struct rates){ .n = 0 };
    ck_assert_int_eq(rates_least_us(&r, 1000, true), 0);
}
END_TEST

START_TEST(several_windows)
{
    /* The short one rules inside a minute, the long one between minutes. */
    struct rates r = windows("10/1s", "100/1min", NULL, NULL);
    ck_assert_int_eq(rates_least_us(&r, 100, false), 9 * SECOND_US);
    ck_assert_int_eq(rates_least_us(&r, 101, false), 60 * SECOND_US);
    ck_assert_int_eq(rates_least_us(&r, 111, false), 61 * SECOND_US);
    ck_assert_int_eq(rates_least_us(&r, 100, true), 69 * SECOND_US);
    /* Neither fits into the other: 7 + 7 + 11 calls are 11 s, and 25 of either alone less. */
    r = windows("7/3s", "11/5s", NULL, NULL);
    ck_assert_int_eq(rates_least_us(&r, 26, false), 11 * SECOND_US);
    /* The order they stand in means nothing, nor does one said twice. */
    struct rates turned = windows("11/5s", "7/3s", "11/5s", "7/3s");
    for (uint64_t calls = 0; calls < 300; calls++)
        ck_assert_int_eq(rates_least_us(&r, calls, false), rates_least_us(&turned, calls, false));
}
END_TEST

#define SIMULATED 400

/* Each call as early as every window allows, one by one. */
static void simulate(const struct rates *r, bool full, int64_t t[SIMULATED + 1])
{
    t[0] = 0;
    for (size_t n = 1; n <= SIMULATED; n++) {
        t[n] = n > 1 ? t[n - 1] : 0;
        for (size_t w = 0; w < r->n; w++) {
            int64_t free_at = 0;
            if (r->v[w].span_us >= DAY_US)
                continue;
            if (n > r->v[w].calls)
                free_at = t[n - r->v[w].calls] + r->v[w].span_us;
            else if (full)
                free_at = r->v[w].span_us;
            if (free_at > t[n])
                t[n] = free_at;
        }
    }
}

START_TEST(agrees_with_a_simulation)
{
    struct rng rng;
    rng_seed(&rng, 5);
    for (int i = 0; i < 500; i++) {
        struct rates r = { .n = 1 + rng_below(&rng, RATE_WINDOWS_MAX) };
        int64_t t[SIMULATED + 1];
        bool full = i % 2;
        for (size_t w = 0; w < r.n; w++) {
            r.v[w].calls = (uint32_t)(1 + rng_below(&rng, 40));
            r.v[w].span_us = rng_below(&rng, 12) ? (int64_t)(1 + rng_below(&rng, 60)) * SECOND_US : DAY_US;
        }
        simulate(&r, full, t);
        for (size_t n = 0; n <= SIMULATED; n++)
            if (rates_least_us(&r, n, full) != t[n])
                ck_abort_msg("case %d, %zu calls: %lld, not %lld", i, n,
                             (long long)rates_least_us(&r, n, full), (long long)t[n]);
    }
}
END_TEST

START_TEST(large_numbers_stay_in_range)
{
    struct rates r = windows("25/5s", NULL, NULL, NULL);
    ck_assert_int_eq(rates_least_us(&r, UINT64_C(25000000000000), false),
                     (INT64_C(1000000000000) - 1) * 5 * SECOND_US);
    ck_assert_int_eq(rates_least_us(&r, UINT64_MAX, true), INT64_MAX);
    /* Windows made to have many combinations: it ends, and is at most the longest span short of the lower
     * bound. */
    r = windows("49991/49991s", "49993/49993s", "49957/49957s", "49943/49943s");
    uint64_t calls = UINT64_C(123456789012);
    int64_t least = rates_least_us(&r, calls, false);
    ck_assert_int_gt(least, (int64_t)(calls - 1) * SECOND_US - 49993 * SECOND_US);
    ck_assert_int_le(least, (int64_t)(calls - 1) * SECOND_US);
}
END_TEST

UNIT("rate", reads_what_vendors_state, refuses_everything_else, text_is_read_back, one_window,
     quotas_of_a_day_or_longer_add_no_time, several_windows, agrees_with_a_simulation,
     large_numbers_stay_in_range)
