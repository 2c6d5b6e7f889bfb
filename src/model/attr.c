/* Attributes of a run and the canonical form of their values. */
#include <assert.h>
#include <string.h>

#include "model_internal.h"

int schema_slot(const struct schema *s, struct str name)
{
    for (size_t i = 0; i < s->n; i++)
        if (str_is(name, s->attr[i].name))
            return (int)i;
    return -1;
}

bool schema_is_key(const struct schema *s, size_t slot)
{
    for (size_t i = 0; i < s->n_keys; i++)
        if (s->key[i] == slot)
            return true;
    return false;
}

/* Bytes of the white space character that `s` starts with; 0: none. */
static size_t space_at_start(struct str s)
{
    if (s.n >= 1 && (s.p[0] == ' ' || (s.p[0] >= '\t' && s.p[0] <= '\r')))
        return 1;
    if (s.n >= 2 && memcmp(s.p, "\xc2\xa0", 2) == 0)
        return 2;
    if (s.n >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0)
        return 3;
    return 0;
}

/* The same at the end. In valid UTF-8 these bytes at the end are this character: its first byte starts one.
 */
static size_t space_at_end(struct str s)
{
    for (size_t n = 1; n <= 3 && n <= s.n; n++)
        if (space_at_start((struct str){ s.p + s.n - n, n }) == n)
            return n;
    return 0;
}

static bool plain(char c)
{
    return c > ' ' && c <= '~';
}

struct str attr_trim(struct str s)
{
    if (s.n && plain(s.p[0]) && plain(s.p[s.n - 1])) /* nearly always */
        return s;
    size_t n;
    while ((n = space_at_start(s)) > 0) {
        s.p += n;
        s.n -= n;
    }
    while ((n = space_at_end(s)) > 0)
        s.n -= n;
    return s;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The hexadecimal digit in lower case, or 0. A table: this is asked thirty-two times for every id, several
 * times over. */
static char hex_lower(char c)
{
    static const char lower[256] = {
        ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5',
        ['6'] = '6', ['7'] = '7', ['8'] = '8', ['9'] = '9', ['a'] = 'a', ['b'] = 'b',
        ['c'] = 'c', ['d'] = 'd', ['e'] = 'e', ['f'] = 'f', ['A'] = 'a', ['B'] = 'b',
        ['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f',
    };
    return lower[(unsigned char)c];
}

bool attr_guid(struct str s, char out[GUID_DIGITS])
{
    s = attr_trim(s);
    if (s.n >= 2 && s.p[0] == '{' && s.p[s.n - 1] == '}')
        s = (struct str){ s.p + 1, s.n - 2 };
    bool dashes = s.n == GUID_DIGITS + 4;
    if (!dashes && s.n != GUID_DIGITS)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (dashes && (i == 8 || i == 13 || i == 18 || i == 23)) {
            if (s.p[i] != '-')
                return false;
            continue;
        }
        char digit = hex_lower(s.p[i]);
        if (!digit)
            return false;
        out[n++] = digit;
    }
    return true;
}

static bool canon_text(struct str s, struct buf *out)
{
    return text_nfc(out, s);
}

static bool canon_fold(struct str s, struct buf *out)
{
    return text_fold(out, s);
}

/* Folding turns some single characters into hexadecimal digits (the ligature ff), so the folded text is
 * looked at once more: otherwise its own canonical form could be another. */
static bool canon_guid(struct str s, struct buf *out)
{
    char digits[GUID_DIGITS];
    if (attr_guid(s, digits)) {
        buf_add(out, digits, sizeof(digits));
        return true;
    }
    size_t before = out->n;
    if (!text_fold(out, s))
        return false;
    if (!out->full && out->n > before &&
        attr_guid((struct str){ out->p + before, out->n - before }, digits)) {
        memcpy(out->p + before, digits, sizeof(digits));
        out->n = before + sizeof(digits);
        out->p[out->n] = '\0';
    }
    return true;
}

/* A decimal number in parts. */
struct decimal {
    bool minus;
    struct str whole, fraction; /* digits, without idle zeros */
};

static struct str take_digits(struct str *s)
{
    struct str digits = { s->p, 0 };
    while (s->n && is_digit(s->p[0])) {
        s->p++;
        s->n--;
        digits.n++;
    }
    return digits;
}

static bool read_decimal(struct str s, struct decimal *d)
{
    d->minus = s.n && s.p[0] == '-';
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        s = (struct str){ s.p + 1, s.n - 1 };
    d->whole = take_digits(&s);
    d->fraction = (struct str){ NULL, 0 };
    bool any = d->whole.n > 0;
    if (s.n && s.p[0] == '.') {
        s = (struct str){ s.p + 1, s.n - 1 };
        d->fraction = take_digits(&s);
        any = any || d->fraction.n > 0;
    }
    if (!any || s.n)
        return false;
    while (d->whole.n && d->whole.p[0] == '0')
        d->whole = (struct str){ d->whole.p + 1, d->whole.n - 1 };
    while (d->fraction.n && d->fraction.p[d->fraction.n - 1] == '0')
        d->fraction.n--;
    return true;
}

static bool canon_number(struct str s, struct buf *out)
{
    struct decimal d;
    if (!read_decimal(s, &d))
        return text_nfc(out, s);
    if (d.minus && (d.whole.n || d.fraction.n))
        buf_putc(out, '-');
    buf_str(out, d.whole.n ? d.whole : STR("0"));
    if (d.fraction.n) {
        buf_putc(out, '.');
        buf_str(out, d.fraction);
    }
    return true;
}

static bool canon_bool(struct str s, struct buf *out)
{
    static const struct {
        const char *word, *canon;
    } words[] = {
        { "true", "1" }, { "false", "0" }, { "yes", "1" }, { "no", "0" }, { "1", "1" }, { "0", "0" }
    };
    for (size_t i = 0; i < array_len(words); i++) {
        if (str_ieq_ascii(s, str_of(words[i].word))) {
            buf_puts(out, words[i].canon);
            return true;
        }
    }
    return text_nfc(out, s);
}

static int compare_members(const void *a, const void *b)
{
    const struct str *x = a, *y = b;
    return str_cmp(*x, *y);
}

static bool is_separator(char c, char separator)
{
    return c == '\n' || (separator && c == separator);
}

struct str attr_member(struct str *rest, char separator)
{
    while (rest->n) {
        size_t n = 0;
        while (n < rest->n && !is_separator(rest->p[n], separator))
            n++;
        struct str member = attr_trim((struct str){ rest->p, n });
        size_t taken = n < rest->n ? n + 1 : n;
        rest->p += taken;
        rest->n -= taken;
        if (member.n)
            return member;
    }
    return (struct str){ NULL, 0 };
}

static size_t members_at_most(struct str s, char separator)
{
    size_t n = 1;
    for (size_t i = 0; i < s.n; i++)
        n += is_separator(s.p[i], separator);
    return n;
}

/* Appends the members to `out`, sorted and each once. */
static void write_members(struct str *v, size_t n, struct buf *out)
{
    bool any = false;
    if (n > 1)
        qsort(v, n, sizeof(*v), compare_members);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && str_eq(v[i], v[i - 1]))
            continue;
        if (any)
            buf_putc(out, '\n');
        buf_str(out, v[i]);
        any = true;
    }
}

