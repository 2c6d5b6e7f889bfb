/* The roster: ids, their order, and managers by id. */
#include "roster_harness.h"

static enum roster_sealed seal_two(const char *first, const char *second, bool one_read, bool merge,
                                   struct str *id)
{
    static struct roster *r; /* what *id points into lives until the next call */
    roster_free(r);
    r = roster_new(&schema, &key);
    if (merge)
        roster_merge_repeats(r);
    unsigned one = roster_read_begin(r), two = one_read ? one : roster_read_begin(r);
    add(r, one, "a");
    add(r, one, first);
    add(r, two, second);
    add(r, two, "zzz");
    roster_read_end(r, one, true);
    if (!one_read)
        roster_read_end(r, two, true);
    enum roster_sealed sealed = roster_seal(r, id);
    if (sealed == ROSTER_SEALED && merge)
        ck_assert_uint_eq(roster_count(r), 3);
    roster_free(r);
    r = NULL;
    return sealed;
}

START_TEST(an_id_read_twice_is_noticed)
{
    struct roster *r = roster_new(&schema, &key);
    unsigned one = roster_read_begin(r), two = roster_read_begin(r);
    add(r, one, "m");
    add(r, one, "b");
    add(r, two, "z");
    add(r, two, "b");
    add(r, two, "m");
    ck_assert(roster_read_end(r, one, true));
    ck_assert(roster_read_end(r, two, true));
    struct str id = STR("untouched");
    ck_assert_int_eq(roster_seal(r, &id), ROSTER_TWICE);
    assert_str(id, "b");
    ck_assert_int_eq(roster_seal(r, NULL), ROSTER_TWICE);
    roster_free(r);

    ck_assert_int_eq(seal_two("b", "b", true, false, NULL), ROSTER_TWICE);
    ck_assert_int_eq(seal_two("b", "b", false, false, NULL), ROSTER_TWICE);
    ck_assert_int_eq(seal_two("b", "B", false, false, NULL), ROSTER_SEALED);
    ck_assert_int_eq(seal_two("b", "b ", true, false, NULL), ROSTER_SEALED);
    ck_assert_int_eq(seal_two(GUID_1, "{44444444-AAAA-4BBB-8CCC-000000000001}", false, false, NULL),
                     ROSTER_TWICE);
    ck_assert_int_eq(seal_two(GUID_1, GUID_2, true, false, NULL), ROSTER_SEALED);
}
END_TEST

START_TEST(an_id_of_a_struck_read_is_not_twice)
{
    struct roster *r = roster_new(&schema, &key);
    unsigned one = roster_read_begin(r), two = roster_read_begin(r);
    add(r, one, "b");
    add(r, two, "b");
    ck_assert(!roster_read_end(r, one, false));
    ck_assert(roster_read_end(r, two, true));
    ck_assert_int_eq(roster_seal(r, NULL), ROSTER_SEALED);
    check_ids(r, "b");
    roster_free(r);
}
END_TEST

START_TEST(repeats_merge_only_when_alike)
{
    ck_assert_int_eq(seal_two("b", "b", false, true, NULL), ROSTER_SEALED);
    ck_assert_int_eq(seal_two(GUID_1, "{44444444-AAAA-4BBB-8CCC-000000000001}", false, true, NULL),
                     ROSTER_SEALED);

    struct user same = a_user("b", "E1", "b@example.com"), other = same;
    for (int difference = 0; difference < 5; difference++) {
        other = same;
        switch (difference) {
        case 1: other.text[EMAIL] = STR("B@example.com"); break;
        case 2: other.state = USER_INACTIVE; break;
        case 3: other.manager_id = STR("c"); break;
        case 4: other.text[NAME] = STR("B"); break;
        default: break;
        }
        struct roster *r = roster_new(&schema, &key);
        roster_merge_repeats(r);
        const struct user *const v[] = { &same, &other, &same };
        for (size_t i = 0; i < array_len(v); i++) {
            unsigned read = roster_read_begin(r);
            ck_assert(roster_add(r, read, v[i]));
            ck_assert(roster_read_end(r, read, true));
        }
        struct str id = { NULL, 0 };
        ck_assert_int_eq(roster_seal(r, &id), difference ? ROSTER_TWICE : ROSTER_SEALED);
        if (difference) {
            assert_str(id, "b");
        } else {
            check_ids(r, "b");
            check_key(r, CODE, "E1", "b");
        }
        roster_free(r);
    }
}
END_TEST

START_TEST(merged_users_do_not_depend_on_the_order_of_reads)
{
    static const char *const spellings[] = { "{" GUID_1 "}", GUID_1, "44444444AAAA4BBB8CCC000000000001" };
    for (size_t first = 0; first < 3; first++) {
        struct roster *r = roster_new(&schema, &key);
        roster_merge_repeats(r);
        for (size_t i = 0; i < 3; i++) {
            unsigned read = roster_read_begin(r);
            add(r, read, spellings[(first + i) % 3]);
            ck_assert(roster_read_end(r, read, true));
        }
        ck_assert_int_eq(roster_seal(r, NULL), ROSTER_SEALED);
        check_ids(r, GUID_1);
        roster_free(r);
    }
}
END_TEST

