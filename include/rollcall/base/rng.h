/* Random numbers as a value: the same seed gives the same run (simulation replays by seed). Not for secrets.
 */
#ifndef ROLLCALL_BASE_RNG_H
#define ROLLCALL_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
uint64_t rng_below(struct rng *r, uint64_t n); /* 0 .. n-1, unbiased; n > 0 */
uint64_t rng_os(void);                         /* a seed from the operating system */

#endif
