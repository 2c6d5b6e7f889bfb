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
    return e->work.step[step].change[k] * STEPS_OF_CHANGE + e->apply->number[step] % STEPS_OF_CHANGE;
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

/* A change gets the worst of its steps, the refused one named: "created; User/Update refused: ...". */
static void tell_change(struct engine *e, struct work_item *item, const struct step *s, enum step_way way,
                        const char *text)
{
    char whole[SETTLED_TEXT_MAX + 160];
    item->steps_left--;
    if (way == STEP_IS_DONE)
        return; /* applied once the read back has seen it */
    if (item->outcome == OUTCOME_FAILED)
        return;
    snprintf(whole, sizeof whole, "%s%s: %s", item->new_id[0] && s->rank != RANK_CREATE ? "created; " : "",
             e->vendor->endpoints[s->endpoint].name, text ? text : "");
    item_outcome(e, item, way == STEP_FAILED || item->new_id[0] ? OUTCOME_FAILED : OUTCOME_WITHHELD, whole);
}

void step_over(struct engine *e, uint32_t step, enum step_way way, const char *text)
{
    const struct step *s = &e->work.step[step];
    e->apply->way[step] = way;
    e->apply->steps_over++;
    for (size_t k = 0; k < s->n_changes; k++)
        tell_change(e, &e->work.item[s->change[k]], s, way, text);
}

static void wait_again(struct engine *e, uint32_t step)
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
    if (s->again == AGAIN_NO || ++e->apply->faults[step] >= STEP_TRIES_MAX) {
        snprintf(text, sizeof text, "gave up after %u tries: %s", e->work.attempt[step], s->text);
        step_over(e, step, STEP_FAILED, text);
        return;
    }
    mono_us until = e->now + engine_backoff(e, e->apply->faults[step]);
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

void settle_step(struct engine *e, uint32_t step, const struct settlement *s, const struct call *c,
                 const struct answer *a)
{
    static const enum step_state state[] = { STEP_DONE, STEP_REFUSED, STEP_NOT_DONE, STEP_UNKNOWN };
    if (step_record(e, step, state[s->settled], c->no, a->status,
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
    }
}

/* Breaker ------------------------------------------------------------------------------------------------------------------------- */

bool breaker(struct engine *e, bool failed, const char *text)
{
    struct apply *a = e->apply;
    a->failed_in_row = failed ? a->failed_in_row + 1 : 0;
    a->recent = (a->recent << 1 | (failed ? 1 : 0)) & ((UINT64_C(1) << BREAKER_WINDOW) - 1);
    if (a->n_recent < BREAKER_WINDOW)
        a->n_recent++;
    bool half = a->n_recent == BREAKER_WINDOW && __builtin_popcountll(a->recent) * 2 >= BREAKER_WINDOW;
    if (!failed || e->stopping || (a->failed_in_row < BREAKER_ROW && !half))
        return false;
    engine_fail(e, EXIT_INTERRUPTED, "%s, the last: %.300s; nothing more is sent",
                half ? "half of the last 50 calls failed" : "10 calls in a row failed", text);
    return true;
}
