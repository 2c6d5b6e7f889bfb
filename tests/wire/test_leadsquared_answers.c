/* What answers mean: fact sheet 3.1 to 3.3 row by row, for reads and for every kind of write; 5.1 to 5.5 for
 * what says that it was done. */
#include "lsq.h"

struct bed {
    struct wire t;
    struct step step[4];
    const struct step *at[4];
};

static int endpoint(const struct bed *b, const char *name)
{
    for (size_t i = 0; i < b->t.k->vendor.n_endpoints; i++)
        if (strcmp(b->t.k->vendor.endpoints[i].name, name) == 0)
            return (int)i;
    ck_abort_msg("no endpoint '%s'", name);
}

static void bed_init(struct bed *b)
{
    memset(b, 0, sizeof(*b));
    lsq_init(&b->t);
    wire_connect(&b->t);
}

/* What became of n steps of one call. */
static void settle(struct bed *b, const char *call, size_t n, const struct reply *r, struct settlement *out)
{
    struct answer a = answer_of(r);
    a.body = r->body;
    for (size_t i = 0; i < n; i++) {
        b->step[i] = (struct step){ .endpoint = (uint8_t)endpoint(b, call),
                                    .user_ref = NO_CHANGE,
                                    .manager_ref = NO_CHANGE,
                                    .args = STR("{\"ManagerId\":\"x\"}") };
        b->at[i] = &b->step[i];
    }
    b->t.k->settle(b->t.conn, b->at, n, &a, out);
    for (size_t i = 1; i < n; i++)
        ck_assert_int_eq(out[i].settled, out[0].settled);
}

#define MX(type, text)                                                                                       \
    "{\"Status\":\"Error\",\"ExceptionType\":\"" type "\",\"ExceptionMessage\":\"" text "\"}"
#define LIMIT MX("MXAPIRateLimitExceededException", "API calls exceeded the limit of 20 in 5 second(s)")
#define DUPLICATE MX("MXDuplicateEntryException", "A user with the same e-mail exists")
#define HTML "<html><body>Service Unavailable</body></html>"

/* ONCE: unknown, for a call whose repetition may do harm, else not done. */
enum becomes {
    REFUSED = SETTLED_REFUSED,
    NOT_DONE = SETTLED_NOT_DONE,
    UNKNOWN = SETTLED_UNKNOWN,
    ONCE = 100
};

struct row {
    const char *name; /* of the row, for the message */
    struct reply reply;
    enum becomes becomes;
    enum again again;
    enum blast blast; /* BLAST_STEP: of a single call; bulk calls: BLAST_CALL */
    const char *says;
};

/* For static tables. */
#define TEXT(lit)                                                                                            \
    {                                                                                                        \
        lit, sizeof(lit) - 1                                                                                 \
    }

