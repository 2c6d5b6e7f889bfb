/* Where things stand in a job file, and what a base URL may be. */
#include "test_job_bed.h"

/* Every value's place must be where its text is. `want` is a line per node: path, line:column of key,
 * line:column of value. */
static void describe(const struct tree *t, const struct node *n, struct buf *out)
{
    unsigned long line, column;
    node_path(n, out);
    tree_position(t, n->key_at, &line, &column);
    buf_printf(out, " %lu:%lu", line, column);
    tree_position(t, n->at, &line, &column);
    buf_printf(out, " %lu:%lu %.*s\n", line, column, STR_ARG(n->text));
    for (const struct node *c = n->first; c; c = c->next)
        describe(t, c, out);
}

START_TEST(places)
{
    static const char text[] = "\xef\xbb\xbf {\r\n"
                               "\t\"a\" : [ 1 ,-2.5e+3,true , false,null,[],{ } ] ,\n"
                               "  \"\xc3\xa4 \\\"q\\\\\": \"x\\\"y\\\\\",\"\\u00e9\":\n"
                               "{\"z\":{\"$z\":[[\"\xf0\x9f\x98\x80\"],7]}}}\n";
    static const char want[] = "$ 1:2 1:2 \n"
                               "$.a 2:2 2:8 \n"
                               "$.a[0] 2:10 2:10 1\n"
                               "$.a[1] 2:13 2:13 -2.5e+3\n"
                               "$.a[2] 2:21 2:21 true\n"
                               "$.a[3] 2:28 2:28 false\n"
                               "$.a[4] 2:34 2:34 \n"
                               "$.a[5] 2:39 2:39 \n"
                               "$.a[6] 2:42 2:42 \n"
                               "$['\xc3\xa4 \"q\\\\'] 3:3 3:14 x\"y\\\n"
                               "$['\xc3\xa9'] 3:23 4:1 \n"
                               "$['\xc3\xa9'].z 4:2 4:6 \n"
                               "$['\xc3\xa9'].z.$z 4:7 4:12 \n"
                               "$['\xc3\xa9'].z.$z[0] 4:13 4:13 \n"
                               "$['\xc3\xa9'].z.$z[0][0] 4:14 4:14 \xf0\x9f\x98\x80\n"
                               "$['\xc3\xa9'].z.$z[1] 4:19 4:19 7\n";
    struct arena arena = ARENA_INIT;
    struct buf got = BUF_INIT(1 << 16);
    struct tree tree;
    struct tree_trouble trouble;
    ck_assert_msg(tree_parse(&tree, STR(text), &arena, &trouble), "%s", trouble.text);
    describe(&tree, tree.root, &got);
    ck_assert_str_eq(got.p, want);
    ck_assert_uint_eq(tree.n, 16);
    buf_deinit(&got);
    arena_deinit(&arena);
}
END_TEST

/* However deep it goes, a place can be named. */
START_TEST(deep_places)
{
    struct arena arena = ARENA_INIT;
    struct buf text = BUF_INIT(1 << 16), path = BUF_INIT(1 << 16);
    struct tree tree;
    struct tree_trouble trouble;
    for (size_t i = 0; i < JSON_DEPTH_MAX; i++)
        buf_puts(&text, "[");
    for (size_t i = 0; i < JSON_DEPTH_MAX; i++)
        buf_puts(&text, "]");
    ck_assert_msg(tree_parse(&tree, buf_view(&text), &arena, &trouble), "%s", trouble.text);
    const struct node *n = tree.root;
    while (n->first)
        n = n->first;
    node_path(n, &path);
    ck_assert_uint_eq(path.n, 1 + 3 * (JSON_DEPTH_MAX - 1));
    buf_deinit(&text);
    buf_deinit(&path);
    arena_deinit(&arena);
}
END_TEST

START_TEST(hosts)
{
    static const struct {
        const char *url, *host;
        bool loopback, https;
    } good[] = {
        { "https://api.example.com", "api.example.com", false, true },
        { "HTTPS://API.Example.COM/v2/", "api.example.com", false, true },
        { "https://a-b_c.example:8443", "a-b_c.example", false, true },
        { "http://127.0.0.1:8425", "127.0.0.1", true, false },
        { "http://127.8.9.10/x", "127.8.9.10", true, false },
        { "https://[::1]:1/", "::1", true, true },
        { "http://[2001:DB8::1]", "2001:db8::1", false, false },
        { "http://localhost", "localhost", false, false },
        { "http://128.0.0.1", "128.0.0.1", false, false },
        { "http://126.255.255.255", "126.255.255.255", false, false },
        { "http://[::2]", "::2", false, false },
        { "http://127.1", "127.1", false, false },
        { "http://2130706433", "2130706433", false, false },
        { "http://0.0.0.0", "0.0.0.0", false, false },
        { "http://127.0.0.1.example.com", "127.0.0.1.example.com", false, false },
        { "https://a/scim/v2/(x)~%20:@", "a", false, true },
    };
    for (size_t i = 0; i < array_len(good); i++) {
        char host[256];
        bool loopback, https;
        ck_assert_msg(job_host(good[i].url, host, &loopback, &https), "%s", good[i].url);
        ck_assert_str_eq(host, good[i].host);
        ck_assert_msg(loopback == good[i].loopback && https == good[i].https, "%s", good[i].url);
    }
}
END_TEST

