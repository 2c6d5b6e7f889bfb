/* Rows: what becomes a person, what is rejected and why, and where each row stands. */
#include "feed_harness.h"

#define HEAD "ID,Email,Name,Manager,Status\n"

static struct harness h;

START_TEST(persons)
{
    harness_init(&h);
    READ(&h, HEAD "E1,Ann@Example.com,Ann,E2,Active\nE2,b@example.com, Bob ,,TERMINATED\n");
    assert_out(&h, "2 active id=E1 mail=ann@example.com/Ann@Example.com name=Ann manager=E2\n"
                   "3 leaver id=E2 mail=b@example.com name=Bob\n");
    ck_assert_int_eq(h.summary.proof, FEED_WHOLE);
    ck_assert_str_eq(h.summary.how, "read to the end");
    ck_assert_int_eq(h.summary.delimiter, ',');
    ck_assert(!h.summary.bom);
    ck_assert_str_eq(h.header, "ID,Email,Name,Manager,Status");
    harness_deinit(&h);
}
END_TEST

START_TEST(places)
{
    harness_init(&h);
    h.places = true;
    READ(&h, "\xef\xbb\xbf"
             "ID,Email,Name,Manager,Status\r\n"
             "E1,,\"Ann\r\nB\",,Active\r\n"
             "\r\n   \r\n"
             "E2,,,,Active\n"
             "E3,x\r\n"
             "E4,,,,Active\n");
    ck_assert(h.summary.bom);
    ck_assert_str_eq(h.header, "\xef\xbb\xbf"
                               "ID,Email,Name,Manager,Status");
    assert_out(&h, "2 [33+22] active id=E1 name=Ann\r\nB\n"
                   "6 [62+13] active id=E2\n"
                   "7 [75+6] rejected fields '': 2 fields, the header has 5\n"
                   "8 [81+13] active id=E4\n");
    ck_assert_uint_eq(h.summary.rows, 4);
    harness_deinit(&h);
}
END_TEST

START_TEST(quoted_values)
{
    harness_init(&h);
    READ(&h, HEAD "\"E1\" , \"a,b@example.com\",\"say \"\"hi\"\"\",\"\",\"Active\"\n"
                  "E2,,\"\"\"\",, \"Active\" \n"
                  "E3,\"\n\n\n\",\"a\nb\",,Active\n");
    assert_out(&h, "2 active id=E1 mail=a,b@example.com name=say \"hi\"\n"
                   "3 active id=E2 name=\"\n"
                   "4 active id=E3 name=a\nb\n");
    harness_deinit(&h);
}
END_TEST

START_TEST(stray_quotes)
{
    harness_init(&h);
    READ(&h, HEAD "E1,a\"b,Ann,,Active\n"
                  "E2,\"ab\"c,Ann,,Active\n"
                  "E3,c@example.com,Ann,,Active\n"
                  "E4,,\"open\nE5,,\"Bob\",,Active\n"
                  "E6,,Ann,,Active\n"
                  "E7,,5\" disk,,Active\n"
                  "E8,,Ann\rBob,,Active\n"
                  "E9,,Ann,,Active\r\r\n");
    assert_out(&h, "2 rejected quote '': a quote inside a field that has none around it (line 2, byte 5)\n"
                   "3 rejected quote '': text behind a closing quote (line 3, byte 8)\n"
                   "4 active id=E3 mail=c@example.com name=Ann\n"
                   "5 rejected quote '': text behind a closing quote (line 6, byte 6)\n"
                   "7 active id=E6 name=Ann\n"
                   "8 rejected quote '': a quote inside a field that has none around it (line 8, byte 6)\n"
                   "9 rejected quote '': a carriage return outside quotes (line 9, byte 8)\n"
                   "10 active id=E9 name=Ann\n");
    ck_assert_int_eq(h.summary.proof, FEED_WHOLE);
    ck_assert_uint_eq(h.summary.rejected, 5);
    harness_deinit(&h);
}
END_TEST

START_TEST(field_counts)
{
    harness_init(&h);
    READ(&h, HEAD "E1,,Ann,,Active,\nE2,,Ann,Active\nE3\n,,,,\nE4,,Ann,,Active\n");
    assert_out(&h, "2 rejected fields '': 6 fields, the header has 5\n"
                   "3 rejected fields '': 4 fields, the header has 5\n"
                   "4 rejected fields '': 1 fields, the header has 5\n"
                   "5 rejected no_key '': no match key has a value\n"
                   "6 active id=E4 name=Ann\n");
    harness_deinit(&h);
}
END_TEST

