/* Is the file whole? Trailer, manifest, and what a cut file may not do. */
#include "feed_harness.h"

#define HEAD "ID,Email,Name,Manager,Status\n"
#define TWO "E1,,Ann,,Active\nE2,,Bob,,Terminated\n"

static struct harness h;

static void setup_trailer(void)
{
    harness_init(&h);
    harness_trailer(&h);
}

static void proven(struct str text, const char *how, uint64_t rows)
{
    harness_read(&h, text, false);
    ck_assert_str_eq(h.summary.broken, "");
    ck_assert_int_eq(h.summary.proof, FEED_PROVEN);
    ck_assert_str_eq(h.summary.how, how);
    ck_assert_uint_eq(h.summary.rows, rows);
}

static void broken(struct str text, const char *why, uint64_t rows)
{
    harness_read(&h, text, false);
    ck_assert_int_eq(h.summary.proof, FEED_BROKEN);
    ck_assert_str_eq(h.summary.broken, why);
    ck_assert_uint_eq(h.summary.rows, rows);
    ck_assert_uint_eq(h.errs.total, 0);
    ck_assert_msg(!h.out.n || !strstr(h.out.p, "id=TRAILER "), "a trailer was taken for a person");
}

#define PROVEN(z, how, rows) proven(STR(z), how, rows)
#define BROKEN(z, why, rows) broken(STR(z), why, rows)

START_TEST(trailer_holds)
{
    setup_trailer();
    PROVEN(HEAD TWO "TRAILER,2,,,\n", "trailer (2)", 2);
    assert_out(&h, "2 active id=E1 name=Ann\n3 leaver id=E2 name=Bob\n");
    PROVEN(HEAD TWO "TRAILER,2,,,", "trailer (2)", 2);
    PROVEN(HEAD TWO "TRAILER,2", "trailer (2)", 2);
    PROVEN(HEAD TWO "TRAILER,2\r\n\r\n  \n", "trailer (2)", 2);
    PROVEN(HEAD TWO "\" TRAILER \", \"0000002\" ,x,,,,,,,\n", "trailer (2)", 2);
    BROKEN(HEAD "TRAILER,0\n", "it has no rows: an export of nobody is not taken for everybody having left",
           0);
    PROVEN(HEAD TWO "short\nE3,,\"x\"y,,Active\nTRAILER,4\n", "trailer (4)", 4);
    ck_assert_uint_eq(h.summary.rejected, 2);
    harness_deinit(&h);
}
END_TEST

START_TEST(trailer_missing)
{
    setup_trailer();
    BROKEN(HEAD TWO, "the trailer with the row count is missing (2 rows were read)", 2);
    BROKEN(HEAD TWO "TRAILE",
           "the file ends inside line 4: the trailer with the row count is missing (3 rows were read)", 3);
    ck_assert_uint_eq(h.summary.rejected, 1);
    BROKEN(HEAD TWO "E3,,Cl",
           "the file ends inside line 4: the trailer with the row count is missing (3 rows were read)", 3);
    BROKEN(HEAD TWO "trailer,2,,,\n", "the trailer with the row count is missing (3 rows were read)", 3);
    BROKEN(HEAD TWO "TRAILERS,2,,,\n", "the trailer with the row count is missing (3 rows were read)", 3);
    /* A trailer whose quoting is wrong is not believed. */
    BROKEN(HEAD TWO "TRAILER,2\",,,\n", "the trailer with the row count is missing (3 rows were read)", 3);
    /* An empty trailer value fits no row. */
    h.options.trailer_value = " ";
    BROKEN(HEAD TWO ",2,,,\n", "the trailer with the row count is missing (3 rows were read)", 3);
    harness_deinit(&h);
}
END_TEST

