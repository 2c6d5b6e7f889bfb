/*
 * A growing byte buffer, and the allocators of this room.
 *
 * Running out of memory ends the program with a message: an emulator has nothing better to do. A buffer never grows past
 * BUF_MAX, which is far above the largest listing (a million users).
 */
#ifndef SANDBOX_BUF_H
#define SANDBOX_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define BUF_MAX ((size_t)1 << 30)

/* All zero is an empty buffer. data is owned and, when len > 0, not terminated unless buf_text() was called. */
struct buf {
    char *data;
    size_t len;
    size_t cap;
};

void buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_byte(struct buf *b, char c);
void buf_str(struct buf *b, const char *text);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* The content as a terminated string, borrowed until the next change. */
const char *buf_text(struct buf *b);

/* Empties but keeps the memory. */
void buf_clear(struct buf *b);

/* Releases the memory; the buffer is empty and usable afterwards. */
void buf_free(struct buf *b);

/* Zeroed memory for count things of size bytes; never NULL. */
void *mem_zero(size_t count, size_t size);

/* Grows an array to `count` things of size bytes; never NULL. */
void *mem_grow(void *old, size_t count, size_t size);

/* A copy of text, to be freed. */
char *mem_copy(const char *text, size_t len);

/*
 * Text that lives as long as the arena: user values are written often, read often and never released one by one.
 * All zero is an empty arena.
 */
struct arena_block;
struct text_arena {
    struct arena_block *block; /* owned, newest first */
};

const char *arena_text(struct text_arena *arena, const char *text, size_t len);
void arena_free(struct text_arena *arena);

#endif