/* Normalised as a whole before it is split: some characters become separators by it (U+037E, a semicolon).
 * The members of `all` go through the canonical form of their own type; for text that is what was done. */
static void canon_members(struct str all, char separator, bool refs, struct buf *out)
{
    struct buf form = BUF_INIT(ATTR_CANON_MAX);
    struct str *v = xcalloc(members_at_most(all, separator), sizeof(*v));
    size_t n = 0;
    for (struct str m = attr_member(&all, separator); m.n; m = attr_member(&all, separator)) {
        size_t before = form.n;
        if (refs)
            (void)canon_guid(m, &form); /* valid it is */
        v[n++] = refs ? (struct str){ NULL, form.n - before } : m;
    }
    for (size_t i = 0, at = 0; refs && i < n; at += v[i++].n) /* the buffer moves no more */
        v[i].p = form.p + at;
    write_members(v, n, out);
    free(v);
    buf_deinit(&form);
}

static bool canon_set(struct str s, char separator, bool refs, struct buf *out)
{
    struct buf nfc = BUF_INIT(ATTR_CANON_MAX);
    bool valid = text_nfc(&nfc, s);
    if (valid)
        canon_members(buf_view(&nfc), separator, refs, out);
    buf_deinit(&nfc);
    return valid;
}

static bool canon(enum attr_type type, char separator, struct str bytes, struct buf *out)
{
    if (bytes.n > ATTR_VALUE_MAX)
        return false;
    struct str s = attr_trim(bytes);
    if (!s.n)
        return true;
    switch (type) {
    case ATTR_TEXT: return canon_text(s, out);
    case ATTR_FOLD: return canon_fold(s, out);
    case ATTR_GUID:
    case ATTR_REF: return canon_guid(s, out);
    case ATTR_NUMBER: return canon_number(s, out);
    case ATTR_BOOL: return canon_bool(s, out);
    case ATTR_SET: return canon_set(s, separator, false, out);
    case ATTR_REFS: return canon_set(s, separator, true, out);
    }
    assert(false && "an attribute type without a canonical form");
    return false;
}

bool canon_as(enum attr_type type, struct str bytes, struct buf *out)
{
    return canon(type, 0, bytes, out);
}

bool attr_canon(const struct attr *a, struct str bytes, struct buf *out)
{
    return canon(a->type, a->separator, bytes, out);
}

size_t attr_chars(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}
