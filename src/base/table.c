#include "rollcall/base/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mem_internal.h"
#include "rollcall/base/mem.h"

#define CAP_MIN ((size_t)16)

/* Slots may be three quarters full; one empty slot at least ends every probe. */
static size_t entries_max(size_t cap)
{
    return cap / 4 * 3;
}

void table_deinit(struct table *t)
{
    free(t->digest);
    free(t->value);
    *t = TABLE_INIT;
}

void table_clear(struct table *t)
{
    if (t->cap)
        memset(t->value, 0xff, t->cap * sizeof(*t->value));
    t->n = 0;
}

static void put(struct table *t, uint64_t digest, uint32_t value)
{
    size_t mask = t->cap - 1;
    size_t at = (size_t)digest & mask;
    while (t->value[at] != TABLE_NONE)
        at = (at + 1) & mask;
    t->digest[at] = digest;
    t->value[at] = value;
}

static void resize(struct table *t, size_t cap)
{
    struct table old = *t;
    t->cap = cap;
    t->digest = xrealloc(NULL, cap, sizeof(*t->digest));
    t->value = xrealloc(NULL, cap, sizeof(*t->value));
    memset(t->value, 0xff, cap * sizeof(*t->value));
    for (size_t i = 0; i < old.cap; i++)
        if (old.value[i] != TABLE_NONE)
            put(t, old.digest[i], old.value[i]);
    free(old.digest);
    free(old.value);
}

void table_reserve(struct table *t, size_t n)
{
    size_t cap = t->cap ? t->cap : CAP_MIN;
    while (entries_max(cap) < n) {
        if (cap > SIZE_MAX / 2)
            out_of_memory();
        cap *= 2;
    }
    if (cap > t->cap)
        resize(t, cap);
}

void table_add(struct table *t, uint64_t digest, uint32_t value)
{
    assert(value != TABLE_NONE);
    table_reserve(t, t->n + 1);
    put(t, digest, value);
    t->n++;
}

static size_t probe(const struct table *t, size_t at, uint64_t digest)
{
    size_t mask = t->cap - 1;
    for (at &= mask; t->value[at] != TABLE_NONE; at = (at + 1) & mask)
        if (t->digest[at] == digest)
            return at;
    return TABLE_END;
}

size_t table_find(const struct table *t, uint64_t digest)
{
    return t->cap ? probe(t, (size_t)digest, digest) : TABLE_END;
}

size_t table_next(const struct table *t, size_t it, uint64_t digest)
{
    return probe(t, it + 1, digest);
}

uint32_t table_value(const struct table *t, size_t it)
{
    return t->value[it];
}

void table_set(struct table *t, size_t it, uint32_t value)
{
    assert(value != TABLE_NONE);
    t->value[it] = value;
}