START_TEST(more_columns_than_any_header)
{
    harness_init(&h);
    struct buf text = BUF_INIT(SIZE_MAX);
    buf_puts(&text, HEAD "E1");
    for (int i = 0; i < 5000; i++)
        buf_putc(&text, ',');
    buf_puts(&text, "\nE2");
    for (int i = 0; i < 5000; i++)
        buf_puts(&text, ",\"\"");
    buf_puts(&text, "\nE3,,,,Active\n");
    harness_read(&h, buf_view(&text), false);
    assert_out(&h, "2 rejected fields '': 5001 fields, the header has 5\n"
                   "3 rejected fields '': 5001 fields, the header has 5\n"
                   "4 active id=E3\n");
    buf_deinit(&text);
    harness_deinit(&h);
}
END_TEST

START_TEST(encoding)
{
    harness_init(&h);
    READ(&h, HEAD "E1,a@example.com,Ren\xe9\x1b[2J,,Active\n"
                  "E\xff"
                  "2,b@example.com,Ann,,Active\n"
                  "E3,,Ren\xc3\xa9,,Active\n"
                  "E4,\"a,\n\"\"b\",\"x\xed\xa0\x80\",,Active\n"
                  ",,Ren\xe9,,Active\n");
    assert_out(
        &h,
        "2 rejected encoding 'Name': column 3 is not valid UTF-8: 'Ren\\xe9\\x1b[2J'; known id=E1 mail=a@example.com\n"
        "3 rejected encoding 'ID': column 1 is not valid UTF-8: 'E\\xff2'\n"
        "4 active id=E3 name=Ren\xc3\xa9\n"
        "5 rejected encoding 'Name': column 3 is not valid UTF-8: '\"x\\xed\\xa0\\x80\"'; known id=E4 "
        "mail=a,\n\"b\n"
        "7 rejected encoding 'Name': column 3 is not valid UTF-8: 'Ren\\xe9'\n");
    harness_deinit(&h);
}
END_TEST

START_TEST(encoding_of_a_column_nobody_uses)
{
    harness_init(&h);
    READ(&h, "Note,ID,Email,Name,Manager,Status\n\xe9,E1,,Ann,,Active\n");
    assert_out(&h, "2 rejected encoding 'Note': column 1 is not valid UTF-8: '\\xe9'; known id=E1\n");
    harness_deinit(&h);
}
END_TEST

START_TEST(nul_bytes)
{
    harness_init(&h);
    READ(&h, HEAD "E1,,A\0n,,Active\nE2,,Ann,,Active\n\0\nE3,,\"A\0n\",,Active\n");
    assert_out(&h, "2 rejected nul '': a NUL byte (byte 6 of the row)\n"
                   "3 active id=E2 name=Ann\n"
                   "4 rejected nul '': a NUL byte (byte 1 of the row)\n"
                   "5 rejected nul '': a NUL byte (byte 7 of the row)\n");
    harness_deinit(&h);
}
END_TEST

START_TEST(last_line_without_line_end)
{
    harness_init(&h);
    READ(&h, HEAD "E1,,Ann,,Active\nE2,,Bob,,Active");
    assert_out(
        &h,
        "2 active id=E1 name=Ann\n3 rejected cut '': the last line has no line end: it may have been cut\n");
    ck_assert_int_eq(h.summary.proof, FEED_WHOLE);
    READ(&h, HEAD "E1,,Ann,,Active\n  ");
    assert_out(&h, "2 active id=E1 name=Ann\n");
    READ(&h, HEAD "E1,,Ann,,Active\r\nE2,,Ann,,Active\r");
    assert_out(
        &h,
        "2 active id=E1 name=Ann\n3 rejected cut '': the last line has no line end: it may have been cut\n");
    harness_deinit(&h);
}
END_TEST

START_TEST(unclosed_quote)
{
    harness_init(&h);
    READ(&h, HEAD "E1,,Ann,,Active\nE2,,\"Bob,,Active\nE3,,Cleo,,Active\n");
    assert_out(&h,
               "2 active id=E1 name=Ann\n3 rejected quote '': the quote opened in line 3 is never closed\n");
    ck_assert_int_eq(h.summary.proof, FEED_BROKEN);
    ck_assert_str_eq(h.summary.broken, "the quote opened in line 3 is never closed");
    ck_assert_uint_eq(h.summary.broken_line, 3);
    /* The line that counts is where the quote stands, not where the row begins. */
    READ(&h, HEAD "E2,\"x\ny\",\"Bob,,Active\nE3,,Cleo,,Active\n");
    ck_assert_str_eq(h.summary.broken, "the quote opened in line 3 is never closed");
    harness_deinit(&h);
}
END_TEST

