#include "rollcall/base/text.h"

#include <stdint.h>

#include "rollcall/base/mem.h"
#include "unit.h"

START_TEST(slices_compare_by_bytes)
{
    ck_assert(str_of(NULL).p == NULL);
    ck_assert_uint_eq(str_of("ab").n, 2);
    ck_assert(str_eq(STR("ab"), str_of("ab")));
    ck_assert(!str_eq(STR("ab"), STR("aB")));
    ck_assert(str_eq((struct str){ NULL, 0 }, STR("")));
    ck_assert(str_eq(STR("a\0b"), STR("a\0b")));
    ck_assert(!str_eq(STR("a\0b"), STR("a\0c")));
    ck_assert(str_is(STR("ab"), "ab"));
    ck_assert(!str_is(STR("ab"), "abc"));
    ck_assert(str_starts(STR("abc"), STR("ab")));
    ck_assert(str_starts(STR("abc"), STR("")));
    ck_assert(!str_starts(STR("a"), STR("ab")));
    ck_assert_int_lt(str_cmp(STR("a"), STR("ab")), 0);
    ck_assert_int_gt(str_cmp(STR("b"), STR("ab")), 0);
    ck_assert_int_gt(str_cmp(STR("\xff"), STR("a")), 0);
    ck_assert_int_eq(str_cmp((struct str){ NULL, 0 }, STR("")), 0);
    ck_assert(str_ieq_ascii(STR("Retry-After"), STR("rETRY-aFTER")));
    ck_assert(!str_ieq_ascii(STR("a["), STR("a{")));
    ck_assert(!str_ieq_ascii(STR("\xc3\x84"), STR("\xc3\xa4")));
}
END_TEST

START_TEST(trims_ascii_white_space_only)
{
    assert_str(str_trim(STR(" \t\r\n\v\f a b \n")), "a b");
    assert_str(str_trim(STR(" \t ")), "");
    assert_str(str_trim((struct str){ NULL, 0 }), "");
    assert_str(str_trim(STR("\xc2\xa0x\xc2\xa0")), "\xc2\xa0x\xc2\xa0");
}
END_TEST

START_TEST(numbers_are_whole_and_in_range)
{
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        { "0", 0 },
        { "-0", 0 },
        { "007", 7 },
        { "-12", -12 },
        { "9223372036854775807", INT64_MAX },
        { "-9223372036854775808", INT64_MIN },
    };
    static const char *const bad[] = { "",
                                       "-",
                                       "+1",
                                       " 1",
                                       "1 ",
                                       "1x",
                                       "0x1",
                                       "1.0",
                                       "--1",
                                       "1e3",
                                       "9223372036854775808",
                                       "-9223372036854775809",
                                       "99999999999999999999" };
    int64_t value = 99;
    for (size_t i = 0; i < array_len(good); i++) {
        ck_assert_msg(str_to_i64(str_of(good[i].text), &value), "%s", good[i].text);
        ck_assert_int_eq(value, good[i].value);
    }
    value = 99;
    for (size_t i = 0; i < array_len(bad); i++)
        ck_assert_msg(!str_to_i64(str_of(bad[i]), &value), "'%s' is no number", bad[i]);
    ck_assert(!str_to_i64((struct str){ NULL, 0 }, &value));
    ck_assert(!str_to_i64(STR("1\0"), &value));
    ck_assert_int_eq(value, 99);
}
END_TEST

START_TEST(counts_have_commas)
{
    static const struct {
        int64_t n;
        const char *text;
    } cases[] = { { 0, "0" },
                  { 999, "999" },
                  { 1000, "1,000" },
                  { 41207, "41,207" },
                  { -1234567, "-1,234,567" },
                  { -100, "-100" },
                  { INT64_MAX, "9,223,372,036,854,775,807" },
                  { INT64_MIN, "-9,223,372,036,854,775,808" } };
    char out[28];
    for (size_t i = 0; i < array_len(cases); i++)
        ck_assert_str_eq(text_count(out, cases[i].n), cases[i].text);
}
END_TEST

START_TEST(buffer_grows_and_stays_terminated)
{
    struct buf b = BUF_INIT(1000000);
    ck_assert(buf_view(&b).p == NULL);
    for (int i = 0; i < 1000; i++) {
        buf_putc(&b, 'x');
        buf_puts(&b, "yz");
        buf_str(&b, STR("\0"));
        buf_printf(&b, "%d|%s", i, "");
        ck_assert_int_eq(b.p[b.n], '\0');
        ck_assert_uint_lt(b.n, b.cap);
    }
    ck_assert_uint_eq(b.n, 4000 + 10 + 180 + 2700 + 1000);
    ck_assert(memcmp(b.p,
                     "xyz\0"
                     "0|xyz\0"
                     "1|",
                     12) == 0);
    buf_clear(&b);
    ck_assert_str_eq(b.p, "");
    buf_deinit(&b);
    ck_assert(b.p == NULL);
}
END_TEST

