/* The pace against a simulated server that counts by arrival in a sliding window: the limit is never passed,
 * whatever the network does, and what is allowed is used. */
#include "pace.h"
#include "unit.h"

#define SENT_MAX 4000

struct server {
    mono_us arrival[SENT_MAX];
    size_t n;
};

static int cmp_time(const void *a, const void *b)
{
    mono_us x = *(const mono_us *)a, y = *(const mono_us *)b;
    return x < y ? -1 : x > y;
}

/* The most arrivals in any half-open window of `span`. */
static size_t most_in_window(struct server *s, int64_t span)
{
    size_t most = 0, from = 0;
    qsort(s->arrival, s->n, sizeof s->arrival[0], cmp_time);
    for (size_t to = 0; to < s->n; to++) {
        while (s->arrival[to] - s->arrival[from] >= span)
            from++;
        if (to - from + 1 > most)
            most = to - from + 1;
    }
    return most;
}

struct flight {
    mono_us sent, back;
};

/* Sends `calls` calls as fast as the pace lets it, at most `concurrency` at once; one-way delays of up to
 * `delay` each way. Returns when the last answer came. */
static mono_us drive(struct pace *p, struct server *s, size_t calls, size_t concurrency, int64_t delay,
                     uint64_t seed)
{
    struct flight flight[64];
    size_t flying = 0, sent = 0;
    mono_us now = 1000 * SECOND_US;
    struct rng rng;
    rng_seed(&rng, seed);
    s->n = 0;
    while (sent < calls || flying > 0) {
        mono_us when = sent < calls && flying < concurrency ? pace_when(p, now) : PACE_NEVER;
        size_t first = 0;
        for (size_t i = 1; i < flying; i++)
            if (flight[i].back < flight[first].back)
                first = i;
        if (flying > 0 && (when == PACE_NEVER || flight[first].back <= when)) {
            now = flight[first].back > now ? flight[first].back : now;
            pace_answered(p, flight[first].sent, now);
            flight[first] = flight[--flying];
            continue;
        }
        ck_assert_msg(when != PACE_NEVER, "nothing flies and nothing may go");
        now = when;
        pace_sent(p);
        mono_us there = delay ? (int64_t)rng_below(&rng, (uint64_t)delay) : 0,
                back = delay ? (int64_t)rng_below(&rng, (uint64_t)delay) : 0;
        s->arrival[s->n++] = now + there;
        flight[flying++] = (struct flight){ now, now + there + back };
        sent++;
    }
    return now;
}

static struct rates one(uint32_t calls, int64_t span)
{
    return (struct rates){ .v = { { calls, span } }, .n = 1 };
}

START_TEST(never_more_than_allowed)
{
    static const int64_t delays[] = { 0, 5000, 120000, 900000 };
    static struct server s;
    for (size_t d = 0; d < array_len(delays); d++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            struct pace p;
            struct rates r = one(25, 5 * SECOND_US);
            pace_init(&p, &r, false, false, 1000 * SECOND_US);
            drive(&p, &s, 1000, 1 + seed * 6, delays[d], seed);
            ck_assert_uint_le(most_in_window(&s, 5 * SECOND_US), 25);
            pace_deinit(&p);
        }
}
END_TEST

START_TEST(uses_what_is_allowed)
{
    static struct server s;
    struct pace p;
    struct rates r = one(25, 5 * SECOND_US);
    pace_init(&p, &r, false, false, 1000 * SECOND_US);
    mono_us end = drive(&p, &s, 1000, 8, 200, 1);
    /* 1,000 calls in windows of 25: the last window opens after 39 spans. */
    double ideal = 39.0 * 5 * (double)SECOND_US, took = (double)(end - 1000 * SECOND_US);
    ck_assert_msg(ideal / took >= 0.99, "only %.3f of the allowance is used", ideal / took);
    pace_deinit(&p);
}
END_TEST

