#include "buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK ((size_t)256 * 1024)

struct arena_block {
    struct arena_block *next; /* owned */
    size_t used;
    size_t size;
    char bytes[];
};

static void out_of_memory(void)
{
    fputs("rollcall-sandbox: out of memory\n", stderr);
    abort();
}

void *mem_zero(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);

    if (!p)
        out_of_memory();
    return p;
}

void *mem_grow(void *old, size_t count, size_t size)
{
    void *p;

    if (size && count > SIZE_MAX / size)
        out_of_memory();
    p = realloc(old, count && size ? count * size : 1);
    if (!p)
        out_of_memory();
    return p;
}

char *mem_copy(const char *text, size_t len)
{
    char *copy = mem_grow(NULL, len + 1, 1);

    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

void buf_reserve(struct buf *b, size_t more)
{
    size_t cap = b->cap ? b->cap : 256;

    if (more > BUF_MAX || b->len > BUF_MAX - more) {
        fputs("rollcall-sandbox: an answer grew past its limit\n", stderr);
        abort();
    }
    while (cap < b->len + more)
        cap *= 2;
    if (cap != b->cap) {
        b->data = mem_grow(b->data, cap, 1);
        b->cap = cap;
    }
}

void buf_add(struct buf *b, const void *data, size_t len)
{
    if (!len)
        return;
    buf_reserve(b, len);
    memcpy(b->data + b->len, data, len);
    b->len += len;
}

void buf_byte(struct buf *b, char c)
{
    if (b->len == b->cap)
        buf_reserve(b, 1);
    b->data[b->len++] = c;
}

void buf_str(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
    va_list again;
    int n;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, args);
    if (n > 0) {
        buf_reserve(b, (size_t)n + 1);
        vsnprintf(b->data + b->len, (size_t)n + 1, format, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

const char *buf_text(struct buf *b)
{
    buf_reserve(b, 1);
    b->data[b->len] = '\0';
    return b->data;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

const char *arena_text(struct text_arena *arena, const char *text, size_t len)
{
    struct arena_block *block = arena->block;
    char *place;

    if (!block || block->size - block->used < len + 1) {
        size_t size = len + 1 > ARENA_BLOCK ? len + 1 : ARENA_BLOCK;

        block = mem_grow(NULL, sizeof(*block) + size, 1);
        *block = (struct arena_block){.next = arena->block, .size = size};
        arena->block = block;
    }
    place = block->bytes + block->used;
    block->used += len + 1;
    if (len)
        memcpy(place, text, len);
    place[len] = '\0';
    return place;
}

void arena_free(struct text_arena *arena)
{
    while (arena->block) {
        struct arena_block *next = arena->block->next;

        free(arena->block);
        arena->block = next;
    }
}
