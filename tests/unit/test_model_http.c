/* Requests as values, a vendor's tables, and the tables of words. */
#include <stdio.h>

#include "rollcall/model.h"
#include "unit.h"

START_TEST(encodes_all_but_unreserved)
{
    struct buf out = BUF_INIT(1000);
    url_encode(&out, STR("AZaz09-._~"));
    assert_str(buf_view(&out), "AZaz09-._~");
    buf_clear(&out);
    url_encode(&out, STR("a b&c=d/e?f#g%h+i'j\"k\n"));
    assert_str(buf_view(&out), "a%20b%26c%3Dd%2Fe%3Ff%23g%25h%2Bi%27j%22k%0A");
    buf_clear(&out);
    url_encode(&out, STR("\xc3\xbc\xff\0"));
    assert_str(buf_view(&out), "%C3%BC%FF%00");
    buf_clear(&out);
    url_encode(&out, (struct str){ NULL, 0 });
    ck_assert_uint_eq(out.n, 0);
    buf_deinit(&out);
}
END_TEST

START_TEST(requests_own_their_headers)
{
    struct request r;
    char value[] = "application/json";
    request_init(&r);
    ck_assert_int_eq(r.method, HTTP_GET);
    ck_assert(request_header(&r, "Accept", str_of(value), false));
    ck_assert(request_header(&r, "Authorization", STR("Bearer hush"), true));
    memset(value, 'x', sizeof(value) - 1);
    ck_assert_uint_eq(r.n_headers, 2);
    ck_assert_str_eq(r.header[0].name, "Accept");
    assert_str(r.header[0].value, "application/json");
    ck_assert(!r.header[0].secret);
    assert_str(r.header[1].value, "Bearer hush");
    ck_assert(r.header[1].secret);

    r.method = HTTP_POST;
    r.write = true;
    r.body = arena_str(&r.arena, STR("{}"));
    request_clear(&r);
    ck_assert_int_eq(r.method, HTTP_GET);
    ck_assert(!r.write);
    ck_assert_uint_eq(r.n_headers, 0);
    ck_assert_ptr_null(r.body.p);
    ck_assert(request_header(&r, "Accept", STR("again"), false));
    assert_str(r.header[0].value, "again");
    request_deinit(&r);
    request_deinit(&r);
}
END_TEST

/* The arena keeps its block over a clear, so the bytes may still be looked at. */
START_TEST(secrets_do_not_outlive_their_request)
{
    struct request r;
    request_init(&r);
    ck_assert(request_header(&r, "X-Plain", STR("plain"), false));
    ck_assert(request_header(&r, "X-Secret", STR("hush-hush"), true));
    const char *plain = r.header[0].value.p, *secret = r.header[1].value.p;
    request_clear(&r);
    ck_assert_mem_eq(plain, "plain", 5);
    ck_assert_mem_eq(secret, "\0\0\0\0\0\0\0\0\0", 9);
    request_deinit(&r);
}
END_TEST

START_TEST(headers_cannot_start_headers)
{
    struct request r;
    request_init(&r);
    ck_assert(!request_header(&r, "X", STR("a\r\nEvil: 1"), false));
    ck_assert(!request_header(&r, "X", STR("a\nb"), false));
    ck_assert(!request_header(&r, "X", STR("a\0b"), true));
    ck_assert(!request_header(&r, "X", STR("a\x7f"), true));
    ck_assert_uint_eq(r.n_headers, 0);
    ck_assert(request_header(&r, "X", STR("a\tb \xc3\xbc"), false));
    ck_assert(request_header(&r, "X", (struct str){ NULL, 0 }, false));
    assert_str(r.header[1].value, "");
    request_deinit(&r);
}
END_TEST

/* A vendor's tables -------------------------------------------------------------------------------------- */

static bool custom(struct str name, struct attr *out)
{
    if (!str_starts(name, STR("mx_")) || name.n == 3)
        return false;
    snprintf(out->name, sizeof(out->name), "%.*s", STR_ARG(name));
    out->flags = ATTR_READ | ATTR_CUSTOM;
    return true;
}

static const struct attr attrs[] = {
    { .name = "EmailAddress", .type = ATTR_FOLD, .flags = ATTR_READ | ATTR_CREATE },
    { .name = "Department", .type = ATTR_TEXT },
    { .name = "Id", .type = ATTR_GUID },
};
static const struct option options[] = { { .name = "settle", .type = OPT_SPAN },
                                         { .name = "pages", .type = OPT_INT } };
