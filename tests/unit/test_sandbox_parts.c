/* The sandbox's parts that count: rate windows against a plain recount, the ring of requests, the map of
 * users. */
#include <stdio.h>

#include "limit.h"
#include "reqlog.h"
#include "rollcall/base/rng.h"
#include "text_util.h"
#include "textmap.h"
#include "unit.h"

/* ---- rate windows ---- */

#define CALLS 400

/* Who is refused, told from all arrivals so far and nothing else. */
static bool recount(const uint64_t *at, const bool *taken, size_t n, uint64_t calls, uint64_t span,
                    const struct limit_rules *rules)
{
    uint64_t held = 0;

    for (size_t i = 0; i < n; i++) {
        bool inside = rules->fixed ? at[i] / span == at[n] / span : at[i] + span > at[n];

        held += inside && (taken[i] || rules->count_refused);
    }
    return held >= calls;
}

static void limit_against_a_recount(const struct limit_rules *rules, uint64_t seed)
{
    struct limit limit = { 0 };
    struct rng rng;
    uint64_t at[CALLS], now = 7000000;
    bool taken[CALLS];
    size_t refused = 0, wrong = 0;

    rng_seed(&rng, seed);
    ck_assert(limit_parse(&limit, "5/100ms,12/1s"));
    for (size_t i = 0; i < CALLS; i++) {
        /* Steps that often land exactly on the edge of a window. */
        now += rng_below(&rng, 4) * 20000;
        at[i] = now;
        taken[i] = !limit_refuses(&limit, rules, now);
        wrong += taken[i] ==
                 (recount(at, taken, i, 5, 100000, rules) || recount(at, taken, i, 12, 1000000, rules));
        limit_count(&limit, rules, now, taken[i]);
        refused += !taken[i];
    }
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_gt(refused, 0);
    ck_assert_uint_lt(refused, CALLS);
    limit_free(&limit);
}

START_TEST(limit_agrees_with_a_recount)
{
    for (unsigned i = 0; i < 40; i++) {
        const struct limit_rules rules = { .fixed = i & 1, .count_refused = i & 2, .enforce = true };

        limit_against_a_recount(&rules, i);
    }
}
END_TEST

START_TEST(limit_measures_only)
{
    const struct limit_rules rules = { .enforce = false };
    struct limit limit = { 0 };

    ck_assert(limit_parse(&limit, "1/1d"));
    for (uint64_t i = 0; i < 1000; i++) {
        ck_assert_ptr_null(limit_refuses(&limit, &rules, i * 1000));
        limit_count(&limit, &rules, i * 1000, true);
    }
    ck_assert_uint_eq(limit.window[0].most, 1000);
    limit_reset(&limit);
    ck_assert_uint_eq(limit.window[0].most, 1000);
    limit_refuses(&limit, &rules, UINT64_C(90000000000));
    limit_reset(&limit);
    ck_assert_uint_eq(limit.window[0].most, 0);
    limit_free(&limit);
}
END_TEST

START_TEST(limit_texts)
{
    static const char *const wrong[] = { "",
                                         "5",
                                         "/5s",
                                         "5/",
                                         "0/5s",
                                         "5/0s",
                                         "5/5",
                                         "5/5w",
                                         "-1/5s",
                                         "5/5s,",
                                         ",5/5s",
                                         "5//5s",
                                         "5/5ss",
                                         "5/5s x",
                                         "1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s,1/1s",
                                         "5/99999999999d" };
    struct limit limit = { 0 };

    ck_assert(limit_parse(&limit, "25/5s,10000/d"));
    ck_assert_uint_eq(limit.windows, 2);
    ck_assert_uint_eq(limit.window[0].span_us, 5000000);
    ck_assert_uint_eq(limit.window[1].span_us, UINT64_C(86400000000));
    for (size_t i = 0; i < array_len(wrong); i++) {
        ck_assert_msg(!limit_parse(&limit, wrong[i]), "'%s' was taken", wrong[i]);
        ck_assert_uint_eq(limit.windows, 2);
    }
    ck_assert(limit_parse(&limit, "off"));
    ck_assert_uint_eq(limit.windows, 0);
    limit_free(&limit);
}
END_TEST

/* ---- the log ---- */

static const char *name_of(void *context, uint32_t user)
{
    (void)context;
    return user == 3 ? "three" : "other";
}

