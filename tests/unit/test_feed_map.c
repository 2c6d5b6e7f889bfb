/* From cells to values: value maps, defaults, limits, digests; and the rejects file, which is a feed again.
 */
#include "feed_harness.h"
#include "feed_internal.h"

#define HEAD "ID,Email,Name,Manager,Status\n"

static struct harness h;

static const struct mapped_value names[] = {
    { " Sls ", "Sales" }, { "ENG", " Engineering " }, { "None", "" }, { "R\xc3\xa9", "R" }
};

START_TEST(value_map)
{
    harness_init(&h);
    h.mapping.attr[2].values = names;
    h.mapping.attr[2].n_values = 4;
    /* Keys compare by canonical form: the fourth is spelled with a combining accent in the feed. Case counts
     * for plain text. */
    READ(
        &h, HEAD
        "E1,,Sls,,Active\nE2,,\" ENG \",,Active\nE3,,None,,Active\nE4,,Re\xcc\x81,,Active\nE5,,sls,,Active\nE6,,,,Active\n");
    assert_out(
        &h,
        "2 active id=E1 name=Sales\n3 active id=E2 name=Engineering\n4 active id=E3\n5 active id=E4 name=R\n"
        "6 active id=E5 name=sls\n7 active id=E6\n");
    h.mapping.attr[2].values_strict = true;
    READ(&h, HEAD "E1,,Sls,,Active\nE5,,sls,,Active\nE6,,,,Active\n");
    assert_out(
        &h,
        "2 active id=E1 name=Sales\n3 rejected value 'Name': 'sls' is not in the job's value map; known id=E5\n4 active id=E6\n");
    h.schema.attr[2].type = ATTR_FOLD;
    READ(&h, HEAD "E5,,sLS,,Active\n");
    assert_out(&h, "2 active id=E5 name=sales/Sales\n");
    harness_deinit(&h);
}
END_TEST

/* Several values: a column may have its own separator. What is sent has line ends. */
START_TEST(several_values)
{
    static const struct mapped_value map[] = { { "none", "" }, { "ops|sales", "Ops|VPN" } };
    harness_init(&h);
    h.schema.attr[2].type = ATTR_REFS;
    READ(&h, HEAD "E1,,Sales;Ops,,Active\nE2,,\"Sales\nOps\",,Active\n");
    assert_out(&h, "2 active id=E1 name=sales;ops/Sales;Ops\n3 active id=E2 name=ops\nsales/Sales\nOps\n");
    h.schema.attr[2].separator = ';';
    READ(&h, HEAD "E1,,Sales; ops;,,Active\n");
    assert_out(&h, "2 active id=E1 name=ops\nsales/Sales; ops;\n");
    h.mapping.attr[2].separator = '|';
    h.mapping.attr[2].fallback = "a|B";
    h.mapping.attr[2].values = map;
    h.mapping.attr[2].n_values = 2;
    READ(&h, HEAD
         "E1,,Sales|a;b,,Active\nE2,,,,Active\nE3,,Sales|OPS,,Active\nE4,,None,,Active\nE5,,x,,Active\n");
    assert_out(&h, "2 active id=E1 name=a;b\nsales/Sales\na;b\n3 active id=E2 name=a\nb/a\nB\n"
                   "4 active id=E3 name=ops\nvpn/Ops\nVPN\n5 active id=E4\n6 active id=E5 name=x\n");
    harness_deinit(&h);
}
END_TEST

START_TEST(value_map_of_a_key)
{
    harness_init(&h);
    static const struct mapped_value ids[] = { { "X1", "E1" } };
    h.mapping.attr[0].values = ids;
    h.mapping.attr[0].n_values = 1;
    h.mapping.attr[0].values_strict = true;
    /* The key itself could not be read: nobody is known. */
    READ(&h, HEAD "X1,,Ann,,Active\nX2,a@example.com,Ann,,Active\n");
    assert_out(&h, "2 active id=E1 name=Ann\n3 rejected value 'ID': 'X2' is not in the job's value map\n");
    harness_deinit(&h);
}
END_TEST

START_TEST(fallback)
{
    harness_init(&h);
    h.mapping.attr[2].fallback = " Nobody ";
    h.mapping.manager_column.fallback = "E1";
    static const struct mapped_value map[] = { { "Gone", "" } };
    h.mapping.attr[2].values = map;
    h.mapping.attr[2].n_values = 1;
    READ(&h, HEAD "E1,,, ,Active\nE2,,Ann,E3,Active\nE3,,Gone,E3,Active\n");
    assert_out(
        &h,
        "2 active id=E1 name=Nobody manager=E1\n3 active id=E2 name=Ann manager=E3\n4 active id=E3 manager=E3\n");
    /* An attribute without a column has its default always. */
    h.mapping.attr[2].column = NULL;
    READ(&h, "ID,Email,Manager,Status\nE1,,,Active\n");
    assert_out(&h, "2 active id=E1 name=Nobody manager=E1\n");
    harness_deinit(&h);
}
END_TEST