START_TEST(trailer_says_something_else)
{
    setup_trailer();
    BROKEN(HEAD TWO "TRAILER,3,,,\n", "the trailer says 3 rows, 2 were read", 2);
    BROKEN(HEAD TWO "TRAILER,41207,,,\n", "the trailer says 41,207 rows, 2 were read", 2);
    BROKEN(HEAD TWO "TRAILER,1,,,\n", "the trailer says 1 rows, 2 were read", 2);
    BROKEN(HEAD TWO "TRAILER,", "the file ends inside line 4: the trailer in line 4 has no row count, but ''",
           2);
    BROKEN(HEAD TWO "TRAILER\n", "the trailer in line 4 has no row count, but ''", 2);
    BROKEN(HEAD TWO "TRAILER,2 rows,,,\n", "the trailer in line 4 has no row count, but '2 rows'", 2);
    BROKEN(HEAD TWO "TRAILER,+2,,,\n", "the trailer in line 4 has no row count, but '+2'", 2);
    BROKEN(HEAD TWO "TRAILER,-2,,,\n", "the trailer in line 4 has no row count, but '-2'", 2);
    BROKEN(HEAD TWO "TRAILER,2.0,,,\n", "the trailer in line 4 has no row count, but '2.0'", 2);
    BROKEN(HEAD TWO "TRAILER,\"2,000\",,,\n", "the trailer in line 4 has no row count, but '2,000'", 2);
    BROKEN(HEAD TWO "TRAILER,99999999999999999999,,,\n",
           "the trailer in line 4 has no row count, but '99999999999999999999'", 2);
    BROKEN(HEAD TWO "TRAILER,\x1b[2J\xff,,,\n", "the trailer in line 4 has no row count, but '\\x1b[2J\\xff'",
           2);
    harness_deinit(&h);
}
END_TEST

START_TEST(trailer_not_last)
{
    setup_trailer();
    BROKEN(HEAD "E1,,Ann,,Active\nTRAILER,1\nE2,,Bob,,Active\n",
           "the trailer does not come last: line 4 comes behind one", 2);
    BROKEN(HEAD "E1,,Ann,,Active\nTRAILER,1\nE2,,B\"ob,,Active\n",
           "the trailer does not come last: line 4 comes behind one", 2);
    BROKEN(HEAD TWO "TRAILER,2\nTRAILER,2\n", "the trailer does not come last: line 5 comes behind one", 2);
    /* Two exports, one behind the other. */
    BROKEN(HEAD TWO "TRAILER,2\n" HEAD TWO "TRAILER,2\n",
           "the trailer does not come last: line 5 comes behind one", 5);
    BROKEN(HEAD TWO "TRAILER,2\n\x1a", "the trailer does not come last: line 5 comes behind one", 3);
    harness_deinit(&h);
}
END_TEST

START_TEST(trailer_of_a_changed_file)
{
    setup_trailer();
    harness_read(&h, STR(HEAD TWO "TRAILER,2\n"), true);
    ck_assert_int_eq(h.summary.proof, FEED_BROKEN);
    harness_deinit(&h);
}
END_TEST

START_TEST(quote_over_the_trailer)
{
    setup_trailer();
    BROKEN(HEAD "E1,,Ann,,Active\nE2,,\"Bob,,Active\nE3,,Bob,,Active\nTRAILER,3\n",
           "the quote opened in line 3 is never closed", 2);
    harness_deinit(&h);
}
END_TEST

static const char manifest_text[] = HEAD TWO "E3,,Cleo,,Active";

static void manifest_of(struct str text, int64_t rows, int64_t bytes)
{
    unsigned char digest[SHA256_BYTES];
    sha256_of(text, digest);
    sha256_hex(digest, h.options.manifest_sha256);
    h.options.manifest_rows = rows;
    h.options.manifest_bytes = bytes;
    h.options.proof = FEED_PROOF_MANIFEST;
}

START_TEST(manifest_held)
{
    harness_init(&h);
    const struct str text = { manifest_text, sizeof(manifest_text) - 1 };
    manifest_of(text, 3, (int64_t)text.n);
    proven(text, "manifest (rows, bytes, sha256)", 3);
    /* The manifest proves that the last line is whole. */
    assert_out(&h, "2 active id=E1 name=Ann\n3 leaver id=E2 name=Bob\n4 active id=E3 name=Cleo\n");
    h.options.manifest_bytes = -1;
    proven(text, "manifest (rows, sha256)", 3);
    h.options.manifest_sha256[0] = '\0';
    proven(text, "manifest (rows)", 3);
    h.options.manifest_rows = -1;
    h.options.manifest_bytes = (int64_t)text.n;
    proven(text, "manifest (bytes)", 3);
    harness_deinit(&h);
}
END_TEST

