#include <stdio.h>

#include "engine_internal.h"

/* A login waits until no call is in flight, and nothing else goes before its answer. A session that ends in
 * the middle of a run is no fault of the calls that find out: they are made again after the next login. */

/* The login that the connector wants before anything else, or NULL. *wait: it wants one, not now. */
struct call *login_offer(struct engine *e, bool *wait)
{
    *wait = false;
    if (!e->cfg.connector->login)
        return NULL;
    struct call *c = call_new(e, CALL_LOGIN);
    if (!c)
        return NULL;
    bool wanted = e->cfg.connector->login(e->conn, &c->request);
    *wait = wanted && (e->in_flight > 0 || e->login_not_before > e->now);
    if (wanted && !*wait)
        return c;
    if (*wait && e->in_flight == 0)
        engine_wake_at(e, e->login_not_before);
    call_free(e, c);
    return NULL;
}

/* The first one is in the plan, further ones are not. */
void login_sent(struct engine *e, const struct call *c)
{
    e->login_open = true;
    if (e->logins++ > 0)
        e->endpoint[c->request.endpoint].retried++;
}

void login_answer(struct engine *e, struct call *c, const struct answer *a)
{
    const char *name = e->vendor->endpoints[c->request.endpoint].name;
    struct read_verdict v = e->cfg.connector->login_end(e->conn, a);
    e->login_open = false;
    if (v.good) {
        e->logins_in_row++;
        e->login_failures = e->logins_refused = 0;
        return;
    }
    if (v.again == AGAIN_THROTTLED) {
        engine_throttled(e, c->request.endpoint, v.wait_us);
        return;
    }
    e->endpoint[c->request.endpoint].failed++;
    if (v.again == AGAIN_LATER && ++e->login_failures <= READ_FAILURES_MAX)
        e->login_not_before = e->now + engine_backoff(e, e->login_failures);
    else if (v.again == AGAIN_LATER)
        engine_fail(e, EXIT_TARGET, "%s: %s failed %u times, last: %.300s", e->cfg.job->target.url, name,
                    e->login_failures, v.text);
    else
        engine_fail(e, EXIT_TARGET, "%s: %s", e->cfg.job->target.url, v.text);
}

/* A call was refused for its session. Several in flight find out together; but when nothing else is heard
 * login after login, or no login is offered, no login helps. */
void login_refused(struct engine *e, const char *text)
{
    if (e->logins_in_row < LOGINS_IN_ROW_MAX && ++e->logins_refused <= CALLS_MAX && e->cfg.connector->login)
        return;
    engine_fail(e, EXIT_TARGET, "%s: credentials were refused, also after logging in again: %.300s",
                e->cfg.job->target.url, text);
}

/* A call was answered otherwise: the session is good. */
void login_holds(struct engine *e)
{
    e->logins_in_row = e->logins_refused = 0;
}