START_TEST(all_windows_must_agree)
{
    static struct server s;
    struct pace p;
    struct rates r = { .v = { { 10, SECOND_US }, { 25, 5 * SECOND_US } }, .n = 2 };
    pace_init(&p, &r, false, false, 1000 * SECOND_US);
    drive(&p, &s, 500, 16, 50000, 3);
    ck_assert_uint_le(most_in_window(&s, SECOND_US), 10);
    ck_assert_uint_le(most_in_window(&s, 5 * SECOND_US), 25);
    pace_deinit(&p);
}
END_TEST

START_TEST(starts_as_if_full)
{
    struct pace p;
    struct rates r = one(2, 5 * SECOND_US);
    pace_init(&p, &r, false, true, 100);
    ck_assert_int_eq(pace_when(&p, 100), 100 + 5 * SECOND_US);
    pace_deinit(&p);
}
END_TEST

START_TEST(remembers_the_last_run)
{
    struct pace p;
    struct rates r = one(2, 5 * SECOND_US);
    static const int64_t age[] = { 6 * SECOND_US, 4 * SECOND_US, 1 * SECOND_US };
    pace_init(&p, &r, false, false, 100 * SECOND_US);
    pace_remember(&p, age, array_len(age), 100 * SECOND_US);
    ck_assert_int_eq(pace_when(&p, 100 * SECOND_US), 101 * SECOND_US + PACE_MARGIN_US);
    pace_deinit(&p);
}
END_TEST

START_TEST(throttled_waits_and_halves_once)
{
    struct pace p;
    struct rates r = one(8, SECOND_US);
    mono_us now = 50 * SECOND_US;
    pace_init(&p, &r, false, false, now);
    pace_throttled(&p, 5 * SECOND_US, now);
    pace_throttled(&p, 5 * SECOND_US, now + 10); /* the other calls that were in flight */
    ck_assert_int_eq(pace_when(&p, now), now + 5 * SECOND_US + 10);
    ck_assert_uint_eq(p.w[0].slots, 4);
    /* Calm spans give it back slowly. */
    pace_when(&p, now + 6 * SECOND_US + 10);
    ck_assert_uint_eq(p.w[0].slots, 5);
    pace_when(&p, now + 30 * SECOND_US);
    ck_assert_uint_eq(p.w[0].slots, 8);
    pace_deinit(&p);
}
END_TEST

START_TEST(a_slot_in_flight_is_not_free)
{
    struct pace p;
    struct rates r = one(1, SECOND_US);
    pace_init(&p, &r, false, false, 0);
    ck_assert_int_eq(pace_when(&p, 10), 10);
    pace_sent(&p);
    ck_assert_int_eq(pace_when(&p, 20 * SECOND_US), PACE_NEVER);
    pace_answered(&p, 10, 20 * SECOND_US);
    ck_assert_int_eq(pace_when(&p, 20 * SECOND_US), 21 * SECOND_US + PACE_MARGIN_US);
    pace_deinit(&p);
}
END_TEST

START_TEST(tight_counts_from_the_send_plus_the_spread)
{
    static struct server s;
    struct pace p;
    struct rates r = one(25, 5 * SECOND_US);
    pace_init(&p, &r, true, false, 1000 * SECOND_US);
    mono_us end = drive(&p, &s, 1000, 32, 0, 1);
    ck_assert_uint_le(most_in_window(&s, 5 * SECOND_US), 25);
    ck_assert_int_lt(end, 1000 * SECOND_US + 40 * 5 * SECOND_US);
    pace_deinit(&p);
}
END_TEST

START_TEST(a_day_is_a_quota_not_a_window)
{
    struct pace p;
    struct rates r = one(10, DAY_US);
    pace_init(&p, &r, false, true, 0);
    ck_assert_uint_eq(p.n, 0);
    ck_assert_int_eq(pace_when(&p, 7), 7);
    pace_deinit(&p);
}
END_TEST

UNIT("engine: pace", never_more_than_allowed, uses_what_is_allowed, all_windows_must_agree, starts_as_if_full,
     remembers_the_last_run, throttled_waits_and_halves_once, a_slot_in_flight_is_not_free,
     tight_counts_from_the_send_plus_the_spread, a_day_is_a_quota_not_a_window)
