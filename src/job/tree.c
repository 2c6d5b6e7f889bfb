/* The job file as a tree. base's reader gives tokens without places; since they come in the order of the
 * file, a cursor that follows them through the text knows where each one stands. */
#include <stdio.h>
#include <string.h>

#include "job_internal.h"

struct builder {
    struct tree *tree;
    struct arena *arena;
    struct tree_trouble *trouble;
    size_t cursor;     /* behind the last token */
    struct node *open; /* innermost container; NULL at the top */
    struct str key;    /* of the member whose value comes next */
    size_t key_at;
};

static bool space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_space(struct str s, size_t at)
{
    while (at < s.n && space(s.p[at]))
        at++;
    return at;
}

/* Where the next token begins: commas and colons are no tokens. */
static size_t skip_between(struct str s, size_t at)
{
    while (at < s.n && (space(s.p[at]) || s.p[at] == ',' || s.p[at] == ':'))
        at++;
    return at;
}

/* Behind the text in quotes that begins at `at`. The reader has accepted it, so it is closed. */
static size_t skip_quoted(struct str s, size_t at)
{
    for (at++; at < s.n && s.p[at] != '"'; at++)
        if (s.p[at] == '\\')
            at++;
    return at < s.n ? at + 1 : s.n;
}

static size_t token_end(struct str s, size_t at, enum json_kind kind, struct str text)
{
    switch (kind) {
    case JR_NULL:
    case JR_TRUE: return at + 4;
    case JR_FALSE: return at + 5;
    case JR_NUMBER: return at + text.n;
    case JR_STRING:
    case JR_KEY: return skip_quoted(s, at);
    case JR_OBJECT:
    case JR_OBJECT_END:
    case JR_ARRAY:
    case JR_ARRAY_END: break;
    }
    return at + 1;
}

static bool refuse(struct builder *b, size_t at, const char *text)
{
    b->trouble->at = at;
    snprintf(b->trouble->text, sizeof(b->trouble->text), "%s", text);
    return false;
}

static void add_child(struct node *parent, struct node *n)
{
    n->parent = parent;
    n->index = parent->n++;
    if (parent->last)
        parent->last->next = n;
    else
        parent->first = n;
    parent->last = n;
}

static enum node_kind kind_of(enum json_kind kind)
{
    switch (kind) {
    case JR_FALSE:
    case JR_TRUE: return NODE_BOOL;
    case JR_NUMBER: return NODE_NUMBER;
    case JR_STRING: return NODE_TEXT;
    case JR_OBJECT: return NODE_OBJECT;
    case JR_ARRAY: return NODE_ARRAY;
    case JR_NULL:
    case JR_KEY:
    case JR_OBJECT_END:
    case JR_ARRAY_END: break;
    }
    return NODE_NULL;
}

static void add_value(struct builder *b, enum json_kind kind, size_t at, struct str text)
{
    struct node *n = arena_zalloc(b->arena, sizeof(*n));
    n->kind = kind_of(kind);
    n->at = n->key_at = (uint32_t)at;
    if (n->kind == NODE_BOOL)
        n->text = kind == JR_TRUE ? STR("true") : STR("false");
    else if (n->kind == NODE_NUMBER || n->kind == NODE_TEXT)
        n->text = arena_str(b->arena, text);
    if (b->open) {
        if (b->open->kind == NODE_OBJECT) {
            n->key = b->key;
            n->key_at = (uint32_t)b->key_at;
        }
        add_child(b->open, n);
    } else {
        b->tree->root = n;
    }
    if (n->kind == NODE_OBJECT || n->kind == NODE_ARRAY)
        b->open = n;
}

