/* The canonical form of values: one form for each value, for every type, and nothing lost on the way. */
#include <stdio.h>

#include "rollcall/model.h"
#include "unit.h"

#define TYPES (ATTR_REFS + 1)
#define CASES 5000

static struct attr attr_of(enum attr_type type)
{
    return (struct attr){ .name = "A", .type = type, .separator = ',' };
}

/* Canonical form as a C string; the caller frees it. "(refused)" when it is none. */
static char *canon_of(enum attr_type type, struct str s)
{
    struct attr a = attr_of(type);
    struct buf out = BUF_INIT(ATTR_CANON_MAX);
    if (!attr_canon(&a, s, &out)) {
        ck_assert_uint_eq(out.n, 0);
        buf_puts(&out, "(refused)");
    }
    return buf_take(&out);
}

static void check_canon(enum attr_type type, const char *in, const char *want)
{
    char *got = canon_of(type, str_of(in));
    ck_assert_msg(strcmp(got, want) == 0, "type %d: '%s' becomes '%s', not '%s'", (int)type, in, got, want);
    free(got);
}

struct pair {
    const char *in, *want;
};

static void check_pairs(enum attr_type type, const struct pair *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_canon(type, v[i].in, v[i].want);
}

START_TEST(text_is_trimmed_and_normalised)
{
    static const struct pair v[] = {
        { "", "" },
        { "Sales", "Sales" },
        { "sales", "sales" },
        { " \t\r\n\v\f Sales \n", "Sales" },
        { "\xc2\xa0Sales\xc2\xa0", "Sales" },
        { "\xef\xbb\xbf \xc2\xa0Sales \xef\xbb\xbf", "Sales" },
        { " \xc2\xa0\xef\xbb\xbf\t", "" },
        { "North  West", "North  West" },
        { "North\xc2\xa0West", "North\xc2\xa0West" },
        { "\xe2\x80\x83Sales\xe3\x80\x80", "\xe2\x80\x83Sales\xe3\x80\x80" }, /* other Unicode spaces count */
        { "Rene\xcc\x81", "Ren\xc3\xa9" },
        { "\xe2\x84\xab", "\xc3\x85" }, /* Angstrom sign, the letter A with ring */
        { "null", "null" },
        { "007.50", "007.50" },
    };
    check_pairs(ATTR_TEXT, v, array_len(v));
}
END_TEST

START_TEST(fold_ignores_case_in_every_script)
{
    static const struct pair v[] = {
        { "Sales User", "sales user" },
        { "RENE\xcc\x81@EXAMPLE.COM", "ren\xc3\xa9@example.com" },
        { "STRASSE", "strasse" },
        { "Stra\xc3\x9f"
          "e",
          "strasse" },
        { "\xce\xa3\xce\x99\xce\xa3\xce\xa5\xce\xa6\xce\x9f\xce\xa3",
          "\xcf\x83\xce\xb9\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x83" },
        { "\xcf\x83\xce\xb9\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x82",
          "\xcf\x83\xce\xb9\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x83" },
        { " A ", "a" },
    };
    check_pairs(ATTR_FOLD, v, array_len(v));
}
END_TEST

#define GUID "0123456789abcdef0123456789abcdef"

START_TEST(guid_has_one_form)
{
    static const struct pair v[] = {
        { "01234567-89ab-cdef-0123-456789abcdef", GUID },
        { "01234567-89AB-CDEF-0123-456789ABCDEF", GUID },
        { "{01234567-89AB-cdef-0123-456789abcdef}", GUID },
        { "{0123456789ABCDEF0123456789ABCDEF}", GUID },
        { "  0123456789abcdef0123456789ABCDEF ", GUID },
        /* No GUIDs: compared as text without case, dashes and all. */
        { "0123456789abcdef-0123456789abcdef", "0123456789abcdef-0123456789abcdef" },
        { "01234567-89AB-CDEF-0123-456789ABCDE", "01234567-89ab-cdef-0123-456789abcde" },
        { "01234567-89AB-CDEF-0123-456789ABCDEG", "01234567-89ab-cdef-0123-456789abcdeg" },
        { "{01234567-89AB-CDEF-0123-456789ABCDEF", "{01234567-89ab-cdef-0123-456789abcdef" },
        { "0123456-789AB-CDEF-0123-456789ABCDEFF", "0123456-789ab-cdef-0123-456789abcdeff" },
        { "User 7", "user 7" },
        { "{01234567-89ab-cdef-0123-456789abcd\xef\xac\x80}",
          "0123456789abcdef0123456789abcdff" }, /* folds to one: the ligature ff */
    };
    check_pairs(ATTR_GUID, v, array_len(v));
    check_pairs(ATTR_REF, v, array_len(v));
}
END_TEST

