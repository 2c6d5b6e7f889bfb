/* Allocation. Policy: memory whose size we choose ourselves comes from the x-allocators, which end the
 * process with one line on stderr when there is none: a half-working sync is worse than none, and the ledger
 * makes every stop resumable. Sizes that come from input are checked against a named limit before they reach
 * an allocator. */
#ifndef ROLLCALL_BASE_MEM_H
#define ROLLCALL_BASE_MEM_H

#include <stddef.h>

#define array_len(a) (sizeof(a) / sizeof((a)[0]))

void *xmalloc(size_t n);                        /* never NULL; n == 0 is fine */
void *xcalloc(size_t n, size_t size);           /* zeroed; checks n * size */
void *xrealloc(void *p, size_t n, size_t size); /* room for n elements of size bytes; checks n * size */
char *xstrdup(const char *s);
void *xmemdup(const void *p, size_t n); /* copy with a NUL behind it */

/* Grows the array `p` (elements of `size` bytes, capacity *cap) so that it holds at least `want`; doubles.
 * Returns the new array. */
void *xgrow(void *p, size_t *cap, size_t want, size_t size);

#endif
