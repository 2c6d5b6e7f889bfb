#include <stdint.h>

#include "rollcall/base/arena.h"
#include "rollcall/base/mem.h"
#include "rollcall/base/rng.h"
#include "rollcall/base/table.h"
#include "unit.h"

START_TEST(allocators_give_memory_for_nothing_too)
{
    void *a = xmalloc(0), *b = xcalloc(0, 8), *c = xrealloc(NULL, 0, 8);
    ck_assert(a && b && c);
    free(a);
    free(b);
    free(c);
    char *copy = xmemdup("a\0b", 3);
    ck_assert(memcmp(copy, "a\0b", 4) == 0);
    free(copy);
    unsigned char *zeroed = xcalloc(100, 3);
    for (int i = 0; i < 300; i++)
        ck_assert_uint_eq(zeroed[i], 0);
    free(zeroed);
}
END_TEST

START_TEST(arrays_double)
{
    size_t cap = 0;
    int *v = NULL;
    for (int i = 0; i < 1000; i++) {
        v = xgrow(v, &cap, (size_t)i + 1, sizeof(*v));
        ck_assert_uint_gt(cap, (size_t)i);
        v[i] = i;
    }
    ck_assert_uint_lt(cap, 2048);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(v[i], i);
    int *same = xgrow(v, &cap, 5, sizeof(*v));
    ck_assert_ptr_eq(same, v);
    free(v);
}
END_TEST

START_TEST(arena_pieces_are_apart_and_aligned)
{
    struct arena a = ARENA_INIT;
    static const size_t sizes[] = { 1, 0, 3, 16, 17, 100, 5000, 70000, 8, 3000000, 24 };
    unsigned char *pieces[11 * 200];
    size_t n = 0;
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < array_len(sizes); i++) {
            size_t size = sizes[i] > 60000 && round % 50 ? 9 : sizes[i];
            pieces[n] = arena_alloc(&a, size);
            ck_assert_uint_eq((uintptr_t)pieces[n] % 16, 0);
            memset(pieces[n], (int)(n & 0xff), size);
            n++;
            arena_bytes(&a, 1);
        }
    }
    n = 0;
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < array_len(sizes); i++, n++) {
            size_t size = sizes[i] > 60000 && round % 50 ? 9 : sizes[i];
            for (size_t k = 0; k<size; k += size> 1000 ? 997 : 1)
                ck_assert_uint_eq(pieces[n][k], n & 0xff);
        }
    }
    arena_deinit(&a);
    ck_assert_uint_eq(a.used, 0);
}
END_TEST

START_TEST(arena_texts_are_copies)
{
    struct arena a = ARENA_INIT;
    char source[] = "text";
    struct str copy = arena_str(&a, str_of(source));
    source[0] = 'x';
    assert_str(copy, "text");
    ck_assert_int_eq(copy.p[copy.n], '\0');
    ck_assert(arena_str(&a, (struct str){ NULL, 0 }).p == NULL);
    ck_assert(arena_str(&a, STR("")).p != NULL);
    ck_assert_str_eq(arena_z(&a, (struct str){ NULL, 0 }), "");
    ck_assert_uint_eq(a.used, 5 + 1 + 1);
    unsigned char *zeroed = arena_zalloc(&a, 64);
    for (int i = 0; i < 64; i++)
        ck_assert_uint_eq(zeroed[i], 0);
    arena_deinit(&a);
}
END_TEST

START_TEST(cleared_arena_is_used_again)
{
    struct arena a = ARENA_INIT;
    arena_clear(&a);
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 100; i++)
            memset(arena_alloc(&a, 1000), round, 1000);
        ck_assert_uint_eq(a.used, 100000);
        arena_clear(&a);
        ck_assert_uint_eq(a.used, 0);
        ck_assert_ptr_nonnull(a.head);
    }
    arena_deinit(&a);
    arena_deinit(&a);
}
END_TEST

START_TEST(empty_table_finds_nothing)
{
    struct table t = TABLE_INIT;
    ck_assert_uint_eq(table_find(&t, 1), TABLE_END);
    table_clear(&t);
    table_reserve(&t, 0);
    ck_assert_uint_eq(table_find(&t, 0), TABLE_END);
    table_deinit(&t);
    table_deinit(&t);
}
END_TEST

