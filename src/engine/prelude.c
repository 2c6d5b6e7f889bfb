#include <stdlib.h>

#include "apply.h"

/* A call of an endpoint with a prelude is built on what is read right before it: a PUT replaces the user
 * whole, so he is read, changed and written. The read is a call as any other, paced, counted and planned, but
 * without an intent, for it changes nothing: an end of the process between the two leaves steps that were
 * never sent. */

/* The request before a call with these steps, to be sent now. */
struct call *prelude_offer(struct engine *e, const uint32_t *number, size_t n)
{
    const struct step *steps[PACK_MAX];
    struct call *c = call_new(e, CALL_PRELUDE);
    if (!c)
        return NULL;
    steps_of(e, number, n, steps);
    e->cfg.connector->prepare(e->conn, steps, n, created_id, e, &c->request);
    c->n_steps = n;
    c->step = xmemdup(number, n * sizeof *number);
    if (e->apply->asked[e->work.call[number[0]]])
        e->endpoint[c->request.endpoint].retried++;
    e->apply->asked[e->work.call[number[0]]] = true;
    return c;
}

/* A read that was not answered leaves nothing unknown: it is asked again. */
static void never_unknown(struct settlement *out, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (out[k].settled == SETTLED_UNKNOWN) {
            out[k].settled = SETTLED_NOT_DONE;
            if (out[k].again == AGAIN_NO)
                out[k].again = AGAIN_LATER;
        }
}

void prelude_answer(struct engine *e, struct call *c, const struct answer *a)
{
    struct apply *ap = e->apply;
    const struct step *steps[PACK_MAX];
    struct settlement *out = xcalloc(c->n_steps, sizeof *out);
    steps_of(e, c->step, c->n_steps, steps);
    if (e->cfg.connector->prepared(e->conn, steps, c->n_steps, a, out)) {
        ap->prepared[ap->n_prepared++] = (struct prepared){ c->step, c->n_steps };
        c->step = NULL;
        c->n_steps = 0; /* that the session holds, the write tells: some may read only */
    } else {
        ap->flying_at[e->work.step[c->step[0]].endpoint]--;
        never_unknown(out, c->n_steps);
        settle_call(e, c, out, a);
    }
    free(out);
}

void preludes_free(struct apply *a)
{
    for (size_t i = 0; i < a->n_prepared; i++)
        free(a->prepared[i].step);
}