static const struct row rows[] = {
    { "500 with an MX body: no retry",
      { 500, TEXT(DUPLICATE), 0, 0 },
      REFUSED,
      AGAIN_NO,
      BLAST_STEP,
      "MXDuplicateEntryException: A user with the same e-mail exists" },
    { "500 with IsMXException alone",
      { 500, TEXT("{\"IsMXException\":true,\"ExceptionMessage\":\"no\"}"), 0, 0 },
      REFUSED,
      AGAIN_NO,
      BLAST_STEP,
      "no" },
    { "502 with an MX body",
      { 502, TEXT(DUPLICATE), 0, 0 },
      REFUSED,
      AGAIN_NO,
      BLAST_STEP,
      "502: MXDuplicateEntryException" },
    { "500 with a page", { 500, TEXT(HTML), 0, 0 }, ONCE, AGAIN_LATER, BLAST_STEP, "500" },
    { "500 empty", { 500, { 0 }, 0, 0 }, ONCE, AGAIN_LATER, BLAST_STEP, "500" },
    { "500 with database text",
      { 500, TEXT("MySql.Data.MySqlClient.MySqlException: Timeout"), 0, 0 },
      ONCE,
      AGAIN_LATER,
      BLAST_STEP,
      "500: MySql.Data" },
    { "500 with an envelope without MX",
      { 500, TEXT("{\"Status\":\"Error\",\"ExceptionMessage\":\"User search has some invalid Attributes\"}"),
        0, 0 },
      ONCE,
      AGAIN_LATER,
      BLAST_STEP,
      "500: User search has some invalid Attributes" },
    { "502", { 502, TEXT(HTML), 0, 0 }, ONCE, AGAIN_LATER, BLAST_STEP, "502" },
    { "503", { 503, TEXT(HTML), 0, 0 }, ONCE, AGAIN_LATER, BLAST_TENANT, "503" },
    { "504", { 504, { 0 }, 0, 0 }, ONCE, AGAIN_LATER, BLAST_STEP, "504" },
    { "429 empty", { 429, { 0 }, 0, 0 }, NOT_DONE, AGAIN_THROTTLED, BLAST_TENANT, "429" },
    { "429 with the body",
      { 429, TEXT(LIMIT), 0, 0 },
      NOT_DONE,
      AGAIN_THROTTLED,
      BLAST_TENANT,
      "exceeded the limit of 20" },
    { "rate limit under 200",
      { 200, TEXT(LIMIT), 0, 0 },
      NOT_DONE,
      AGAIN_THROTTLED,
      BLAST_TENANT,
      "exceeded the limit" },
    { "rate limit under 500",
      { 500, TEXT(LIMIT), 0, 0 },
      NOT_DONE,
      AGAIN_THROTTLED,
      BLAST_TENANT,
      "exceeded the limit" },
    { "rate limit under 401",
      { 401, TEXT(LIMIT), 0, 0 },
      NOT_DONE,
      AGAIN_THROTTLED,
      BLAST_TENANT,
      "exceeded the limit" },
    { "200 with an error",
      { 200, TEXT(DUPLICATE), 0, 0 },
      REFUSED,
      AGAIN_NO,
      BLAST_STEP,
      "MXDuplicateEntryException" },
    { "200 with an error without type",
      { 200, TEXT("{\"Status\":\"Error\",\"ExceptionMessage\":\"no\"}"), 0, 0 },
      REFUSED,
      AGAIN_NO,
      BLAST_STEP,
      "200: no" },
    { "200 with a list", { 200, TEXT("[]"), 0, 0 }, UNKNOWN, AGAIN_LATER, BLAST_STEP, "does not say" },
    { "200 empty", { 200, { 0 }, 0, 0 }, UNKNOWN, AGAIN_LATER, BLAST_STEP, "does not say" },
    { "200 with a page", { 200, TEXT(HTML), 0, 0 }, UNKNOWN, AGAIN_LATER, BLAST_STEP, "does not say" },
    { "200 cut off",
      { 200, TEXT("{\"Status\":\"Succe"), 0, 0 },
      UNKNOWN,
      AGAIN_LATER,
      BLAST_STEP,
      "does not say" },
    { "204", { 204, { 0 }, 0, 0 }, UNKNOWN, AGAIN_LATER, BLAST_STEP, "does not say" },
    { "another word",
      { 200, TEXT("{\"Status\":\"Queued\"}"), 0, 0 },
      UNKNOWN,
      AGAIN_LATER,
      BLAST_STEP,
      "does not say" },
    { "400",
      { 400, TEXT("{\"Status\":\"Error\",\"ExceptionMessage\":\"bad\"}"), 0, 0 },
      REFUSED,
      AGAIN_NO,
      BLAST_STEP,
      "400: bad" },
    { "404", { 404, TEXT(HTML), 0, 0 }, REFUSED, AGAIN_NO, BLAST_STEP, "404; the tenant has no such call" },
    { "405", { 405, { 0 }, 0, 0 }, REFUSED, AGAIN_NO, BLAST_STEP, "405; the tenant has no such call" },
    { "302", { 302, { 0 }, 0, 0 }, REFUSED, AGAIN_NO, BLAST_STEP, "redirect is not followed" },
    { "401 empty", { 401, { 0 }, 0, 0 }, NOT_DONE, AGAIN_NO, BLAST_RUN, "401; the access key was refused" },
    { "401 naming a host",
      { 401, TEXT("use https://api-in21.leadsquared.com"), 0, 0 },
      NOT_DONE,
      AGAIN_NO,
      BLAST_RUN,
      "use https://api-in21.leadsquared.com" },
    { "403", { 403, { 0 }, 0, 0 }, NOT_DONE, AGAIN_NO, BLAST_RUN, "403" },
    { "bad keys under 500",
      { 500, TEXT(MX("MXInvalidUserDetailsException", "Invalid User Details")), 0, 0 },
      NOT_DONE,
      AGAIN_NO,
      BLAST_RUN,
      "Invalid User Details" },
    { "no right to the action",
      { 500, TEXT(MX("MXUnAuthorizedAccessException", "no right")), 0, 0 },
      REFUSED,
      AGAIN_NO,
      BLAST_STEP,
      "no right" },
    { "not sent", { 0, { 0 }, SENT_NOT, 0 }, NOT_DONE, AGAIN_LATER, BLAST_STEP, "not sent" },
    { "cut after sending",
      { 0, { 0 }, SENT_UNKNOWN, 0 },
      UNKNOWN,
      AGAIN_LATER,
      BLAST_STEP,
      "sent, but no whole answer" },
};

