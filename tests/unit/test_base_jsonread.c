#include "rollcall/base/jsonread.h"

#include "rollcall/base/mem.h"
#include "unit.h"

/* Every token as text: its letter, depth and text. */
struct seen {
    struct buf text;
    int stop_after; /* tokens; 0: never */
    int tokens;
};

static bool see(void *ctx, enum json_kind kind, unsigned depth, struct str text)
{
    static const char letters[] = "0ft#s{}[]k";
    struct seen *seen = ctx;
    buf_printf(&seen->text, "%c%u", letters[kind], depth);
    if (kind == JR_KEY || kind == JR_STRING || kind == JR_NUMBER) {
        ck_assert_ptr_nonnull(text.p);
        ck_assert(utf8_valid(text));
        buf_printf(&seen->text, "(%.*s)", STR_ARG(text));
    } else {
        ck_assert_uint_eq(text.n, 0);
    }
    return ++seen->tokens != seen->stop_after;
}

static enum json_result parse(struct seen *seen, struct str doc, size_t piece)
{
    struct jsonread *r = jsonread_new(see, seen);
    for (size_t i = 0; i < doc.n; i += piece)
        jsonread_bytes(r, doc.p + i, doc.n - i < piece ? doc.n - i : piece);
    enum json_result result = jsonread_end(r);
    ck_assert((result == JR_BAD) == (jsonread_why(r)[0] != '\0'));
    ck_assert_int_eq(jsonread_end(r), result);
    jsonread_free(r);
    return result;
}

static void assert_tokens(struct str doc, const char *want)
{
    struct seen seen = { .text = BUF_INIT(100000) };
    ck_assert_msg(parse(&seen, doc, doc.n) == JR_OK, "%.*s", STR_ARG(doc));
    assert_str(buf_view(&seen.text), want);
    buf_deinit(&seen.text);
}

START_TEST(tokens_and_their_depth)
{
    assert_tokens(STR("[]"), "[0]0");
    assert_tokens(STR("null"), "00");
    assert_tokens(STR(" true "), "t0");
    assert_tokens(STR("12"), "#0(12)");
    assert_tokens(STR("\"\""), "s0()");
    assert_tokens(STR("{\"a\":{\"\":[1,false]},\"b\":null}"), "{0k1(a){1k2()[2#3(1)f3]2}1k1(b)01}0");
    assert_tokens(STR("{\"a\":1,\"a\":2}"), "{0k1(a)#1(1)k1(a)#1(2)}0");
    assert_tokens(STR("\xef\xbb\xbf[1]"), "[0#1(1)]0");
}
END_TEST

START_TEST(numbers_come_as_written)
{
    assert_tokens(STR("[-0,1.50,1e5,-2E-3,123456789012345678901234567890]"),
                  "[0#1(-0)#1(1.50)#1(1e5)#1(-2E-3)#1(123456789012345678901234567890)]0");
}
END_TEST

START_TEST(texts_are_unescaped)
{
    assert_tokens(STR("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"]"),
                  "[0s1(\"\\/\b\f\n\r\t)s1(A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80)]0");
}
END_TEST

/* yajl writes a low surrogate without its high one as bytes that are no UTF-8. */
START_TEST(broken_surrogates_become_a_replacement)
{
    assert_tokens(STR("[\"a\\ude00b\",\"x\"]"), "[0s1(a\xef\xbf\xbd"
                                                "b)s1(x)]0");
    assert_tokens(STR("{\"\\udc00\\udc01\":1}"), "{0k1(\xef\xbf\xbd\xef\xbf\xbd)#1(1)}0");
    struct seen seen = { .text = BUF_INIT(1000) };
    ck_assert_int_eq(parse(&seen, STR("[\"a\\ud83d\",\"b\"]"), 100), JR_OK);
    buf_deinit(&seen.text);
}
END_TEST

static bool see_nul(void *ctx, enum json_kind kind, unsigned depth, struct str text)
{
    (void)depth;
    if (kind == JR_STRING)
        *(bool *)ctx = str_eq(text, STR("a\0b"));
    return true;
}

START_TEST(a_nul_in_a_text_is_kept)
{
    bool good = false;
    struct jsonread *r = jsonread_new(see_nul, &good);
    ck_assert_int_eq(jsonread_bytes(r, "[\"a\\u0000b\"]", 12), JR_OK);
    ck_assert(good);
    jsonread_free(r);
}
END_TEST