START_TEST(table_finds_all_and_only_what_was_added)
{
    struct table t = TABLE_INIT;
    struct rng r;
    rng_seed(&r, 1);
    uint64_t *digests = xcalloc(20000, sizeof(*digests));
    for (uint32_t i = 0; i < 20000; i++) {
        digests[i] = rng_next(&r);
        table_add(&t, digests[i], i);
    }
    ck_assert_uint_eq(t.n, 20000);
    ck_assert_uint_eq(t.cap & (t.cap - 1), 0);
    for (uint32_t i = 0; i < 20000; i++) {
        size_t it = table_find(&t, digests[i]);
        ck_assert_uint_ne(it, TABLE_END);
        ck_assert_uint_eq(table_value(&t, it), i);
        ck_assert_uint_eq(table_next(&t, it, digests[i]), TABLE_END);
        ck_assert_uint_eq(table_find(&t, digests[i] + 1), TABLE_END);
    }
    table_clear(&t);
    ck_assert_uint_eq(t.n, 0);
    ck_assert_uint_eq(table_find(&t, digests[0]), TABLE_END);
    free(digests);
    table_deinit(&t);
}
END_TEST

START_TEST(table_keeps_equal_digests_apart)
{
    struct table t = TABLE_INIT;
    /* Digests that want the same slot, among them one at the end of the table that has to wrap round. */
    for (uint32_t i = 0; i < 50; i++) {
        table_add(&t, 7, i);
        table_add(&t, UINT64_MAX, 100 + i);
        table_add(&t, UINT64_C(7) << 32 | 7, 200 + i);
    }
    for (uint32_t base = 0; base < 300; base += 100) {
        uint64_t digest = base == 0 ? 7 : base == 100 ? UINT64_MAX : UINT64_C(7) << 32 | 7;
        bool seen[50] = { false };
        size_t n = 0;
        for (size_t it = table_find(&t, digest); it != TABLE_END; it = table_next(&t, it, digest)) {
            uint32_t value = table_value(&t, it) - base;
            ck_assert_uint_lt(value, 50);
            ck_assert(!seen[value]);
            seen[value] = true;
            n++;
        }
        ck_assert_uint_eq(n, 50);
    }
    table_deinit(&t);
}
END_TEST

START_TEST(table_values_can_be_set)
{
    struct table t = TABLE_INIT;
    table_reserve(&t, 1000);
    size_t cap = t.cap;
    for (uint32_t i = 0; i < 1000; i++)
        table_add(&t, i, i);
    ck_assert_uint_eq(t.cap, cap);
    table_set(&t, table_find(&t, 500), 7);
    ck_assert_uint_eq(table_value(&t, table_find(&t, 500)), 7);
    ck_assert_uint_eq(table_value(&t, table_find(&t, 501)), 501);
    table_deinit(&t);
}
END_TEST

START_TEST(random_numbers_replay_by_seed)
{
    struct rng a, b, c;
    rng_seed(&a, 42);
    rng_seed(&b, 42);
    rng_seed(&c, 43);
    int same = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t x = rng_next(&a);
        ck_assert_uint_eq(x, rng_next(&b));
        same += x == rng_next(&c);
    }
    ck_assert_int_eq(same, 0);
    /* The first numbers of xoshiro256** from the state 1, 2, 3, 4, as its authors' program gives them. */
    struct rng known = { { 1, 2, 3, 4 } };
    static const uint64_t want[] = { 11520, 0, 1509978240, UINT64_C(1215971899390074240) };
    for (size_t i = 0; i < array_len(want); i++)
        ck_assert_uint_eq(rng_next(&known), want[i]);
}
END_TEST

START_TEST(random_numbers_below_are_even)
{
    struct rng r;
    rng_seed(&r, 7);
    unsigned counts[7] = { 0 };
    for (int i = 0; i < 70000; i++)
        counts[rng_below(&r, 7)]++;
    for (int i = 0; i < 7; i++)
        ck_assert_uint_lt(counts[i] - 9500, 1000);
    for (int i = 0; i < 100; i++)
        ck_assert_uint_eq(rng_below(&r, 1), 0);
    uint64_t large = (UINT64_C(1) << 63) + 1;
    for (int i = 0; i < 1000; i++)
        ck_assert_uint_lt(rng_below(&r, large), large);
    ck_assert_uint_ne(rng_os(), rng_os());
}
END_TEST

UNIT("base_mem", allocators_give_memory_for_nothing_too, arrays_double, arena_pieces_are_apart_and_aligned,
     arena_texts_are_copies, cleared_arena_is_used_again, empty_table_finds_nothing,
     table_finds_all_and_only_what_was_added, table_keeps_equal_digests_apart, table_values_can_be_set,
     random_numbers_replay_by_seed, random_numbers_below_are_even)
