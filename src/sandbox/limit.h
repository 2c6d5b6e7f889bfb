/*
 * Rate limits: any number of windows, counted by the time a request arrived.
 *
 * A window of W microseconds at time t reaches over (t - W, t]: two calls exactly W apart do not share one.
 * Each window keeps the arrivals inside it, so that a sliding limit is exact and the most that any window
 * ever held can be told afterwards, whether the limit refuses by sliding windows, by fixed ones, or is only
 * measured.
 */
#ifndef SANDBOX_LIMIT_H
#define SANDBOX_LIMIT_H

#include "text_util.h"

#include <stdbool.h>
#include <stdint.h>

#define LIMIT_WINDOWS_MAX 8
/* Arrivals kept per window; a window that holds more counts no further. */
#define LIMIT_KEPT_MAX ((size_t)1 << 22)

struct limit_arrival {
    uint64_t us;
    bool taken;
};

struct limit_window {
    uint64_t calls;
    uint64_t span_us;
    char text[32];              /* "25/5s" */
    struct limit_arrival *ring; /* owned */
    size_t size, first, count;
    uint64_t taken;      /* of those in the ring, not refused */
    uint64_t fixed_from; /* start of the fixed window */
    uint64_t fixed_calls;
    uint64_t most; /* arrivals in any sliding window */
    uint64_t most_taken;
    uint64_t refused;
};

struct limit {
    struct limit_window window[LIMIT_WINDOWS_MAX];
    size_t windows;
};

struct limit_rules {
    bool fixed;         /* windows start at multiples of their span */
    bool count_refused; /* a refused call takes up room too */
    bool enforce;       /* off: only measured */
};

/* "25/5s,10000/1d" or "off"; units us, ms, s, m, h, d. False: not understood, *limit unchanged. Forgets what
 * was counted. */
bool limit_parse(struct limit *limit, const char *text);

/* Would a call at `now` be refused? Returns the window that refuses, or NULL. Changes nothing. */
const struct limit_window *limit_refuses(struct limit *limit, const struct limit_rules *rules, uint64_t now);

/* Counts a call. */
void limit_count(struct limit *limit, const struct limit_rules *rules, uint64_t now, bool taken);

/* [{"window": "25/5s", "most": .., "most_taken": .., "refused": ..}] */
void limit_report(const struct limit *limit, struct jw *j);

/* Forgets the highest counts, keeps the windows as they stand. */
void limit_reset(struct limit *limit);

void limit_free(struct limit *limit);

#endif
