#include <stdio.h>

#include "rollcall/base/mem.h"
#include "rollcall/base/text.h"
#include "unit.h"

struct pair {
    const char *in, *out;
};

START_TEST(invalid_utf8_is_found_where_it_is)
{
    static const struct {
        struct str s;
        size_t bad_at;
    } cases[] = {
        { { "", 0 }, 0 },
        { { "plain ascii, longer than a word", 31 }, 31 },
        { { "\xc3\xa9", 2 }, 2 },
        { { "\xf0\x9f\x98\x80", 4 }, 4 },
        { { "\xf4\x8f\xbf\xbf", 4 }, 4 },
        { { "\xed\x9f\xbf\xee\x80\x80", 6 }, 6 },
        { { "a\0b", 3 }, 3 },
        { { "\x80", 1 }, 0 },                         /* continuation without a start */
        { { "abcdefgh\xff", 9 }, 8 },                 /* never a byte of UTF-8 */
        { { "a\xc0\x80", 3 }, 1 },                    /* overlong NUL */
        { { "a\xc1\xbf", 3 }, 1 },                    /* overlong */
        { { "\xe0\x9f\xbf", 3 }, 0 },                 /* overlong */
        { { "\xf0\x8f\xbf\xbf", 4 }, 0 },             /* overlong */
        { { "\xed\xa0\x80", 3 }, 0 },                 /* surrogate */
        { { "\xed\xbf\xbf", 3 }, 0 },                 /* surrogate */
        { { "\xf4\x90\x80\x80", 4 }, 0 },             /* above U+10FFFF */
        { { "\xf5\x80\x80\x80", 4 }, 0 },             /* above U+10FFFF */
        { { "\xc3", 1 }, 0 },                         /* cut */
        { { "ab\xe2\x82", 4 }, 2 },                   /* cut */
        { { "\xf0\x9f\x98", 3 }, 0 },                 /* cut */
        { { "\xe2\x82\x41", 3 }, 0 },                 /* broken by a letter */
        { { "\xc3\xa9\xc3\xa9\xe2\x28\xa1", 7 }, 4 }, /* broken inside a run */
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        ck_assert_msg(utf8_bad_at(cases[i].s) == cases[i].bad_at, "case %zu: %zu", i,
                      utf8_bad_at(cases[i].s));
        ck_assert(utf8_valid(cases[i].s) == (cases[i].bad_at == cases[i].s.n));
    }
    ck_assert(utf8_valid((struct str){ NULL, 0 }));
}
END_TEST

START_TEST(width_is_in_terminal_columns)
{
    ck_assert_uint_eq(utf8_width(STR("abc")), 3);
    ck_assert_uint_eq(utf8_width(STR("Zo\xc3\xab")), 3);
    ck_assert_uint_eq(utf8_width(STR("e\xcc\x81")), 1);
    ck_assert_uint_eq(utf8_width(STR("\xe6\x9d\xb1\xe4\xba\xac")), 4);
    ck_assert_uint_eq(utf8_width(STR("\xff")), 1);
    ck_assert_uint_eq(utf8_width(STR("")), 0);
}
END_TEST

START_TEST(normal_form_c)
{
    static const struct pair cases[] = {
        { "", "" },
        { "plain", "plain" },
        { "Zo\xc3\xab", "Zo\xc3\xab" },
        { "Zoe\xcc\x88", "Zo\xc3\xab" },
        { "\xe2\x84\xab", "\xc3\x85" },                             /* Angstrom sign */
        { "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", "\xea\xb0\x81" }, /* Hangul letters */
        { "a\xcc\xa3\xcc\x87", "\xe1\xba\xa1\xcc\x87" },            /* marks in order */
        { "a\xcc\x87\xcc\xa3", "\xe1\xba\xa1\xcc\x87" },            /* marks out of order */
        { "\xe0\xa4\x95\xe0\xa4\xbc", "\xe0\xa4\x95\xe0\xa4\xbc" }, /* composition exclusion stays apart */
        { "\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc" },             /* and is taken apart */
        { "\xef\xac\x81", "\xef\xac\x81" },                         /* a ligature is not canonical */
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct buf out = BUF_INIT(100);
        ck_assert(text_nfc(&out, str_of(cases[i].in)));
        assert_str(buf_view(&out), cases[i].out);
        buf_deinit(&out);
    }
}
END_TEST

