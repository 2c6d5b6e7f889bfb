#include "rollcall/base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "mem_internal.h"
#include "rollcall/base/mem.h"

#define BLOCK_MIN ((size_t)16 * 1024)
#define BLOCK_MAX ((size_t)1024 * 1024)

struct arena_block {
    struct arena_block *next; /* owned */
    size_t size, used;        /* bytes of data[] */
    alignas(max_align_t) unsigned char data[];
};

static struct arena_block *block_new(size_t size)
{
    if (size > SIZE_MAX - sizeof(struct arena_block))
        out_of_memory();
    struct arena_block *b = xmalloc(sizeof(*b) + size);
    b->next = NULL;
    b->size = size;
    b->used = 0;
    return b;
}

static void blocks_free(struct arena_block *b)
{
    while (b) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
}

void arena_deinit(struct arena *a)
{
    blocks_free(a->head);
    *a = ARENA_INIT;
}

void arena_clear(struct arena *a)
{
    if (a->head) {
        blocks_free(a->head->next);
        a->head->next = NULL;
        a->head->used = 0;
    }
    a->used = 0;
}

/* A piece that is large beside a block gets one of its own, put behind the head so that the head's room is
 * not lost. */
static void *block_of_its_own(struct arena *a, size_t n)
{
    struct arena_block *b = block_new(n);
    b->used = n;
    if (a->head) {
        b->next = a->head->next;
        a->head->next = b;
    } else {
        a->head = b;
    }
    return b->data;
}

static void *from_new_block(struct arena *a, size_t n)
{
    size_t size = a->head ? a->head->size * 2 : BLOCK_MIN;
    size = size > BLOCK_MAX ? BLOCK_MAX : size < BLOCK_MIN ? BLOCK_MIN : size;
    if (n > size / 4)
        return block_of_its_own(a, n);
    struct arena_block *b = block_new(size);
    b->next = a->head;
    b->used = n;
    a->head = b;
    return b->data;
}

static void *take(struct arena *a, size_t n, size_t align)
{
    a->used += n;
    struct arena_block *b = a->head;
    if (b) {
        size_t at = (b->used + align - 1) & ~(align - 1);
        if (at <= b->size && n <= b->size - at) {
            b->used = at + n;
            return b->data + at;
        }
    }
    return from_new_block(a, n);
}

void *arena_alloc(struct arena *a, size_t n)
{
    return take(a, n, alignof(max_align_t));
}

void *arena_zalloc(struct arena *a, size_t n)
{
    void *p = arena_alloc(a, n);
    memset(p, 0, n);
    return p;
}

void *arena_bytes(struct arena *a, size_t n)
{
    return take(a, n, 1);
}

struct str arena_str(struct arena *a, struct str s)
{
    if (!s.p)
        return s;
    return (struct str){ arena_z(a, s), s.n };
}

char *arena_z(struct arena *a, struct str s)
{
    if (s.n == SIZE_MAX)
        out_of_memory();
    char *copy = arena_bytes(a, s.n + 1);
    if (s.n)
        memcpy(copy, s.p, s.n);
    copy[s.n] = '\0';
    return copy;
}
