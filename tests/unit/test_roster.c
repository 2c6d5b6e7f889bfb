/* The roster: reads that enter users, sealing, look-ups by id and by key. */
#include "rollcall/roster.h"

#include <stdio.h>

#include "unit.h"

enum { CODE, EMAIL, NAME, TEAM, SLOTS };

#define GUID_1 "44444444-aaaa-4bbb-8ccc-000000000001"
#define GUID_2 "44444444-aaaa-4bbb-8ccc-000000000002"

static const struct hash_key key = { 1, 2 };

static const struct schema schema = {
    .attr = { [CODE] = { .name = "Code", .type = ATTR_TEXT },
              [EMAIL] = { .name = "EmailAddress", .type = ATTR_FOLD },
              [NAME] = { .name = "Name", .type = ATTR_TEXT },
              [TEAM] = { .name = "TeamId", .type = ATTR_GUID } },
    .n = SLOTS,
    .key = { CODE, EMAIL },
    .n_keys = 2,
    .manager = true,
    .manager_key = CODE,
};

static struct user a_user(const char *id, const char *code, const char *email)
{
    struct user u = { .id = str_of(id) };
    u.text[CODE] = str_of(code);
    u.text[EMAIL] = str_of(email);
    return u;
}

static void add(struct roster *r, unsigned read, const char *id)
{
    struct user u = a_user(id, NULL, NULL);
    ck_assert(roster_add(r, read, &u));
}

static struct roster *sealed_from(const struct user *v, size_t n)
{
    struct roster *r = roster_new(&schema, &key);
    unsigned read = roster_read_begin(r);
    for (size_t i = 0; i < n; i++)
        ck_assert(roster_add(r, read, &v[i]));
    ck_assert(roster_read_end(r, read, true));
    ck_assert_int_eq(roster_seal(r, NULL), ROSTER_SEALED);
    return r;
}

/* All ids in the order of users, with blanks between. */
static void check_ids(const struct roster *r, const char *want)
{
    struct buf got = BUF_INIT(10000);
    for (uint32_t i = 0; i < roster_count(r); i++) {
        buf_puts(&got, i ? " " : "");
        buf_str(&got, roster_id(r, i));
    }
    assert_str(buf_view(&got), want);
    buf_deinit(&got);
}

/* The ids of users with a value. */
static void check_key(const struct roster *r, size_t slot, const char *canon, const char *want)
{
    struct buf got = BUF_INIT(10000);
    for (uint32_t u = NO_USER; (u = roster_by_key(r, slot, str_of(canon), u)) != NO_USER;) {
        buf_puts(&got, got.n ? " " : "");
        buf_str(&got, roster_id(r, u));
    }
    assert_str(buf_view(&got), want);
    buf_deinit(&got);
}

START_TEST(an_empty_roster_has_nobody)
{
    struct roster *r = roster_new(&schema, &key);
    ck_assert_int_eq(roster_seal(r, NULL), ROSTER_SEALED);
    ck_assert_uint_eq(roster_count(r), 0);
    ck_assert_uint_eq(roster_active(r), 0);
    ck_assert_uint_eq(roster_by_id(r, STR("1")), NO_USER);
    ck_assert_uint_eq(roster_by_id(r, STR("")), NO_USER);
    ck_assert_uint_eq(roster_by_key(r, CODE, STR("E1"), NO_USER), NO_USER);
    roster_free(r);

    r = sealed_from(NULL, 0); /* a read of nobody */
    ck_assert_uint_eq(roster_count(r), 0);
    roster_free(r);
    roster_free(NULL);
}
END_TEST