START_TEST(buffer_refuses_what_passes_its_maximum)
{
    struct buf b;
    buf_init(&b, 5);
    buf_puts(&b, "abc");
    buf_puts(&b, "def");
    ck_assert(b.full);
    assert_str(buf_view(&b), "abc");
    buf_putc(&b, 'd');
    assert_str(buf_view(&b), "abc");
    buf_clear(&b);
    ck_assert(!b.full);
    buf_puts(&b, "abcde");
    ck_assert(!b.full);
    ck_assert_uint_le(b.cap, 6);
    buf_putc(&b, 'f');
    ck_assert(b.full);
    ck_assert_str_eq(b.p, "abcde");
    buf_deinit(&b);
}
END_TEST

START_TEST(formatted_text_fits_whole_or_not_at_all)
{
    struct buf b = BUF_INIT(8);
    buf_printf(&b, "%s", "12345678");
    ck_assert(!b.full);
    assert_str(buf_view(&b), "12345678");
    buf_clear(&b);
    buf_puts(&b, "ab");
    buf_printf(&b, "%s", "1234567");
    ck_assert(b.full);
    ck_assert_str_eq(b.p, "ab");
    buf_deinit(&b);

    struct buf large = BUF_INIT(SIZE_MAX);
    buf_printf(&large, "%*s", 100000, "x");
    ck_assert_uint_eq(large.n, 100000);
    ck_assert_int_eq(large.p[99999], 'x');
    buf_deinit(&large);
}
END_TEST

START_TEST(nothing_fits_into_a_buffer_of_zero_bytes)
{
    struct buf b = BUF_INIT(0);
    buf_puts(&b, "");
    ck_assert(!b.full);
    ck_assert_str_eq(b.p, "");
    buf_printf(&b, "x");
    ck_assert(b.full);
    ck_assert_uint_eq(b.n, 0);
    buf_deinit(&b);
}
END_TEST

START_TEST(taken_text_leaves_the_buffer_empty)
{
    struct buf b = BUF_INIT(100);
    char *nothing = buf_take(&b);
    ck_assert_str_eq(nothing, "");
    free(nothing);
    buf_puts(&b, "text");
    char *text = buf_take(&b);
    ck_assert_str_eq(text, "text");
    ck_assert_uint_eq(b.n, 0);
    buf_puts(&b, "again");
    ck_assert_str_eq(text, "text");
    ck_assert_str_eq(b.p, "again");
    free(text);
    buf_deinit(&b);
}
END_TEST

START_TEST(suggests_only_slips)
{
    static const char *const names[] = { "Department", "Designation", "PhoneMain", "Role",
                                         "uid",        "id",          "Manager" };
    static const struct {
        const char *word, *want;
    } cases[] = {
        { "Departmnt", "Department" },
        { "department", "Department" },
        { "Depratment", "Department" },
        { "Desgination", "Designation" },
        { "PhoneMian", "PhoneMain" },
        { "Rol", "Role" },
        { "Roles", "Role" },
        { "ud", "uid" },
        { "ID", "id" },
        { "manger", "Manager" },
        { "xy", NULL },
        { "ix", NULL },
        { "", NULL },
        { "Salary", NULL },
        { "Dep", NULL },
    };
    for (size_t i = 0; i < array_len(cases); i++) {
        const char *got = suggest(str_of(cases[i].word), names, array_len(names));
        ck_assert_msg((got == NULL) == (cases[i].want == NULL), "%s: %s", cases[i].word,
                      got ? got : "nothing");
        if (got)
            ck_assert_str_eq(got, cases[i].want);
    }
    ck_assert(suggest(STR("x"), NULL, 0) == NULL);
    char longer[200];
    memset(longer, 'a', sizeof(longer));
    ck_assert(suggest((struct str){ longer, sizeof(longer) }, names, array_len(names)) == NULL);
}
END_TEST

START_TEST(suggests_the_closest)
{
    static const char *const names[] = { "timeouts", "timeout_x", "timeout" };
    ck_assert_str_eq(suggest(STR("timeuot"), names, 3), "timeout");
    ck_assert_str_eq(suggest(STR("timeoutz"), names, 3), "timeouts");
}
END_TEST

UNIT("base_text", slices_compare_by_bytes, trims_ascii_white_space_only, numbers_are_whole_and_in_range,
     counts_have_commas, buffer_grows_and_stays_terminated, buffer_refuses_what_passes_its_maximum,
     formatted_text_fits_whole_or_not_at_all, nothing_fits_into_a_buffer_of_zero_bytes,
     taken_text_leaves_the_buffer_empty, suggests_only_slips, suggests_the_closest)
