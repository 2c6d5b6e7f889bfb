/* pace: when the next call may go. Any number of rate windows; all must agree. Pure: the time is an argument.
 *
 * A window of `calls` in `span` has that many slots. A call takes one when it is sent and gives it back
 * `span` after its ANSWER ("safe": the server saw the call no later than it answered, so the limit cannot be
 * passed whatever the network does), or after its send plus the spread of round trips seen so far ("tight").
 */
#ifndef ROLLCALL_ENGINE_PACE_H
#define ROLLCALL_ENGINE_PACE_H

#include "rollcall/model.h"

#define PACE_NEVER INT64_MAX
#define PACE_MARGIN_US 1000 /* the loop's timers count in milliseconds */

struct pace_window {
    struct rate rate;
    uint32_t slots; /* allowed now: fewer than rate.calls for a while after the tenant has throttled us */
    uint32_t in_flight;
    mono_us *back; /* owned ring of rate.calls: when each taken slot comes back, ascending */
    uint32_t head, n;
    mono_us calm_since; /* since when nothing was throttled: a slot is given back per calm span */
};

struct pace {
    struct pace_window w[RATE_WINDOWS_MAX];
    size_t n;
    bool tight;
    int64_t rtt_min, rtt_max;
    mono_us paused_until;
    uint64_t throttled;
};

/* `full`: start as if every window's calls had just been made. Windows of a day or longer are quotas (see
 * quota.h), not windows. */
void pace_init(struct pace *p, const struct rates *rates, bool tight, bool full, mono_us now);
void pace_deinit(struct pace *p);
/* The calls whose answers came `age_us[i]` ago count as made (instead of `full`). */
void pace_remember(struct pace *p, const int64_t *age_us, size_t n, mono_us now);

/* The earliest time at which a call may go: `now` when it may at once, PACE_NEVER while only an answer can
 * free a slot. */
mono_us pace_when(struct pace *p, mono_us now);
void pace_sent(struct pace *p);
void pace_answered(struct pace *p, mono_us sent, mono_us now);
/* The tenant said stop: nobody goes for `wait` (at least), and half as fast afterwards. */
void pace_throttled(struct pace *p, int64_t wait_us, mono_us now);
/* Calls a second allowed in the long run; 0: no limit. */
double pace_allowed(const struct pace *p);
/* Calls a second as of now: those whose answers came within the span of the window that allows least, and
 * those under way. 0 without windows. */
double pace_rate(const struct pace *p, mono_us now);

#endif