START_TEST(no_hosts)
{
    static const struct {
        const char *url;
        enum url_trouble trouble;
    } bad[] = {
        { "", URL_NO_SCHEME },
        { "api.example.com", URL_NO_SCHEME },
        { "ftp://a", URL_NO_SCHEME },
        { "https:/a", URL_NO_SCHEME },
        { "https://", URL_HOST },
        { "https:///x", URL_HOST },
        { "https://a b", URL_HOST },
        { "https://a\\b", URL_PATH },
        { "https://\\b", URL_HOST },
        { "https://a\x01", URL_HOST },
        { "https://\xc3\xa4.example", URL_HOST },
        { "https://u:p@a", URL_USER },
        { "https://@a", URL_USER },
        { "https://a@b/?x", URL_USER },
        { "https://a/?x", URL_QUERY },
        { "https://a?x", URL_QUERY },
        { "https://a#x", URL_QUERY },
        { "https://a:", URL_PORT },
        { "https://a:0", URL_PORT },
        { "https://a:65536", URL_PORT },
        { "https://a:+80", URL_PORT },
        { "https://a:80x", URL_PORT },
        { "https://a:-1", URL_PORT },
        { "https://a:80:80", URL_PORT },
        { "https://[::1", URL_HOST },
        { "https://[::1]x", URL_HOST },
        { "https://[]", URL_HOST },
        { "https://[1.2.3.4]", URL_HOST },
        { "https://[fe80::1%25eth0]", URL_HOST },
        { "https://a/\xc3\xa4", URL_PATH },
        { "https://a/ b", URL_PATH },
        { "https://a/\"", URL_PATH },
    };
    for (size_t i = 0; i < array_len(bad); i++) {
        struct url u;
        char host[256];
        bool loopback, https;
        ck_assert_msg(url_split(str_of(bad[i].url), &u) == bad[i].trouble, "%s gives %d", bad[i].url,
                      (int)url_split(str_of(bad[i].url), &u));
        ck_assert(!job_host(bad[i].url, host, &loopback, &https));
    }
}
END_TEST

START_TEST(long_hosts)
{
    char url[600] = "https://", host[256];
    bool loopback, https;
    memset(url + 8, 'a', 255);
    ck_assert(job_host(url, host, &loopback, &https));
    url[8 + 255] = 'a';
    ck_assert(!job_host(url, host, &loopback, &https));
}
END_TEST

static struct job *load_with_url(const char *url, struct buf *messages)
{
    struct buf json = BUF_INIT(4096);
    buf_printf(&json,
               "{\"feed\": {\"path\": \"-\"}, \"match\": [\"x_a\"], \"attributes\": {\"x_a\": \"A\"},"
               "\"actions\": {\"create\": false},"
               "\"target\": {\"connector\": \"acme\", \"url\": \"%s\","
               "\"credentials\": {\"key\": \"env:K\", \"secret\": \"env:S\"}}}",
               url);
    struct job *j = bed_load_text(buf_view(&json), messages);
    buf_deinit(&json);
    return j;
}

/* Plain http only to this machine by address, and where the operator said so. */
START_TEST(plain_http)
{
    static const struct {
        const char *url, *kept;
    } rows[] = {
        { "http://127.0.0.1:8425/", "http://127.0.0.1:8425" },
        { "http://[::1]:8425//", "http://[::1]:8425" },
        { "http://TestBed.example.com/x/", "http://TestBed.example.com/x" },
        { "http://example.com", NULL },
        { "http://localhost:8425", NULL },
        { "http://testbed.example.com.evil.example", NULL },
    };
    for (size_t i = 0; i < array_len(rows); i++) {
        struct buf messages = BUF_INIT(4096);
        struct job *j = load_with_url(rows[i].url, &messages);
        ck_assert_msg((j != NULL) == (rows[i].kept != NULL), "%s", rows[i].url);
        if (j) {
            ck_assert_str_eq(j->target.url, rows[i].kept);
            ck_assert_str_eq(j->feed.path, "-");
        } else {
            ck_assert_ptr_nonnull(strstr(messages.p, "in clear"));
        }
        job_free(j);
        buf_deinit(&messages);
    }
}
END_TEST

UNIT("job_tree", places, deep_places, hosts, no_hosts, long_hosts, plain_http)
