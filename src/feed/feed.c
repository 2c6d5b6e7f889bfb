/* feed: takes records from the cutter and gives each its fate. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "feed_internal.h"

#define BOM "\xef\xbb\xbf"

const char *const feed_proof_name[3] = {
    [FEED_BROKEN] = "broken", [FEED_WHOLE] = "whole", [FEED_PROVEN] = "proven"
};

struct feed {
    struct feed_options options;   /* its strings borrowed */
    const struct mapping *mapping; /* borrowed */
    feed_person_cb person;
    feed_reject_cb reject;
    void *ctx; /* borrowed */
    struct cutter cutter;
    struct columns header;
    bool has_header;
    struct fields fields;
    struct mapper mapper;
    struct trailer trailer;
    struct verdict verdict;
    struct sha256 sha;
    struct feed_summary summary;
    bool dead; /* nothing more is read */
    bool ended;
    bool last_is_whole; /* a manifest proved the file, so a last line without line end counts */
};

struct feed *feed_new(const struct feed_options *options, const struct mapping *mapping,
                      const struct hash_key *key, feed_person_cb person, feed_reject_cb reject, void *ctx)
{
    struct feed *f = xcalloc(1, sizeof(*f));
    f->options = *options;
    f->mapping = mapping;
    f->person = person;
    f->reject = reject;
    f->ctx = ctx;
    cutter_init(&f->cutter);
    f->cutter.delimiter = options->delimiter;
    columns_init(&f->header);
    mapper_init(&f->mapper, mapping, key);
    buf_init(&f->verdict.detail, ERR_TEXT_MAX);
    sha256_init(&f->sha);
    return f;
}

void feed_free(struct feed *f)
{
    if (!f)
        return;
    cutter_deinit(&f->cutter);
    columns_deinit(&f->header);
    if (f->has_header)
        fields_deinit(&f->fields);
    mapper_deinit(&f->mapper);
    buf_deinit(&f->verdict.detail);
    sha256_abort(&f->sha);
    free(f);
}

const struct feed_summary *feed_summary(const struct feed *f)
{
    return &f->summary;
}

struct str feed_header(const struct feed *f)
{
    return buf_view(&f->header.bytes);
}

