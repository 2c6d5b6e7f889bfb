/*
 * Picks wished-for attributes out of a resource's text without building a tree: listings of everybody do it
 * for every user. The text is the emulator's own: compact, with keys that need no escapes.
 */
#include "scim.h"

#include <string.h>

#define CHAIN 3 /* extension, attribute, part */

struct chain {
    struct str name[CHAIN];
    size_t count;
};

struct picker {
    struct chain chain[64];
    size_t chains;
    struct buf *out; /* borrowed */
};

static const char *string_end(const char *p)
{
    for (p++; *p != '"'; p++)
        p += *p == '\\';
    return p + 1;
}

/* Behind a value: nesting is counted, strings are stepped over. */
static const char *value_end(const char *p)
{
    size_t depth = 0;

    do {
        if (*p == '"') {
            p = string_end(p);
            continue;
        }
        if (!depth && *p != '{' && *p != '[')
            return p + strcspn(p, ",]}");
        depth += *p == '{' || *p == '[';
        depth -= *p == '}' || *p == ']';
        p++;
    } while (depth);
    return p;
}

static bool ends_at(const struct picker *k, uint64_t wanted, size_t level)
{
    for (size_t i = 0; i < k->chains; i++) {
        if ((wanted >> i & 1) && k->chain[i].count == level)
            return true;
    }
    return false;
}

static uint64_t narrowed(const struct picker *k, uint64_t wanted, size_t level, struct str name)
{
    uint64_t left = 0;

    for (size_t i = 0; i < k->chains; i++) {
        if ((wanted >> i & 1) && str_eq(k->chain[i].name[level], name))
            left |= (uint64_t)1 << i;
    }
    return left;
}

static const char *pick(const struct picker *k, const char *p, uint64_t wanted, size_t level);

static const char *pick_members(const struct picker *k, const char *p, uint64_t wanted, size_t level)
{
    bool any = false;

    buf_putc(k->out, '{');
    for (p++; *p != '}'; p += *p == ',') {
        const char *colon = string_end(p);
        uint64_t inner = narrowed(k, wanted, level, (struct str){ p + 1, (size_t)(colon - p) - 2 });

        if (!inner) {
            p = value_end(colon + 1);
            continue;
        }
        if (any)
            buf_putc(k->out, ',');
        any = true;
        buf_add(k->out, p, (size_t)(colon - p) + 1);
        p = pick(k, colon + 1, inner, level + 1);
    }
    buf_putc(k->out, '}');
    return p + 1;
}

static const char *pick(const struct picker *k, const char *p, uint64_t wanted, size_t level)
{
    const char *end;

    if (*p == '{' && !ends_at(k, wanted, level))
        return pick_members(k, p, wanted, level);
    if (*p == '[' && !ends_at(k, wanted, level)) {
        buf_putc(k->out, '[');
        for (p++; *p != ']'; p += *p == ',') {
            p = pick(k, p, wanted, level);
            if (*p == ',')
                buf_putc(k->out, ',');
        }
        buf_putc(k->out, ']');
        return p + 1;
    }
    end = value_end(p);
    buf_add(k->out, p, (size_t)(end - p));
    return end;
}

static void add_name(struct chain *c, const char *name)
{
    c->name[c->count++] = str_of(name);
}

static void add_wish(struct picker *k, const struct scim_path *path)
{
    struct chain *c = &k->chain[k->chains++];

    if (path->schema->extension)
        add_name(c, path->schema->urn);
    if (path->attr)
        add_name(c, path->attr->name);
    if (path->sub)
        add_name(c, path->sub->name);
}

void scim_project(const struct scim_wish *wish, const char *text, struct buf *out)
{
    struct picker k = { .chains = 0, .out = out };

    add_name(&k.chain[k.chains++], "schemas");
    add_name(&k.chain[k.chains++], "id");
    for (size_t i = 0; i < wish->count && k.chains < array_len(k.chain); i++)
        add_wish(&k, &wish->path[i]);
    pick(&k, text, UINT64_MAX, 0);
}
