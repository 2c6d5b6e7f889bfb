#include "rollcall/base/jsonread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "rollcall/base/mem.h"
#include "utf8_internal.h"

/* yajl keeps the bytes of a token that is not complete yet. Each byte of a text takes up to six in JSON
 * (\u00ff); with this many bytes since the last token something is wrong with the document, and the memory
 * for them is bounded. */
#define GAP_MAX (6 * (uint64_t)JSON_TEXT_MAX + 1024)
#define PIECE ((size_t)256 * 1024) /* the gap is looked at after each */
/* With every call yajl reads a token that is not complete from its start again. From this length on, bytes
 * are held back until they double it, so that a long text in many small pieces costs no more than twice its
 * length. */
#define HOLD_FROM ((uint64_t)64 * 1024)

struct jsonread {
    yajl_handle yajl; /* owned */
    json_token_cb cb;
    void *ctx; /* borrowed */
    unsigned depth;
    unsigned bom; /* bytes of a byte order mark seen at the very start; 3 when that is over */
    enum json_result result;
    uint64_t before;     /* bytes consumed by earlier calls of yajl_parse */
    uint64_t last_token; /* offset behind the last token */
    bool complete;       /* the top value is whole */
    char why[160];
    struct buf held;  /* arrived, and not yet given to yajl */
    struct buf clean; /* a text with its invalid parts replaced */
};

static int bad(struct jsonread *r, const char *why)
{
    r->result = JR_BAD;
    snprintf(r->why, sizeof(r->why), "%s", why);
    return 0;
}

/* Every token passes here. 0 makes yajl stop. */
static int token(struct jsonread *r, enum json_kind kind, struct str text)
{
    uint64_t at = r->before + yajl_get_bytes_consumed(r->yajl);
    if (at - r->last_token > GAP_MAX)
        return bad(r, "too many bytes without a value");
    r->last_token = at;
    if (text.n > JSON_TEXT_MAX)
        return bad(r, "a text is longer than 1 MiB");
    if (r->depth == 0 && kind != JR_OBJECT && kind != JR_ARRAY)
        r->complete = true;
    if (r->cb(r->ctx, kind, r->depth, text))
        return 1;
    r->result = JR_STOPPED;
    return 0;
}

static int open_container(struct jsonread *r, enum json_kind kind)
{
    if (r->depth >= JSON_DEPTH_MAX)
        return bad(r, "nested more than 64 deep");
    int go_on = token(r, kind, (struct str){ 0 });
    r->depth++;
    return go_on;
}

static int close_container(struct jsonread *r, enum json_kind kind)
{
    r->depth--;
    return token(r, kind, (struct str){ 0 });
}

/* yajl lets lone surrogates and overlong forms through. One broken emoji must not cost a listing of
 * everybody: it becomes U+FFFD. */
static struct str cleaned(struct jsonread *r, struct str s)
{
    buf_clear(&r->clean);
    for (size_t i = 0; i < s.n;) {
        struct str rest = { s.p + i, s.n - i };
        size_t good = utf8_bad_at(rest);
        buf_add(&r->clean, rest.p, good);
        i += good;
        if (i == s.n)
            break;
        /* The continuation bytes belong to the same broken character. */
        do
            i++;
        while (i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80);
        buf_puts(&r->clean, "\xef\xbf\xbd");
    }
    return buf_view(&r->clean);
}

static int text_token(struct jsonread *r, enum json_kind kind, const unsigned char *p, size_t n)
{
    struct str s = { n ? (const char *)p : "", n };
    if (n <= JSON_TEXT_MAX && !utf8_valid(s))
        s = cleaned(r, s);
    return token(r, kind, s);
}

static int on_null(void *r)
{
    return token(r, JR_NULL, (struct str){ 0 });
}

static int on_boolean(void *r, int value)
{
    return token(r, value ? JR_TRUE : JR_FALSE, (struct str){ 0 });
}

static int on_number(void *r, const char *p, size_t n)
{
    return token(r, JR_NUMBER, (struct str){ p, n });
}

static int on_string(void *r, const unsigned char *p, size_t n)
{
    return text_token(r, JR_STRING, p, n);
}

static int on_key(void *r, const unsigned char *p, size_t n)
{
    return text_token(r, JR_KEY, p, n);
}

static int on_object(void *r)
{
    return open_container(r, JR_OBJECT);
}

static int on_object_end(void *r)
{
    return close_container(r, JR_OBJECT_END);
}

static int on_array(void *r)
{
    return open_container(r, JR_ARRAY);
}

static int on_array_end(void *r)
{
    return close_container(r, JR_ARRAY_END);
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number, /* as written: no integer is rounded, none too large */
    .yajl_string = on_string,
    .yajl_start_map = on_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_object_end,
    .yajl_start_array = on_array,
    .yajl_end_array = on_array_end,
};