START_TEST(guid_tells_what_is_one)
{
    char digits[GUID_DIGITS];
    ck_assert(attr_guid(STR(" {01234567-89AB-CDEF-0123-456789ABCDEF} "), digits));
    ck_assert_mem_eq(digits, GUID, GUID_DIGITS);
    ck_assert(!attr_guid(STR(""), digits));
    ck_assert(!attr_guid(STR("{}"), digits));
    ck_assert(!attr_guid(STR("{{0123456789abcdef0123456789abcdef}}"), digits));
    ck_assert(!attr_guid(STR("0123456789abcdef0123456789abcde"), digits));
    ck_assert(!attr_guid((struct str){ NULL, 0 }, digits));
}
END_TEST

START_TEST(numbers_keep_every_digit)
{
    static const struct pair v[] = {
        { "007.50", "7.5" },
        { "7.5", "7.5" },
        { "+1", "1" },
        { "1", "1" },
        { "-0", "0" },
        { "-0.000", "0" },
        { "0", "0" },
        { "000", "0" },
        { "-007.5000", "-7.5" },
        { ".5", "0.5" },
        { "-.50", "-0.5" },
        { "5.", "5" },
        { "100", "100" },
        { "123456789012345678901234567890", "123456789012345678901234567890" },
        { "0123456789012345678901234567890.000000000000000000010",
          "123456789012345678901234567890.00000000000000000001" },
        { "9007199254740993", "9007199254740993" }, /* 2^53 + 1: a double would lose it */
        { "0.1", "0.1" },
        /* No plain decimal numbers: text as it is. */
        { "1e3", "1e3" },
        { "1 000", "1 000" },
        { "1,5", "1,5" },
        { "0x10", "0x10" },
        { "--1", "--1" },
        { "- 1", "- 1" },
        { "+", "+" },
        { ".", "." },
        { "1.2.3", "1.2.3" },
        { "\xd9\xa1", "\xd9\xa1" }, /* ARABIC-INDIC DIGIT ONE */
        { "NaN", "NaN" },
    };
    check_pairs(ATTR_NUMBER, v, array_len(v));
}
END_TEST

START_TEST(bools_have_two_forms)
{
    static const struct pair v[] = {
        { "true", "1" },          { "TRUE", "1" },      { " Yes ", "1" }, { "1", "1" },
        { "False", "0" },         { "nO", "0" },        { "0", "0" },     { "", "" },
        { "maybe", "maybe" },     { "Maybe", "Maybe" }, { "01", "01" },   { "y", "y" },
        { "trueish", "trueish" },
    };
    check_pairs(ATTR_BOOL, v, array_len(v));
}
END_TEST

START_TEST(sets_are_free_of_order)
{
    static const struct pair v[] = {
        { "b,a", "a\nb" },
        { "a\nb", "a\nb" },
        { " a , b ,\xc2\xa0 a", "a\nb" },
        { ",,a,,", "a" },
        { ",", "" },
        { "B,a,b", "B\na\nb" },
        { "Rene\xcc\x81,Ren\xc3\xa9", "Ren\xc3\xa9" },
        { "North West,South", "North West\nSouth" },
        { "a;b", "a;b" },
    };
    check_pairs(ATTR_SET, v, array_len(v));

    struct attr a = attr_of(ATTR_SET);
    a.separator = 0;
    struct buf out = BUF_INIT(100);
    ck_assert(attr_canon(&a, STR("b,a\na"), &out));
    assert_str(buf_view(&out), "a\nb,a");
    /* The Greek question mark is a semicolon once normalised. */
    a.separator = ';';
    buf_clear(&out);
    ck_assert(attr_canon(&a,
                         STR("b\xcd\xbe"
                             "a"),
                         &out));
    assert_str(buf_view(&out), "a\nb");
    buf_deinit(&out);
}
END_TEST