START_TEST(keys)
{
    harness_init(&h);
    READ(&h, HEAD
         ",a@example.com,Ann,,Active\n , ,Ann,,Active\n ,,Ann,,Nonsense\n\xc2\xa0,b@example.com,,,Active\n");
    assert_out(&h, "2 active mail=a@example.com name=Ann\n"
                   "3 rejected no_key '': no match key has a value\n"
                   "4 rejected no_key '': no match key has a value\n"
                   "5 active mail=b@example.com\n");
    harness_deinit(&h);
}
END_TEST

START_TEST(status)
{
    harness_init(&h);
    READ(
        &h, HEAD
        "E1,,,, active \nE2,,,,\"ON LEAVE \"\nE3,,,,terminated\nE4,,,,Actve\nE5,,,,\nE6,,,,Active Terminated\n");
    assert_out(
        &h,
        "2 active id=E1\n3 active id=E2\n4 leaver id=E3\n"
        "5 rejected status 'Status': 'Actve' is neither one of the job's active nor of its leaver values; known id=E4\n"
        "6 rejected status 'Status': the status is blank; known id=E5\n"
        "7 rejected status 'Status': 'Active Terminated' is neither one of the job's active nor of its leaver values; "
        "known id=E6\n");
    harness_deinit(&h);
}
END_TEST

/* A status value that nobody told the job about: none of these people may leave, and none may be called
 * absent. */
START_TEST(unknown_status_of_300)
{
    harness_init(&h);
    struct buf text = BUF_INIT(SIZE_MAX);
    buf_puts(&text, HEAD);
    for (int i = 0; i < 300; i++)
        buf_printf(&text, "E%d,,Ann,,Aktiv\n", i);
    harness_read(&h, buf_view(&text), false);
    ck_assert_uint_eq(h.summary.rejected, 300);
    ck_assert_uint_eq(h.person_rows, 0);
    const char *known = h.out.p;
    for (int i = 0; i < 300; i++) {
        char want[40];
        snprintf(want, sizeof(want), "; known id=E%d\n", i);
        known = strstr(known, want);
        ck_assert_msg(known != NULL, "the key of row %d is not known", i);
    }
    buf_deinit(&text);
    harness_deinit(&h);
}
END_TEST

START_TEST(no_status_column)
{
    harness_init(&h);
    h.mapping.status_column = NULL;
    h.mapping.n_active = h.mapping.n_leaver = 0;
    READ(&h, "ID,Email,Name,Manager\nE1,,Ann,\n");
    assert_out(&h, "2 active id=E1 name=Ann\n");
    harness_deinit(&h);
}
END_TEST

START_TEST(no_columns_that_nobody_maps)
{
    harness_init(&h);
    READ(&h, "x,,,ID,Email,x,Name,Manager,Status\n1,2,3,E1,,6,Ann,,Active\n");
    assert_out(&h, "2 active id=E1 name=Ann\n");
    harness_deinit(&h);
}
END_TEST

START_TEST(stopping)
{
    harness_init(&h);
    h.stop_at = 3;
    READ(&h, HEAD "E1,,,,Active\nE2,,,,Active\nE3,,,,Active\n");
    assert_out(&h, "2 active id=E1\n3 active id=E2\n");
    ck_assert_int_eq(h.summary.proof, FEED_BROKEN);
    ck_assert_str_eq(h.summary.broken, "stopped");
    READ(&h, HEAD "E1,,,,Active\nE2\nE3,,,,Active\n");
    ck_assert_str_eq(h.summary.broken, "stopped");
    ck_assert_uint_eq(h.summary.rejected, 1);
    harness_deinit(&h);
}
END_TEST

START_TEST(changed_while_read)
{
    harness_init(&h);
    harness_read(&h, STR(HEAD "E1,,,,Active\n"), true);
    ck_assert_int_eq(h.summary.proof, FEED_BROKEN);
    ck_assert_str_eq(h.summary.broken, "the file changed while it was read");
    harness_deinit(&h);
}
END_TEST