START_TEST(manifest_not_held)
{
    harness_init(&h);
    const struct str text = { manifest_text, sizeof(manifest_text) - 1 };
    manifest_of(text, 4, (int64_t)text.n);
    broken(text, "the manifest says 4 rows, 3 were read", 3);
    assert_out(
        &h,
        "2 active id=E1 name=Ann\n3 leaver id=E2 name=Bob\n4 rejected cut '': the last line has no line end: it may have been cut\n");
    manifest_of(text, 3, 41207);
    char want[200];
    snprintf(want, sizeof(want), "the manifest says 41,207 bytes, %zu were read", text.n);
    broken(text, want, 3);
    manifest_of(STR("another file"), 3, (int64_t)text.n);
    harness_read(&h, text, false);
    ck_assert_int_eq(h.summary.proof, FEED_BROKEN);
    ck_assert(strstr(h.summary.broken, "SHA-256") != NULL);
    ck_assert(strstr(h.out.p, "rejected cut") != NULL);
    h.options.manifest_sha256[0] = '\0';
    h.options.manifest_rows = h.options.manifest_bytes = -1;
    broken(text, "the manifest says nothing about the file", 3);
    manifest_of(text, 3, (int64_t)text.n);
    harness_read(&h, text, true);
    ck_assert_int_eq(h.summary.proof, FEED_BROKEN);
    harness_deinit(&h);
}
END_TEST

START_TEST(manifests_read)
{
#define HASH "9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08"
#define LOWER "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    static const struct {
        const char *text, *why;
        int64_t rows, bytes;
        const char *sha256;
    } cases[] = {
        { "{\"rows\": 5, \"bytes\": 6, \"sha256\": \"" HASH "\"}", NULL, 5, 6, LOWER },
        { "\xef\xbb\xbf {\"rows\": 0, \"file\": \"hr.csv\"}\n", NULL, 0, -1, "" },
        { LOWER "  hr.csv\n", NULL, -1, -1, LOWER },
        { HASH " *hr export.csv\r\n", NULL, -1, -1, LOWER },
        { "\\" LOWER "  hr\\nx.csv\n", NULL, -1, -1, LOWER },
        { LOWER "\n", NULL, -1, -1, LOWER },
        { LOWER "  a\n" LOWER "  b\n",
          "it has several lines: exactly one of sha256sum(1), or a JSON object, is wanted", -1, -1, "" },
        { LOWER "0  a\n", "it is neither a JSON object with rows, bytes or sha256 nor a line of sha256sum(1)",
          -1, -1, "" },
        { "", "it is neither a JSON object with rows, bytes or sha256 nor a line of sha256sum(1)", -1, -1,
          "" },
        { "abc", "it is neither a JSON object with rows, bytes or sha256 nor a line of sha256sum(1)", -1, -1,
          "" },
        { "{}", "it says none of \"rows\", \"bytes\" and \"sha256\"", -1, -1, "" },
        { "{\"row\": 5}", "it says none of \"rows\", \"bytes\" and \"sha256\"", -1, -1, "" },
        { "[5]", "it is JSON, but not an object", -1, -1, "" },
        { "{\"rows\": \"5\"}", "\"rows\" is not a whole number", -1, -1, "" },
        { "{\"rows\": 5, \"bytes\": -1}", "\"bytes\" is not a whole number", -1, -1, "" },
        { "{\"rows\": 5.0}", "\"rows\" is not a whole number", -1, -1, "" },
        { "{\"rows\": 5, \"sha256\": \"12\"}", "\"sha256\" is not 64 hexadecimal digits", -1, -1, "" },
        { "{\"rows\": 5, \"rows\": 6}", "it is not JSON that can be read (line 1, column 18)", -1, -1, "" },
        { "{\"rows\": 5", "it is not JSON that can be read (line 1, column 10)", -1, -1, "" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct feed_options o = { .name = "x" };
        char why[200] = "";
        bool good = feed_manifest(str_of(cases[i].text), &o, why);
        ck_assert_msg(good == !cases[i].why, "%s: %s", cases[i].text, why);
        ck_assert_str_eq(why, cases[i].why ? cases[i].why : "");
        ck_assert_int_eq(o.manifest_rows, cases[i].rows);
        ck_assert_int_eq(o.manifest_bytes, cases[i].bytes);
        ck_assert_str_eq(o.manifest_sha256, cases[i].sha256);
    }
}
END_TEST