/* Each member as a reference: names folded, ids without their dashes; then a set as any other. */
START_TEST(several_references_are_a_set_of_references)
{
    static const struct pair v[] = {
        { "Sales,Ops", "ops\nsales" },
        { "sales\nOPS", "ops\nsales" },
        { " Sales ,, sales,\n SALES ", "sales" },
        { "West / North,East", "east\nwest / north" },
        { "{A0B1C2D3-0000-1111-2222-333344445555},a0b1c2d3000011112222333344445555",
          "a0b1c2d3000011112222333344445555" },
        { "Stra\xc3\x9f"
          "e,STRASSE",
          "strasse" },
        { "Rene\xcc\x81,REN\xc3\x89", "ren\xc3\xa9" },
        { ",\n ,", "" },
        { "a;b", "a;b" },
    };
    check_pairs(ATTR_REFS, v, array_len(v));
}
END_TEST

START_TEST(members_come_one_by_one)
{
    struct str rest = STR(" b;;\xc2\xa0"
                          "c \n a; ");
    assert_str(attr_member(&rest, ';'), "b");
    assert_str(attr_member(&rest, ';'), "c");
    assert_str(attr_member(&rest, ';'), "a");
    ck_assert_uint_eq(attr_member(&rest, ';').n, 0);
    ck_assert_uint_eq(attr_member(&rest, ';').n, 0);
    rest = STR("a;b");
    assert_str(attr_member(&rest, 0), "a;b");
    rest = (struct str){ NULL, 0 };
    ck_assert_uint_eq(attr_member(&rest, 0).n, 0);
}
END_TEST

START_TEST(nothing_is_the_empty_value)
{
    for (int type = 0; type < TYPES; type++) {
        check_canon((enum attr_type)type, "", "");
        check_canon((enum attr_type)type, "  \xc2\xa0 ", "");
        struct attr a = attr_of((enum attr_type)type);
        struct buf out = BUF_INIT(10);
        ck_assert(attr_canon(&a, (struct str){ NULL, 0 }, &out));
        ck_assert_uint_eq(out.n, 0);
        buf_deinit(&out);
    }
}
END_TEST

START_TEST(invalid_bytes_are_refused_and_nothing_is_appended)
{
    static const char *const bad[] = { "\xff",     "a\xc3", "\xc0\x80", "\xed\xa0\x80",
                                       "a,\xe9,b", "\xa0",  "12\xe9",   " \xc2 " };
    for (int type = 0; type < TYPES; type++) {
        struct attr a = attr_of((enum attr_type)type);
        for (size_t i = 0; i < array_len(bad); i++) {
            struct buf out = BUF_INIT(100);
            buf_puts(&out, "before");
            ck_assert_msg(!attr_canon(&a, str_of(bad[i]), &out), "type %d takes case %zu", type, i);
            assert_str(buf_view(&out), "before");
            buf_deinit(&out);
        }
    }
}
END_TEST

START_TEST(appends_and_respects_the_buffer)
{
    for (int type = 0; type < TYPES; type++) {
        struct attr a = attr_of((enum attr_type)type);
        struct buf out = BUF_INIT(100), small = BUF_INIT(3);
        buf_puts(&out, "x=");
        ck_assert(attr_canon(&a, STR("12345"), &out));
        assert_str(buf_view(&out), "x=12345");
        attr_canon(&a, STR("12345"), &small);
        ck_assert_msg(small.full, "type %d", type);
        buf_deinit(&out);
        buf_deinit(&small);
    }
}
END_TEST

START_TEST(long_values_have_a_limit)
{
    char *big = xmalloc(ATTR_VALUE_MAX + 1);
    memset(big, 'a', ATTR_VALUE_MAX + 1);
    for (int type = 0; type < TYPES; type++) {
        struct attr a = attr_of((enum attr_type)type);
        struct buf out = BUF_INIT(ATTR_CANON_MAX);
        ck_assert(attr_canon(&a, (struct str){ big, ATTR_VALUE_MAX }, &out));
        ck_assert_uint_eq(out.n, ATTR_VALUE_MAX);
        buf_clear(&out);
        ck_assert(!attr_canon(&a, (struct str){ big, ATTR_VALUE_MAX + 1 }, &out));
        ck_assert_uint_eq(out.n, 0);
        buf_deinit(&out);
    }
    /* The worst case of folding still fits. U+0390 folds to three characters that compose again; U+1FB7 grows
     * for good. */
    for (size_t i = 0; i + 3 <= ATTR_VALUE_MAX; i += 3)
        memcpy(big + i, "\xe1\xbe\xb7", 3);
    struct attr a = attr_of(ATTR_FOLD);
    struct buf out = BUF_INIT(ATTR_CANON_MAX);
    ck_assert(attr_canon(&a, (struct str){ big, ATTR_VALUE_MAX / 3 * 3 }, &out));
    ck_assert(!out.full);
    buf_deinit(&out);
    free(big);
}
END_TEST

