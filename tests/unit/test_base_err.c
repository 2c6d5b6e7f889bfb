#include "rollcall/base/err.h"

#include "unit.h"

START_TEST(an_error_names_what_is_known)
{
    struct errs e = ERRS_INIT;
    struct buf out = BUF_INIT(10000);
    ck_assert(!errs_any(&e));
    errs_add(&e, "a.json", 14, 3, "$.x", "no '%s' here", "y");
    errs_add(&e, "a.json", 14, 0, NULL, "two");
    errs_add(&e, NULL, 7, 2, NULL, "three");
    errs_add(&e, NULL, 7, 0, NULL, "four");
    errs_add(&e, NULL, 0, 9, "$.p", "five");
    errs_add(&e, "b", 0, 0, NULL, "six");
    static const char *const want[] = { "a.json:14:3: $.x: no 'y' here",
                                        "a.json:14: two",
                                        "line 7, column 2: three",
                                        "line 7: four",
                                        "$.p: five",
                                        "b: six" };
    ck_assert_uint_eq(e.n, 6);
    for (size_t i = 0; i < e.n; i++) {
        buf_clear(&out);
        err_format(&e.v[i], &out);
        assert_str(buf_view(&out), want[i]);
    }
    buf_deinit(&out);
    errs_deinit(&e);
}
END_TEST

START_TEST(errors_are_listed_by_place)
{
    struct errs e = ERRS_INIT;
    struct buf out = BUF_INIT(10000);
    errs_add(&e, "b", 2, 0, NULL, "b2");
    errs_add(&e, "a", 10, 0, NULL, "a10");
    errs_add(&e, "a", 9, 2, NULL, "a9.2");
    errs_add(&e, "a", 9, 1, NULL, "first");
    errs_add(&e, "a", 9, 1, NULL, "second");
    errs_add(&e, NULL, 0, 0, NULL, "nowhere");
    errs_format(&e, &out);
    assert_str(buf_view(&out), "nowhere\na:9:1: first\na:9:1: second\na:9:2: a9.2\na:10: a10\nb:2: b2\n");
    buf_deinit(&out);
    errs_deinit(&e);
}
END_TEST

START_TEST(only_so_many_are_kept)
{
    struct errs e = ERRS_INIT;
    struct buf out = BUF_INIT(100000);
    for (int i = 0; i < 150; i++)
        errs_add(&e, NULL, 0, 0, NULL, "mistake %d", i);
    ck_assert_uint_eq(e.n, ERRS_KEPT_MAX);
    ck_assert_uint_eq(e.total, 150);
    errs_format(&e, &out);
    ck_assert_ptr_nonnull(strstr(out.p, "mistake 99\n(+50 more)\n"));
    ck_assert_ptr_null(strstr(out.p, "mistake 100"));
    errs_clear(&e);
    ck_assert(!errs_any(&e));
    errs_add(&e, NULL, 0, 0, NULL, "again");
    ck_assert_uint_eq(e.n, 1);
    buf_deinit(&out);
    errs_deinit(&e);
    errs_deinit(&e);
}
END_TEST

START_TEST(long_texts_end_with_a_whole_character)
{
    for (size_t shift = 0; shift < 4; shift++) {
        struct errs e = ERRS_INIT;
        struct buf text = BUF_INIT(10000);
        for (size_t i = 0; i < shift; i++)
            buf_putc(&text, 'x');
        while (text.n < 2 * ERR_TEXT_MAX)
            buf_puts(&text, "\xf0\x9f\x98\x80");
        errs_add(&e, NULL, 0, 0, NULL, "%s", text.p);
        size_t n = strlen(e.v[0].text);
        ck_assert_uint_eq(n, shift + (ERR_TEXT_MAX - shift) / 4 * 4);
        ck_assert(utf8_valid(str_of(e.v[0].text)));
        buf_deinit(&text);
        errs_deinit(&e);
    }
}
END_TEST

START_TEST(nothing_is_cut_from_a_text_that_just_fits)
{
    struct errs e = ERRS_INIT;
    errs_add(&e, NULL, 0, 0, NULL, "%*s", ERR_TEXT_MAX, "\xc3\xa9");
    ck_assert_uint_eq(strlen(e.v[0].text), ERR_TEXT_MAX);
    errs_add(&e, NULL, 0, 0, NULL, "%*s\xc3\xa9z", ERR_TEXT_MAX - 2, "");
    ck_assert_uint_eq(strlen(e.v[1].text), ERR_TEXT_MAX);
    ck_assert(utf8_valid(str_of(e.v[1].text)));
    errs_add(&e, NULL, 0, 0, NULL, "%s", "");
    ck_assert_str_eq(e.v[2].text, "");
    errs_deinit(&e);
}
END_TEST

UNIT("base_err", an_error_names_what_is_known, errors_are_listed_by_place, only_so_many_are_kept,
     long_texts_end_with_a_whole_character, nothing_is_cut_from_a_text_that_just_fits)