START_TEST(a_user_comes_back_as_he_was)
{
    struct user u = {
        .id = STR("U 1"),
        .state = USER_INACTIVE,
        .manager_id = STR(" boss "),
        .administrator = true,
        .text = { [CODE] = STR("E1"), [EMAIL] = STR(" Ann@Example.COM "), [NAME] = STR("Rene\xcc\x81"), [TEAM] = STR("{" GUID_1 "}") },
    };
    struct user v = { .id = STR("U 2"), .state = USER_ACTIVE, .text = { [NAME] = STR("  "), [EMAIL] = STR("") } };
    struct user w = { .id = STR("U 3"), .state = USER_GONE, .text = { [TEAM] = STR("x") } };
    struct roster *r = sealed_from((struct user[]){ w, u, v }, 3);
    ck_assert_uint_eq(roster_count(r), 3);
    ck_assert_uint_eq(roster_active(r), 1);

    uint32_t a = roster_by_id(r, STR("U 1"));
    ck_assert_uint_eq(a, 0);
    assert_str(roster_id(r, a), "U 1");
    ck_assert_int_eq(roster_state(r, a), USER_INACTIVE);
    ck_assert(roster_administrator(r, a));
    assert_str(roster_manager_id(r, a), " boss ");
    ck_assert_uint_eq(roster_manager(r, a), NO_USER);
    assert_str(roster_canon(r, a, CODE), "E1");
    assert_str(roster_shown(r, a, CODE), "E1");
    assert_str(roster_canon(r, a, EMAIL), "ann@example.com");
    assert_str(roster_shown(r, a, EMAIL), " Ann@Example.COM ");
    assert_str(roster_canon(r, a, NAME), "Ren\xc3\xa9");
    assert_str(roster_shown(r, a, NAME), "Rene\xcc\x81");
    assert_str(roster_canon(r, a, TEAM), "44444444aaaa4bbb8ccc000000000001");
    assert_str(roster_shown(r, a, TEAM), "{" GUID_1 "}");

    uint32_t b = roster_by_id(r, STR("U 2"));
    ck_assert_int_eq(roster_state(r, b), USER_ACTIVE);
    ck_assert(!roster_administrator(r, b));
    ck_assert_uint_eq(roster_manager_id(r, b).n, 0);
    for (size_t slot = 0; slot < SLOTS; slot++)
        ck_assert_uint_eq(roster_canon(r, b, slot).n, 0);
    assert_str(roster_shown(r, b, NAME), "  ");
    ck_assert_uint_eq(roster_shown(r, b, EMAIL).n, 0);

    uint32_t c = roster_by_id(r, STR("U 3"));
    ck_assert_int_eq(roster_state(r, c), USER_GONE);
    assert_str(roster_canon(r, c, TEAM), "x");
    ck_assert_uint_eq(roster_canon(r, c, NAME).n, 0);
    roster_free(r);
}
END_TEST

/* Every length at which its own writing changes, and every slot of a full schema. */
START_TEST(long_values_and_many_slots)
{
    static const size_t lengths[] = { 1, 127, 128, 129, 16383, 16384, 100000, ATTR_VALUE_MAX };
    struct schema *wide = xcalloc(1, sizeof(*wide));
    char *text = xmalloc(ATTR_VALUE_MAX);
    memset(text, 'A', ATTR_VALUE_MAX);
    wide->n = SCHEMA_MAX;
    for (size_t i = 0; i < SCHEMA_MAX; i++)
        wide->attr[i] = (struct attr){ .type = i % 2 ? ATTR_FOLD : ATTR_TEXT };
    struct user u = { .id = { text, ROSTER_ID_MAX }, .manager_id = { text, ROSTER_ID_MAX } };
    for (size_t i = 0; i < SCHEMA_MAX; i++)
        u.text[i] = (struct str){ text, lengths[i % 8 < 7 ? i % 8 : 0] };
    u.text[62].n = lengths[7];
    struct roster *r = roster_new(wide, &key);
    unsigned read = roster_read_begin(r);
    ck_assert(roster_add(r, read, &u));
    ck_assert(roster_read_end(r, read, true));
    ck_assert_int_eq(roster_seal(r, NULL), ROSTER_SEALED);
    for (size_t i = 0; i < SCHEMA_MAX; i++) {
        ck_assert(str_eq(roster_shown(r, 0, i), u.text[i]));
        ck_assert_uint_eq(roster_canon(r, 0, i).n, u.text[i].n);
        ck_assert_int_eq(roster_canon(r, 0, i).p[u.text[i].n - 1], i % 2 ? 'a' : 'A');
    }
    ck_assert(str_eq(roster_id(r, 0), u.id));
    ck_assert(str_eq(roster_manager_id(r, 0), u.manager_id));
    ck_assert_uint_eq(roster_manager(r, 0), 0);
    roster_free(r);
    free(text);
    free(wide);
}
END_TEST

/* Reads ----------------------------------------------------------------------------------------------------------------- */