START_TEST(log_is_a_ring)
{
    struct reqlog log = { 0 };
    struct buf out = BUF_INIT(1024);
    struct jw j;

    for (uint64_t i = 1; i <= REQLOG_KEPT + 1500; i++)
        reqlog_add(&log, i, "GET", "/path", "");
    ck_assert_uint_eq(log.seq, REQLOG_KEPT + 1500);
    ck_assert_ptr_null(reqlog_entry(&log, 0));
    ck_assert_ptr_null(reqlog_entry(&log, 1500));
    ck_assert_uint_eq(reqlog_entry(&log, 1501)->arrived_us, 1501);
    ck_assert_uint_eq(reqlog_entry(&log, REQLOG_KEPT + 1500)->arrived_us, REQLOG_KEPT + 1500);
    ck_assert_ptr_null(reqlog_entry(&log, REQLOG_KEPT + 1501));
    reqlog_touch(reqlog_entry(&log, REQLOG_KEPT + 1500), 3);
    j = jw_into(&out);
    reqlog_report(&log, REQLOG_KEPT + 1499, name_of, NULL, &j);
    ck_assert_ptr_nonnull(strstr(out.p, "\"seq\":201500"));
    ck_assert_ptr_null(strstr(out.p, "\"seq\":201499"));
    ck_assert_ptr_nonnull(strstr(out.p, "[\"three\"]"));
    buf_deinit(&out);
    reqlog_reset(&log);
    ck_assert_ptr_null(reqlog_entry(&log, REQLOG_KEPT + 1500));
    ck_assert_uint_eq(reqlog_add(&log, 9, "GET", "/path", ""), REQLOG_KEPT + 1501);
    reqlog_free(&log);
}
END_TEST

START_TEST(log_has_bounds)
{
    struct reqlog log = { 0 };
    struct log_entry *e = reqlog_entry(&log, reqlog_add(&log, 1, "GET", "/", ""));
    size_t right = 0;

    for (uint32_t i = 0; i < REQLOG_USERS_MAX + 10; i++)
        reqlog_touch(e, i);
    ck_assert_uint_eq(e->nusers, REQLOG_USERS_MAX);
    for (uint32_t i = 0; i < REQLOG_USERS_MAX; i++)
        right += e->users[i] == i;
    ck_assert_uint_eq(right, REQLOG_USERS_MAX);
    for (size_t i = 0; i < VIOLATIONS_KEPT + 10; i++)
        reqlog_violation(&log, 1, "rule", "detail");
    ck_assert_uint_eq(log.nviolations, VIOLATIONS_KEPT);
    ck_assert_uint_eq(log.violations_total, VIOLATIONS_KEPT + 10);
    reqlog_free(&log);
}
END_TEST

/* ---- the map ---- */

#define KEYS 3000

START_TEST(textmap_agrees_with_an_array)
{
    struct textmap map = { .fold = true };
    static char key[KEYS][16];
    static uint32_t wanted[KEYS];
    size_t wrong = 0;
    struct rng rng;

    rng_seed(&rng, 5);
    for (size_t i = 0; i < KEYS; i++) {
        snprintf(key[i], sizeof(key[i]), "Key-%zu", i);
        wanted[i] = TEXTMAP_NONE;
    }
    ck_assert_uint_eq(textmap_get(&map, "nothing"), TEXTMAP_NONE);
    textmap_remove(&map, "nothing");
    for (uint32_t step = 0; step < 40000; step++) {
        size_t i = rng_below(&rng, KEYS);

        if (rng_below(&rng, 3) == 0) {
            textmap_remove(&map, key[i]);
            wanted[i] = TEXTMAP_NONE;
        } else {
            textmap_put(&map, key[i], step);
            wanted[i] = step;
        }
        wrong += textmap_get(&map, key[i]) != wanted[i];
    }
    for (size_t i = 0; i < KEYS; i++) {
        char other[16];

        snprintf(other, sizeof(other), "kEY-%zu", i);
        wrong += textmap_get(&map, other) != wanted[i];
    }
    ck_assert_uint_eq(wrong, 0);
    /* Keys that come and go do not make it grow without end. */
    ck_assert_uint_le(map.size, 16384);
    textmap_free(&map);
}
END_TEST

UNIT("sandbox_parts", limit_agrees_with_a_recount, limit_measures_only, limit_texts, log_is_a_ring,
     log_has_bounds, textmap_agrees_with_an_array)
