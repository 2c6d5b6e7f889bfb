/* The header: delimiters, byte order mark, missing and repeated columns, files that are no CSV. */
#include "feed_harness.h"

#define ROW "E1,,Ann,,Active\n"

static struct harness h;

static void setup(void)
{
    harness_init(&h);
}

static void broken(struct str text, const char *why, const char *errs)
{
    harness_read(&h, text, false);
    ck_assert_int_eq(h.summary.proof, FEED_BROKEN);
    ck_assert_str_eq(h.summary.broken, why);
    harness_assert_errs(&h, errs);
    ck_assert_uint_eq(h.summary.rows, 0);
    assert_out(&h, "");
}

#define BROKEN(z, why, errs) broken(STR(z), why, errs)
/* What is said as a mistake at a place is also what broke the feed. */
#define BROKEN_AT(z, place, why) BROKEN(z, why, "hr.csv:" place ": " why "\n")

START_TEST(delimiters)
{
    setup();
    static const char found[] = ",;\t|";
    for (size_t i = 0; i < sizeof(found) - 1; i++) {
        char d = found[i];
        char text[200];
        int n = snprintf(text, sizeof(text), "ID%cEmail%cName%cManager%cStatus\nE1%c%cA%cB%cActive\n", d, d,
                         d, d, d, d, d == ',' ? ';' : ',', d);
        harness_read(&h, (struct str){ text, (size_t)n }, false);
        ck_assert_int_eq(h.summary.delimiter, d);
        ck_assert_str_eq(h.summary.broken, "");
        /* One delimiter short on purpose: the other one in the name must not count. */
        ck_assert_uint_eq(h.summary.rejected, 1);
    }
    READ(&h, "\"ID\";\"Email\";\"Name\";\"Manager\";\"Status\"\n\"E1\";;\"A;n,n\";;Active\n");
    assert_out(&h, "2 active id=E1 name=A;n,n\n");
    READ(&h, "\"ID\"|Email|Name|Manager|Status\nE1||A,n;n||Active\n");
    assert_out(&h, "2 active id=E1 name=A,n;n\n");
    READ(
        &h,
        "ID\tEmail\tName\tManager\tStatus\nE1\t\tAnn\t\tActive\n\t\tAnn\t\t\n\t\t\t\t\n\tb@x\t\t\t Active \n");
    assert_out(&h, "2 active id=E1 name=Ann\n3 rejected no_key '': no match key has a value\n"
                   "4 rejected no_key '': no match key has a value\n5 active mail=b@x\n");
    /* More commas than semicolons, but the names of the job part at semicolons. */
    READ(
        &h,
        "ID;Email;\"Name\";Manager;Status;Pay (base, bonus, car, phone, other, total)\nE1;;Ann;;Active;1,2,3\n");
    assert_out(&h, "2 active id=E1 name=Ann\n");
    /* As declared, whatever else could be found. */
    h.options.delimiter = '^';
    READ(&h, "ID^Email^Name^Manager^Status\nE1^^\"A^n\"^^Active\n");
    assert_out(&h, "2 active id=E1 name=A^n\n");
    ck_assert_int_eq(h.summary.delimiter, '^');
    harness_deinit(&h);
}
END_TEST

START_TEST(one_column)
{
    harness_init(&h);
    h.schema.n = h.schema.n_keys = 1;
    h.mapping.manager = false;
    h.mapping.status_column = NULL;
    READ(&h, "ID\nE1\n\n\"\"\nE,2\n");
    assert_out(
        &h,
        "2 active id=E1\n4 rejected no_key '': no match key has a value\n5 rejected fields '': 2 fields, the header has 1\n");
    ck_assert_int_eq(h.summary.delimiter, ',');
    harness_deinit(&h);
}
END_TEST

START_TEST(byte_order_mark)
{
    setup();
    READ(&h, "\xef\xbb\xbf\"ID\",Email,Name,Manager,Status\n" ROW);
    assert_out(&h, "2 active id=E1 name=Ann\n");
    ck_assert(h.summary.bom);
    harness_deinit(&h);
}
END_TEST