START_TEST(pages_may_come_side_by_side)
{
    struct roster *r = roster_new(&schema, &key);
    unsigned one = roster_read_begin(r), two = roster_read_begin(r);
    add(r, two, "d");
    add(r, one, "b");
    add(r, two, "c");
    unsigned three = roster_read_begin(r);
    add(r, three, "e");
    add(r, one, "a");
    ck_assert_uint_eq(roster_read_count(r, one), 2);
    ck_assert(roster_read_end(r, two, true));
    add(r, one, "f");
    ck_assert(roster_read_end(r, one, true));
    ck_assert(roster_read_end(r, three, true));
    ck_assert_uint_eq(roster_read_count(r, one), 3);
    ck_assert_uint_eq(roster_read_count(r, two), 2);
    ck_assert_uint_eq(roster_read_count(r, three), 1);
    ck_assert_int_eq(roster_seal(r, NULL), ROSTER_SEALED);
    check_ids(r, "a b c d e f");
    roster_free(r);
}
END_TEST

START_TEST(a_struck_page_leaves_nothing_and_may_be_read_again)
{
    struct roster *r = roster_new(&schema, &key);
    unsigned one = roster_read_begin(r), bad = roster_read_begin(r);
    size_t before = roster_memory(r);
    struct user half = a_user("b", "E-old", NULL);
    add(r, one, "a");
    ck_assert(roster_add(r, bad, &half));
    add(r, bad, "x");
    ck_assert_uint_eq(roster_read_count(r, bad), 2);
    ck_assert(!roster_read_end(r, bad, false));
    ck_assert_uint_eq(roster_read_count(r, bad), 0);
    unsigned again = roster_read_begin(r);
    ck_assert_uint_ne(again, bad);
    struct user whole = a_user("b", "E-new", NULL);
    ck_assert(roster_add(r, again, &whole));
    ck_assert(roster_read_end(r, again, true));
    ck_assert(roster_read_end(r, one, true));
    ck_assert_uint_lt(before, roster_memory(r));
    ck_assert_int_eq(roster_seal(r, NULL), ROSTER_SEALED);
    check_ids(r, "a b");
    ck_assert_uint_eq(roster_by_id(r, STR("x")), NO_USER);
    check_key(r, CODE, "E-old", "");
    check_key(r, CODE, "E-new", "b");
    roster_free(r);
}
END_TEST

START_TEST(struck_reads_give_their_memory_back)
{
    struct roster *r = roster_new(&schema, &key);
    size_t before = 0;
    for (int round = 0; round < 50; round++) {
        unsigned read = roster_read_begin(r);
        char id[30];
        for (int i = 0; i < 2000; i++) {
            snprintf(id, sizeof(id), "user-%d", i);
            add(r, read, id);
        }
        roster_read_end(r, read, false);
        if (round == 0)
            before = roster_memory(r);
    }
    ck_assert_uint_le(roster_memory(r), before + 50 * 200); /* the reads' own entries */
    ck_assert_int_eq(roster_seal(r, NULL), ROSTER_SEALED);
    ck_assert_uint_eq(roster_count(r), 0);
    roster_free(r);
}
END_TEST

START_TEST(a_read_never_ended_counts_for_nothing)
{
    struct roster *r = roster_new(&schema, &key);
    unsigned one = roster_read_begin(r), open = roster_read_begin(r);
    add(r, one, "a");
    add(r, open, "b");
    ck_assert(roster_read_end(r, one, true));
    ck_assert_int_eq(roster_seal(r, NULL), ROSTER_SEALED);
    check_ids(r, "a");
    roster_free(r);
}
END_TEST

START_TEST(bad_users_are_refused_and_spoil_their_read)
{
    static char long_id[ROSTER_ID_MAX + 2];
    memset(long_id, 'x', ROSTER_ID_MAX + 1);
    const struct user bad[] = {
        { .id = STR("") },
        { .id = { NULL, 0 } },
        { .id = STR("b\xff") },
        { .id = str_of(long_id) },
        { .id = STR("b"), .manager_id = STR("\xc3") },
        { .id = STR("b"), .manager_id = str_of(long_id) },
        { .id = STR("b"), .text[CODE] = STR("E\x80") },
        { .id = STR("b"), .text[EMAIL] = STR("\xed\xa0\x80@example.com") },
        { .id = STR("b"), .text[TEAM] = STR("caf\xe9") },
    };
    for (size_t i = 0; i < array_len(bad); i++) {
        struct roster *r = roster_new(&schema, &key);
        unsigned good_read = roster_read_begin(r), read = roster_read_begin(r);
        add(r, good_read, "g");
        add(r, read, "a");
        ck_assert_msg(!roster_add(r, read, &bad[i]), "case %zu is taken", i);
        ck_assert(!roster_read_end(r, read, true));
        ck_assert(roster_read_end(r, good_read, true));
        ck_assert_uint_eq(roster_read_count(r, read), 0);
        ck_assert_int_eq(roster_seal(r, NULL), ROSTER_SEALED);
        check_ids(r, "g");
        roster_free(r);
    }
}
END_TEST

