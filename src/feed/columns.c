/* The header: which column is what, and everything that can be wrong with it, said at once. */
#include <stdlib.h>
#include <string.h>

#include "feed_internal.h"

void columns_init(struct columns *h)
{
    *h = (struct columns){ 0 };
    buf_init(&h->bytes, FEED_ROW_MAX);
    for (size_t i = 0; i < FEED_COLUMNS_MAX; i++)
        h->cell[i] = NO_CELL;
}

void columns_deinit(struct columns *h)
{
    buf_deinit(&h->bytes);
    arena_deinit(&h->arena);
}

uint16_t columns_cell(const struct columns *h, const char *name)
{
    for (size_t i = 0; name && i < h->n_cells; i++)
        if (strcmp(h->name[h->column[i]], name) == 0)
            return (uint16_t)i;
    return NO_CELL;
}

const char *not_text(struct str bytes)
{
    static const struct {
        const char *magic;
        size_t n;
        const char *text;
    } known[] = {
        { "\xff\xfe", 2, "the file is UTF-16: export it as UTF-8" },
        { "\xfe\xff", 2, "the file is UTF-16: export it as UTF-8" },
        { "PK\x03\x04", 4, "the file is an Excel workbook or another zip archive: export it as CSV" },
        { "\xd0\xcf\x11\xe0", 4, "the file is an old Excel workbook: export it as CSV" },
        { "\x1f\x8b", 2, "the file is compressed (gzip): unpack it first" },
        { "\x28\xb5\x2f\xfd", 4, "the file is compressed (zstd): unpack it first" },
        { "%PDF-", 5, "the file is a PDF: export it as CSV" },
    };
    for (size_t i = 0; i < array_len(known); i++)
        if (bytes.n >= known[i].n && memcmp(bytes.p, known[i].magic, known[i].n) == 0)
            return known[i].text;
    return memchr(bytes.p, '\0', bytes.n) ? "the file is not text: a NUL byte in the header line" : NULL;
}

/* What a reading of the header finds, for messages. */
struct reading {
    struct columns *h;
    const struct feed_options *options;
    const struct record *record;
    char delimiter;
    struct errs *errs;
    bool good;
    char *why;
};

static void mistake(struct reading *r, unsigned long line, unsigned long column, const char *text)
{
    errs_add(r->errs, r->options->name, line, column, NULL, "%s", text);
    if (r->good)
        snprintf(r->why, 400, "%s", text);
    r->good = false;
}

/* Line and column (in characters) of a column's first byte. */
static void column_place(const struct reading *r, size_t wanted, unsigned long *line, unsigned long *column)
{
    const struct str bytes = r->record->bytes;
    struct str raw = { bytes.p, 0 };
    size_t pos = 0;
    for (size_t i = 0; i <= wanted && raw_field(bytes, r->delimiter, &pos, &raw); i++)
        ;
    const char *begin = bytes.p, *newline;
    *line = r->record->at.line;
    while ((newline = memchr(begin, '\n', (size_t)(raw.p - begin)))) {
        begin = newline + 1;
        ++*line;
    }
    *column = attr_chars((struct str){ begin, (size_t)(raw.p - begin) }) + 1;
}

static size_t count_name(const struct columns *h, const char *name, size_t *first, size_t *second)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n && i < FEED_COLUMNS_MAX; i++) {
        if (strcmp(h->name[i], name) != 0)
            continue;
        if (n < 2)
            *(n ? second : first) = i;
        n++;
    }
    return n;
}

static void missing(struct reading *r, const char *name)
{
    const struct columns *h = r->h;
    struct buf text = BUF_INIT(ERR_TEXT_MAX);
    unsigned long line = r->record->at.line, column = 1;
    buf_puts(&text, "the feed has no column ");
    quoted_value(&text, str_of(name));
    const char *close = suggest(str_of(name), h->name, h->n);
    if (close) {
        size_t at = 0, other = 0;
        count_name(h, close, &at, &other);
        column_place(r, at, &line, &column);
        buf_puts(&text, "; did you mean ");
        quoted_value(&text, str_of(close));
        buf_puts(&text, "?");
    } else if (h->n == 1 && r->options->delimiter) {
        buf_puts(&text, "; the whole header line is one column: is '");
        printable(&text, (struct str){ &r->delimiter, 1 }, 0);
        buf_puts(&text, "' really the delimiter?");
    }
    mistake(r, line, column, buf_view(&text).p);
    buf_deinit(&text);
}

static void repeated(struct reading *r, const char *name, size_t first, size_t second)
{
    struct buf text = BUF_INIT(ERR_TEXT_MAX);
    unsigned long line, column;
    column_place(r, second, &line, &column);
    buf_puts(&text, "the column ");
    quoted_value(&text, str_of(name));
    buf_printf(
        &text,
        " stands in the header more than once (columns %zu and %zu): which one is meant cannot be told",
        first + 1, second + 1);
    mistake(r, line, column, buf_view(&text).p);
    buf_deinit(&text);
}