static bool token(void *ctx, enum json_kind kind, unsigned depth, struct str text)
{
    struct builder *b = ctx;
    size_t at = skip_between(b->tree->text, b->cursor);
    (void)depth; /* the open container says the same */
    b->cursor = token_end(b->tree->text, at, kind, text);
    if (text.n && memchr(text.p, '\0', text.n))
        return refuse(b, at, "a text must not contain the character \\u0000");
    if (kind == JR_OBJECT_END || kind == JR_ARRAY_END) {
        b->open = b->open->parent;
        return true;
    }
    if (kind == JR_KEY) {
        b->key = arena_str(b->arena, text);
        b->key_at = at;
        return true;
    }
    if (++b->tree->n > JOB_NODES_MAX)
        return refuse(b, at, "the file has more than 200,000 values");
    add_value(b, kind, at, text);
    return true;
}

bool tree_parse(struct tree *t, struct str text, struct arena *arena, struct tree_trouble *trouble)
{
    *t = (struct tree){ .text = text };
    *trouble = (struct tree_trouble){ 0 };
    struct builder b = { .tree = t, .arena = arena, .trouble = trouble };
    if (str_starts(text, STR("\xef\xbb\xbf"))) /* editors on Windows write one */
        b.cursor = 3;
    size_t bad = utf8_bad_at(text);
    if (bad < text.n)
        return refuse(&b, bad, "invalid UTF-8; save the file as UTF-8");
    struct jsonread *r = jsonread_new(token, &b);
    enum json_result result = jsonread_bytes(r, text.p, text.n);
    if (result == JR_OK)
        result = jsonread_end(r);
    if (result == JR_BAD) {
        /* Without the reader's words it would be hard to see what it stumbled over; the place is where the
         * last good token ended. */
        char why[200];
        const char *words = jsonread_why(r), *colon = strstr(words, "error: ");
        snprintf(why, sizeof(why), "not JSON from here on: %s", colon ? colon + 7 : words);
        refuse(&b, skip_space(text, b.cursor), why);
    }
    jsonread_free(r);
    return result == JR_OK;
}

void tree_position(const struct tree *t, size_t at, unsigned long *line, unsigned long *column)
{
    *line = *column = 1;
    size_t i = str_starts(t->text, STR("\xef\xbb\xbf")) ? 3 : 0;
    for (; i < at && i < t->text.n; i++) {
        unsigned char c = (unsigned char)t->text.p[i];
        if (c == '\n') {
            ++*line;
            *column = 1;
        } else if ((c & 0xc0) != 0x80) {
            ++*column;
        }
    }
}

/* A key that can be written behind a dot. */
static bool plain_key(struct str key)
{
    for (size_t i = 0; i < key.n; i++) {
        char c = key.p[i];
        bool digit = c >= '0' && c <= '9';
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
        if (!letter && !(digit && i > 0))
            return false;
    }
    return key.n > 0;
}

void node_path(const struct node *n, struct buf *out)
{
    const struct node *way[JSON_DEPTH_MAX + 2];
    size_t depth = 0;
    for (; n && n->parent && depth < array_len(way); n = n->parent)
        way[depth++] = n;
    buf_putc(out, '$');
    while (depth > 0) {
        const struct node *step = way[--depth];
        if (step->parent->kind == NODE_ARRAY) {
            buf_printf(out, "[%u]", (unsigned)step->index);
        } else if (plain_key(step->key)) {
            buf_putc(out, '.');
            buf_str(out, step->key);
        } else {
            buf_puts(out, "['");
            printable(out, step->key, 100);
            buf_puts(out, "']");
        }
    }
}

const struct node *node_member(const struct node *object, const char *key)
{
    if (!object || object->kind != NODE_OBJECT)
        return NULL;
    for (const struct node *n = object->first; n; n = n->next)
        if (str_is(n->key, key))
            return n;
    return NULL;
}

const char *node_kind_text(enum node_kind k)
{
    static const char *const texts[] = {
        [NODE_NULL] = "null",   [NODE_BOOL] = "true or false",     [NODE_NUMBER] = "a number",
        [NODE_TEXT] = "a text", [NODE_OBJECT] = "an object {...}", [NODE_ARRAY] = "a list [...]",
    };
    return texts[k];
}

bool node_is_comment(const struct node *n)
{
    return str_starts(n->key, STR("_comment"));
}
