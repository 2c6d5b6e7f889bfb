/*
 * Text to number: the index of users by id and by e-mail, and other small look-ups.
 *
 * Keys compare without regard to ASCII case when `fold` is set, as the vendors' databases do. Keys are
 * borrowed and must outlive the map (they live in the state's arena).
 */
#ifndef SANDBOX_TEXTMAP_H
#define SANDBOX_TEXTMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXTMAP_NONE UINT32_MAX

struct textmap_slot {
    const char *key; /* borrowed; NULL: never used */
    uint64_t hash;
    uint32_t value;
    bool removed;
};

/* All zero (but for fold) is an empty map. */
struct textmap {
    struct textmap_slot *slots; /* owned */
    size_t size;                /* power of two */
    size_t used;                /* slots that ever had a key, removed ones too */
    bool fold;
};

/* The value, or TEXTMAP_NONE. */
uint32_t textmap_get(const struct textmap *map, const char *key);

/* Sets or replaces. */
void textmap_put(struct textmap *map, const char *key, uint32_t value);

void textmap_remove(struct textmap *map, const char *key);
void textmap_free(struct textmap *map);

/* ASCII only, on purpose: the emulator does not pretend to know the vendor's collation. */
bool text_same(const char *a, const char *b);
int text_compare(const char *a, const char *b);

#endif