/* yajl does not look at what its allocator returns. */
static void *yajl_get(void *ctx, size_t n)
{
    (void)ctx;
    return xmalloc(n);
}

static void *yajl_resize(void *ctx, void *p, size_t n)
{
    (void)ctx;
    return xrealloc(p, n, 1);
}

static void yajl_give(void *ctx, void *p)
{
    (void)ctx;
    free(p);
}

struct jsonread *jsonread_new(json_token_cb cb, void *ctx)
{
    struct jsonread *r = xcalloc(1, sizeof(*r));
    yajl_alloc_funcs memory = { yajl_get, yajl_resize, yajl_give, NULL };
    r->cb = cb;
    r->ctx = ctx;
    r->yajl = yajl_alloc(&callbacks, &memory, r);
    buf_init(&r->held, GAP_MAX + PIECE);
    buf_init(&r->clean, 3 * (size_t)JSON_TEXT_MAX);
    return r;
}

void jsonread_free(struct jsonread *r)
{
    if (!r)
        return;
    yajl_free(r->yajl);
    buf_deinit(&r->held);
    buf_deinit(&r->clean);
    free(r);
}

/* Takes yajl's verdict over; its own words come without the input and with a line end. */
static void conclude(struct jsonread *r, yajl_status status)
{
    if (r->result != JR_OK || status == yajl_status_ok)
        return;
    unsigned char *text = yajl_get_error(r->yajl, 0, NULL, 0);
    bad(r, text ? (const char *)text : "not JSON");
    if (text)
        yajl_free_error(r->yajl, text);
    for (size_t n = strlen(r->why); n && (r->why[n - 1] == '\n' || r->why[n - 1] == ' '); n--)
        r->why[n - 1] = '\0';
}

static void parse_piece(struct jsonread *r, const char *p, size_t n)
{
    yajl_status status = yajl_parse(r->yajl, (const unsigned char *)p, n);
    conclude(r, status);
    if (r->result != JR_OK) {
        r->before += yajl_get_bytes_consumed(r->yajl);
        return;
    }
    r->before += n;
    if (!r->complete && r->before - r->last_token > GAP_MAX)
        bad(r, "too many bytes without a value");
}

/* A byte order mark is not JSON, yet some servers send one, and RFC 8259 allows to ignore it. Returns how
 * many bytes of `p` it took. */
static size_t skip_bom(struct jsonread *r, const char *p, size_t n)
{
    static const char mark[3] = "\xef\xbb\xbf";
    size_t i = 0;
    while (r->bom < 3 && i < n && p[i] == mark[r->bom]) {
        r->bom++;
        i++;
    }
    if (i == n && r->bom < 3)
        return i;
    if (r->bom && r->bom < 3)
        bad(r, "invalid bytes at the start");
    r->bom = 3;
    return i;
}

static void parse_held(struct jsonread *r)
{
    parse_piece(r, r->held.p, r->held.n);
    buf_clear(&r->held);
}

/* Parses or holds the next bytes; returns how many. */
static size_t take(struct jsonread *r, const char *p, size_t n)
{
    uint64_t gap = r->before - r->last_token;
    if (r->complete || gap < HOLD_FROM) {
        size_t piece = n < PIECE ? n : PIECE;
        parse_piece(r, p, piece);
        return piece;
    }
    size_t room = (size_t)gap - r->held.n;
    size_t piece = n < room ? n : room;
    buf_add(&r->held, p, piece);
    if (r->held.n == gap)
        parse_held(r);
    return piece;
}

enum json_result jsonread_bytes(struct jsonread *r, const char *p, size_t n)
{
    if (n && r->result == JR_OK && r->bom < 3) {
        size_t skipped = skip_bom(r, p, n);
        r->before += skipped;
        r->last_token += skipped;
        p += skipped;
        n -= skipped;
    }
    while (n && r->result == JR_OK) {
        size_t taken = take(r, p, n);
        p += taken;
        n -= taken;
    }
    return r->result;
}

enum json_result jsonread_end(struct jsonread *r)
{
    if (r->result == JR_OK && r->held.n)
        parse_held(r);
    if (r->result != JR_OK)
        return r->result;
    yajl_status status = yajl_complete_parse(r->yajl);
    conclude(r, status);
    if (r->result == JR_OK && !r->complete)
        bad(r, "premature end of the text");
    return r->result;
}

const char *jsonread_why(const struct jsonread *r)
{
    return r->why;
}

uint64_t jsonread_offset(const struct jsonread *r)
{
    return r->before + r->held.n;
}
