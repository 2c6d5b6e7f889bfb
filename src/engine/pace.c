#include "pace.h"

#include <stdlib.h>

static void ring_push(struct pace_window *w, mono_us t)
{
    if (w->n == w->rate.calls) { /* more answers than slots: cannot be, but never write past the ring */
        w->head = (w->head + 1) % w->rate.calls;
        w->n--;
    }
    uint32_t last = (w->head + w->n + w->rate.calls - 1) % w->rate.calls;
    if (w->n > 0 && w->back[last] > t)
        t = w->back[last];
    w->back[(w->head + w->n) % w->rate.calls] = t;
    w->n++;
}

static void ring_expire(struct pace_window *w, mono_us now)
{
    while (w->n > 0 && w->back[w->head] <= now) {
        w->head = (w->head + 1) % w->rate.calls;
        w->n--;
    }
}

void pace_init(struct pace *p, const struct rates *rates, bool tight, bool full, mono_us now)
{
    *p = (struct pace){ .tight = tight, .rtt_min = INT64_MAX };
    for (size_t i = 0; i < rates->n; i++) {
        if (rates->v[i].span_us >= DAY_US || rates->v[i].calls == 0)
            continue;
        struct pace_window *w = &p->w[p->n++];
        *w = (struct pace_window){ .rate = rates->v[i], .slots = rates->v[i].calls, .calm_since = now };
        w->back = xcalloc(w->rate.calls, sizeof *w->back);
        for (uint32_t k = 0; full && k < w->rate.calls; k++)
            ring_push(w, now + w->rate.span_us);
    }
}

void pace_deinit(struct pace *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->w[i].back);
    *p = (struct pace){ 0 };
}

void pace_remember(struct pace *p, const int64_t *age_us, size_t n, mono_us now)
{
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < n; k++)
            if (age_us[k] < p->w[i].rate.span_us)
                ring_push(&p->w[i], now - age_us[k] + p->w[i].rate.span_us + PACE_MARGIN_US);
}

/* A calm span gives back an eighth of the window, until it is whole again. */
static void recover(struct pace_window *w, mono_us now)
{
    while (w->slots < w->rate.calls && now - w->calm_since >= w->rate.span_us) {
        uint32_t step = w->rate.calls / 8 ? w->rate.calls / 8 : 1;
        w->slots = w->rate.calls - w->slots > step ? w->slots + step : w->rate.calls;
        w->calm_since += w->rate.span_us;
    }
}

static mono_us window_when(struct pace_window *w, mono_us now)
{
    ring_expire(w, now);
    recover(w, now);
    if (w->in_flight + w->n < w->slots)
        return now;
    if (w->in_flight >= w->slots)
        return PACE_NEVER;
    /* The k-th slot to come back is the one that makes room. */
    uint32_t k = w->in_flight + w->n - w->slots;
    return w->back[(w->head + k) % w->rate.calls];
}

mono_us pace_when(struct pace *p, mono_us now)
{
    mono_us when = p->paused_until > now ? p->paused_until : now;
    for (size_t i = 0; i < p->n; i++) {
        mono_us t = window_when(&p->w[i], now);
        if (t > when)
            when = t;
    }
    return when;
}

void pace_sent(struct pace *p)
{
    for (size_t i = 0; i < p->n; i++)
        p->w[i].in_flight++;
}

void pace_answered(struct pace *p, mono_us sent, mono_us now)
{
    int64_t rtt = now - sent;
    if (rtt < p->rtt_min)
        p->rtt_min = rtt;
    if (rtt > p->rtt_max)
        p->rtt_max = rtt;
    mono_us from = p->tight ? sent + (p->rtt_max - p->rtt_min) : now;
    if (from > now)
        from = now;
    for (size_t i = 0; i < p->n; i++) {
        if (p->w[i].in_flight > 0)
            p->w[i].in_flight--;
        ring_push(&p->w[i], from + p->w[i].rate.span_us + PACE_MARGIN_US);
    }
}

void pace_throttled(struct pace *p, int64_t wait_us, mono_us now)
{
    p->throttled++;
    if (p->paused_until >= now + wait_us) /* several calls in flight are refused together: one halving */
        return;
    bool fresh = p->paused_until <= now;
    p->paused_until = now + wait_us;
    for (size_t i = 0; i < p->n; i++) {
        if (fresh && p->w[i].slots > 1)
            p->w[i].slots /= 2;
        p->w[i].calm_since = p->paused_until;
    }
}

static double window_allowed(const struct pace_window *w)
{
    return (double)w->slots * (double)SECOND_US / (double)w->rate.span_us;
}

/* The window that allows least; NULL when there is none. */
static const struct pace_window *slowest(const struct pace *p)
{
    const struct pace_window *least = NULL;
    for (size_t i = 0; i < p->n; i++)
        if (!least || window_allowed(&p->w[i]) < window_allowed(least))
            least = &p->w[i];
    return least;
}

double pace_allowed(const struct pace *p)
{
    const struct pace_window *w = slowest(p);
    return w ? window_allowed(w) : 0;
}

double pace_rate(const struct pace *p, mono_us now)
{
    const struct pace_window *w = slowest(p);
    uint32_t calls = w ? w->in_flight : 0;
    for (uint32_t i = 0; w && i < w->n; i++)
        calls += w->back[(w->head + i) % w->rate.calls] > now;
    return w ? (double)calls * (double)SECOND_US / (double)w->rate.span_us : 0;
}
