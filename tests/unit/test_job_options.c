/* Options that are addresses, and what a vendor itself says of options and credentials. */
#include "test_job_bed.h"

/* A job of the vendor with two ways to log in; `target` stands behind its URL. */
static struct job *load(const char *target, struct buf *messages)
{
    struct buf json = BUF_INIT(16384);
    buf_printf(&json,
               "{\"feed\": {\"path\": \"-\"}, \"match\": [\"Email\"], \"attributes\": {\"Email\": \"A\"},\n"
               "\"target\": {\"connector\": \"gate\", \"url\": \"https://api.example.com\"%s}}",
               target);
    struct job *j = bed_load_text(buf_view(&json), messages);
    buf_deinit(&json);
    return j;
}

static struct job *load_good(const char *target)
{
    struct buf messages = BUF_INIT(1 << 16);
    struct job *j = load(target, &messages);
    ck_assert_msg(j != NULL, "%s", messages.p);
    buf_deinit(&messages);
    return j;
}

#define KEY ", \"credentials\": {\"key\": \"env:K\"}"
#define URL(text) KEY ",\n\"options\": {\"token_url\": \"" text "\"}"

START_TEST(addresses_that_may_be)
{
    static const struct {
        const char *url, *kept;
    } rows[] = {
        { URL("https://login.example.com/oauth/token"), "https://login.example.com/oauth/token" },
        { URL("https://login.example.com/oauth/token/"), "https://login.example.com/oauth/token/" },
        { URL("HTTPS://Login.Example.com:8443"), "HTTPS://Login.Example.com:8443" },
        { URL("http://127.0.0.1:1/t"), "http://127.0.0.1:1/t" },
        { URL("http://[::1]/t"), "http://[::1]/t" },
        { URL("http://TESTBED.example.com/t"), "http://TESTBED.example.com/t" },
        { URL(""), "" },
        { KEY, "" },
    };
    for (size_t i = 0; i < array_len(rows); i++) {
        struct job *j = load_good(rows[i].url);
        ck_assert_str_eq(j->target.option[1].text, rows[i].kept);
        ck_assert_str_eq(j->target.option[2].text, "https://other.example.com/x/");
        job_free(j);
    }
}
END_TEST

START_TEST(addresses_that_may_not_be)
{
    static const struct {
        const char *url, *says;
    } rows[] = {
        { URL("login.example.com"), "a URL must begin with https://" },
        { URL("http://login.example.com/t"),
          "http to 'login.example.com' would send the credentials in clear" },
        { URL("http://localhost/t"), "http to 'localhost' would" },
        { URL("https://robot:hunter2@login.example.com/t"), "must not carry a user name or password" },
        { URL("https://login.example.com/t?key=hunter2"), "must not have a query or fragment" },
        { URL("https://login.example.com/t#x"), "must not have a query or fragment" },
        { URL("https://login.example.com:0/t"), "port is not a number" },
        { URL("https:///t"), "host is neither" },
        { URL("https://login.example.com/a b"), "must be percent-encoded" },
        { KEY ",\n\"options\": {\"token_url\": 5}", "this must be a text, not a number" },
    };
    for (size_t i = 0; i < array_len(rows); i++) {
        struct buf messages = BUF_INIT(1 << 16);
        ck_assert_ptr_null(load(rows[i].url, &messages));
        ck_assert_msg(strstr(messages.p, rows[i].says) != NULL, "%s", messages.p);
        ck_assert_msg(strstr(messages.p, "job.json:3:26: $.target.options.token_url: ") != NULL, "%s",
                      messages.p);
        ck_assert_ptr_null(strstr(messages.p, "hunter2"));
        ck_assert_msg(strchr(messages.p, '\n') == messages.p + messages.n - 1, "more than one: %s",
                      messages.p);
        buf_deinit(&messages);
    }
}
END_TEST