/* Properties --------------------------------------------------------------------------------------------- */

static void put_point(struct buf *out, uint32_t cp)
{
    char b[4];
    size_t n;
    if (cp < 0x80) {
        b[0] = (char)cp;
        n = 1;
    } else if (cp < 0x800) {
        b[0] = (char)(0xc0 | cp >> 6);
        n = 2;
    } else if (cp < 0x10000) {
        b[0] = (char)(0xe0 | cp >> 12);
        n = 3;
    } else {
        b[0] = (char)(0xf0 | cp >> 18);
        n = 4;
    }
    for (size_t i = 1; i < n; i++)
        b[i] = (char)(0x80 | (cp >> (6 * (n - 1 - i)) & 0x3f));
    buf_add(out, b, n);
}

/* Characters that have made canonical forms unstable somewhere, and plain ones. */
static const uint32_t awkward[] = {
    ' ',    '\t',   '\n',    ',',     '-',     '{',    '}',    '.',    '+',    '0',    '1',    '5',
    'a',    'f',    'F',     'K',     's',     0xa0,   0xfeff, 0x301,  0x308,  0x323,  0x327,  0x338,
    0x345,  0x37e,  0x390,   0x3b1,   0x3c2,   0x3a3,  0xdf,   0x1e9e, 0x130,  0x131,  0x149,  0x1f0,
    0x1fb7, 0x1fbc, 0x1e96,  0x212a,  0x212b,  0xfb00, 0xfb03, 0xac00, 0x1100, 0x1161, 0x11a8, 0x0dda,
    0x0ddc, 0x2000, 0x1d15e, 0x16d63, 0x10400, 0x13a0, 0xab70, 0x1c80, 0x3099, 0x304b,
};

static void random_text(struct rng *rng, struct buf *out)
{
    size_t n = rng_below(rng, 12);
    buf_clear(out);
    for (size_t i = 0; i < n; i++) {
        uint32_t cp = awkward[rng_below(rng, array_len(awkward))];
        if (rng_below(rng, 8) == 0)
            do
                cp = (uint32_t)rng_below(rng, 0x110000);
            while (cp >= 0xd800 && cp <= 0xdfff);
        put_point(out, cp);
    }
}

static void check_idempotent(enum attr_type type, struct str s)
{
    struct attr a = attr_of(type);
    struct buf once = BUF_INIT(ATTR_CANON_MAX), twice = BUF_INIT(ATTR_CANON_MAX);
    bool good = attr_canon(&a, s, &once) && attr_canon(&a, buf_view(&once), &twice);
    if (!good ||
        !str_eq(buf_view(&once),
                buf_view(&twice))) /* check's own assertions are slow, and there are a million of these */
        ck_abort_msg("type %d: '%.*s' -> '%.*s' -> '%.*s'", (int)type, STR_ARG(s), STR_ARG(buf_view(&once)),
                     STR_ARG(buf_view(&twice)));
    buf_deinit(&once);
    buf_deinit(&twice);
}

START_TEST(canonical_of_canonical_is_itself)
{
    struct rng rng;
    rng_seed(&rng, 20260105);
    struct buf s = BUF_INIT(1000);
    for (int i = 0; i < CASES; i++) {
        random_text(&rng, &s);
        for (int type = 0; type < TYPES; type++)
            check_idempotent((enum attr_type)type, buf_view(&s));
    }
    buf_deinit(&s);
}
END_TEST

START_TEST(every_character_alone_is_stable)
{
    struct buf s = BUF_INIT(100);
    for (uint32_t cp = 1; cp < 0x30000; cp++) {
        if (cp >= 0xd800 && cp <= 0xdfff)
            continue;
        buf_clear(&s);
        buf_putc(&s, 'x'); /* so that trimming does not hide it */
        put_point(&s, cp);
        buf_putc(&s, 'x');
        check_idempotent(ATTR_TEXT, buf_view(&s));
        check_idempotent(ATTR_FOLD, buf_view(&s));
    }
    buf_deinit(&s);
}
END_TEST

