#include "rollcall/base/rng.h"

#include <sys/random.h>
#include <unistd.h>

#include "rollcall/base/clock.h"

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The state of xoshiro256** must not be all zero; splitmix never gives four zeros in a row. */
void rng_seed(struct rng *r, uint64_t seed)
{
    for (int i = 0; i < 4; i++)
        r->s[i] = splitmix(&seed);
}

uint64_t rng_next(struct rng *r)
{
    uint64_t *s = r->s;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
    /* Values under 2^64 mod n would make the low remainders likelier. */
    uint64_t unfair = (UINT64_MAX - n + 1) % n;
    uint64_t x;
    do
        x = rng_next(r);
    while (x < unfair);
    return x % n;
}

uint64_t rng_os(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof(seed), 0) == (ssize_t)sizeof(seed))
        return seed;
    /* A kernel without getrandom: any seed will do, nothing secret hangs on it. */
    seed = (uint64_t)clock_unix() ^ rotl((uint64_t)clock_mono(), 32) ^ (uint64_t)getpid();
    return splitmix(&seed);
}