static const char *const writes[] = { "User/Create",
                                      "User/Update",
                                      "User/Activate",
                                      "User/Deactivate",
                                      "User/MarkObsolete",
                                      "User/Bulk/Update",
                                      "UpdateReportingManagerInBulk" };

static void check_row(struct bed *b, const char *call, const struct row *row)
{
    struct settlement out[3];
    const struct endpoint *e = &b->t.k->vendor.endpoints[endpoint(b, call)];
    settle(b, call, e->batch > 1 ? 3 : 1, &row->reply, out);
    enum becomes want = row->becomes != ONCE ? row->becomes : e->harmless ? NOT_DONE : UNKNOWN;
    enum blast blast = row->blast == BLAST_STEP && e->batch > 1 ? BLAST_CALL : row->blast;
    ck_assert_msg((int)out[0].settled == (int)want, "%s, %s: settled %d, '%s'", call, row->name,
                  out[0].settled, out[0].text);
    ck_assert_msg(out[0].again == row->again, "%s, %s: again %d", call, row->name, out[0].again);
    ck_assert_msg(out[0].blast == blast, "%s, %s: blast %d", call, row->name, out[0].blast);
    ck_assert_msg(contains(out[0].text, row->says), "%s, %s: '%s'", call, row->name, out[0].text);
    ck_assert(!out[0].verify && !out[0].new_id[0]);
    ck_assert_int_eq(out[0].wait_us, row->again == AGAIN_THROTTLED ? 5 * SECOND_US : -1);
}

START_TEST(every_row_for_every_write) /* fact sheet 3.3 */
{
    struct bed b;
    bed_init(&b);
    for (size_t w = 0; w < array_len(writes); w++)
        for (size_t i = 0; i < array_len(rows); i++) {
            /* An answer that does not say how many, see below. */
            struct row row = rows[i];
            if (strcmp(writes[w], "User/Bulk/Update") == 0 && strcmp(row.says, "does not say") == 0)
                row.says = "does not say how many";
            check_row(&b, writes[w], &row);
        }
    wire_deinit(&b.t);
}
END_TEST

/* The same rows for a read: refused means the end of the reading, passing faults and wrong shapes another
 * try. */