START_TEST(composed_and_decomposed_are_equal)
{
    static const struct {
        const char *composed, *decomposed;
    } v[] = {
        { "Ren\xc3\xa9", "Rene\xcc\x81" },
        { "Z\xc3\xbcrich", "Zu\xcc\x88rich" },
        { "\xea\xb0\x81", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8" }, /* Hangul */
        { "\xe1\xbb\x87", "e\xcc\xa3\xcc\x82" },                    /* two marks */
        { "\xe1\xbb\x87", "e\xcc\x82\xcc\xa3" },                    /* in the other order */
        { "\xe1\xbe\xb7", "\xce\xb1\xcd\x85\xcd\x82" },             /* iota below, before and */
        { "\xe1\xbe\xb7", "\xce\xb1\xcd\x82\xcd\x85" },             /* behind the circumflex */
    };
    for (int type = 0; type < TYPES; type++) {
        for (size_t i = 0; i < array_len(v); i++) {
            char *a = canon_of((enum attr_type)type, str_of(v[i].composed));
            char *b = canon_of((enum attr_type)type, str_of(v[i].decomposed));
            ck_assert_msg(strcmp(a, b) == 0, "type %d, case %zu: '%s' and '%s'", type, i, a, b);
            free(a);
            free(b);
        }
    }
}
END_TEST

/* A set shuffled, with repeats and white space put in, is the same set. */
START_TEST(shuffled_sets_are_equal)
{
    static const char *const members[] = { "North", "South", "Z\xc3\xbcrich", "a b", "7" };
    struct rng rng;
    rng_seed(&rng, 3);
    for (int i = 0; i < 2000; i++) {
        struct buf s = BUF_INIT(1000);
        bool seen[array_len(members)] = { false };
        for (size_t left = array_len(members); left > 0;) {
            size_t m = rng_below(&rng, array_len(members));
            left -= !seen[m];
            seen[m] = true;
            buf_puts(&s, rng_below(&rng, 2) ? " " : "");
            buf_puts(&s, members[m]);
            buf_puts(&s, rng_below(&rng, 2) ? ",\xc2\xa0" : "\n");
        }
        check_canon(ATTR_SET, s.p, "7\nNorth\nSouth\nZ\xc3\xbcrich\na b");
        buf_deinit(&s);
    }
}
END_TEST

START_TEST(counts_characters)
{
    ck_assert_uint_eq(attr_chars(STR("")), 0);
    ck_assert_uint_eq(attr_chars(STR("Zurich")), 6);
    ck_assert_uint_eq(attr_chars(STR("Z\xc3\xbcrich")), 6);
    ck_assert_uint_eq(attr_chars(STR("Zu\xcc\x88rich")), 7);
    ck_assert_uint_eq(attr_chars(STR("\xf0\x9f\x98\x80")), 1);
}
END_TEST

START_TEST(schema_finds_names_and_keys)
{
    struct schema s = { .n = 3, .key = { 2, 0 }, .n_keys = 2 };
    snprintf(s.attr[0].name, ATTR_NAME_MAX, "EmailAddress");
    snprintf(s.attr[1].name, ATTR_NAME_MAX, "Role");
    snprintf(s.attr[2].name, ATTR_NAME_MAX, "mx_Custom_1");
    ck_assert_int_eq(schema_slot(&s, STR("Role")), 1);
    ck_assert_int_eq(schema_slot(&s, STR("mx_Custom_1")), 2);
    ck_assert_int_eq(schema_slot(&s, STR("role")), -1);
    ck_assert_int_eq(schema_slot(&s, STR("Rol")), -1);
    ck_assert_int_eq(schema_slot(&s, STR("")), -1);
    ck_assert(schema_is_key(&s, 0));
    ck_assert(!schema_is_key(&s, 1));
    ck_assert(schema_is_key(&s, 2));
}
END_TEST

UNIT("attr", text_is_trimmed_and_normalised, fold_ignores_case_in_every_script, guid_has_one_form,
     guid_tells_what_is_one, numbers_keep_every_digit, bools_have_two_forms, sets_are_free_of_order,
     several_references_are_a_set_of_references, members_come_one_by_one, nothing_is_the_empty_value,
     invalid_bytes_are_refused_and_nothing_is_appended, appends_and_respects_the_buffer,
     long_values_have_a_limit, canonical_of_canonical_is_itself, every_character_alone_is_stable,
     composed_and_decomposed_are_equal, shuffled_sets_are_equal, counts_characters,
     schema_finds_names_and_keys)