START_TEST(folding_is_full_and_composed)
{
    static const struct pair cases[] = {
        { "", "" },
        { "E10442@Example.COM", "e10442@example.com" },
        { "Stra\xc3\x9f"
          "e",
          "strasse" },
        { "STRASSE", "strasse" },
        { "\xe1\xba\x9e", "ss" },    /* capital sharp s */
        { "\xc4\xb0", "i\xcc\x87" }, /* I with dot above */
        { "I", "i" },
        { "\xc4\xb1", "\xc4\xb1" },                                   /* dotless i stays */
        { "\xce\xa3\xce\xaf\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x82", /* all sigmas alike */
          "\xcf\x83\xce\xaf\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x83" },
        { "ZOE\xcc\x88", "zo\xc3\xab" },
        { "\xc3\x96z\xc3\x96", "\xc3\xb6z\xc3\xb6" },
        { "\xef\xac\x80", "ff" }, /* ligature */
        { "\xe2\x84\xaa", "k" },  /* Kelvin sign */
        { "\xd0\x94\xd0\x9c", "\xd0\xb4\xd0\xbc" },
        { "\xe1\xbe\xb4", "\xce\xac\xce\xb9" },             /* alpha, acute, iota below */
        { "\xce\xb1\xcd\x85\xcc\x81", "\xce\xac\xce\xb9" }, /* the same, spelled otherwise */
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        struct buf out = BUF_INIT(100);
        ck_assert(text_fold(&out, str_of(cases[i].in)));
        assert_str(buf_view(&out), cases[i].out);
        buf_deinit(&out);
    }
}
END_TEST

static void put_utf8(struct buf *b, uint32_t cp)
{
    if (cp < 0x80) {
        buf_putc(b, (char)cp);
        return;
    }
    unsigned extra = cp < 0x800 ? 1 : cp < 0x10000 ? 2 : 3;
    static const uint32_t lead[] = { 0, 0xc0, 0xe0, 0xf0 };
    buf_putc(b, (char)(lead[extra] | cp >> (6 * extra)));
    while (extra--)
        buf_putc(b, (char)(0x80 | (cp >> (6 * extra) & 0x3f)));
}

static bool surrogate(uint32_t cp)
{
    return cp >= 0xd800 && cp < 0xe000;
}

/* Folding what is folded changes nothing, for every character, alone and before a mark. */
START_TEST(folding_twice_is_folding_once)
{
    struct buf in = BUF_INIT(100), once = BUF_INIT(1000), twice = BUF_INIT(1000);
    static const char *const marks[] = { "", "\xcc\x81", "\xcd\x85", "\xcc\xb8" };
    for (uint32_t cp = 1; cp <= 0x10ffff;
         cp += cp < 0x3400 || (cp >= 0xf900 && cp < 0x11000) || (cp >= 0x1e900 && cp < 0x1ea00) ? 1 : 61) {
        if (surrogate(cp))
            continue;
        for (size_t m = 0; m < array_len(marks); m++) {
            buf_clear(&in);
            buf_clear(&once);
            buf_clear(&twice);
            put_utf8(&in, cp);
            buf_puts(&in, marks[m]);
            if (!text_fold(&once, buf_view(&in)) || !text_fold(&twice, buf_view(&once)) ||
                !str_eq(buf_view(&once), buf_view(&twice)))
                ck_abort_msg("U+%04X with mark %zu", (unsigned)cp, m);
        }
    }
    buf_deinit(&in);
    buf_deinit(&once);
    buf_deinit(&twice);
}
END_TEST

START_TEST(invalid_text_has_no_normal_form)
{
    struct buf out = BUF_INIT(100);
    buf_puts(&out, "kept");
    ck_assert(!text_nfc(&out, STR("a\xff")));
    ck_assert(!text_fold(&out, STR("\xc3\xa9\xed\xa0\x80")));
    assert_str(buf_view(&out), "kept");
    buf_deinit(&out);
}
END_TEST

START_TEST(long_texts_are_normalised_too)
{
    struct buf in = BUF_INIT(SIZE_MAX), out = BUF_INIT(SIZE_MAX);
    for (int i = 0; i < 100000; i++)
        buf_puts(&in, "E\xcc\x81");
    ck_assert(text_nfc(&out, buf_view(&in)));
    ck_assert_uint_eq(out.n, 200000);
    ck_assert(str_starts(buf_view(&out), STR("\xc3\x89\xc3\x89")));
    buf_clear(&out);
    ck_assert(text_fold(&out, buf_view(&in)));
    ck_assert_uint_eq(out.n, 200000);
    ck_assert(str_starts(buf_view(&out), STR("\xc3\xa9\xc3\xa9")));
    buf_deinit(&in);
    buf_deinit(&out);
}
END_TEST

START_TEST(a_full_buffer_takes_no_normal_form)
{
    struct buf out = BUF_INIT(3);
    ck_assert(text_fold(&out, STR("ABCD")));
    ck_assert(out.full);
    ck_assert_uint_eq(out.n, 0);
    buf_clear(&out);
    ck_assert(text_nfc(&out, STR("ae\xcc\x88\xcc\x88")));
    ck_assert(out.full);
    buf_deinit(&out);
}
END_TEST

