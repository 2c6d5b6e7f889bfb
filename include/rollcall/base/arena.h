/* An arena: many small pieces of one phase, freed together. */
#ifndef ROLLCALL_BASE_ARENA_H
#define ROLLCALL_BASE_ARENA_H

#include <stddef.h>

#include "rollcall/base/text.h"

struct arena_block;
struct arena {
    struct arena_block *head; /* owned */
    size_t used;              /* bytes handed out, for accounting */
};

#define ARENA_INIT ((struct arena){ 0 })
void arena_deinit(struct arena *a);
void arena_clear(struct arena *a);             /* keeps one block */
void *arena_alloc(struct arena *a, size_t n);  /* aligned for any type, not zeroed, never NULL */
void *arena_zalloc(struct arena *a, size_t n); /* zeroed */
void *arena_bytes(struct arena *a, size_t n);  /* unaligned, for text */
struct str arena_str(struct arena *a,
                     struct str s);           /* a copy with a NUL behind it; {NULL,0} stays {NULL,0} */
char *arena_z(struct arena *a, struct str s); /* the same as a C string ("" for no text) */

#endif
