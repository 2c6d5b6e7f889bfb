/* What comes out does not depend on how the bytes come in: every sample whole, byte by byte, and split after
 * every byte. */
#include <malloc.h>

#include "feed_harness.h"

#define HEAD "ID,Email,Name,Manager,Status\n"

static struct harness h;

static const struct str samples[] = {
    { NULL, 0 },
#define SAMPLE(z)                                                                                            \
    {                                                                                                        \
        z, sizeof(z) - 1                                                                                     \
    }
    SAMPLE("\n"),
    SAMPLE("\xef\xbb\xbf"),
    SAMPLE(HEAD),
    SAMPLE("ID,Email,Name,Manager,Status"),
    SAMPLE("ID,Email,Nam,Manager,Status\nE1,,Ann,,Active\n"),
    SAMPLE("ID,Em\"ail,Name\nE1,,Ann,,Active\n"),
    SAMPLE("ID,Email,Name,Manager,Status\rE1,,Ann,,Active\r"),
    SAMPLE("\xff\xfeI\0D\0\n\0"),
    SAMPLE(
        "\xef\xbb\xbf\"ID\";\"Email\";\"Name\";\"Manager\";\"Status\"\r\n\"E1\";;\"Ann \"\"A\"\"\r\n\r\nX\";;Active\r\n\r\n  \r\nE2;;Bob;E1;Terminated\r\n"),
    SAMPLE("ID\tEmail\tName\tManager\tStatus\nE1\t\tAnn\t\tActive\n\t\t\t\t\n \nE2\t\tR\xc3\xa9\t\tActive\n"),
    SAMPLE(
        HEAD
        "E1,a\"b,Ann,,Active\nE2,\"ab\"c,Ann,,Active\nE3,c@x,Ann,,Active\nE4,,\"open\nE5,,\"Bob\",,Active\nE6,,Ann\rBob,,Active\r\r\nE7,,,,Active"),
    SAMPLE(HEAD "E1,,A\0n,,Active\nE2,,R\xe9,,Active\nE3,,Ann,Active\nE4,,Ann,,Aktiv\n,,,,\n\0\n"),
    SAMPLE(HEAD "E1,,Ann,,Active\nE2,,\"Bob,,Active\nE3,\"\",Cleo,,Active\n"),
    SAMPLE(HEAD "E1,,Ann,,Active\nE2,,\"\"\"\n\"\"\n\",,Active\nTRAILER,2\n"),
    SAMPLE(HEAD "E1,,Ann,,Active\nTRAILER,1\nE2,,Ann,,Active\nTRAILER,2"),
};

/* Everything that a reading gave, as text. */
static char *result(struct str text)
{
    harness_read(&h, text, false);
    struct buf all = BUF_INIT(SIZE_MAX);
    const struct feed_summary *s = &h.summary;
    buf_str(&all, buf_view(&h.out));
    buf_printf(&all, "%s|%s|%" PRIu64 "|%" PRIu64 "|%c|%d|%s|%" PRIu64 "|%s|", feed_proof_name[s->proof],
               s->how, s->rows, s->rejected, s->delimiter ? s->delimiter : '0', s->bom, s->broken,
               s->broken_line, h.header);
    for (size_t i = 0; i < h.n_persons; i++)
        buf_printf(&all, "%" PRIx64 " ", h.digest[i]);
    /* Of a feed whose header is no good later bytes are not read. */
    if (!h.errs.total)
        buf_printf(&all, "%s %" PRIu64, s->sha256, s->bytes);
    errs_format(&h.errs, &all);
    return buf_take(&all);
}

static void compare(struct str text, const char *whole, const char *how, size_t at)
{
    char *got = result(text);
    ck_assert_msg(strcmp(got, whole) == 0, "%s %zu: of '%.*s'\n%s\nnot\n%s", how, at, STR_ARG(text), got,
                  whole);
    free(got);
}

static void every_way(struct str text)
{
    h.chunk = h.split = 0;
    char *whole = result(text);
    for (h.chunk = 1; h.chunk <= 7; h.chunk++)
        compare(text, whole, "in chunks of", h.chunk);
    h.chunk = 0;
    for (h.split = 1; h.split < text.n; h.split++)
        compare(text, whole, "split after", h.split);
    free(whole);
}

START_TEST(without_proof)
{
    harness_init(&h);
    h.places = true;
    every_way(samples[_i]);
    harness_deinit(&h);
}
END_TEST

START_TEST(with_trailer)
{
    harness_init(&h);
    harness_trailer(&h);
    h.places = true;
    every_way(samples[_i]);
    harness_deinit(&h);
}
END_TEST

/* Random bytes out of what makes CSV hard; sanitizers watch. */
START_TEST(random_bytes)
{
    static const char alphabet[] = "\"\"\"\",,,,\n\n\r E1ActiveTRAILER\0\xc3\xa9\xff\t";
    harness_init(&h);
    harness_trailer(&h);
    h.places = true;
    uint32_t x = 1;
    for (int round = 0; round < 300; round++) {
        struct buf text = BUF_INIT(SIZE_MAX);
        buf_puts(&text, HEAD);
        for (int i = 0; i < 120; i++) {
            x = x * 1664525 + 1013904223;
            buf_putc(&text, alphabet[(x >> 20) % (sizeof(alphabet) - 1)]);
        }
        h.chunk = h.split = 0;
        char *whole = result(buf_view(&text));
        h.chunk = 1 + (size_t)round % 40;
        compare(buf_view(&text), whole, "random, in chunks of", h.chunk);
        free(whole);
        buf_deinit(&text);
    }
    harness_deinit(&h);
}
END_TEST

static size_t heap_in_use(void)
{
    return mallinfo2().uordblks; /* under a sanitizer always the same: the other builds test this */
}

/* Rows of the same size, ten times as many: the peak of the memory that the feed holds is the same. */
START_TEST(memory_does_not_grow)
{
    harness_init(&h);
    h.quiet = true;
    struct feed *f = feed_new(&h.options, &h.mapping, &harness_key, harness_person, harness_reject, &h);
    static const char head[] = HEAD, row[] = "E1,a@example.com,\"Ann\nB\",E2,Active\nE1,bad\n";
    size_t held[2] = { 0 };
    ck_assert(feed_bytes(f, head, sizeof(head) - 1, &h.errs));
    for (int i = 0; i < 100000; i++) {
        ck_assert(feed_bytes(f, row, sizeof(row) - 1, &h.errs));
        if (i == 1000)
            held[0] = heap_in_use();
    }
    held[1] = heap_in_use();
    ck_assert_uint_eq(held[0], held[1]);
    ck_assert_uint_eq(feed_summary(f)->rows, 200000);
    feed_free(f);
    harness_deinit(&h);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("feed chunks");
    TCase *tcase = tcase_create("feed chunks");
    const int n = (int)(sizeof(samples) / sizeof(samples[0]));
    tcase_set_timeout(tcase, UNIT_TIMEOUT_S);
    tcase_add_loop_test(tcase, without_proof, 0, n);
    tcase_add_loop_test(tcase, with_trailer, 0, n);
    tcase_add_test(tcase, random_bytes);
    tcase_add_test(tcase, memory_does_not_grow);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
