/* A feed of any bytes: however it is cut into pieces, the rows, their fates and the summary are the same;
 * every row has one fate. */
#include <stdio.h>

#include "fuzz.h"
#include "rollcall/feed.h"

static const struct hash_key key = { 11, 22 };

struct reading {
    struct feed *feed;
    struct errs errs;
    struct sha256 rows; /* of everything that was told */
    uint64_t persons, rejects;
};

static void add_number(struct sha256 *s, uint64_t n)
{
    sha256_add(s, &n, sizeof n);
}

static bool person(void *ctx, const struct person *p)
{
    struct reading *r = ctx;
    r->persons++;
    add_number(&r->rows, p->at.line);
    add_number(&r->rows, p->at.offset);
    add_number(&r->rows, p->at.length);
    add_number(&r->rows, p->digest);
    return true;
}

static bool reject(void *ctx, const struct reject *reject, const struct person *known)
{
    struct reading *r = ctx;
    claim(reject->keys_known == (known != NULL));
    claim(utf8_valid(str_of(reject->detail)));
    r->rejects++;
    add_number(&r->rows, reject->at.line);
    add_number(&r->rows, reject->at.offset);
    add_number(&r->rows, reject->at.length);
    add_number(&r->rows, reject->reason);
    add_number(&r->rows, known ? known->digest : 0);
    return true;
}

static bool give(void *ctx, const char *p, size_t n)
{
    struct reading *r = ctx;
    return feed_bytes(r->feed, p, n, &r->errs);
}

static void attr(struct schema *s, struct mapping *m, const char *name, enum attr_type type,
                 const char *column)
{
    snprintf(s->attr[s->n].name, ATTR_NAME_MAX, "%s", name);
    s->attr[s->n].type = type;
    s->attr[s->n].max_chars = 40;
    m->attr[s->n++].column = column;
}

static void map(struct schema *s, struct mapping *m)
{
    static const struct mapped_value values[] = { { "Sls", "Sales" } };
    static const char *const active[] = { "Active", "On leave" }, *const leaver[] = { "Terminated" };
    attr(s, m, "id", ATTR_TEXT, "ID");
    attr(s, m, "mail", ATTR_FOLD, "Email");
    attr(s, m, "department", ATTR_TEXT, "Department");
    attr(s, m, "skills", ATTR_SET, "Skills");
    attr(s, m, "grade", ATTR_NUMBER, "Grade");
    s->attr[3].separator = ';';
    m->attr[2].values = values;
    m->attr[2].n_values = 1;
    m->attr[2].values_strict = true;
    m->attr[4].fallback = "1";
    s->key[1] = 1;
    s->n_keys = 2;
    s->manager = true;
    m->schema = s;
    m->manager = true;
    m->manager_column.column = "Manager";
    m->status_column = "Status";
    m->status_active = active;
    m->n_active = 2;
    m->status_leaver = leaver;
    m->n_leaver = 1;
}

static void read_it(const struct feed_options *o, const struct mapping *m, struct str text, uint64_t seed,
                    bool unchanged, struct feed_summary *out, unsigned char digest[SHA256_BYTES])
{
    struct reading r = { .errs = ERRS_INIT };
    struct buf line = BUF_INIT(SIZE_MAX);
    sha256_init(&r.rows);
    r.feed = feed_new(o, m, &key, person, reject, &r);
    in_pieces(text, seed, give, &r);
    feed_end(r.feed, unchanged, NULL, &r.errs);
    *out = *feed_summary(r.feed);
    claim(r.rejects == out->rejected);
    claim(out->proof == FEED_BROKEN || (r.persons + r.rejects == out->rows && out->bytes == text.n));
    claim((out->proof == FEED_BROKEN) == (out->broken[0] != '\0'));
    feed_reject_line(&line, feed_header(r.feed), out->delimiter, NULL);
    sha256_add(&r.rows, line.p, line.n);
    sha256_end(&r.rows, digest);
    feed_free(r.feed);
    errs_deinit(&r.errs);
    buf_deinit(&line);
}

static void options(struct feed_options *o, struct input *in)
{
    static const char delimiter[] = { 0, ',', ';', '\t', '|' };
    char why[200];
    *o = (struct feed_options){ .name = "hr.csv", .manifest_rows = -1, .manifest_bytes = -1 };
    o->delimiter = delimiter[take(in, sizeof delimiter)];
    o->proof = take(in, 3);
    o->trailer_column = "ID";
    o->trailer_value = "TRAILER";
    o->trailer_count = "Email";
    if (o->proof == FEED_PROOF_MANIFEST && !feed_manifest(take_text(in), o, why))
        o->proof = FEED_PROOF_NONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct feed_options o;
    struct schema schema = { 0 };
    struct mapping m = { 0 };
    struct feed_summary whole, cut;
    unsigned char a[SHA256_BYTES], b[SHA256_BYTES];
    options(&o, &in);
    uint64_t seed = take(&in, 256) + 1;
    bool unchanged = take(&in, 4) != 0;
    map(&schema, &m);
    read_it(&o, &m, rest(&in), 0, unchanged, &whole, a);
    read_it(&o, &m, rest(&in), seed, unchanged, &cut, b);
    claim(memcmp(a, b, sizeof a) == 0);
    claim(whole.proof == cut.proof && whole.rows == cut.rows && strcmp(whole.broken, cut.broken) == 0);
    claim(strcmp(whole.sha256, cut.sha256) == 0 || whole.proof == FEED_BROKEN);
    return 0;
}
