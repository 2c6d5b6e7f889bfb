#include "rollcall/base/jsonwrite.h"

#include <jansson.h>
#include <math.h>
#include <signal.h>

#include "rollcall/base/mem.h"
#include "unit.h"

static void sample(struct jw *w)
{
    jw_object(w);
    jw_kint(w, "a", 1);
    jw_key(w, "b");
    jw_array(w);
    jw_bool(w, true);
    jw_null(w);
    jw_z(w, NULL);
    jw_z(w, "z");
    jw_object(w);
    jw_end_object(w);
    jw_array(w);
    jw_end_array(w);
    jw_end_array(w);
    jw_kstr(w, "c", STR("x"));
    jw_kbool(w, "d", false);
    jw_kz(w, "e", NULL);
    jw_key(w, "f");
    jw_raw(w, STR("{\"x\":1}"));
    jw_end_object(w);
}

START_TEST(compact)
{
    struct buf b = BUF_INIT(10000);
    struct jw w;
    jw_init(&w, &b, true);
    sample(&w);
    assert_str(
        buf_view(&b),
        "{\"a\":1,\"b\":[true,null,null,\"z\",{},[]],\"c\":\"x\",\"d\":false,\"e\":null,\"f\":{\"x\":1}}");
    buf_deinit(&b);
}
END_TEST

START_TEST(indented)
{
    struct buf b = BUF_INIT(10000);
    struct jw w;
    jw_init(&w, &b, false);
    w.indent = 2;
    sample(&w);
    assert_str(
        buf_view(&b),
        "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    null,\n    null,\n    \"z\",\n    {},\n    []\n  ],\n"
        "  \"c\": \"x\",\n  \"d\": false,\n  \"e\": null,\n  \"f\": {\"x\":1}\n}");
    buf_deinit(&b);
}
END_TEST

static void assert_written(struct str in, const char *want)
{
    struct buf b = BUF_INIT(1000);
    struct jw w;
    jw_init(&w, &b, true);
    jw_str(&w, in);
    assert_str(buf_view(&b), want);
    buf_deinit(&b);
}