START_TEST(reading_failed)
{
    harness_init(&h);
    struct feed *f = feed_new(&h.options, &h.mapping, &harness_key, harness_person, harness_reject, &h);
    const char text[] = HEAD "E1,,,,Active\nE2,,,,Act";
    ck_assert(feed_bytes(f, text, sizeof(text) - 1, &h.errs));
    feed_end(f, false, "reading failed: i/o error", &h.errs);
    ck_assert_int_eq(feed_summary(f)->proof, FEED_BROKEN);
    ck_assert_str_eq(feed_summary(f)->broken, "reading failed: i/o error");
    assert_out(&h,
               "2 active id=E1\n3 rejected cut '': the last line has no line end: it may have been cut\n");
    feed_free(f);
    harness_deinit(&h);
}
END_TEST

static void fill(struct buf *text, char c, size_t n)
{
    char block[4096];
    memset(block, c, sizeof(block));
    for (; n; n -= n < sizeof(block) ? n : sizeof(block))
        buf_add(text, block, n < sizeof(block) ? n : sizeof(block));
}

static void read_with_field(size_t n, const char *before, const char *after)
{
    struct buf text = BUF_INIT(SIZE_MAX);
    buf_puts(&text, HEAD "E1,,Ann,,Active\n");
    buf_puts(&text, before);
    fill(&text, 'x', n);
    buf_puts(&text, after);
    buf_puts(&text, "E3,,Cleo,,Active\n");
    harness_read(&h, buf_view(&text), false);
    buf_deinit(&text);
}

START_TEST(limits)
{
    harness_init(&h);
    h.quiet = true;
    read_with_field(FEED_FIELD_MAX, "E2,,", ",,Active\n");
    ck_assert_int_eq(h.summary.proof, FEED_WHOLE);
    ck_assert_uint_eq(h.person_rows, 3);
    read_with_field(FEED_FIELD_MAX + 1, "E2,,", ",,Active\n");
    ck_assert_str_eq(h.summary.broken, "a field in line 3 is longer than 1 MiB");
    read_with_field(FEED_FIELD_MAX + 1, "E2,,\"", "\",,Active\n");
    ck_assert_str_eq(h.summary.broken, "a field in line 3 is longer than 1 MiB");
    for (h.chunk = 0; h.chunk <= 70000; h.chunk += 70000) {
        read_with_field(5 * 1024 * 1024, "E2,,", ",,Active\n");
        ck_assert_str_eq(h.summary.broken, "line 3 is longer than 4 MiB");
        ck_assert_uint_eq(h.person_rows, 1);
        read_with_field(5 * 1024 * 1024, "E2,\"\n\",\"", "\",,Active\n");
        ck_assert_str_eq(h.summary.broken, "the quote opened in line 4 is not closed within 4 MiB");
        ck_assert_uint_eq(h.summary.broken_line, 4);
        ck_assert_uint_eq(h.summary.rejected, 0);
    }
    harness_deinit(&h);
}
END_TEST

/* A row of exactly the limit is read, one byte more breaks the feed; however the bytes come. */
START_TEST(row_limit_to_the_byte)
{
    harness_init(&h);
    h.quiet = true;
    for (size_t over = 0; over < 2; over++) {
        for (h.chunk = 0; h.chunk <= 65536; h.chunk += 65536) {
            struct buf text = BUF_INIT(SIZE_MAX);
            buf_puts(&text, HEAD);
            size_t start = text.n;
            buf_puts(&text, "E1,,Ann,,Active");
            /* In fields of a permitted length, too many of them. */
            for (size_t left; (left = FEED_ROW_MAX - 1 + over - (text.n - start)) > 0;) {
                buf_putc(&text, ',');
                fill(&text, 'x', left - 1 < 1000 ? left - 1 : 1000);
            }
            buf_puts(&text, "\nE2,,Ann,,Active\n");
            harness_read(&h, buf_view(&text), false);
            ck_assert_int_eq(h.summary.proof, over ? FEED_BROKEN : FEED_WHOLE);
            ck_assert_uint_eq(h.summary.rows, over ? 0 : 2);
            ck_assert_uint_eq(h.summary.rejected, over ? 0 : 1);
            buf_deinit(&text);
        }
    }
    harness_deinit(&h);
}
END_TEST

UNIT("feed", persons, places, quoted_values, stray_quotes, field_counts, more_columns_than_any_header,
     encoding, encoding_of_a_column_nobody_uses, nul_bytes, last_line_without_line_end, unclosed_quote, keys,
     status, unknown_status_of_300, no_status_column, no_columns_that_nobody_maps, stopping,
     changed_while_read, reading_failed, limits, row_limit_to_the_byte)