/* The first thing that is wrong is what is said. */
static void say_broken(struct feed *f, uint64_t line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void say_broken(struct feed *f, uint64_t line, const char *fmt, ...)
{
    if (f->summary.broken[0])
        return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(f->summary.broken, sizeof(f->summary.broken), fmt, args);
    va_end(args);
    f->summary.broken_line = line;
}

static bool stop(struct feed *f)
{
    f->dead = true;
    return false;
}

/* Rows ------------------------------------------------------------------------------------------------ */

static bool give_reject(struct feed *f, const struct record *r, enum reject_reason reason, const char *column,
                        bool keys_known)
{
    struct reject reject = { .at = r->at, .reason = reason, .keys_known = keys_known };
    if (column) {
        size_t n = strlen(column) < sizeof(reject.column) ? strlen(column) : sizeof(reject.column) - 1;
        while (n < strlen(column) && n > 0 && ((unsigned char)column[n] & 0xc0) == 0x80)
            n--;
        memcpy(reject.column, column, n);
    }
    reject.detail = buf_take(&f->verdict.detail);
    f->summary.rejected++;
    f->mapper.person.at = r->at;
    bool more = f->reject(f->ctx, &reject, keys_known ? &f->mapper.person : NULL);
    free(reject.detail);
    if (more)
        return true;
    say_broken(f, r->at.line, "stopped");
    return stop(f);
}

static bool refuse(struct feed *f, const struct record *r, enum reject_reason reason, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static bool refuse(struct feed *f, const struct record *r, enum reject_reason reason, const char *fmt, ...)
{
    char text[300];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    buf_clear(&f->verdict.detail);
    buf_puts(&f->verdict.detail, text);
    return give_reject(f, r, reason, NULL, false);
}

/* The raw field that the byte at `offset` stands in, and its column. */
static struct str field_around(const struct feed *f, const struct record *r, size_t offset, size_t *column)
{
    struct str raw = { r->bytes.p, 0 };
    size_t pos = 0;
    *column = 0;
    while (raw_field(r->bytes, f->fields.delimiter, &pos, &raw) && pos <= offset)
        ++*column;
    return raw;
}

static bool refuse_encoding(struct feed *f, const struct record *r, size_t bad)
{
    size_t column;
    struct str raw = field_around(f, r, bad, &column);
    struct buf *detail = &f->verdict.detail;
    bool keys_known = mapper_keys(&f->mapper, f->fields.cell);
    /* A long cell is shown from a little before the byte that is wrong. */
    size_t at = bad - (size_t)(raw.p - r->bytes.p), from = at > 40 ? at - 20 : 0;
    while (from < at && ((unsigned char)raw.p[from] & 0xc0) == 0x80)
        from++;
    buf_clear(detail);
    buf_printf(detail, "column %zu is not valid UTF-8: ", column + 1);
    quoted_value(detail, (struct str){ raw.p + from, raw.n - from });
    return give_reject(f, r, REJECT_ENCODING, f->header.name[column], keys_known);
}

/* The record is well-formed: is it a person? */
static bool take_person(struct feed *f, const struct record *r)
{
    struct verdict *v = &f->verdict;
    mapper_row(&f->mapper, f->fields.cell, v);
    if (v->reason != REJECT_NONE)
        return give_reject(f, r, v->reason, v->column, v->keys_known);
    f->mapper.person.at = r->at;
    if (f->person(f->ctx, &f->mapper.person))
        return true;
    say_broken(f, r->at.line, "stopped");
    return stop(f);
}

static void count_row(struct feed *f, const struct record *r)
{
    trailer_row(&f->trailer, &r->at);
    f->summary.rows++;
}

static bool take_row(struct feed *f, const struct record *r)
{
    if (r->stray) {
        count_row(f, r);
        return refuse(f, r, REJECT_QUOTE, "%s (line %llu, byte %zu)", r->stray,
                      (unsigned long long)r->stray_line, r->stray_column);
    }
    bool one = fields_split(&f->fields, r);
    if (f->fields.too_long) {
        say_broken(f, r->at.line, "a field in line %llu is longer than %d MiB",
                   (unsigned long long)r->at.line, FEED_FIELD_MAX / (1024 * 1024));
        return stop(f);
    }
    if (one && trailer_take(&f->trailer, &f->fields, &r->at, f->summary.rows))
        return true;
    count_row(f, r);
    if (!r->ended && !f->last_is_whole)
        return refuse(f, r, REJECT_CUT, "the last line has no line end: it may have been cut");
    if (!one)
        return refuse(f, r, REJECT_QUOTE, "the quotes of the row cannot be followed");
    /* Blocks of zeros where data were lost can join the beginning of one row and the end of another: not even
     * its keys are believed. */
    const char *nul = memchr(r->bytes.p, '\0', r->bytes.n);
    if (nul)
        return refuse(f, r, REJECT_NUL, "a NUL byte (byte %zu of the row)", (size_t)(nul - r->bytes.p) + 1);
    if (f->fields.n != f->header.n)
        return refuse(f, r, REJECT_FIELDS, "%zu fields, the header has %zu", f->fields.n, f->header.n);
    size_t bad = utf8_bad_at(r->bytes);
    if (bad < r->bytes.n)
        return refuse_encoding(f, r, bad);
    return take_person(f, r);
}

/* Header ---------------------------------------------------------------------------------------------- */

static bool refuse_header(struct feed *f, struct errs *errs, uint64_t line, const char *text)
{
    errs_add(errs, f->options.name, (unsigned long)line, 0, NULL, "%s", text);
    say_broken(f, line, "%s", text);
    return stop(f);
}

static bool take_header(struct feed *f, const struct record *r, struct errs *errs)
{
    struct record header = *r;
    char why[400] = "";
    buf_str(&f->header.bytes, r->bytes);
    if (r->at.offset == 0 && str_starts(r->bytes, STR(BOM))) {
        f->summary.bom = true;
        header.bytes = (struct str){ r->bytes.p + 3, r->bytes.n - 3 };
    }
    if (header.bytes.n == 0)
        return refuse_header(f, errs, r->at.line, "the header line is empty");
    char delimiter = f->options.delimiter;
    if (!columns_read(&f->header, &f->options, f->mapping, &header, &delimiter, errs, why)) {
        say_broken(f, r->at.line, "%s", why);
        return stop(f);
    }
    f->summary.delimiter = f->cutter.delimiter = delimiter;
    fields_init(&f->fields, delimiter);
    f->has_header = true;
    f->fields.map = f->header.cell;
    f->fields.n_cells = f->header.n_cells;
    mapper_columns(&f->mapper, &f->header);
    if (f->options.proof == FEED_PROOF_TRAILER) {
        f->trailer.value = f->options.trailer_value;
        f->trailer.cell = columns_cell(&f->header, f->options.trailer_column);
        f->trailer.count_cell = columns_cell(&f->header, f->options.trailer_count);
    }
    return true;
}

/* Bytes ----------------------------------------------------------------------------------------------- */

static bool take_record(struct feed *f, const struct record *r, struct errs *errs)
{
    return f->has_header ? take_row(f, r) : take_header(f, r, errs);
}

static bool too_long(struct feed *f, struct errs *errs)
{
    const struct cutter *c = &f->cutter;
    const int limit = FEED_ROW_MAX / (1024 * 1024);
    struct buf text = BUF_INIT(300);
    const char *other = f->has_header ? NULL : not_text(buf_view(&c->held));
    uint64_t line = c->open ? c->open_line : c->at.line;
    if (other)
        buf_puts(&text, other);
    else if (!f->has_header && memchr(c->held.p, '\r', c->held.n))
        buf_puts(&text, "the line ends are single carriage returns: save the file with LF or CRLF line ends");
    else if (c->open)
        buf_printf(&text, "the quote opened in line %llu is not closed within %d MiB",
                   (unsigned long long)line, limit);
    else
        buf_printf(&text, "line %llu is longer than %d MiB", (unsigned long long)line, limit);
    if (!f->has_header)
        errs_add(errs, f->options.name, (unsigned long)line, 0, NULL, "%s", buf_view(&text).p);
    say_broken(f, line, "%s", buf_view(&text).p);
    buf_deinit(&text);
    return stop(f);
}

bool feed_bytes(struct feed *f, const char *p, size_t n, struct errs *errs)
{
    if (f->dead || f->ended)
        return false;
    sha256_add(&f->sha, p, n);
    f->summary.bytes += n;
    struct record record;
    for (;;) {
        switch (cutter_next(&f->cutter, &p, &n, &record)) {
        case CUT_MORE: return true;
        case CUT_TOO_LONG: return too_long(f, errs);
        case CUT_RECORD:
            if (!take_record(f, &record, errs))
                return false;
        }
    }
}

/* End ------------------------------------------------------------------------------------------------- */

/* The last record has no line end. */
static void take_last(struct feed *f, const struct record *r, struct errs *errs)
{
    const struct cutter *c = &f->cutter;
    unsigned long long line = c->open_line;
    if (!f->has_header) {
        if (c->open)
            refuse_header(f, errs, line, "the header cannot be read: a quote in it is never closed");
        else if (take_header(f, r, errs) && !f->last_is_whole)
            say_broken(f, r->at.line, "the file ends inside the header line");
    } else if (c->open) {
        say_broken(f, line, "the quote opened in line %llu is never closed", line);
        count_row(f, r);
        refuse(f, r, REJECT_QUOTE, "the quote opened in line %llu is never closed", line);
    } else {
        take_row(f, r);
    }
}

static void judge(struct feed *f, bool unchanged, uint64_t cut_line)
{
    struct feed_summary *s = &f->summary;
    char why[400] = "";
    if (s->broken[0])
        return;
    if (!unchanged) {
        say_broken(f, 0, "the file changed while it was read");
    } else if (f->options.proof == FEED_PROOF_TRAILER) {
        if (!trailer_holds(&f->trailer, cut_line, s->rows, why)) {
            say_broken(f, f->trailer.line ? f->trailer.line : cut_line, "%s", why);
        } else {
            char n[28];
            s->proof = FEED_PROVEN;
            snprintf(s->how, sizeof(s->how), "trailer (%s)", text_count(n, f->trailer.said));
        }
    } else if (f->options.proof == FEED_PROOF_MANIFEST) {
        if (!manifest_holds(&f->options, s, s->rows, why)) {
            say_broken(f, cut_line, "%s", why);
        } else {
            s->proof = FEED_PROVEN;
            manifest_how(&f->options, s->how);
        }
    } else {
        s->proof = FEED_WHOLE;
        snprintf(s->how, sizeof(s->how), "read to the end");
    }
    /* No company is empty. Whatever the trailer says, an export of nobody is a failed export, not the news
     * that everybody has left. */
    if (s->proof != FEED_BROKEN && s->rows == 0) {
        s->proof = FEED_BROKEN;
        s->how[0] = '\0';
        say_broken(f, 0, "it has no rows: an export of nobody is not taken for everybody having left");
    }
}

void feed_end(struct feed *f, bool unchanged, const char *broken, struct errs *errs)
{
    if (f->ended)
        return;
    f->ended = true;
    struct feed_summary *s = &f->summary;
    unsigned char digest[SHA256_BYTES];
    sha256_end(&f->sha, digest);
    sha256_hex(digest, s->sha256);
    if (f->dead)
        return;
    if (broken)
        say_broken(f, 0, "%s", broken);
    struct record last;
    uint64_t cut_line = 0;
    if (cutter_last(&f->cutter, &last) == CUT_RECORD) {
        char why[400];
        f->last_is_whole = !broken && unchanged && f->options.proof == FEED_PROOF_MANIFEST && !last.stray &&
                           manifest_holds(&f->options, s, s->rows + (f->has_header ? 1 : 0), why);
        cut_line = f->cutter.lines + 1;
        take_last(f, &last, errs);
    }
    if (!f->has_header && !f->dead)
        refuse_header(f, errs, 1,
                      s->bytes ? "the file has only blank lines"
                               : "the file is empty: not even a header line");
    if (!f->dead)
        judge(f, unchanged, cut_line);
}
