#include "apply.h"

static const char *endpoint_at_work(const struct engine *e)
{
    for (size_t i = CALLS_MAX; i-- > 0;)
        if (e->call[i].kind != CALL_FREE && e->call[i].sent)
            return e->vendor->endpoints[e->call[i].request.endpoint].name;
    return "";
}

static void apply_progress(const struct engine *e, struct progress *p)
{
    p->done = e->apply ? e->apply->steps_over : 0;
    p->total = e->work.n_steps;
    /* Bulk calls carry many steps, so time left is told by calls, not by steps. */
    uint64_t planned = 0, made = 0;
    for (size_t i = 0; i < e->vendor->n_endpoints && i < ENDPOINTS_MAX; i++) {
        planned += e->endpoint[i].planned;
        made += e->endpoint[i].made;
    }
    p->left_us = planned > made && p->allowed > 0
                     ? (int64_t)((double)(planned - made) / p->allowed * (double)SECOND_US)
                     : -1;
}

void engine_progress(const struct engine *e, mono_us now, struct progress *out)
{
    *out = (struct progress){ .phase = e->phase,
                              .what = endpoint_at_work(e),
                              .allowed = pace_allowed(&e->pace),
                              .throttled = e->pace.throttled,
                              .left_us = -1 };
    /* Before the first call the windows count as full, which says nothing of what is going on. */
    out->rate = e->calls_made > 0 ? pace_rate(&e->pace, now) : 0;
    out->paused = e->in_flight == 0 && e->wake_is_set && e->wake_asked > now + SECOND_US;
    out->wait_us = out->paused ? e->wake_asked - now : 0;
    switch (e->phase) {
    case PHASE_ROSTER: out->done = e->calls_made; break;
    case PHASE_FEED: out->done = e->feed ? feed_summary(e->feed)->rows : 0; break;
    case PHASE_APPLY:
    case PHASE_READ_BACK: apply_progress(e, out); break;
    default: break;
    }
}