START_TEST(texts_have_the_shortest_escapes)
{
    assert_written(STR(""), "\"\"");
    assert_written((struct str){ NULL, 0 }, "null");
    assert_written(STR("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    assert_written(STR("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\"");
    assert_written(STR("\0\x01\x0b\x1f\x7f"), "\"\\u0000\\u0001\\u000b\\u001f\x7f\"");
    assert_written(STR("Zo\xc3\xab \xf0\x9f\x98\x80 \xe2\x80\xa8"),
                   "\"Zo\xc3\xab \xf0\x9f\x98\x80 \xe2\x80\xa8\"");
    assert_written(STR("a\xff"
                       "b\xc3"),
                   "\"a\xef\xbf\xbd"
                   "b\xef\xbf\xbd\"");
    assert_written(STR("\xed\xa0\x80\""), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\\"\"");
}
END_TEST

START_TEST(keys_are_escaped_too)
{
    struct buf b = BUF_INIT(1000);
    struct jw w;
    jw_init(&w, &b, true);
    jw_object(&w);
    jw_keystr(&w, STR("a\n\xff"));
    jw_int(&w, 1);
    jw_end_object(&w);
    assert_str(buf_view(&b), "{\"a\\n\xef\xbf\xbd\":1}");
    buf_deinit(&b);
}
END_TEST

START_TEST(numbers)
{
    static const struct {
        double d;
        int decimals;
        const char *plain, *canonical;
    } reals[] = {
        { 1.5, 2, "1.50", "1.5" },   { 2, 2, "2.00", "2" },
        { -0.001, 2, "-0.00", "0" }, { 100, 0, "100", "100" },
        { 0.1, 3, "0.100", "0.1" },  { -12.25, 1, "-12.2", "-12.2" },
        { NAN, 2, "null", "null" },  { INFINITY, 2, "null", "null" },
        { 1e300, -5, NULL, NULL },   { 0.5, 99, "0.50000000000000000", "0.5" },
    };
    for (size_t i = 0; i < array_len(reals); i++) {
        for (int canonical = 0; canonical < 2; canonical++) {
            struct buf b = BUF_INIT(1000);
            struct jw w;
            jw_init(&w, &b, canonical);
            jw_real(&w, reals[i].d, reals[i].decimals);
            if (reals[i].plain)
                assert_str(buf_view(&b), canonical ? reals[i].canonical : reals[i].plain);
            else
                ck_assert_uint_eq(b.n, 301);
            buf_deinit(&b);
        }
    }
    struct buf b = BUF_INIT(1000);
    struct jw w;
    jw_init(&w, &b, true);
    jw_array(&w);
    jw_int(&w, 0);
    jw_int(&w, -7);
    jw_int(&w, INT64_MAX);
    jw_int(&w, INT64_MIN);
    jw_end_array(&w);
    assert_str(buf_view(&b), "[0,-7,9223372036854775807,-9223372036854775808]");
    buf_deinit(&b);
}
END_TEST

/* What is written, another library reads back the same. */
START_TEST(another_reader_agrees)
{
    for (int c = 0; c < 0x250; c++) {
        char text[8];
        size_t n = 0;
        if (c < 0x80) {
            text[n++] = (char)c;
        } else {
            text[n++] = (char)(0xc0 | c >> 6);
            text[n++] = (char)(0x80 | (c & 0x3f));
        }
        struct buf b = BUF_INIT(1000);
        struct jw w;
        jw_init(&w, &b, true);
        jw_array(&w);
        jw_str(&w, (struct str){ text, n });
        jw_end_array(&w);
        json_t *root = json_loadb(b.p, b.n, JSON_ALLOW_NUL, NULL);
        ck_assert_ptr_nonnull(root);
        json_t *string = json_array_get(root, 0);
        ck_assert_uint_eq(json_string_length(string), n);
        ck_assert_int_eq(memcmp(json_string_value(string), text, n), 0);
        json_decref(root);
        buf_deinit(&b);
    }
}
END_TEST

START_TEST(deep_documents)
{
    struct buf b = BUF_INIT(1000);
    struct jw w;
    jw_init(&w, &b, true);
    for (int i = 0; i < 64; i++)
        jw_array(&w);
    for (int i = 0; i < 64; i++)
        jw_end_array(&w);
    ck_assert_uint_eq(b.n, 128);
    buf_deinit(&b);
}
END_TEST

START_TEST(a_full_buffer_says_so)
{
    struct buf b = BUF_INIT(5);
    struct jw w;
    jw_init(&w, &b, true);
    jw_array(&w);
    jw_str(&w, STR("long enough"));
    jw_end_array(&w);
    ck_assert(b.full);
    ck_assert_uint_le(b.n, 5);
    buf_deinit(&b);
}
END_TEST

START_TEST(alike_long_keys_pass)
{
    struct buf b = BUF_INIT(1000);
    struct jw w;
    jw_init(&w, &b, true);
    jw_object(&w);
    jw_kint(&w, "", 0);
    jw_kint(&w, "a", 0);
    jw_kint(&w, "aa", 0);
    jw_kint(&w, "mx_Custom_attribute_number_1", 1);
    jw_kint(&w, "mx_Custom_attribute_number_2", 2);
    jw_key(&w, "n");
    jw_object(&w);
    jw_kint(&w, "a", 0);
    jw_end_object(&w);
    jw_kint(&w, "o", 0);
    jw_end_object(&w);
    ck_assert(!b.full);
    buf_deinit(&b);
}
END_TEST

UNIT("base_jsonwrite", compact, indented, texts_have_the_shortest_escapes, keys_are_escaped_too, numbers,
     another_reader_agrees, deep_documents, a_full_buffer_says_so, alike_long_keys_pass)
