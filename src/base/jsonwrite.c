#include "rollcall/base/jsonwrite.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "buf_internal.h"
#include "rollcall/base/mem.h"
#include "utf8_internal.h"

#define DECIMALS_MAX 17

void jw_init(struct jw *w, struct buf *out, bool canonical)
{
    *w = (struct jw){ .out = out, .canonical = canonical };
}

/* The writer's own arrays end where no document of ours goes; deeper levels would share the last place. */
static unsigned level(const struct jw *w)
{
    assert(w->depth < array_len(w->comma));
    return w->depth < array_len(w->comma) ? w->depth : (unsigned)array_len(w->comma) - 1;
}

static void new_line(struct jw *w)
{
    if (!w->indent)
        return;
    buf_put(w->out, '\n');
    for (unsigned i = 0; i < w->depth * (unsigned)w->indent; i++)
        buf_put(w->out, ' ');
}

/* Before every value and key: the comma that parts it from the one before. */
static void part(struct jw *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    bool *comma = &w->comma[level(w)];
    if (*comma)
        buf_put(w->out, ',');
    *comma = true;
    if (w->depth)
        new_line(w);
}

static void begin(struct jw *w, char bracket)
{
    part(w);
    buf_put(w->out, bracket);
    w->depth++;
    w->comma[level(w)] = false;
}

static void end(struct jw *w, char bracket)
{
    assert(w->depth > 0 && !w->after_key);
    bool any = w->comma[level(w)];
    w->depth--;
    if (any)
        new_line(w);
    buf_put(w->out, bracket);
}

void jw_object(struct jw *w)
{
    begin(w, '{');
}

void jw_end_object(struct jw *w)
{
    end(w, '}');
}

void jw_array(struct jw *w)
{
    begin(w, '[');
}

void jw_end_array(struct jw *w)
{
    end(w, ']');
}

static void escape(struct buf *out, char c)
{
    static const char letters[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"', ['\\'] = '\\'
    };
    unsigned char u = (unsigned char)c;
    if (u < sizeof(letters) && letters[u]) {
        char pair[2] = { '\\', letters[u] };
        buf_add(out, pair, 2);
    } else {
        buf_printf(out, "\\u%04x", u);
    }
}

static bool needs_escape(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

/* `s` is valid UTF-8. Runs without escapes are copied whole. */
static void quoted_part(struct buf *out, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (!needs_escape(s.p[i]))
            continue;
        if (i > from)
            buf_add(out, s.p + from, i - from);
        escape(out, s.p[i]);
        from = i + 1;
    }
    if (s.n > from)
        buf_add(out, s.p + from, s.n - from);
}

static void quoted(struct buf *out, struct str s)
{
    buf_put(out, '"');
    for (size_t i = 0; i < s.n;) {
        struct str rest = { s.p + i, s.n - i };
        size_t good = utf8_bad_at(rest);
        quoted_part(out, (struct str){ rest.p, good });
        i += good;
        if (i < s.n) {
            buf_puts(out, "\xef\xbf\xbd");
            i++;
        }
    }
    buf_put(out, '"');
}

#ifndef NDEBUG
/* Only the first bytes of the last key are kept: keys alike in all of them cannot be told apart and pass. */
static void check_order(struct jw *w, struct str key)
{
    char *last = w->last_key[level(w)];
    size_t room = sizeof(w->last_key[0]) - 1;
    struct str head = { key.p, key.n < room ? key.n : room };
    if (w->canonical && w->comma[level(w)]) {
        int order = str_cmp(str_of(last), head);
        assert((order < 0 || (order == 0 && strlen(last) == room)) && "canonical JSON wants ascending keys");
    }
    if (head.n)
        memcpy(last, head.p, head.n);
    last[head.n] = '\0';
}
#endif

void jw_keystr(struct jw *w, struct str key)
{
    assert(!w->after_key);
#ifndef NDEBUG
    check_order(w, key);
#endif
    part(w);
    quoted(w->out, key);
    buf_put(w->out, ':');
    if (w->indent)
        buf_put(w->out, ' ');
    w->after_key = true;
}

void jw_key(struct jw *w, const char *key)
{
    jw_keystr(w, str_of(key));
}

void jw_str(struct jw *w, struct str s)
{
    if (!s.p) {
        jw_null(w);
        return;
    }
    part(w);
    quoted(w->out, s);
}

void jw_z(struct jw *w, const char *z)
{
    jw_str(w, str_of(z));
}

static void literal(struct jw *w, const char *text, size_t n)
{
    part(w);
    buf_add(w->out, text, n);
}

void jw_int(struct jw *w, int64_t n)
{
    char text[24];
    char *p = text + sizeof(text);
    uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    do
        *--p = (char)('0' + left % 10);
    while (left /= 10);
    if (n < 0)
        *--p = '-';
    literal(w, p, (size_t)(text + sizeof(text) - p));
}

/* The point is a point in every locale; canonical numbers end in no idle zeros and know no negative zero. */
void jw_real(struct jw *w, double d, int decimals)
{
    char printed[400], text[400];
    if (!isfinite(d)) {
        jw_null(w);
        return;
    }
    decimals = decimals < 0 ? 0 : decimals > DECIMALS_MAX ? DECIMALS_MAX : decimals;
    snprintf(printed, sizeof(printed), "%.*f", decimals, d);
    size_t n = 0;
    bool point = false;
    for (const char *c = printed; *c; c++) {
        if (*c == '-' || (*c >= '0' && *c <= '9')) {
            text[n++] = *c;
        } else if (!point) {
            point = true;
            text[n++] = '.';
        }
    }
    if (w->canonical && point) {
        while (text[n - 1] == '0')
            n--;
        if (text[n - 1] == '.')
            n--;
    }
    if (w->canonical && n == 2 && text[0] == '-' && text[1] == '0')
        literal(w, "0", 1);
    else
        literal(w, text, n);
}

void jw_bool(struct jw *w, bool b)
{
    if (b)
        literal(w, "true", 4);
    else
        literal(w, "false", 5);
}

void jw_null(struct jw *w)
{
    literal(w, "null", 4);
}

void jw_raw(struct jw *w, struct str json)
{
    literal(w, json.p, json.n);
}

void jw_kstr(struct jw *w, const char *key, struct str s)
{
    jw_key(w, key);
    jw_str(w, s);
}

void jw_kz(struct jw *w, const char *key, const char *z)
{
    jw_key(w, key);
    jw_z(w, z);
}

void jw_kint(struct jw *w, const char *key, int64_t n)
{
    jw_key(w, key);
    jw_int(w, n);
}

void jw_kbool(struct jw *w, const char *key, bool b)
{
    jw_key(w, key);
    jw_bool(w, b);
}
