/* What the fuzzers share: a claim that ends the process, and pieces of the input. Each target is
 * LLVMFuzzerTestOneInput() over one door; what it claims beyond "no crash" stands in its own comment. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdlib.h>
#include <string.h>

#include "rollcall/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define claim(truth)                                                                                         \
    do {                                                                                                     \
        if (!(truth))                                                                                        \
            abort();                                                                                         \
    } while (0)

/* The input as it is used up: small numbers from its start, the rest as text. */
struct input {
    const uint8_t *p;
    size_t n;
};

static inline unsigned take(struct input *in, unsigned below)
{
    if (in->n == 0)
        return 0;
    in->n--;
    return *in->p++ % below;
}

static inline struct str rest(const struct input *in)
{
    return (struct str){ (const char *)in->p, in->n };
}

/* Up to the next NUL byte, which is skipped. */
static inline struct str take_text(struct input *in)
{
    const uint8_t *end = in->n ? memchr(in->p, 0, in->n) : NULL;
    struct str s = { (const char *)in->p, end ? (size_t)(end - in->p) : in->n };
    in->p += end ? s.n + 1 : s.n;
    in->n -= end ? s.n + 1 : s.n;
    return s;
}

/* A copy of its own, so that the sanitizer sees who looks beyond its end. */
static inline char *piece_of(const char *p, size_t n)
{
    char *copy = malloc(n ? n : 1);
    claim(copy);
    if (n)
        memcpy(copy, p, n);
    return copy;
}

/* Hands `text` over in pieces of random length, most of them short; `seed` 0: whole. */
static inline void in_pieces(struct str text, uint64_t seed, bool (*give)(void *ctx, const char *p, size_t n),
                             void *ctx)
{
    struct rng rng;
    rng_seed(&rng, seed);
    for (size_t at = 0, n; at < text.n; at += n) {
        n = seed ? (size_t)rng_below(&rng, rng_below(&rng, 4) ? 8 : 300) + 1 : text.n;
        n = n < text.n - at ? n : text.n - at;
        char *copy = piece_of(text.p + at, n);
        bool more = give(ctx, copy, n);
        free(copy);
        if (!more)
            return;
    }
}

#endif
