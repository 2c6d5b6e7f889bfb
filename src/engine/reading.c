#include <stdio.h>
#include <string.h>

#include "engine_internal.h"

/* A reading asks its connector for requests until that says complete. Passing faults are asked again after a
 * pause, a bounded number of times; a reading that did not agree with itself is begun anew, READ_TRIES_MAX
 * times in all. */

static void begin_try(struct engine *e)
{
    struct reading *r = &e->reading;
    r->tries++;
    e->turns++;
    r->failures = 0;
    memset(r->made, 0, sizeof r->made);
    r->offered = NULL;
    r->state = (struct read_state){ 0 };
    if (r->goal.kind == READ_ROSTER || r->goal.kind == READ_LOOKUP)
        r->goal.roster = roster_new(&e->schema, &e->hash);
    if (r->goal.roster && e->plan_options.email_slot >= 0)
        roster_index(r->goal.roster, (size_t)e->plan_options.email_slot);
    e->cfg.connector->read_begin(e->conn, &r->goal);
}

void reading_begin(struct engine *e, const struct read_goal *goal,
                   void (*done)(struct engine *e, bool complete))
{
    e->reading = (struct reading){ .active = true, .goal = *goal, .done = done, .not_before = e->now };
    begin_try(e);
}

static void abandon_reads(struct engine *e)
{
    for (size_t i = 0; i < CALLS_MAX; i++)
        if (e->call[i].kind == CALL_READ) {
            e->call[i].abandoned = true;
            if (!e->call[i].sent)
                call_free(e, &e->call[i]);
        }
}

/* Where users have gone the listing is shorter than the plan could know: what was not needed is not planned.
 */
static void not_needed(struct engine *e)
{
    const struct reading *r = &e->reading;
    for (size_t i = 0; r->expects && i < ENDPOINTS_MAX; i++)
        if (r->spent[i] < r->expected[i])
            e->endpoint[i].planned -= r->expected[i] - r->spent[i];
}

static void over(struct engine *e, bool complete)
{
    e->reading.active = false;
    if (complete)
        not_needed(e);
    e->turns++;
    if (!complete) {
        roster_free(e->reading.goal.roster);
        e->reading.goal.roster = NULL;
    }
    e->reading.done(e, complete);
}

static void incomplete(struct engine *e)
{
    struct reading *r = &e->reading;
    abandon_reads(e);
    if (r->state.again == AGAIN_NO || r->tries >= READ_TRIES_MAX) {
        over(e, false); /* whose message says why */
        return;
    }
    log_text(e->cfg.log, LOG_WARN, "reading", "try %u of %d: %s", r->tries, READ_TRIES_MAX, r->state.why);
    roster_free(r->goal.roster);
    r->goal.roster = NULL;
    r->not_before = e->now + engine_backoff(e, r->tries + 1);
    begin_try(e);
}

struct call *reading_offer(struct engine *e)
{
    struct reading *r = &e->reading;
    if (r->not_before > e->now) {
        engine_wake_at(e, r->not_before);
        return NULL;
    }
    if (r->offered)
        return r->offered;
    struct call *c = call_new(e, CALL_READ);
    if (!c)
        return NULL;
    enum read_next next = e->cfg.connector->read_next(e->conn, &c->request, &c->read_id, &r->state);
    if (next == READ_REQUEST) {
        r->offered = c;
        return c;
    }
    call_free(e, c);
    if (next == READ_COMPLETE)
        over(e, true);
    else if (next == READ_INCOMPLETE)
        incomplete(e);
    return NULL;
}

/* Of a reading before the plan, all calls of its first try are planned, but for those asked again. */
void reading_sent(struct engine *e, uint8_t endpoint)
{
    struct reading *r = &e->reading;
    r->made[endpoint]++;
    r->spent[endpoint]++;
    if (r->expects ? r->spent[endpoint] > r->expected[endpoint] : r->tries > 1)
        e->endpoint[endpoint].retried++;
}

static void asked_again(struct engine *e, const struct call *c)
{
    if (e->reading.made[c->request.endpoint] > 0)
        e->reading.made[c->request.endpoint]--;
    if (!e->reading.expects && e->reading.tries == 1)
        e->endpoint[c->request.endpoint].retried++;
}

void reading_answer(struct engine *e, struct call *c, const struct answer *a)
{
    struct reading *r = &e->reading;
    struct read_verdict v = e->cfg.connector->read_end(e->conn, c->read_id, a);
    if (a->sent == SENT_ANSWERED && (v.good || v.again != AGAIN_LOGIN))
        login_holds(e);
    if (v.good)
        return;
    if (v.again == AGAIN_LOGIN) { /* no fault of this call: it is asked again after the login */
        asked_again(e, c);
        login_refused(e, v.text);
        return;
    }
    e->endpoint[c->request.endpoint].failed++;
    snprintf(r->last_failure, sizeof r->last_failure, "%s", v.text);
    if (v.again == AGAIN_THROTTLED) {
        asked_again(e, c);
        engine_throttled(e, c->request.endpoint, v.wait_us);
    } else if (v.again == AGAIN_LATER) {
        asked_again(e, c);
        if (++r->failures > READ_FAILURES_MAX) {
            snprintf(r->state.why, sizeof r->state.why, "%s failed %u times, last: %.200s",
                     e->vendor->endpoints[c->request.endpoint].name, r->failures, v.text);
            r->state.again = AGAIN_LATER;
            incomplete(e);
            return;
        }
        r->not_before = e->now + engine_backoff(e, r->failures);
    }
}