START_TEST(too_many_characters)
{
    harness_init(&h);
    h.schema.attr[2].max_chars = 4;
    READ(&h,
         HEAD "E1,,\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9,,Active\nE2,,\" 1234 \",,Active\nE3,,12345,,Active\n");
    assert_out(&h, "2 active id=E1 name=\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\n3 active id=E2 name=1234\n"
                   "4 rejected value 'Name': '12345' has 5 characters, 'name' takes 4; known id=E3\n");
    /* A status nobody knows is said first; a row without a key is said before both. */
    READ(&h, HEAD "E3,,12345,,Aktiv\n,,12345,,Aktiv\n");
    assert_out(
        &h,
        "2 rejected status 'Status': 'Aktiv' is neither one of the job's active nor of its leaver values; known id=E3\n"
        "3 rejected no_key '': no match key has a value\n");
    harness_deinit(&h);
}
END_TEST

START_TEST(manager_form)
{
    harness_init(&h);
    h.schema.manager_key = 1; /* managers are named by e-mail address */
    READ(&h, HEAD "E1,a@x,Ann,BOSS@Example.com,Active\n");
    assert_out(&h, "2 active id=E1 mail=a@x name=Ann manager=boss@example.com/BOSS@Example.com\n");
    harness_deinit(&h);
}
END_TEST

START_TEST(status_folds_all_letters)
{
    harness_init(&h);
    h.active[1] = "\xc3\x89tabli"; /* with a capital E acute; below a small one, in two characters */
    READ(&h, HEAD "E1,,,,e\xcc\x81tabli\n");
    assert_out(&h, "2 active id=E1\n");
    harness_deinit(&h);
}
END_TEST

/* Equal persons have equal digests, wherever they stand; every difference shows. */
START_TEST(digests)
{
    harness_init(&h);
    READ(
        &h, HEAD
        "E1,a@x,Ann,E2,Active\n\"E1\", a@x ,\"Ann\",E2,Active\n"
        "E1,A@x,Ann,E2,Active\nE1,a@x,Ann,E2,Terminated\nE1,a@x,Ann,,Active\nE1,a@x,AnnE2,,Active\nE1,a@x,,Ann,Active\n"
        "E1,a@x,Ann,E2,On leave\nE1,,a@x,,Active\n,a@x,E1,,Active\nE1a@x,,,,Active\nE1,a@x,ann,E2,Active\n");
    ck_assert_uint_eq(h.n_persons, 12);
    ck_assert(h.digest[0] == h.digest[1]);
    for (size_t i = 1; i < h.n_persons; i++)
        for (size_t k = i + 1; k < h.n_persons; k++)
            ck_assert_msg(h.digest[i] != h.digest[k], "rows %zu and %zu have the same digest", i, k);
    harness_deinit(&h);
}
END_TEST

/* Slicing a record gives what libcsv gives, for every record that the cutter finds well-quoted. */
START_TEST(both_ways_of_splitting)
{
    static const char alphabet[] = "ab ,;\t\"\"\"\",,\n\xc3\xa9";
    uint32_t x = 7;
    unsigned compared = 0, doubled = 0;
    for (int round = 0; round < 200000; round++) {
        char text[24];
        size_t n = 1 + (size_t)(round % 20);
        for (size_t i = 0; i < n; i++) {
            x = x * 1664525 + 1013904223;
            text[i] = alphabet[(x >> 24) % (sizeof(alphabet) - 1)];
        }
        text[n] = '\n';
        const char *p = text;
        size_t left = n + 1;
        struct cutter c;
        struct fields slices, slow;
        struct record r;
        cutter_init(&c);
        c.delimiter = ",;\t"[round % 3];
        fields_init(&slices, c.delimiter);
        fields_init(&slow, c.delimiter);
        while (cutter_next(&c, &p, &left, &r) == CUT_RECORD) {
            if (r.stray)
                continue;
            ck_assert(fields_split(&slices, &r));
            ck_assert(fields_split_libcsv(&slow, &r));
            ck_assert_msg(slices.n == slow.n, "%zu fields, not %zu, in '%.*s'", slices.n, slow.n,
                          STR_ARG(r.bytes));
            for (size_t i = 0; i < slices.n; i++)
                ck_assert_msg(str_eq(slices.cell[i], slow.cell[i]), "field %zu of '%.*s'", i,
                              STR_ARG(r.bytes));
            compared++;
            doubled += slices.text_n > 0;
        }
        fields_deinit(&slices);
        fields_deinit(&slow);
        cutter_deinit(&c);
    }
    ck_assert_uint_gt(compared, 10000);
    ck_assert_uint_gt(doubled, 100);
}
END_TEST