/* Ids ------------------------------------------------------------------------------------------------------------------- */

static enum roster_sealed seal_two(const char *first, const char *second, bool one_read, bool merge, struct str *id)
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
    ck_assert_int_eq(seal_two(GUID_1, "{44444444-AAAA-4BBB-8CCC-000000000001}", false, false, NULL), ROSTER_TWICE);
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
    ck_assert_int_eq(seal_two(GUID_1, "{44444444-AAAA-4BBB-8CCC-000000000001}", false, true, NULL), ROSTER_SEALED);

    struct user same = a_user("b", "E1", "b@example.com"), other = same;
    for (int difference = 0; difference < 5; difference++) {
        other = same;
        switch (difference) {
        case 1:
            other.text[EMAIL] = STR("B@example.com");
            break;
        case 2:
            other.state = USER_INACTIVE;
            break;
        case 3:
            other.manager_id = STR("c");
            break;
        case 4:
            other.text[NAME] = STR("B");
            break;
        default:
            break;
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
    struct user v[] = { a_user(GUID_2, NULL, NULL), a_user("{" GUID_1 "}", NULL, NULL), a_user("Zoe", NULL, NULL) };
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
        { "\0", 1 },          { "\0\0", 2 },         { "A", 1 },              { "Z", 1 },
        { "a", 1 },           { "a\0", 2 },          { "a\0b", 3 },           { "aaaaaaa", 7 },
        { "aaaaaaa\0", 8 },   { "aaaaaaaa", 8 },     { "aaaaaaaaaaaaaa", 14 }, { "aaaaaaaaaaaaaaa", 15 },
        { "aaaaaaaaaaaaaab", 15 }, { "aaaaaaab", 8 }, { "ab", 2 },            { "b", 1 },
        { "employee-000000009", 18 }, { "employee-000000010", 18 },           { "\xc3\xa9", 2 },
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
            ck_assert_msg(str_eq(roster_id(r, i), sorted[i]), "user %u is '%.*s'", i, STR_ARG(roster_id(r, i)));
            ck_assert_uint_eq(roster_by_id(r, sorted[i]), i);
        }
        roster_free(r);
    }
}
END_TEST

START_TEST(managers_are_found_wherever_they_stand)
{
    struct user v[] = { a_user("c", NULL, NULL), a_user("{" GUID_1 "}", NULL, NULL), a_user("a", NULL, NULL), a_user("b", NULL, NULL) };
    v[0].manager_id = STR("a");
    v[1].manager_id = STR("nobody");
    v[2].manager_id = STR("44444444AAAA4BBB8CCC000000000001");
    v[3].manager_id = STR("b");
    struct roster *r = sealed_from(v, 4);
    uint32_t guid = roster_by_id(r, STR(GUID_1)), a = roster_by_id(r, STR("a")), b = roster_by_id(r, STR("b")), c = roster_by_id(r, STR("c"));
    ck_assert_uint_eq(roster_manager(r, c), a);
    ck_assert_uint_eq(roster_manager(r, a), guid);
    ck_assert_uint_eq(roster_manager(r, b), b);
    ck_assert_uint_eq(roster_manager(r, guid), NO_USER);
    assert_str(roster_manager_id(r, guid), "nobody");
    roster_free(r);
}
END_TEST

/* Keys ------------------------------------------------------------------------------------------------------------------ */

START_TEST(keys_find_everybody_who_has_them)
{
    struct user v[] = {
        a_user("5", "E1", "shared@example.com"), a_user("3", "E2", "Shared@Example.com"), a_user("1", " E1 ", NULL),
        a_user("4", "", "only@example.com"),     a_user("2", "e1", "SHARED@example.com"),
    };
    v[1].state = USER_GONE;
    struct roster *r = sealed_from(v, 5);
    check_key(r, EMAIL, "shared@example.com", "2 3 5");
    check_key(r, EMAIL, "only@example.com", "4");
    check_key(r, EMAIL, "Shared@Example.com", ""); /* canonical forms are asked for */
    check_key(r, CODE, "E1", "1 5");
    check_key(r, CODE, "e1", "2");
    check_key(r, CODE, "E3", "");
    check_key(r, CODE, "", "");
    ck_assert_uint_eq(roster_by_key(r, CODE, (struct str){ NULL, 0 }, NO_USER), NO_USER);
    roster_free(r);
}
END_TEST