START_TEST(every_row_for_reads)
{
    for (size_t i = 0; i < array_len(rows); i++) {
        struct bed b;
        struct request q;
        unsigned id;
        bed_init(&b);
        request_init(&q);
        struct read_goal goal = wire_goal_roster(&b.t);
        b.t.k->read_begin(b.t.conn, &goal);
        ck_assert_int_eq(b.t.k->read_next(b.t.conn, &q, &id, &b.t.state), READ_REQUEST);
        /* Users.Get is a list: "[]" has the right shape there, and is found out later. */
        if (strcmp(rows[i].name, "200 with a list") != 0) {
            struct read_verdict v = wire_feed(&b.t, id, &rows[i].reply, 1);
            enum read_next next = b.t.k->read_next(b.t.conn, &q, &id, &b.t.state);
            bool again = rows[i].again != AGAIN_NO;
            ck_assert_msg(!v.good, "%s", rows[i].name);
            ck_assert_msg(v.again == rows[i].again, "%s: again %d", rows[i].name, v.again);
            ck_assert_msg(next == (again ? READ_REQUEST : READ_INCOMPLETE), "%s: next %d", rows[i].name,
                          next);
            ck_assert_int_eq(v.wait_us, v.again == AGAIN_THROTTLED ? 5 * SECOND_US : -1);
            ck_assert_msg(v.text[0], "%s", rows[i].name);
            ck_assert(again || b.t.state.refused_login == (rows[i].blast == BLAST_RUN));
            ck_assert(again || contains(b.t.state.why, rows[i].says));
        }
        request_deinit(&q);
        wire_deinit(&b.t);
    }
}
END_TEST

START_TEST(throttled_waits)
{
    struct settlement out[1];
    struct bed b;
    struct reply r = { 429, { 0 }, SENT_ANSWERED, 17 * SECOND_US };
    bed_init(&b);
    settle(&b, "User/Update", 1, &r, out);
    ck_assert_int_eq(out[0].wait_us, 17 * SECOND_US);
    wire_deinit(&b.t);

    bed_init(&b);
    wire_option(&b.t, "throttled_wait", "30s");
    r.retry_after_us = 0;
    settle(&b, "User/Update", 1, &r, out);
    ck_assert_int_eq(out[0].wait_us, 30 * SECOND_US);
    wire_deinit(&b.t);
}
END_TEST

/* What was done ----------------------------------------------------------------------------------- */

struct done_row {
    const char *call;
    size_t n;
    const char *body;
    enum settled settled;
    bool verify;
    const char *id, *says;
};