/* Rejects --------------------------------------------------------------------------------------------- */

struct rejects {
    struct buf out;
    struct str text;
};

static bool keep_reject(void *ctx, const struct reject *r, const struct person *known)
{
    (void)known;
    struct rejects *k = ctx;
    feed_reject_line(&k->out, (struct str){ k->text.p + r->at.offset, r->at.length }, ';', r);
    return true;
}

static bool drop_person(void *ctx, const struct person *p)
{
    (void)ctx;
    (void)p;
    return true;
}

START_TEST(rejects_are_a_feed)
{
    harness_init(&h);
    h.schema.attr[2].max_chars = 5;
    struct rejects k = { .out = BUF_INIT(SIZE_MAX),
                         .text = STR("\xef\xbb\xbf"
                                     "ID;Email;Name;Manager;Status\r\n"
                                     "E0;;Ann;;Active\r\n"
                                     "E1;;\"A\"nn;;Active\r\n"
                                     "E2;;Ren\xe9;;Active\r\n"
                                     "E3;;Ann;Active\n"
                                     "E4;;\"An\r\nnabel\";;Active\r\n"
                                     ";;Ann;;Active\r\n"
                                     "E5;;Ann;;Ac\"tiv;e\r\n"
                                     "E6;;\"Ann\";;\"Ak\r\ntiv\"\r\n"
                                     "E7;;A\0n;;Active\r\n"
                                     "E8;\"open;Ann;;Active") };
    struct feed *f = feed_new(&h.options, &h.mapping, &harness_key, drop_person, keep_reject, &k);
    ck_assert(feed_bytes(f, k.text.p, k.text.n, &h.errs));
    feed_end(f, true, NULL, &h.errs);
    struct buf file = BUF_INIT(SIZE_MAX);
    feed_reject_line(&file, feed_header(f), feed_summary(f)->delimiter, NULL);
    assert_str(buf_view(&file), "\xef\xbb\xbf"
                                "ID;Email;Name;Manager;Status;\"Reject reason\"\n");
    buf_str(&file, buf_view(&k.out));
    ck_assert_uint_eq(feed_summary(f)->rejected, 9);
    /* Fed again every row is rejected for the same reason, and the file is whole. */
    harness_read(&h, buf_view(&file), false);
    ck_assert_str_eq(h.summary.broken, "");
    ck_assert_uint_eq(h.summary.rejected, 9);
    ck_assert_uint_eq(h.person_rows, 0);
    static const char *const reasons[] = { "2 rejected quote",  "3 rejected encoding", "4 rejected fields",
                                           "5 rejected value",  "7 rejected no_key",   "8 rejected quote",
                                           "9 rejected status", "11 rejected nul",     "12 rejected quote" };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        ck_assert_msg(strstr(h.out.p, reasons[i]) != NULL, "no '%s' in\n%s", reasons[i], h.out.p);
    /* A row mended by hand is a person. */
    READ(
        &h,
        "ID;Email;Name;Manager;Status;\"Reject reason\"\r\nE6;;\"Ann\";;Active;\"status: Status: 'Ak\\x0dtiv'\"\r\n");
    assert_out(&h, "2 active id=E6 name=Ann\n");
    buf_deinit(&file);
    buf_deinit(&k.out);
    feed_free(f);
    harness_deinit(&h);
}
END_TEST

START_TEST(reject_lines)
{
    struct buf out = BUF_INIT(SIZE_MAX);
    struct reject r = { .reason = REJECT_VALUE,
                        .column = "Na\"me",
                        .detail = (char[]){ "'a\"b' is not in the job's value map" } };
    feed_reject_line(&out, STR("E1,a\r\n"), ',', &r);
    feed_reject_line(&out, STR("E1,a\n"), '\t', &r);
    r = (struct reject){ .reason = REJECT_CUT };
    feed_reject_line(&out, STR("E1,a\r"), ',', &r);
    feed_reject_line(&out, STR("ID,Name"), 0, NULL);
    assert_str(buf_view(&out), "E1,a,\"value: Na\"\"me: 'a\"\"b' is not in the job's value map\"\r\n"
                               "E1,a\t\"value: Na\"\"me: 'a\"\"b' is not in the job's value map\"\n"
                               "E1,a,\"cut\"\n"
                               "ID,Name,\"Reject reason\"\n");
    buf_deinit(&out);
}
END_TEST

UNIT("feed map", value_map, several_values, value_map_of_a_key, fallback, too_many_characters, manager_form,
     status_folds_all_letters, digests, both_ways_of_splitting, rejects_are_a_feed, reject_lines)