START_TEST(addresses_are_told)
{
    struct job_address a[JOB_ADDRESSES_MAX];
    struct job *j = load_good(URL("http://127.0.0.1:8/t"));
    ck_assert_uint_eq(job_addresses(j, a), 3);
    ck_assert_ptr_null(a[0].option);
    ck_assert_str_eq(a[0].url, "https://api.example.com");
    ck_assert_str_eq(a[0].host, "api.example.com");
    ck_assert_str_eq(a[1].option, "token_url");
    ck_assert_str_eq(a[1].url, "http://127.0.0.1:8/t");
    ck_assert_str_eq(a[1].host, "127.0.0.1");
    ck_assert(a[0].https && !a[1].https && a[2].https);
    ck_assert_str_eq(a[2].option, "other_url");
    ck_assert_str_eq(a[2].host, "other.example.com");
    job_free(j);
    j = load_good(KEY ", \"options\": {\"other_url\": \"\"}");
    ck_assert_uint_eq(job_addresses(j, a), 1);
    job_free(j);
}
END_TEST

START_TEST(addresses_are_policy)
{
    struct job *none = load_good(KEY), *one = load_good(URL("https://a.example.com/t")),
               *other = load_good(URL("https://b.example.com/t")), *empty = load_good(URL(""));
    ck_assert_str_ne(none->policy_sha256, one->policy_sha256);
    ck_assert_str_ne(one->policy_sha256, other->policy_sha256);
    ck_assert_str_eq(none->policy_sha256, empty->policy_sha256);
    job_free(none);
    job_free(one);
    job_free(other);
    job_free(empty);
}
END_TEST

/* Every message, with its place. */
START_TEST(the_vendor_judges)
{
    static const struct {
        const char *target, *want; /* without the file's name */
    } rows[] = {
        /* Neither credentials nor options are there: their place is the target's. */
        { "", "2:11: $.target: 'key' is needed\n" },
        { ",\n\"options\": {\"way\": \"token\"}", "2:11: $.target: 'secret' is needed\n"
                                                  "3:12: $.target.options: 'token_url' is needed\n" },
        { ",\n\"credentials\": {\"key\": \"env:K\",\n\"secret\": \"env:S\"}",
          "4:11: $.target.credentials.secret: not used this way\n" },
        { ",\n\"credentials\": {\"_comment\": \"later\"}", "3:16: $.target.credentials: 'key' is needed\n" },
        { KEY ",\n\"options\": {\"size\": 7, \"token_url\": \"https://a\"}",
          "3:21: $.target.options.size: no \"7\"\\x1b[31m here\n" },
        { ",\n\"credentials\": {\"secret\": \"env:S\"},\n\"options\": {\"way\": \"token\", \"token_url\": \"\"}",
          "4:42: $.target.options.token_url: 'token_url' is needed\n" },
        /* A reference that is none is given all the same. */
        { ",\n\"credentials\": {\"key\": \"env:\"}",
          "3:24: $.target.credentials.key: behind 'env:' stands the name of an environment variable: letters, "
          "digits and '_'\n" },
        /* What could not be read is not judged. */
        { ",\n\"credentials\": {\"secret\": \"env:S\"},\n\"options\": {\"way\": \"tocken\"}",
          "4:20: $.target.options.way: 'tocken' is not 'key' or 'token'; did you mean 'token'?\n" },
        { KEY ",\n\"options\": {\"wey\": \"token\"}",
          "3:13: $.target.options.wey: gate has no option 'wey'; did you mean 'way'?\n" },
    };
    for (size_t i = 0; i < array_len(rows); i++) {
        struct buf messages = BUF_INIT(1 << 16), got = BUF_INIT(1 << 16);
        ck_assert_ptr_null(load(rows[i].target, &messages));
        for (char *line = messages.p, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
            char *place = strstr(line, "job.json:");
            ck_assert(place && place < end);
            buf_add(&got, place + 9, (size_t)(end - place) - 8);
        }
        ck_assert_str_eq(got.p, rows[i].want);
        buf_deinit(&messages);
        buf_deinit(&got);
    }
}
END_TEST

START_TEST(the_vendor_is_content)
{
    static const char *const rows[] = {
        KEY,
        ", \"credentials\": {\"secret\": \"env:S\"}, \"options\": {\"way\": \"token\", \"token_url\": \"https://a\"}",
    };
    for (size_t i = 0; i < array_len(rows); i++) {
        struct job *j = load_good(rows[i]);
        ck_assert((j->target.credential[0] != NULL) == (i == 0));
        ck_assert((j->target.credential[1] != NULL) == (i == 1));
        job_free(j);
    }
}
END_TEST

UNIT("job_options", addresses_that_may_be, addresses_that_may_not_be, addresses_are_told,
     addresses_are_policy, the_vendor_judges, the_vendor_is_content)