START_TEST(one_value_of_everybody_is_no_trap)
{
    enum { MANY = 60000 }; /* a chain that is searched from its start each time would take hours */
    struct roster *r = roster_new(&schema, &key);
    unsigned read = roster_read_begin(r);
    char id[20];
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(id, sizeof(id), "%07u", (i * 7919U) % MANY);
        struct user u = a_user(id, "N/A", "nobody@example.com");
        ck_assert(roster_add(r, read, &u));
    }
    ck_assert(roster_read_end(r, read, true));
    ck_assert_int_eq(roster_seal(r, NULL), ROSTER_SEALED);
    for (size_t slot = CODE; slot <= EMAIL; slot++) {
        uint32_t want = 0;
        struct str canon = slot == CODE ? STR("N/A") : STR("nobody@example.com");
        for (uint32_t u = NO_USER; (u = roster_by_key(r, slot, canon, u)) != NO_USER; want++)
            if (u != want)
                ck_abort_msg("user %u where %u should be", u, want);
        ck_assert_uint_eq(want, MANY);
    }
    roster_free(r);
}
END_TEST

START_TEST(any_slot_can_be_indexed)
{
    struct roster *r = roster_new(&schema, &key);
    roster_index(r, TEAM);
    unsigned read = roster_read_begin(r);
    struct user u = { .id = STR("1"), .text[TEAM] = STR("{" GUID_1 "}") }, v = { .id = STR("2"), .text[TEAM] = STR(GUID_1) };
    ck_assert(roster_add(r, read, &v));
    ck_assert(roster_add(r, read, &u));
    ck_assert(roster_read_end(r, read, true));
    ck_assert_int_eq(roster_seal(r, NULL), ROSTER_SEALED);
    check_key(r, TEAM, "44444444aaaa4bbb8ccc000000000001", "1 2");
    roster_free(r);
}
END_TEST

START_TEST(the_manager_key_is_indexed_where_managers_are_mapped)
{
    struct schema s = schema;
    s.n_keys = 1;
    s.manager_key = NAME;
    struct roster *r = roster_new(&s, &key);
    unsigned read = roster_read_begin(r);
    struct user u = { .id = STR("1"), .text[NAME] = STR("Ann") };
    ck_assert(roster_add(r, read, &u));
    ck_assert(roster_read_end(r, read, true));
    ck_assert_int_eq(roster_seal(r, NULL), ROSTER_SEALED);
    check_key(r, NAME, "Ann", "1");
    roster_free(r);
}
END_TEST

START_TEST(marks_are_kept)
{
    struct user v[] = { a_user("a", NULL, NULL), a_user("b", NULL, NULL) };
    struct roster *r = sealed_from(v, 2);
    ck_assert_uint_eq(roster_mark(r, 0), NO_ROW);
    ck_assert_uint_eq(roster_mark(r, 1), NO_ROW);
    roster_set_mark(r, 1, 41207);
    ck_assert_uint_eq(roster_mark(r, 0), NO_ROW);
    ck_assert_uint_eq(roster_mark(r, 1), 41207);
    roster_free(r);
}
END_TEST

UNIT("roster", an_empty_roster_has_nobody, a_user_comes_back_as_he_was, long_values_and_many_slots, pages_may_come_side_by_side,
     a_struck_page_leaves_nothing_and_may_be_read_again, struck_reads_give_their_memory_back, a_read_never_ended_counts_for_nothing,
     bad_users_are_refused_and_spoil_their_read, an_id_read_twice_is_noticed, an_id_of_a_struck_read_is_not_twice,
     repeats_merge_only_when_alike, merged_users_do_not_depend_on_the_order_of_reads, ids_are_found_as_written_and_guids_in_any_spelling,
     users_are_numbered_by_id_whatever_the_order_of_arrival, managers_are_found_wherever_they_stand, keys_find_everybody_who_has_them,
     one_value_of_everybody_is_no_trap, any_slot_can_be_indexed, the_manager_key_is_indexed_where_managers_are_mapped, marks_are_kept)