START_TEST(split_anywhere_the_same_tokens_come)
{
    static const char doc[] =
        "\xef\xbb\xbf {\"Id\" : \"Zo\xc3\xab \\u00e9 \\ud83d\\ude00 \\\\ \\n\", \"n\":[-1.5e+10,0,true,false,null,{}],"
        "\"\xe6\x9d\xb1\xe4\xba\xac\":{\"x\":[[[\"deep\"]]]}} \n";
    struct str whole = { doc, sizeof(doc) - 1 };
    struct seen want = { .text = BUF_INIT(10000) };
    ck_assert_int_eq(parse(&want, whole, whole.n), JR_OK);
    ck_assert_int_gt(want.tokens, 20);
    for (size_t at = 0; at <= whole.n; at++) {
        struct seen seen = { .text = BUF_INIT(10000) };
        struct jsonread *r = jsonread_new(see, &seen);
        ck_assert_int_eq(jsonread_bytes(r, doc, at), JR_OK);
        ck_assert_uint_eq(jsonread_offset(r), at);
        ck_assert_int_eq(jsonread_bytes(r, doc + at, whole.n - at), JR_OK);
        ck_assert_int_eq(jsonread_end(r), JR_OK);
        ck_assert_uint_eq(jsonread_offset(r), whole.n);
        ck_assert(str_eq(buf_view(&seen.text), buf_view(&want.text)));
        jsonread_free(r);
        buf_deinit(&seen.text);
    }
    for (size_t piece = 1; piece < 8; piece++) {
        struct seen seen = { .text = BUF_INIT(10000) };
        ck_assert_int_eq(parse(&seen, whole, piece), JR_OK);
        ck_assert(str_eq(buf_view(&seen.text), buf_view(&want.text)));
        buf_deinit(&seen.text);
    }
    buf_deinit(&want.text);
}
END_TEST

START_TEST(cut_anywhere_it_is_bad)
{
    static const char doc[] = "{\"Id\":\"Zo\xc3\xab\",\"n\":[1,true,null]}";
    for (size_t n = 0; n < sizeof(doc) - 1; n++) {
        struct seen seen = { .text = BUF_INIT(10000) };
        ck_assert_msg(parse(&seen, (struct str){ doc, n }, 3) == JR_BAD, "%zu bytes were enough", n);
        buf_deinit(&seen.text);
    }
}
END_TEST

START_TEST(what_is_not_json)
{
    static const char *const bad[] = {
        "",
        " ",
        "[1,]",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "[1 2]",
        "'x'",
        "[01]",
        "[1.]",
        "[.5]",
        "[+1]",
        "nul",
        "truefalse",
        "[\"a\nb\"]",
        "[\"\\x\"]",
        "[\"\\u12\"]",
        "]",
        "{]",
        "[}",
        "/* x */ 1",
        "[1] [2]",
        "[1]x",
        "{}}",
        "12 13",
        "\xef\xbb",
        "\xef\xbb[]",
        "[NaN]",
        "\"open",
        "[\"\xff\"]",
        "[\"\xc3\"]",
        "\xff\xfe[\0]",
        "<html>",
        "[1]\xef\xbb\xbf",
        "{\"a\":1,}",
        "\xef\xbb\xbf\xef\xbb\xbf[]",
    };
    for (size_t i = 0; i < array_len(bad); i++) {
        for (size_t piece = 1; piece < 100; piece += 98) {
            struct seen seen = { .text = BUF_INIT(10000) };
            ck_assert_msg(parse(&seen, str_of(bad[i]), piece) == JR_BAD, "'%s' was taken", bad[i]);
            buf_deinit(&seen.text);
        }
    }
}
END_TEST

START_TEST(the_reason_does_not_quote_the_input)
{
    struct seen seen = { .text = BUF_INIT(10000) };
    struct jsonread *r = jsonread_new(see, &seen);
    ck_assert_str_eq(jsonread_why(r), "");
    ck_assert_int_eq(jsonread_bytes(r, "[\"fine\", hunter2]", 17), JR_BAD);
    ck_assert_ptr_null(strstr(jsonread_why(r), "hunter2"));
    ck_assert_ptr_null(strchr(jsonread_why(r), '\n'));
    ck_assert_uint_ge(jsonread_offset(r), 8);
    ck_assert_uint_le(jsonread_offset(r), 17);
    ck_assert_int_eq(jsonread_bytes(r, "]", 1), JR_BAD);
    ck_assert_int_eq(seen.tokens, 2);
    jsonread_free(r);
    buf_deinit(&seen.text);
    jsonread_free(NULL);
}
END_TEST

static enum json_result nested(unsigned depth, size_t piece)
{
    struct seen seen = { .text = BUF_INIT(100000) };
    struct buf doc = BUF_INIT(100000);
    for (unsigned i = 0; i < depth; i++)
        buf_puts(&doc, i % 2 ? "{\"k\":" : "[");
    buf_puts(&doc, "1");
    for (unsigned i = depth; i-- > 0;)
        buf_putc(&doc, i % 2 ? '}' : ']');
    enum json_result result = parse(&seen, buf_view(&doc), piece);
    buf_deinit(&doc);
    buf_deinit(&seen.text);
    return result;
}

START_TEST(depth_is_limited)
{
    ck_assert_int_eq(nested(JSON_DEPTH_MAX, 1000), JR_OK);
    ck_assert_int_eq(nested(JSON_DEPTH_MAX, 1), JR_OK);
    ck_assert_int_eq(nested(JSON_DEPTH_MAX + 1, 1000), JR_BAD);
    ck_assert_int_eq(nested(JSON_DEPTH_MAX + 1, 1), JR_BAD);
    ck_assert_int_eq(nested(10000, 100), JR_BAD);
}
END_TEST

