/* splitmix64: small, seedable, and the same on every machine, which the generated tenants rely on. */
#ifndef SANDBOX_RNG_H
#define SANDBOX_RNG_H

#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_next(struct rng *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 0 .. n-1; n > 0. The bias of the remainder does not matter here. */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
    return (uint32_t)((rng_next(r) >> 11) % n);
}

/* True once in a while: parts out of a million. */
static inline int rng_chance(struct rng *r, uint32_t millionths)
{
    return rng_below(r, 1000000) < millionths;
}

#endif
