#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"

/* Records ------------------------------------------------------------------------------------------------------------------------- */

/* A step that carries parts of several changes is recorded under each of them; its number is made of the
 * change and its place among the change's steps, so that a resumed run, which lowers only what is left, gives
 * it the same one. */
uint32_t step_number(const struct engine *e, uint32_t step, size_t k)
{
    uint32_t number = e->apply->number[step], last = STEPS_OF_CHANGE - 1;
    /* Of a change with more steps than there are numbers the last ones share one, and never the first's: that
     * is where a create's user is remembered. */
    return e->work.step[step].change[k] * STEPS_OF_CHANGE + (number < last ? number : last);
}

int step_record(struct engine *e, uint32_t step, enum step_state state, uint32_t call, int status,
                const char *text)
{
    struct ledger *l = e->cfg.ledger;
    const struct step *s = &e->work.step[step];
    for (size_t k = 0; k < s->n_changes; k++) {
        struct step_record r = {
            .step = step_number(e, step, k),
            .call = call,
            .attempt = e->work.attempt[step],
            .state = state,
            .change = s->change[k],
            .status = status,
            .at = e->wall,
            .endpoint = str_of(e->vendor->endpoints[s->endpoint].name),
            .text = str_of(text),
        };
        int err = l->ops->step_put(l, e->run.id, &r);
        if (err != 0)
            return err;
    }
    return 0;
}

static void result_json(const struct work_item *item, struct buf *out)
{
    struct jw w;
    jw_init(&w, out, true);
    jw_object(&w);
    jw_kz(&w, "new_id", item->new_id[0] ? item->new_id : NULL);
    jw_kz(&w, "text", item->text);
    jw_end_object(&w);
}

void item_outcome(struct engine *e, struct work_item *item, enum outcome outcome, const char *text)
{
    struct ledger *l = e->cfg.ledger;
    item->outcome = outcome;
    item->todo = false;
    if (text && text[0]) {
        free(item->text);
        item->text = xstrdup(text);
    }
    struct buf json = BUF_INIT(8192);
    result_json(item, &json);
    if (l->ops->change_outcome(l, e->run.id, item->seq, outcome, buf_view(&json)) != 0)
        engine_ledger_failed(e);
    buf_deinit(&json);
}

/* Steps over ---------------------------------------------------------------------------------------------------------------------- */

static enum outcome outcome_of(const struct work_item *item, enum step_way way)
{
    if (way == STEP_IS_STALE)
        return OUTCOME_STALE;
    return way == STEP_FAILED || item->new_id[0] ? OUTCOME_FAILED : OUTCOME_WITHHELD;
}

/* A change gets the worst of its steps, the refused one named: "created; User/Update refused: ...". */
static void tell_change(struct engine *e, struct work_item *item, const struct step *s, enum step_way way,
                        const char *text)
{
    char whole[SETTLED_TEXT_MAX + 160];
    item->steps_left--;
    if (way == STEP_IS_DONE)
        return; /* applied once the read back has seen it */
    enum outcome outcome = outcome_of(item, way);
    if (item->outcome == OUTCOME_FAILED || (item->outcome == OUTCOME_STALE && outcome != OUTCOME_FAILED))
        return;
    snprintf(whole, sizeof whole, "%s%s: %s", item->new_id[0] && s->rank != RANK_CREATE ? "created; " : "",
             e->vendor->endpoints[s->endpoint].name, text ? text : "");
    item_outcome(e, item, outcome, whole);
}

void step_over(struct engine *e, uint32_t step, enum step_way way, const char *text)
{
    const struct step *s = &e->work.step[step];
    bool nobody = s->rank == RANK_CREATE && e->work.item[s->change[0]].new_id[0] == '\0';
    e->apply->way[step] = way;
    e->apply->steps_over++;
    e->apply->hopeless |= e->vendor->endpoints[s->endpoint].inside && (way != STEP_IS_DONE || nobody);
    for (size_t k = 0; k < s->n_changes; k++)
        tell_change(e, &e->work.item[s->change[k]], s, way, text);
}

