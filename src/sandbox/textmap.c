#include "textmap.h"

#include "text_util.h"

#include <stdlib.h>
#include <string.h>

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

int text_compare(const char *a, const char *b)
{
    for (;; a++, b++) {
        unsigned char x = lower((unsigned char)*a), y = lower((unsigned char)*b);

        if (x != y)
            return x < y ? -1 : 1;
        if (!x)
            return 0;
    }
}

bool text_same(const char *a, const char *b)
{
    return text_compare(a, b) == 0;
}

static uint64_t hash_of(const struct textmap *map, const char *key)
{
    uint64_t h = 1469598103934665603u;

    for (const unsigned char *p = (const unsigned char *)key; *p; p++)
        h = (h ^ (map->fold ? lower(*p) : *p)) * 1099511628211u;
    return h ^ (h >> 29);
}

static bool same(const struct textmap *map, const char *a, const char *b)
{
    return map->fold ? text_same(a, b) : strcmp(a, b) == 0;
}

/* The slot of key, or the free slot where it would go. */
static struct textmap_slot *find(const struct textmap *map, const char *key, uint64_t hash)
{
    for (size_t i = hash & (map->size - 1);; i = (i + 1) & (map->size - 1)) {
        struct textmap_slot *slot = &map->slots[i];

        if (!slot->key || (slot->hash == hash && same(map, slot->key, key)))
            return slot;
    }
}

uint32_t textmap_get(const struct textmap *map, const char *key)
{
    const struct textmap_slot *slot;

    if (!map->size)
        return TEXTMAP_NONE;
    slot = find(map, key, hash_of(map, key));
    return slot->key && !slot->removed ? slot->value : TEXTMAP_NONE;
}

static void grow(struct textmap *map)
{
    struct textmap bigger = { .fold = map->fold, .size = map->size ? map->size * 2 : 64 };

    bigger.slots = xcalloc(bigger.size, sizeof(*bigger.slots));
    for (size_t i = 0; i < map->size; i++) {
        const struct textmap_slot *old = &map->slots[i];

        if (old->key && !old->removed) {
            *find(&bigger, old->key, old->hash) = *old;
            bigger.used++;
        }
    }
    free(map->slots);
    *map = bigger;
}

void textmap_put(struct textmap *map, const char *key, uint32_t value)
{
    uint64_t hash = hash_of(map, key);
    struct textmap_slot *slot;

    if (map->used * 3 >= map->size * 2)
        grow(map);
    slot = find(map, key, hash);
    if (!slot->key)
        map->used++;
    *slot = (struct textmap_slot){ .key = key, .hash = hash, .value = value };
}

void textmap_remove(struct textmap *map, const char *key)
{
    struct textmap_slot *slot;

    if (!map->size)
        return;
    slot = find(map, key, hash_of(map, key));
    if (slot->key)
        slot->removed = true;
}

void textmap_free(struct textmap *map)
{
    free(map->slots);
    *map = (struct textmap){ .fold = map->fold };
}