START_TEST(lines_before_the_header)
{
    setup();
    READ(&h, "\n\r\n  \nID,Email,Name,Manager,Status\n" ROW);
    assert_out(&h, "5 active id=E1 name=Ann\n");
    BROKEN_AT("\n\nID,Email,Name,Manager,status\n", "3:23",
              "the feed has no column 'Status'; did you mean 'status'?");
    harness_deinit(&h);
}
END_TEST

START_TEST(several_lines)
{
    setup();
    READ(&h, "ID,\"Free\ntext\",Email,Name,Manager,Status\nE1,x,,Ann,,Active\n");
    assert_out(&h, "3 active id=E1 name=Ann\n");
    ck_assert_str_eq(h.header, "ID,\"Free\ntext\",Email,Name,Manager,Status");
    BROKEN_AT("ID,\"Free\ntext\",Email,Nam\xc3\xa9,Nane,Manager,Status\n", "2:18",
              "the feed has no column 'Name'; did you mean 'Nane'?");
    harness_deinit(&h);
}
END_TEST

START_TEST(missing_columns)
{
    setup();
    BROKEN("ID,E-mail,Vorname,Manger,Status\n" ROW, "the feed has no column 'Email'; did you mean 'E-mail'?",
           "hr.csv:1:1: the feed has no column 'Name'\n"
           "hr.csv:1:4: the feed has no column 'Email'; did you mean 'E-mail'?\n"
           "hr.csv:1:19: the feed has no column 'Manager'; did you mean 'Manger'?\n");
    h.options.delimiter = ';';
    BROKEN(
        "ID,Email,Name,Manager,Status\n" ROW,
        "the feed has no column 'ID'; the whole header line is one column: is ';' really the delimiter?",
        "hr.csv:1:1: the feed has no column 'ID'; the whole header line is one column: is ';' really the delimiter?\n"
        "hr.csv:1:1: the feed has no column 'Email'; the whole header line is one column: is ';' really the delimiter?\n"
        "hr.csv:1:1: the feed has no column 'Name'; the whole header line is one column: is ';' really the delimiter?\n"
        "hr.csv:1:1: the feed has no column 'Manager'; the whole header line is one column: is ';' really the delimiter?\n"
        "hr.csv:1:1: the feed has no column 'Status'; the whole header line is one column: is ';' really the delimiter?\n");
    harness_deinit(&h);
}
END_TEST

START_TEST(trailer_columns_too)
{
    setup();
    harness_trailer(&h);
    h.options.trailer_column = "Record";
    h.options.trailer_count = "Count";
    BROKEN(
        "Recrd,ID,Email,Name,Manager,Status\n", "the feed has no column 'Record'; did you mean 'Recrd'?",
        "hr.csv:1:1: the feed has no column 'Record'; did you mean 'Recrd'?\nhr.csv:1:1: the feed has no column 'Count'\n");
    harness_deinit(&h);
}
END_TEST

START_TEST(repeated_columns)
{
    setup();
    BROKEN_AT(
        "ID,Email,Name,Manager,Name,Status,Name\n" ROW, "1:23",
        "the column 'Name' stands in the header more than once (columns 3 and 5): which one is meant cannot be told");
    harness_deinit(&h);
}
END_TEST

START_TEST(one_column_for_several_attributes)
{
    setup();
    h.mapping.attr[2].column = "Email";
    READ(&h, "ID,Email,Manager,Status\nE1,A@x,,Active\n");
    assert_out(&h, "2 active id=E1 mail=a@x/A@x name=A@x\n");
    harness_deinit(&h);
}
END_TEST

START_TEST(too_many_columns)
{
    setup();
    for (int columns = 512; columns <= 600; columns += 88) {
        struct buf text = BUF_INIT(SIZE_MAX);
        buf_puts(&text, "ID,Email,Name,Manager,Status");
        for (int i = 5; i < columns; i++)
            buf_printf(&text, ",c%d", i);
        buf_puts(&text, "\nE1,,,,Active");
        for (int i = 5; i < columns; i++)
            buf_putc(&text, ',');
        buf_putc(&text, '\n');
        harness_read(&h, buf_view(&text), false);
        assert_out(&h, columns == 512 ? "2 active id=E1\n" : "");
        harness_assert_errs(
            &h, columns == 512 ? "" : "hr.csv:1: the header has 600 columns, at most 512 can be read\n");
        buf_deinit(&text);
    }
    harness_deinit(&h);
}
END_TEST