void wait_again(struct engine *e, uint32_t step)
{
    e->apply->way[step] = STEP_WAITS;
    if (e->apply->cursor > step)
        e->apply->cursor = step;
}

static void refused(struct engine *e, uint32_t step, const struct settlement *s, const struct call *c)
{
    /* A call refused whole says nothing of its single steps: halves find the bad one. Nothing of it was
     * applied, or settle would not have said "refused". */
    if (s->blast == BLAST_CALL && c->n_steps > 1) {
        e->apply->at_most[step] = (uint16_t)((c->n_steps + 1) / 2);
        wait_again(e, step);
    } else {
        step_over(e, step, STEP_FAILED, s->text);
    }
}

static void not_done(struct engine *e, uint32_t step, const struct settlement *s)
{
    char text[SETTLED_TEXT_MAX + 60];
    /* Where nothing more can succeed the run ends, and this step is to be done by the one that resumes it. */
    if (s->again == AGAIN_THROTTLED || s->again == AGAIN_LOGIN || s->blast == BLAST_RUN) {
        wait_again(e, step);
        return;
    }
    unsigned faults = ++e->apply->faults[step], sends = e->work.attempt[step];
    if (s->again == AGAIN_NO || faults >= STEP_TRIES_MAX) {
        snprintf(text, sizeof text, "gave up after %u tries: %s", sends > faults ? sends : faults, s->text);
        step_over(e, step, STEP_FAILED, text);
        return;
    }
    mono_us until = e->now + engine_backoff(e, faults);
    if (until > e->apply->not_before)
        e->apply->not_before = until;
    wait_again(e, step);
}

static void done(struct engine *e, uint32_t step, const struct settlement *s)
{
    const struct step *st = &e->work.step[step];
    for (size_t k = 0; k < st->n_changes; k++) {
        struct work_item *item = &e->work.item[st->change[k]];
        item->verify |= s->verify;
        if (s->new_id[0])
            memcpy(item->new_id, s->new_id, sizeof item->new_id);
    }
    step_over(e, step, STEP_IS_DONE, NULL);
}

static void settle_step(struct engine *e, uint32_t step, const struct settlement *s, const struct call *c,
                        const struct answer *a)
{
    static const enum step_state state[] = { STEP_DONE, STEP_REFUSED, STEP_NOT_DONE, STEP_UNKNOWN,
                                             STEP_NOT_DONE };
    bool intended = c->kind == CALL_WRITE, ends = s->settled == SETTLED_DONE || s->settled == SETTLED_REFUSED;
    if (!intended && ends) /* a prelude has no intent; only what it ends is told of */
        e->work.attempt[step]++;
    if ((intended || ends) && step_record(e, step, state[s->settled], c->no, a->status,
                                          s->settled == SETTLED_DONE ? s->new_id : s->text) != 0) {
        engine_ledger_failed(e);
        return;
    }
    switch (s->settled) {
    case SETTLED_DONE: done(e, step, s); break;
    case SETTLED_REFUSED: refused(e, step, s, c); break;
    case SETTLED_NOT_DONE: not_done(e, step, s); break;
    case SETTLED_UNKNOWN:
        e->apply->way[step] = STEP_IS_UNKNOWN;
        e->apply->lost[step]++;
        break;
    case SETTLED_STALE:
        e->apply->way[step] = STEP_MET_NEWER;
        e->apply->newer[step]++;
        break;
    }
}

/* Breaker ------------------------------------------------------------------------------------------------------------------------- */