/* A column that the job uses: gets a cell. */
static void want(struct reading *r, const char *name)
{
    struct columns *h = r->h;
    size_t first = 0, second = 0;
    size_t n = count_name(h, name, &first, &second);
    if (n == 0) {
        missing(r, name);
    } else if (n > 1) {
        repeated(r, name, first, second);
    } else if (h->cell[first] == NO_CELL) {
        h->cell[first] = (uint16_t)h->n_cells;
        h->column[h->n_cells++] = (uint16_t)first;
    }
}

/* Names of the columns that the job uses, each once. */
static size_t wanted_names(const struct feed_options *o, const struct mapping *m, const char *name[CELLS_MAX])
{
    const char *all[CELLS_MAX];
    size_t n_all = 0, n = 0;
    for (size_t i = 0; i < m->schema->n; i++)
        all[n_all++] = m->attr[i].column;
    all[n_all++] = m->manager ? m->manager_column.column : NULL;
    all[n_all++] = m->status_column;
    all[n_all++] = o->proof == FEED_PROOF_TRAILER ? o->trailer_column : NULL;
    all[n_all++] = o->proof == FEED_PROOF_TRAILER ? o->trailer_count : NULL;
    for (size_t i = 0; i < n_all; i++) {
        bool new = all[i] != NULL;
        for (size_t k = 0; new &&k < n; k++)
            new = strcmp(name[k], all[i]) != 0;
        if (new)
            name[n++] = all[i];
    }
    return n;
}

static bool split_header(struct reading *r)
{
    struct columns *h = r->h;
    struct fields f;
    fields_init(&f, r->delimiter);
    bool good = fields_split(&f, r->record);
    h->n = f.n;
    for (size_t i = 0; i < h->n && i < FEED_COLUMNS_MAX; i++)
        h->name[i] = arena_z(&h->arena, str_trim(f.cell[i]));
    fields_deinit(&f);
    return good && h->n <= FEED_COLUMNS_MAX;
}

struct score {
    size_t wanted, fields;
};

/* How well a delimiter fits: columns the job uses first, then the number of columns. */
static struct score delimiter_score(struct reading *r, const struct feed_options *o, const struct mapping *m)
{
    split_header(r);
    struct score s = { .fields = r->h->n };
    const char *name[CELLS_MAX];
    size_t n = wanted_names(o, m, name), at, other;
    for (size_t i = 0; i < n; i++)
        s.wanted += count_name(r->h, name[i], &at, &other) > 0;
    return s;
}

static void find_delimiter(struct reading *r, const struct mapping *m)
{
    struct score best = { 0 };
    char found = ',';
    for (const char *d = FEED_DELIMITERS; *d; d++) {
        r->delimiter = *d;
        struct score s = delimiter_score(r, r->options, m);
        if (s.wanted > best.wanted || (s.wanted == best.wanted && s.fields > best.fields)) {
            best = s;
            found = *d;
        }
    }
    r->delimiter = found;
}

/* Is the record text that can be a header at all? */
static bool is_text(struct reading *r)
{
    const struct record *rec = r->record;
    const char *other = not_text(rec->bytes);
    size_t bad = utf8_bad_at(rec->bytes);
    struct buf text = BUF_INIT(ERR_TEXT_MAX);
    unsigned long line = rec->at.line, column = 1;
    if (other) {
        buf_puts(&text, other);
    } else if (rec->stray && memchr(rec->bytes.p, '\r', rec->bytes.n)) {
        buf_puts(&text, "the line ends are single carriage returns: save the file with LF or CRLF line ends");
    } else if (rec->stray) {
        buf_printf(&text, "the header cannot be read: %s", rec->stray);
        line = rec->stray_line;
        column = rec->stray_column;
    } else if (bad < rec->bytes.n) {
        size_t from = bad > 12 ? bad - 12 : 0;
        while (from < bad && ((unsigned char)rec->bytes.p[from] & 0xc0) == 0x80)
            from++;
        buf_puts(&text, "the header is not valid UTF-8 near ");
        quoted_value(
            &text, (struct str){ rec->bytes.p + from, rec->bytes.n - from < 16 ? rec->bytes.n - from : 16 });
        buf_puts(&text, ": export the file as UTF-8");
        column = bad + 1;
    }
    bool good = text.n == 0;
    if (!good)
        mistake(r, line, column, buf_view(&text).p);
    buf_deinit(&text);
    return good;
}

bool columns_read(struct columns *h, const struct feed_options *o, const struct mapping *m,
                  const struct record *rec, char *delimiter, struct errs *errs, char why[400])
{
    struct reading r = {
        .h = h, .options = o, .record = rec, .delimiter = *delimiter, .errs = errs, .good = true, .why = why
    };
    if (!is_text(&r))
        return false;
    if (!r.delimiter)
        find_delimiter(&r, m);
    if (!split_header(&r)) {
        char text[120];
        snprintf(text, sizeof(text), "the header has %zu columns, at most %d can be read", h->n,
                 FEED_COLUMNS_MAX);
        mistake(&r, rec->at.line, 0, h->n > FEED_COLUMNS_MAX ? text : "the header cannot be read");
        return false;
    }
    *delimiter = r.delimiter;
    const char *name[CELLS_MAX];
    size_t n = wanted_names(o, m, name);
    for (size_t i = 0; i < n; i++)
        want(&r, name[i]);
    return r.good;
}