START_TEST(nothing_there)
{
    setup();
    BROKEN_AT("", "1", "the file is empty: not even a header line");
    BROKEN_AT("\n \r\n", "1", "the file has only blank lines");
    BROKEN_AT("\xef\xbb\xbf\n", "1", "the header line is empty");
    READ(&h, "ID,Email,Name,Manager,Status\n");
    ck_assert_int_eq(h.summary.proof, FEED_BROKEN);
    ck_assert_str_eq(h.summary.broken,
                     "it has no rows: an export of nobody is not taken for everybody having left");
    ck_assert_uint_eq(h.summary.rows, 0);
    READ(&h, "ID,Email,Name,Manager,Status");
    ck_assert_int_eq(h.summary.proof, FEED_BROKEN);
    ck_assert_str_eq(h.summary.broken, "the file ends inside the header line");
    harness_deinit(&h);
}
END_TEST

START_TEST(no_csv)
{
    setup();
    BROKEN_AT("\xff\xfeI\0D\0,\0E\0\n\0E\0\n\0", "1:1", "the file is UTF-16: export it as UTF-8");
    BROKEN_AT("PK\x03\x04\x14\0\x06\0\n", "1:1",
              "the file is an Excel workbook or another zip archive: export it as CSV");
    BROKEN_AT("\x1f\x8b\x08\0\n", "1:1", "the file is compressed (gzip): unpack it first");
    BROKEN_AT("\x7f"
              "ELF\x02\x01\x01\0\0\0\n",
              "1:1", "the file is not text: a NUL byte in the header line");
    BROKEN_AT("ID,Email,Pr\xe9nom,Manager,Status\n" ROW, "1:12",
              "the header is not valid UTF-8 near 'ID,Email,Pr\\xe9nom,': export the file as UTF-8");
    BROKEN_AT("ID,Em\"ail,Name\n" ROW, "1:6",
              "the header cannot be read: a quote inside a field that has none around it");
    BROKEN_AT("ID,Email,\"Name,Manager,Status\n" ROW, "1",
              "the header cannot be read: a quote in it is never closed");
    harness_deinit(&h);
}
END_TEST

START_TEST(classic_mac_line_ends)
{
    setup();
    static const char why[] =
        "the line ends are single carriage returns: save the file with LF or CRLF line ends";
    BROKEN(
        "ID,Email,Name,Manager,Status\rE1,,Ann,,Active\r", why,
        "hr.csv:1:1: the line ends are single carriage returns: save the file with LF or CRLF line ends\n");
    struct buf text = BUF_INIT(SIZE_MAX);
    buf_puts(&text, "ID,Email,Name,Manager,Status\r");
    while (text.n <= FEED_ROW_MAX)
        buf_puts(&text, "E1,,Ann,,Active\r");
    harness_read(&h, buf_view(&text), false);
    ck_assert_str_eq(h.summary.broken, why);
    ck_assert_uint_eq(h.errs.n, 1);
    buf_deinit(&text);
    harness_deinit(&h);
}
END_TEST

START_TEST(binary_without_lines)
{
    setup();
    struct buf text = BUF_INIT(SIZE_MAX);
    for (uint32_t x = 1; text.n < 5 * 1024 * 1024; x = x * 1664525 + 1013904223)
        if ((char)(x >> 24) != '\n')
            buf_putc(&text, (char)(x >> 24));
    harness_read(&h, buf_view(&text), false);
    ck_assert_str_eq(h.summary.broken, "the file is not text: a NUL byte in the header line");
    ck_assert_uint_eq(h.errs.n, 1);
    buf_deinit(&text);
    harness_deinit(&h);
}
END_TEST

UNIT("feed header", delimiters, one_column, byte_order_mark, lines_before_the_header, several_lines,
     missing_columns, trailer_columns_too, repeated_columns, one_column_for_several_attributes,
     too_many_columns, nothing_there, no_csv, classic_mac_line_ends, binary_without_lines)