START_TEST(what_says_done) /* fact sheet 5.1 to 5.5 */
{
    static const struct done_row row[] = {
        { "User/Create", 1, "{\"Status\":\"Success\",\"Message\":{\"Id\":\"" ID("105") "\"}}", SETTLED_DONE,
          false, ID("105"), "" },
        { "User/Create", 1, "{\"Status\":\"Success\",\"Message\":{\"UserId\":\"" ID("105") "\"}}",
          SETTLED_DONE, false, ID("105"), "" },
        { "User/Create", 1, "{\"Status\":\"Success\",\"UserId\":\"" ID("105") "\"}", SETTLED_DONE, false,
          ID("105"), "" },
        { "User/Create", 1, "{\"Status\":\"Success\",\"Message\":{\"AffectedRows\":1}}", SETTLED_UNKNOWN,
          false, "", "names no id" },
        { "User/Create", 1, "{\"Message\":{\"Id\":\"" ID("105") "\"}}", SETTLED_UNKNOWN, false, "",
          "does not say" },
        { "User/Create", 1, "{\"Status\":\"Success\",\"Message\":{\"Id\":\"\"}}", SETTLED_UNKNOWN, false, "",
          "names no id" },
        { "User/Update", 1, "{\"Status\":\"Success\",\"Message\":{\"AffectedRows\":0}}", SETTLED_DONE, false,
          "", "" },
        { "User/Update", 1, "{\"Status\":\"success\"}", SETTLED_DONE, false, "", "" },
        { "User/Activate", 1, "{\"Status\":\"Success\"}", SETTLED_DONE, false, "", "" },
        { "User/Deactivate", 1, "{\"Status\":\"Success\"}", SETTLED_DONE, false, "", "" },
        { "User/MarkObsolete", 1, "{\"Status\":\"Success\"}", SETTLED_DONE, false, "", "" },
        { "User/Bulk/Update", 3,
          "{\"Status\":\"Success\",\"Message\":{\"AffectedRows\":3,\"IsSuccessful\":true}}", SETTLED_DONE,
          true, "", "" },
        { "User/Bulk/Update", 3,
          "{\"Status\":\"Success\",\"Message\":{\"AffectedRows\":2,\"IsSuccessful\":true}}", SETTLED_UNKNOWN,
          false, "", "3 users were to be moved, the tenant says 2" },
        { "User/Bulk/Update", 3,
          "{\"Status\":\"Success\",\"Message\":{\"AffectedRows\":400,\"IsSuccessful\":true}}",
          SETTLED_UNKNOWN, false, "", "says 400" },
        { "User/Bulk/Update", 3,
          "{\"Status\":\"Success\",\"Message\":{\"AffectedRows\":3,\"IsSuccessful\":false}}", SETTLED_UNKNOWN,
          false, "", "how many" },
        { "User/Bulk/Update", 3, "{\"Status\":\"Success\",\"Message\":{\"AffectedRows\":\"3\"}}",
          SETTLED_UNKNOWN, false, "", "how many" },
        { "User/Bulk/Update", 3, "{\"Status\":\"Success\"}", SETTLED_UNKNOWN, false, "", "how many" },
        { "UpdateReportingManagerInBulk", 3,
          "{\"ErrorMessage\":null,\"Status\":\"Success\",\"WFAId\":\"1064000001\"}", SETTLED_DONE, true, "",
          "" },
        { "UpdateReportingManagerInBulk", 3, "{\"ErrorMessage\":\"\",\"Status\":\"Success\",\"WFAId\":\"1\"}",
          SETTLED_DONE, true, "", "" },
        { "UpdateReportingManagerInBulk", 3,
          "{\"ErrorMessage\":\"Too many\",\"Status\":\"Error\",\"WFAId\":null}", SETTLED_REFUSED, false, "",
          "Too many" },
        { "UpdateReportingManagerInBulk", 3, "{\"ErrorMessage\":\"Too many\",\"Status\":\"Success\"}",
          SETTLED_REFUSED, false, "", "Too many" },
    };
    struct bed b;
    bed_init(&b);
    for (size_t i = 0; i < array_len(row); i++) {
        struct settlement out[3];
        struct reply r = OK(row[i].body);
        settle(&b, row[i].call, row[i].n, &r, out);
        for (size_t k = 0; k < row[i].n; k++) {
            ck_assert_msg(out[k].settled == row[i].settled, "row %zu: settled %d, '%s'", i, out[k].settled,
                          out[k].text);
            ck_assert_msg(out[k].verify == row[i].verify, "row %zu", i);
            ck_assert_str_eq(out[k].new_id, row[i].id);
            ck_assert_msg(row[i].says[0] ? contains(out[k].text, row[i].says) : !out[k].text[0],
                          "row %zu: '%s'", i, out[k].text);
        }
    }
    wire_deinit(&b.t);
}
END_TEST

/* Every proper prefix of a success is no success. */
START_TEST(cut_answers)
{
    static const char body[] = "{\"Status\":\"Success\",\"Message\":{\"Id\":\"" ID("105") "\"}}";
    struct bed b;
    bed_init(&b);
    for (size_t n = 0; n < sizeof(body) - 1; n++) {
        struct settlement out[1];
        struct reply r = { .status = 200, .body = { body, n } };
        settle(&b, "User/Create", 1, &r, out);
        ck_assert_int_eq(out[0].settled, SETTLED_UNKNOWN);
        ck_assert(!out[0].new_id[0]);
    }
    wire_deinit(&b.t);
}
END_TEST