static bool see_length(void *ctx, enum json_kind kind, unsigned depth, struct str text)
{
    (void)depth;
    if (kind == JR_STRING || kind == JR_KEY || kind == JR_NUMBER)
        *(size_t *)ctx = text.n;
    return true;
}

static enum json_result long_text(const char *unit, size_t times, const char *before, const char *after,
                                  size_t piece, size_t *got)
{
    struct buf doc = BUF_INIT(SIZE_MAX);
    *got = 0;
    buf_puts(&doc, before);
    struct str one = str_of(unit);
    char *units = xmalloc(one.n * times);
    for (size_t i = 0; i < times; i++)
        memcpy(units + i * one.n, one.p, one.n);
    buf_add(&doc, units, one.n * times);
    free(units);
    buf_puts(&doc, after);
    struct jsonread *r = jsonread_new(see_length, got);
    enum json_result result = JR_OK;
    for (size_t i = 0; i < doc.n && result == JR_OK; i += piece)
        result = jsonread_bytes(r, doc.p + i, doc.n - i < piece ? doc.n - i : piece);
    if (result == JR_OK)
        result = jsonread_end(r);
    jsonread_free(r);
    buf_deinit(&doc);
    return result;
}

START_TEST(texts_are_limited)
{
    static const size_t pieces[] = { 1000, 16384, SIZE_MAX / 2 };
    size_t n;
    for (size_t i = 0; i < array_len(pieces); i++) {
        ck_assert_int_eq(long_text("a", JSON_TEXT_MAX, "[\"", "\"]", pieces[i], &n), JR_OK);
        ck_assert_uint_eq(n, JSON_TEXT_MAX);
        ck_assert_int_eq(long_text("a", JSON_TEXT_MAX + 1, "[\"", "\"]", pieces[i], &n), JR_BAD);
        ck_assert_uint_eq(n, 0);
        ck_assert_int_eq(long_text("\\u0061", JSON_TEXT_MAX, "{\"", "\":1}", pieces[i], &n), JR_OK);
        ck_assert_int_eq(long_text("1", JSON_TEXT_MAX + 1, "[", "]", pieces[i], &n), JR_BAD);
        /* One that never ends is given up while it comes, whatever the size of the pieces. */
        ck_assert_int_eq(long_text("a", 8 * JSON_TEXT_MAX, "[\"", "", pieces[i], &n), JR_BAD);
        ck_assert_int_eq(long_text(" ", 8 * JSON_TEXT_MAX, "[", "1]", pieces[i], &n), JR_BAD);
        /* What follows the document is not part of it. */
        ck_assert_int_eq(long_text(" ", 8 * JSON_TEXT_MAX, "[\"ab\"]", "", pieces[i], &n), JR_OK);
        ck_assert_uint_eq(n, 2);
    }
}
END_TEST

START_TEST(a_reader_can_stop)
{
    for (int stop = 1; stop <= 9; stop++) {
        struct seen seen = { .text = BUF_INIT(10000), .stop_after = stop };
        ck_assert_int_eq(parse(&seen, STR("{\"a\":[1,\"x\",null,true]}"), 1), JR_STOPPED);
        ck_assert_int_eq(seen.tokens, stop);
        buf_deinit(&seen.text);
    }
}
END_TEST

static bool count(void *ctx, enum json_kind kind, unsigned depth, struct str text)
{
    (void)kind, (void)depth, (void)text;
    ++*(size_t *)ctx;
    return true;
}

START_TEST(a_listing_longer_than_every_limit)
{
    size_t tokens = 0, good = 0;
    struct jsonread *r = jsonread_new(count, &tokens);
    static const char user[] = "{\"ID\":\"8f2c\",\"Name\":\"Zo\xc3\xab\"},";
    ck_assert_int_eq(jsonread_bytes(r, "[", 1), JR_OK);
    for (int i = 0; i < 300000; i++)
        good += jsonread_bytes(r, user, sizeof(user) - 1) == JR_OK;
    ck_assert_uint_eq(good, 300000);
    ck_assert_int_eq(jsonread_bytes(r, "0]", 2), JR_OK);
    ck_assert_int_eq(jsonread_end(r), JR_OK);
    ck_assert_uint_eq(tokens, 300000 * 6 + 3);
    ck_assert_uint_eq(jsonread_offset(r), 300000 * (sizeof(user) - 1) + 3);
    jsonread_free(r);
}
END_TEST

UNIT("base_jsonread", tokens_and_their_depth, numbers_come_as_written, texts_are_unescaped,
     broken_surrogates_become_a_replacement, a_nul_in_a_text_is_kept, split_anywhere_the_same_tokens_come,
     cut_anywhere_it_is_bad, what_is_not_json, the_reason_does_not_quote_the_input, depth_is_limited,
     texts_are_limited, a_reader_can_stop, a_listing_longer_than_every_limit)