static void breaker(struct engine *e, bool failed, const char *text)
{
    struct apply *a = e->apply;
    a->failed_in_row = failed ? a->failed_in_row + 1 : 0;
    a->recent = (a->recent << 1 | (failed ? 1 : 0)) & ((UINT64_C(1) << BREAKER_WINDOW) - 1);
    if (a->n_recent < BREAKER_WINDOW)
        a->n_recent++;
    bool half = a->n_recent == BREAKER_WINDOW && __builtin_popcountll(a->recent) * 2 >= BREAKER_WINDOW;
    if (!failed || e->stopping || (a->failed_in_row < BREAKER_ROW && !half))
        return;
    engine_fail(e, EXIT_INTERRUPTED, "%s, the last: %.300s; nothing more is sent",
                half ? "half of the last 50 calls failed" : "10 calls in a row failed", text);
}

/* Calls --------------------------------------------------------------------------------------------------------------------------- */

/* What the settlements of a call say together. Each the first that says so, NULL: none. */
struct together {
    const struct settlement *failed, *unclear, *throttled, *login, *over;
    size_t n_failed;
    bool halved; /* goes on in halves: one bad step among many counts once */
};

static bool has_failed(const struct settlement *s)
{
    if (s->settled == SETTLED_DONE || s->settled == SETTLED_STALE)
        return false;
    return s->settled == SETTLED_REFUSED || (s->again != AGAIN_THROTTLED && s->again != AGAIN_LOGIN);
}

static void note(const struct settlement **first, const struct settlement *s, bool says)
{
    if (says && !*first)
        *first = s;
}

static struct together put_together(const struct settlement *out, size_t n)
{
    struct together t = { 0 };
    for (const struct settlement *s = out; s < out + n; s++) {
        bool open = s->settled != SETTLED_DONE;
        note(&t.failed, s, has_failed(s));
        note(&t.unclear, s, s->settled == SETTLED_UNKNOWN);
        note(&t.throttled, s, s->again == AGAIN_THROTTLED);
        note(&t.login, s, open && s->again == AGAIN_LOGIN);
        note(&t.over, s, open && s->blast == BLAST_RUN);
        t.n_failed += has_failed(s);
        t.halved |= n > 1 && s->settled == SETTLED_REFUSED && s->blast == BLAST_CALL;
    }
    return t;
}

void settle_call(struct engine *e, const struct call *c, const struct settlement *out, const struct answer *a)
{
    uint8_t endpoint = c->request.endpoint;
    struct together t = put_together(out, c->n_steps);
    bool failed = t.n_failed * 2 > c->n_steps; /* a large call has succeeded where most of it has */
    for (size_t k = 0; k < c->n_steps; k++)
        settle_step(e, c->step[k], &out[k], c, a);
    if (t.unclear) /* such as: more users were moved than were to be */
        log_text(e->cfg.log, LOG_WARN, "unclear", "%s: %s", e->vendor->endpoints[endpoint].name,
                 t.unclear->text);
    if (t.throttled)
        engine_throttled(e, endpoint, t.throttled->wait_us);
    if (failed)
        e->endpoint[endpoint].failed++;
    if (t.over)
        engine_fail(e, EXIT_TARGET, "%s: %s", e->cfg.job->target.url, t.over->text);
    else if (t.login)
        login_refused(e, t.login->text);
    else
        breaker(e, failed && !t.halved, t.failed ? t.failed->text : "");
    if (!t.login && a->sent == SENT_ANSWERED)
        login_holds(e);
    if (e->cfg.ledger->ops->flush(e->cfg.ledger) != 0)
        engine_ledger_failed(e);
}

void applying_answer(struct engine *e, struct call *c, const struct answer *a)
{
    const struct step *steps[PACK_MAX];
    struct settlement *out = xcalloc(c->n_steps, sizeof *out);
    steps_of(e, c->step, c->n_steps, steps);
    e->cfg.connector->settle(e->conn, steps, c->n_steps, a, out);
    e->apply->flying_at[c->request.endpoint]--;
    settle_call(e, c, out, a);
    free(out);
}