/* The vendor's words are shown, but neither with our keys nor with what misleads a terminal, and not without
 * end. */
START_TEST(words_are_safe)
{
    struct settlement out[1];
    struct bed b;
    struct buf long_text = BUF_INIT(1 << 16);
    struct reply r =
        SAYS(500, MX("MXInvalidInputException", "key AKEY$1 or AKEY%241, \\u001b[2J\\u202e SKEY-2"));
    bed_init(&b);
    settle(&b, "User/Update", 1, &r, out);
    ck_assert(!contains(out[0].text, "AKEY") && !contains(out[0].text, "SKEY"));
    assert_says(out[0].text, "key *** or ***, \\x1b[2J\\u{202e}");

    buf_puts(&long_text, "{\"ExceptionType\":\"MXx\",\"ExceptionMessage\":\"");
    for (int i = 0; i < 20000; i++)
        buf_puts(&long_text, "\xc3\xa9");
    buf_puts(&long_text, "\"}");
    r.body = buf_view(&long_text);
    settle(&b, "User/Update", 1, &r, out);
    ck_assert_int_eq(out[0].settled, SETTLED_REFUSED);
    ck_assert(utf8_valid(str_of(out[0].text)));
    buf_deinit(&long_text);
    wire_deinit(&b.t);
}
END_TEST

/* The tables of options and endpoints: what the door promises about them. */
START_TEST(tables)
{
    static const struct {
        const char *name;
        bool bulk, harmless, verified;
        unsigned batch, in_flight;
    } row[] = {
        { "User/Create", false, false, false, 1, 0 },
        { "User/Update", false, true, false, 1, 0 },
        { "User/Bulk/Update", true, true, true, 50, 0 },
        { "UpdateReportingManagerInBulk", true, true, true, 100, 1 },
        { "User/Activate", false, false, false, 1, 0 },
        { "User/Deactivate", false, false, false, 1, 0 },
        { "User/MarkObsolete", false, false, false, 1, 0 },
    };
    struct bed b;
    bed_init(&b);
    const struct vendor *v = &b.t.k->vendor;
    for (size_t i = 0; i < array_len(row); i++) {
        const struct endpoint *e = &v->endpoints[endpoint(&b, row[i].name)];
        ck_assert(e->write && e->bulk_rate == row[i].bulk && e->harmless == row[i].harmless &&
                  e->verified == row[i].verified);
        ck_assert(e->batch == row[i].batch && e->in_flight == row[i].in_flight);
    }
    for (size_t i = 0; i < v->n_options; i++) {
        const struct option *o = &v->options[i];
        ck_assert(o->name && o->fallback && o->help && o->help[0]);
        ck_assert(o->type != OPT_INT || (b.t.option[i].number >= o->min && b.t.option[i].number <= o->max));
    }
    struct rate rate;
    ck_assert(rate_parse(str_of(v->default_rate), &rate) && rate_parse(str_of(v->default_bulk_rate), &rate));
    for (size_t i = 0; i < v->n_attrs; i++)
        ck_assert(v->attrs[i].flags & (ATTR_READ | ATTR_UPDATE));
    wire_deinit(&b.t);
}
END_TEST

START_TEST(table_of_connectors)
{
    ck_assert_ptr_nonnull(connector_named("leadsquared"));
    ck_assert_ptr_null(connector_named("LeadSquare"));
    ck_assert_ptr_null(connector_named(NULL));
    for (size_t i = 0; connectors[i]; i++)
        ck_assert_ptr_eq(connector_named(connectors[i]->vendor.name), connectors[i]);
}
END_TEST

UNIT("leadsquared answers", every_row_for_every_write, every_row_for_reads, throttled_waits, what_says_done,
     cut_answers, words_are_safe, tables, table_of_connectors)
