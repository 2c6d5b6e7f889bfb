/* The roster: reads that enter users, sealing, look-ups by key. */
#include "roster_harness.h"

#include <stdio.h>

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
        .text = { [CODE] = STR("E1"),
                  [EMAIL] = STR(" Ann@Example.COM "),
                  [NAME] = STR("Rene\xcc\x81"),
                  [TEAM] = STR("{" GUID_1 "}") },
    };
    struct user v = { .id = STR("U 2"),
                      .state = USER_ACTIVE,
                      .text = { [NAME] = STR("  "), [EMAIL] = STR("") } };
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

/* Reads -------------------------------------------------------------------------------------------------- */

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

/* Keys --------------------------------------------------------------------------------------------------- */

START_TEST(keys_find_everybody_who_has_them)
{
    struct user v[] = {
        a_user("5", "E1", "shared@example.com"),
        a_user("3", "E2", "Shared@Example.com"),
        a_user("1", " E1 ", NULL),
        a_user("4", "", "only@example.com"),
        a_user("2", "e1", "SHARED@example.com"),
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
    struct user u = { .id = STR("1"), .text[TEAM] = STR("{" GUID_1 "}") },
                v = { .id = STR("2"), .text[TEAM] = STR(GUID_1) };
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

UNIT("roster", an_empty_roster_has_nobody, a_user_comes_back_as_he_was, long_values_and_many_slots,
     pages_may_come_side_by_side, a_struck_page_leaves_nothing_and_may_be_read_again,
     struck_reads_give_their_memory_back, a_read_never_ended_counts_for_nothing,
     bad_users_are_refused_and_spoil_their_read, keys_find_everybody_who_has_them,
     one_value_of_everybody_is_no_trap, any_slot_can_be_indexed,
     the_manager_key_is_indexed_where_managers_are_mapped, marks_are_kept)