/* A feed of 200 rows with every kind of row in it. */
static void make_feed(struct buf *out)
{
    buf_puts(out, HEAD);
    for (int i = 1; i <= 200; i++) {
        if (i % 9 == 0)
            buf_printf(out, "\"E%d\",\"p%d@example.com\",\"Line one\r\nline \"\"%d\"\"\",E1,Active\r\n", i, i,
                       i);
        else if (i % 31 == 0)
            buf_printf(out, "E%d,p%d@example.com,short\n\n", i, i);
        else if (i % 37 == 0)
            buf_printf(out, "E%d,p%d@example.com,Ren\xe9 %d,E1,Active\n", i, i, i);
        else
            buf_printf(out, "E%d,p%d@example.com,N\xc3\xa4me %d,E%d,%s\n", i, i, i, (i + 1) / 2,
                       i % 17 ? "Active" : "Terminated");
    }
}

/* What comes out of a cut feed is what comes out of the whole one up to there, and then at most one rejected
 * row: no person that the whole feed does not have. */
static void assert_part_of(struct str part, struct str whole)
{
    size_t same = 0;
    while (same < part.n && same < whole.n && part.p[same] == whole.p[same])
        same++;
    if (same == part.n && (same == 0 || part.p[same - 1] == '\n'))
        return;
    while (same && part.p[same - 1] != '\n')
        same--;
    const char *rest = part.p + same, *end = strchr(rest, '\n'), *rejected = strstr(rest, " rejected ");
    ck_assert_msg(rejected && rejected < end && end[1] == '\0', "not in the whole feed: %s", rest);
}

START_TEST(cut_after_every_byte)
{
    setup_trailer();
    struct buf text = BUF_INIT(SIZE_MAX);
    make_feed(&text);
    buf_puts(&text, "TRAILER,");
    buf_puts(&text, "200");
    size_t count_end = text.n;
    buf_puts(&text, ",,,\r\n");
    harness_read(&h, buf_view(&text), false);
    ck_assert_int_eq(h.summary.proof, FEED_PROVEN);
    ck_assert_uint_eq(h.summary.rows, 200);
    ck_assert_uint_gt(h.summary.rejected, 5);
    const struct str whole = { xmemdup(h.out.p, h.out.n), h.out.n };
    uint64_t whole_persons = h.person_rows;
    for (size_t n = 0; n < text.n; n++) {
        harness_read(&h, (struct str){ text.p, n }, false);
        ck_assert_msg((h.summary.proof == FEED_PROVEN) == (n >= count_end), "cut after %zu of %zu bytes: %s",
                      n, text.n, feed_proof_name[h.summary.proof]);
        ck_assert_uint_le(h.person_rows, whole_persons);
        assert_part_of(buf_view(&h.out), whole);
    }
    free((char *)whole.p);
    buf_deinit(&text);
    harness_deinit(&h);
}
END_TEST

/* The same without a trailer: whole, but no value that the feed does not have. */
START_TEST(cut_without_proof)
{
    harness_init(&h);
    struct buf text = BUF_INIT(SIZE_MAX);
    make_feed(&text);
    harness_read(&h, buf_view(&text), false);
    const struct str whole = { xmemdup(h.out.p, h.out.n), h.out.n };
    for (size_t n = 0; n < text.n; n++) {
        harness_read(&h, (struct str){ text.p, n }, false);
        ck_assert_int_ne(h.summary.proof, FEED_PROVEN);
        assert_part_of(buf_view(&h.out), whole);
    }
    free((char *)whole.p);
    buf_deinit(&text);
    harness_deinit(&h);
}
END_TEST

/* With the count quoted and the trailer in other columns. */
START_TEST(cut_quoted_trailer)
{
    setup_trailer();
    h.options.trailer_column = "Status";
    h.options.trailer_count = "ID";
    static const char text[] = HEAD TWO "\"2\",,,,\"TRAILER\"\n";
    for (size_t n = 0; n < sizeof(text); n++) {
        harness_read(&h, (struct str){ text, n }, false);
        ck_assert_msg((h.summary.proof == FEED_PROVEN) == (n >= sizeof(text) - 2), "after %zu bytes", n);
    }
    harness_deinit(&h);
}
END_TEST

UNIT("feed proof", trailer_holds, trailer_missing, trailer_says_something_else, trailer_not_last,
     trailer_of_a_changed_file, quote_over_the_trailer, manifest_held, manifest_not_held, manifests_read,
     cut_after_every_byte, cut_without_proof, cut_quoted_trailer)