static void assert_printable(struct str in, const char *want, size_t max_columns)
{
    struct buf out = BUF_INIT(1000);
    printable(&out, in, max_columns);
    assert_str(buf_view(&out), want);
    buf_deinit(&out);
}

START_TEST(printable_shows_what_would_hide)
{
    assert_printable(STR("Zo\xc3\xab \xe6\x9d\xb1"), "Zo\xc3\xab \xe6\x9d\xb1", 0);
    assert_printable(STR("C:\\x"), "C:\\\\x", 0);
    assert_printable(STR("a\nb\r\t\0c"), "a\\x0ab\\x0d\\x09\\x00c", 0);
    assert_printable(STR("\x1b[31mred\x7f"), "\\x1b[31mred\\x7f", 0);
    assert_printable(STR("\xc2\x85\xc2\x9b"), "\\u{0085}\\u{009b}", 0);
    assert_printable(STR("a\xff\xc3"), "a\\xff\\xc3", 0);
    assert_printable(STR("\xed\xa0\x80"), "\\xed\\xa0\\x80", 0);
    assert_printable(STR("\xef\xbb\xbfx"), "\\u{feff}x", 0);
    assert_printable(STR("\xf3\xa0\x81\x81"), "\\u{e0041}", 0);
    assert_printable(STR("\xef\xbf\xbf"), "\\u{ffff}", 0);
    assert_printable(STR(""), "", 0);
}
END_TEST

/* Every code point: shown as it is, or escaped; never half. */
START_TEST(printable_escapes_exactly_the_misleading)
{
    static const struct {
        uint32_t from, to;
    } must[] = {
        { 0, 0x1f },        { 0x7f, 0x9f },     { 0xad, 0xad },     { 0x61c, 0x61c },     { 0x200b, 0x200f },
        { 0x2028, 0x202e }, { 0x2066, 0x2069 }, { 0xfeff, 0xfeff }, { 0xe0000, 0xe007f },
    };
    static const uint32_t must_not[] = { ' ',    'a',    '~',    0xa0,   0xa1,   0xc9,   0x200a,
                                         0x2010, 0x2027, 0x202f, 0x2070, 0xfffd, 0x1f600 };
    struct buf in = BUF_INIT(8), out = BUF_INIT(64);
    for (size_t i = 0; i < array_len(must); i++) {
        for (uint32_t cp = must[i].from; cp <= must[i].to; cp++) {
            char want[16];
            snprintf(want, sizeof(want), cp < 0x80 ? "\\x%02x" : "\\u{%04x}", (unsigned)cp);
            buf_clear(&in);
            buf_clear(&out);
            put_utf8(&in, cp);
            printable(&out, buf_view(&in), 0);
            assert_str(buf_view(&out), want);
        }
    }
    for (size_t i = 0; i < array_len(must_not); i++) {
        buf_clear(&in);
        buf_clear(&out);
        put_utf8(&in, must_not[i]);
        printable(&out, buf_view(&in), 0);
        ck_assert(str_eq(buf_view(&in), buf_view(&out)));
    }
    buf_deinit(&in);
    buf_deinit(&out);
}
END_TEST

START_TEST(printable_is_never_wider_than_asked)
{
    assert_printable(STR("abcdef"), "abcdef", 6);
    assert_printable(STR("abcdefg"), "abc...", 6);
    assert_printable(STR("abc\n"), "abc...", 6);
    assert_printable(STR("ab\n"), "ab\\x0a", 6);
    assert_printable(STR("a\ncd"), "a...", 6);
    assert_printable(STR("\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd"), "\xe6\x9d\xb1...", 5);
    assert_printable(STR("\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd"), "...", 4);
    assert_printable(STR("abcd"), "...", 3);
    assert_printable(STR("abcd"), "..", 2);
    struct buf out = BUF_INIT(100);
    buf_puts(&out, "name: ");
    printable(&out, STR("abcdefg"), 4);
    assert_str(buf_view(&out), "name: a...");
    buf_deinit(&out);
}
END_TEST

UNIT("base_unicode", invalid_utf8_is_found_where_it_is, width_is_in_terminal_columns, normal_form_c,
     folding_is_full_and_composed, folding_twice_is_folding_once, invalid_text_has_no_normal_form,
     long_texts_are_normalised_too, a_full_buffer_takes_no_normal_form, printable_shows_what_would_hide,
     printable_escapes_exactly_the_misleading, printable_is_never_wider_than_asked)
