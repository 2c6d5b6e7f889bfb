/* Is the file whole? What a trailer or a manifest says against what was read. */
#include <string.h>

#include "feed_internal.h"

void quoted_value(struct buf *out, struct str s)
{
    buf_putc(out, '\'');
    printable(out, s, 60);
    buf_putc(out, '\'');
}

/* Digits only, as a whole: a count that was cut short must not pass for another. -1: it is none. */
static int64_t read_count(struct str s)
{
    int64_t n;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return -1;
    return str_to_i64(s, &n) ? n : -1;
}

static void note_said(struct trailer *t, struct str count)
{
    struct buf text = BUF_INIT(sizeof(t->said_text) - 1);
    printable(&text, count, sizeof(t->said_text) / 2);
    t->said = read_count(count);
    snprintf(t->said_text, sizeof(t->said_text), "%.*s", STR_ARG(buf_view(&text)));
    buf_deinit(&text);
}

static void note_after(struct trailer *t, const struct place *at)
{
    if (t->line && !t->after)
        t->after = at->line;
}

bool trailer_take(struct trailer *t, const struct fields *f, const struct place *at, uint64_t rows)
{
    struct str value = attr_trim(str_of(t->value));
    if (value.n == 0 || !str_eq(attr_trim(f->cell[t->cell]), value))
        return false;
    note_after(t, at);
    t->line = at->line;
    t->rows = rows;
    note_said(t, attr_trim(f->cell[t->count_cell]));
    return true;
}

void trailer_row(struct trailer *t, const struct place *at)
{
    note_after(t, at);
}

bool trailer_holds(const struct trailer *t, uint64_t cut_line, uint64_t rows, char why[400])
{
    char said[28], read[28], line[28], cut[80] = "";
    if (cut_line)
        snprintf(cut, sizeof(cut), "the file ends inside line %s: ", text_count(line, (int64_t)cut_line));
    text_count(said, t->said);
    text_count(read, (int64_t)rows);
    text_count(line, (int64_t)t->line);
    if (!t->line)
        snprintf(why, 400, "%sthe trailer with the row count is missing (%s rows were read)", cut, read);
    else if (t->after)
        snprintf(why, 400, "the trailer does not come last: line %s comes behind one",
                 text_count(line, (int64_t)t->after));
    else if (t->said < 0)
        snprintf(why, 400, "%sthe trailer in line %s has no row count, but '%s'", cut, line, t->said_text);
    else if ((uint64_t)t->said != t->rows)
        snprintf(why, 400, "%sthe trailer says %s rows, %s were read", cut, said, read);
    else
        return true;
    return false;
}

bool manifest_holds(const struct feed_options *o, const struct feed_summary *s, uint64_t rows, char why[400])
{
    char said[28], read[28];
    if (o->manifest_bytes >= 0 && (uint64_t)o->manifest_bytes != s->bytes)
        snprintf(why, 400, "the manifest says %s bytes, %s were read", text_count(said, o->manifest_bytes),
                 text_count(read, (int64_t)s->bytes));
    else if (o->manifest_rows >= 0 && (uint64_t)o->manifest_rows != rows)
        snprintf(why, 400, "the manifest says %s rows, %s were read", text_count(said, o->manifest_rows),
                 text_count(read, (int64_t)rows));
    else if (o->manifest_sha256[0] && strcmp(o->manifest_sha256, s->sha256) != 0)
        snprintf(why, 400, "the SHA-256 of what was read (%.12s...) is not the manifest's (%.12s...)",
                 s->sha256, o->manifest_sha256);
    else if (o->manifest_bytes < 0 && o->manifest_rows < 0 && !o->manifest_sha256[0])
        snprintf(why, 400, "the manifest says nothing about the file");
    else
        return true;
    return false;
}

void manifest_how(const struct feed_options *o, char out[120])
{
    const char *parts[3];
    size_t n = 0;
    if (o->manifest_rows >= 0)
        parts[n++] = "rows";
    if (o->manifest_bytes >= 0)
        parts[n++] = "bytes";
    if (o->manifest_sha256[0])
        parts[n++] = "sha256";
    snprintf(out, 120, "manifest (%s%s%s%s%s)", n > 0 ? parts[0] : "", n > 1 ? ", " : "",
             n > 1 ? parts[1] : "", n > 2 ? ", " : "", n > 2 ? parts[2] : "");
}