static const struct vendor vendor = {
    .name = "test",
    .attrs = attrs,
    .n_attrs = array_len(attrs),
    .custom_attr = custom,
    .options = options,
    .n_options = array_len(options),
};

START_TEST(finds_attributes)
{
    struct attr a = { .name = "untouched" };
    ck_assert(!vendor_attr(&vendor, STR("department"), &a));
    ck_assert(!vendor_attr(&vendor, STR("mx_"), &a));
    ck_assert(!vendor_attr(&vendor, STR(""), &a));
    ck_assert_str_eq(a.name, "untouched");
    ck_assert(vendor_attr(&vendor, STR("EmailAddress"), &a));
    ck_assert_int_eq(a.type, ATTR_FOLD);
    ck_assert_uint_eq(a.flags, ATTR_READ | ATTR_CREATE);
    ck_assert(vendor_attr(&vendor, STR("mx_Custom_1"), &a));
    ck_assert_str_eq(a.name, "mx_Custom_1");
    ck_assert_uint_eq(a.flags, ATTR_READ | ATTR_CUSTOM);

    struct vendor plain = vendor;
    plain.custom_attr = NULL;
    ck_assert(!vendor_attr(&plain, STR("mx_Custom_1"), &a));
}
END_TEST

START_TEST(suggests_attributes)
{
    ck_assert_str_eq(vendor_attr_suggest(&vendor, STR("Departmnt")), "Department");
    ck_assert_str_eq(vendor_attr_suggest(&vendor, STR("emailaddress")), "EmailAddress");
    ck_assert_str_eq(vendor_attr_suggest(&vendor, STR("ID")), "Id");
    ck_assert_ptr_null(vendor_attr_suggest(&vendor, STR("PhoneMain")));
    ck_assert_ptr_null(vendor_attr_suggest(&vendor, STR("")));
    struct vendor none = { .name = "none" };
    ck_assert_ptr_null(vendor_attr_suggest(&none, STR("Id")));
}
END_TEST

START_TEST(finds_options)
{
    ck_assert_int_eq(vendor_option(&vendor, "settle"), 0);
    ck_assert_int_eq(vendor_option(&vendor, "pages"), 1);
    ck_assert_int_eq(vendor_option(&vendor, "page"), -1);
}
END_TEST

/* Words: for every value one, unlike all others, fit for a member name. */
static void check_words(const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ck_assert_ptr_nonnull(names[i]);
        ck_assert_uint_gt(strlen(names[i]), 0);
        ck_assert_uint_eq(strspn(names[i], "abcdefghijklmnopqrstuvwxyz_ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
                          strlen(names[i]));
        for (size_t j = 0; j < i; j++)
            ck_assert_str_ne(names[i], names[j]);
    }
}

START_TEST(every_value_has_its_word)
{
    check_words(change_kind_name, CHANGE_KINDS);
    check_words(hold_name, HOLDS);
    check_words(outcome_name, OUTCOMES);
    check_words(user_fate_name, USER_FATES);
    check_words(user_state_name, USER_STATES);
    check_words(row_fate_name, ROW_FATES);
    check_words(reject_reason_name, REJECT_REASONS);
    check_words(http_method_name, HTTP_METHODS);
    check_words(transport_error_name, NET_ERRORS);
    ck_assert_str_eq(change_kind_name[CHANGE_MEMBERSHIP], "membership");
    ck_assert_str_eq(hold_name[HOLD_NO_PROOF], "no_proof");
    ck_assert_str_eq(outcome_name[OUTCOME_NOT_VISIBLE], "not_visible");
    ck_assert_str_eq(user_fate_name[USER_IN_SYNC], "in_sync");
    ck_assert_str_eq(reject_reason_name[REJECT_REPEATED_KEY], "repeated_key");
    ck_assert_str_eq(http_method_name[HTTP_PATCH], "PATCH");
    ck_assert_str_eq(transport_error_name[NET_TRUNCATED], "truncated");
}
END_TEST

UNIT("http", encodes_all_but_unreserved, requests_own_their_headers, secrets_do_not_outlive_their_request,
     headers_cannot_start_headers, finds_attributes, suggests_attributes, finds_options,
     every_value_has_its_word)