START_TEST(ids_are_found_as_written_and_guids_in_any_spelling)
{
    struct user v[] = { a_user(GUID_2, NULL, NULL), a_user("{" GUID_1 "}", NULL, NULL),
                        a_user("Zoe", NULL, NULL) };
    struct roster *r = sealed_from(v, 3);
    check_ids(r, "{" GUID_1 "} " GUID_2 " Zoe"); /* by digits, not by the brace */
    ck_assert_uint_eq(roster_by_id(r, STR(GUID_1)), 0);
    ck_assert_uint_eq(roster_by_id(r, STR("44444444AAAA4BBB8CCC000000000002")), 1);
    ck_assert_uint_eq(roster_by_id(r, STR("{44444444-AAAA-4BBB-8CCC-000000000002}")), 1);
    ck_assert_uint_eq(roster_by_id(r, STR("Zoe")), 2);
    ck_assert_uint_eq(roster_by_id(r, STR("zoe")), NO_USER);
    ck_assert_uint_eq(roster_by_id(r, STR("Zoe ")), NO_USER);
    ck_assert_uint_eq(roster_by_id(r, STR("44444444-aaaa-4bbb-8ccc-000000000003")), NO_USER);
    roster_free(r);
}
END_TEST

START_TEST(users_are_numbered_by_id_whatever_the_order_of_arrival)
{
    /* Shorter before longer, bytes and not letters, pieces of seven bytes that agree, and NUL bytes. */
    static const struct str sorted[] = {
        { "\0", 1 },
        { "\0\0", 2 },
        { "A", 1 },
        { "Z", 1 },
        { "a", 1 },
        { "a\0", 2 },
        { "a\0b", 3 },
        { "aaaaaaa", 7 },
        { "aaaaaaa\0", 8 },
        { "aaaaaaaa", 8 },
        { "aaaaaaaaaaaaaa", 14 },
        { "aaaaaaaaaaaaaaa", 15 },
        { "aaaaaaaaaaaaaab", 15 },
        { "aaaaaaab", 8 },
        { "ab", 2 },
        { "b", 1 },
        { "employee-000000009", 18 },
        { "employee-000000010", 18 },
        { "\xc3\xa9", 2 },
    };
    struct rng rng;
    rng_seed(&rng, 9);
    for (int round = 0; round < 200; round++) {
        size_t order[array_len(sorted)];
        for (size_t i = 0; i < array_len(sorted); i++) {
            size_t j = rng_below(&rng, i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        struct roster *r = roster_new(&schema, &key);
        unsigned read = roster_read_begin(r);
        for (size_t i = 0; i < array_len(sorted); i++) {
            struct user u = { .id = sorted[order[i]] };
            ck_assert(roster_add(r, read, &u));
            if (rng_below(&rng, 4) == 0) {
                ck_assert(roster_read_end(r, read, true));
                read = roster_read_begin(r);
            }
        }
        ck_assert(roster_read_end(r, read, true));
        ck_assert_int_eq(roster_seal(r, NULL), ROSTER_SEALED);
        ck_assert_uint_eq(roster_count(r), array_len(sorted));
        for (uint32_t i = 0; i < array_len(sorted); i++) {
            ck_assert_msg(str_eq(roster_id(r, i), sorted[i]), "user %u is '%.*s'", i,
                          STR_ARG(roster_id(r, i)));
            ck_assert_uint_eq(roster_by_id(r, sorted[i]), i);
        }
        roster_free(r);
    }
}
END_TEST

START_TEST(managers_are_found_wherever_they_stand)
{
    struct user v[] = { a_user("c", NULL, NULL), a_user("{" GUID_1 "}", NULL, NULL), a_user("a", NULL, NULL),
                        a_user("b", NULL, NULL) };
    v[0].manager_id = STR("a");
    v[1].manager_id = STR("nobody");
    v[2].manager_id = STR("44444444AAAA4BBB8CCC000000000001");
    v[3].manager_id = STR("b");
    struct roster *r = sealed_from(v, 4);
    uint32_t guid = roster_by_id(r, STR(GUID_1)), a = roster_by_id(r, STR("a")),
             b = roster_by_id(r, STR("b")), c = roster_by_id(r, STR("c"));
    ck_assert_uint_eq(roster_manager(r, c), a);
    ck_assert_uint_eq(roster_manager(r, a), guid);
    ck_assert_uint_eq(roster_manager(r, b), b);
    ck_assert_uint_eq(roster_manager(r, guid), NO_USER);
    assert_str(roster_manager_id(r, guid), "nobody");
    roster_free(r);
}
END_TEST

UNIT("roster_ids", an_id_read_twice_is_noticed, an_id_of_a_struck_read_is_not_twice,
     repeats_merge_only_when_alike, merged_users_do_not_depend_on_the_order_of_reads,
     ids_are_found_as_written_and_guids_in_any_spelling,
     users_are_numbered_by_id_whatever_the_order_of_arrival, managers_are_found_wherever_they_stand)
