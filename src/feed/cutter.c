/* Bytes -> records. A physical line is found with memchr; its quotes are followed from quote to quote, so
 * that a line without any costs nothing more. Where the quoting is wrong the record ends with the line: a
 * stray quote must not swallow the rows that follow. */
#include <string.h>

#include "feed_internal.h"

#define NOT_STRAY SIZE_MAX

void cutter_init(struct cutter *c)
{
    *c = (struct cutter){ .at = { .line = 1 } };
    buf_init(&c->held, FEED_ROW_MAX + 1); /* one more for the line end that the last line lacks */
}

void cutter_deinit(struct cutter *c)
{
    buf_deinit(&c->held);
}

static bool is_delimiter(char delimiter, char c)
{
    return delimiter ? c == delimiter : c && strchr(FEED_DELIMITERS, c);
}

static bool is_blank(char delimiter, char c)
{
    return c == ' ' || (c == '\t' && !is_delimiter(delimiter, c));
}

/* Is the byte at `at` the first of a field but for blanks? */
static bool begins_field(char delimiter, const char *p, size_t at)
{
    while (at > 0 && is_blank(delimiter, p[at - 1]))
        at--;
    return at == 0 || is_delimiter(delimiter, p[at - 1]);
}

/* Follows the quotes of one physical line (its line end taken off); `open` is carried from line to line.
 * Gives the offset of what should not be there: a quote inside a bare field, text behind a closing quote, a
 * carriage return outside quotes. */
static size_t follow_quotes(struct cutter *c, struct str line)
{
    const char delimiter = c->delimiter;
    const char *p = line.p;
    size_t i = 0;
    for (;;) {
        if (!c->open) {
            const char *quote = memchr(p + i, '"', line.n - i);
            size_t end = quote ? (size_t)(quote - p) : line.n;
            const char *cr = memchr(p + i, '\r', end - i);
            if (cr)
                return (size_t)(cr - p);
            if (!quote)
                return NOT_STRAY;
            if (!begins_field(delimiter, p, end))
                return end;
            c->open = true;
            c->open_line = c->lines + 1;
            i = end + 1;
        }
        const char *quote = memchr(p + i, '"', line.n - i);
        if (!quote)
            return NOT_STRAY;
        i = (size_t)(quote - p) + 1;
        if (i < line.n && p[i] == '"') {
            i++;
            continue;
        }
        c->open = false;
        while (i < line.n && is_blank(delimiter, p[i]))
            i++;
        if (i < line.n && !is_delimiter(delimiter, p[i]))
            return i;
    }
}

static struct str without_line_end(struct str line)
{
    while (line.n && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
        line.n--;
    return line;
}

static bool is_blank_line(const struct cutter *c, struct str line)
{
    for (size_t i = 0; i < line.n; i++) {
        char ch = line.p[i];
        bool blank = c->delimiter ? is_blank(c->delimiter, ch) : ch == ' ' || ch == '\t';
        if (!blank && ch != '\r' && ch != '\n')
            return false;
    }
    return true;
}

/* A byte order mark stands before the first field, not in it. */
static size_t bare_of_bom(const struct cutter *c, struct str *line)
{
    if (c->at.offset || c->line_start || !str_starts(*line, STR("\xef\xbb\xbf")))
        return 0;
    *line = (struct str){ line->p + 3, line->n - 3 };
    return 3;
}

/* Looks at the record's newest physical line. True when the record ends with it. */
static bool line_ends_record(struct cutter *c, struct str line, struct record *out)
{
    out->stray = NULL;
    struct str bare = without_line_end(line);
    size_t skipped = bare_of_bom(c, &bare);
    if (!c->open && !memchr(bare.p, '"', bare.n) && !memchr(bare.p, '\r', bare.n))
        return true;
    size_t stray = follow_quotes(c, bare);
    if (stray != NOT_STRAY) {
        out->stray = bare.p[stray] == '\r'  ? "a carriage return outside quotes"
                     : bare.p[stray] == '"' ? "a quote inside a field that has none around it"
                                            : "text behind a closing quote";
        out->stray_line = c->lines + 1;
        out->stray_column = stray + skipped + 1;
        c->open = false;
        return true;
    }
    return !c->open;
}

static void next_record(struct cutter *c, size_t passed)
{
    c->at.offset += passed;
    c->at.line = c->lines + 1;
    c->at.length = 0;
    c->open = false;
    c->line_start = 0;
}

/* Holds as much as the limit allows, so that what is said about a row that is too long does not depend on how
 * its bytes came. */
static bool hold(struct cutter *c, const char *p, size_t n)
{
    size_t room = FEED_ROW_MAX - c->held.n;
    buf_add(&c->held, p, n < room ? n : room);
    return n <= room;
}

static enum cut too_long(struct cutter *c)
{
    struct str line = { c->held.p + c->line_start, c->held.n - c->line_start };
    if (follow_quotes(c, line) != NOT_STRAY)
        c->open = false;
    return CUT_TOO_LONG;
}

static enum cut deliver(struct cutter *c, struct str whole, bool ended, struct record *out)
{
    out->at = c->at;
    out->at.length = (uint32_t)whole.n;
    out->bytes = out->stray || !c->open ? without_line_end(whole) : whole;
    out->ended = ended;
    return CUT_RECORD;
}

enum cut cutter_next(struct cutter *c, const char **p, size_t *n, struct record *out)
{
    if (c->delivered) {
        buf_clear(&c->held);
        c->delivered = false;
    }
    while (*n) {
        const char *end = memchr(*p, '\n', *n);
        struct str line = { *p, end ? (size_t)(end - *p) + 1 : *n };
        bool direct = end && c->held.n == 0 && line.n <= FEED_ROW_MAX;
        if (!direct && !hold(c, line.p, line.n))
            return too_long(c);
        *p += line.n;
        *n -= line.n;
        if (!end)
            return CUT_MORE;
        struct str whole = direct ? line : buf_view(&c->held);
        if (!direct)
            line = (struct str){ c->held.p + c->line_start, c->held.n - c->line_start };
        if (!c->open && (unsigned char)line.p[0] <= ' ' && is_blank_line(c, line)) {
            c->lines++;
            next_record(c, line.n);
            buf_clear(&c->held);
        } else if (line_ends_record(c, line, out)) {
            deliver(c, whole, true, out);
            c->lines++;
            next_record(c, whole.n);
            c->delivered = !direct;
            return CUT_RECORD;
        } else {
            if (direct)
                hold(c, line.p, line.n);
            c->lines++;
            c->line_start = c->held.n;
        }
    }
    return CUT_MORE;
}

enum cut cutter_last(struct cutter *c, struct record *out)
{
    if (c->delivered || c->held.n == 0)
        return CUT_MORE;
    size_t length = c->held.n;
    buf_putc(&c->held, '\n'); /* libcsv wants one; not a byte of the file */
    struct str line = { c->held.p + c->line_start, length - c->line_start };
    if (!c->open && is_blank_line(c, line))
        return CUT_MORE;
    line_ends_record(c, line, out);
    return deliver(c, (struct str){ c->held.p, length }, false, out);
}
