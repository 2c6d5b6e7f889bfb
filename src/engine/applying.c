#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"

/* Life ---------------------------------------------------------------------------------------------------------------------------- */

static void number_steps(struct engine *e)
{
    struct work *w = &e->work;
    uint32_t *next = xcalloc(w->n_items + 1, sizeof *next);
    for (size_t i = 0; i < w->n_steps; i++)
        e->apply->number[i] = next[w->step[i].change[0]]++;
    free(next);
}

/* A resumed run counts its attempts on: of each step the last one is the newest, whatever part of the run
 * made it. */
static void count_on(struct engine *e)
{
    for (size_t i = 0; i < e->work.n_steps; i++)
        for (size_t k = 0; k < e->work.step[i].n_changes; k++) {
            uint32_t number = step_number(e, (uint32_t)i, k);
            size_t it = table_find(&e->tried, number);
            if (it != TABLE_END && table_value(&e->tried, it) > e->work.attempt[i])
                e->work.attempt[i] = table_value(&e->tried, it);
        }
}

static bool mark_run(struct engine *e, enum run_state state)
{
    struct ledger *l = e->cfg.ledger;
    e->run.state = state;
    e->run.changed = e->wall;
    if (l->ops->run_put(l, &e->run) == 0 && l->ops->flush(l) == 0)
        return true;
    engine_ledger_failed(e);
    return false;
}

/* A create whose user stands there already (an earlier part of the run did it): only the rest of its steps is
 * to be done. */
static void skip_created(struct engine *e)
{
    for (uint32_t i = 0; i < e->work.n_steps; i++) {
        struct work_item *item = &e->work.item[e->work.step[i].change[0]];
        if (e->work.step[i].rank == RANK_CREATE && item->new_id[0])
            step_over(e, i, STEP_IS_DONE, NULL);
    }
}

/* What --only and --first leave out, and rings of needs, are outcomes of this run as well. */
static void record_left_out(struct engine *e)
{
    for (size_t i = 0; i < e->work.n_items; i++) {
        struct work_item *item = &e->work.item[i];
        if (item->outcome == OUTCOME_WITHHELD && item->change->hold == HOLD_NONE && item->text)
            item_outcome(e, item, OUTCOME_WITHHELD, NULL);
    }
}

void applying_begin(struct engine *e)
{
    struct work *w = &e->work;
    struct apply *a = e->apply = xcalloc(1, sizeof *a);
    a->way = xcalloc(w->n_steps + 1, sizeof *a->way);
    a->faults = xcalloc(w->n_steps + 1, sizeof *a->faults);
    a->lost = xcalloc(w->n_steps + 1, sizeof *a->lost);
    a->newer = xcalloc(w->n_steps + 1, sizeof *a->newer);
    a->opened = xcalloc(w->n_calls + 1, sizeof *a->opened);
    a->asked = xcalloc(w->n_calls + 1, sizeof *a->asked);
    a->at_most = xcalloc(w->n_steps + 1, sizeof *a->at_most);
    a->number = xcalloc(w->n_steps + 1, sizeof *a->number);
    a->taken = xcalloc(w->n_steps + 1, sizeof *a->taken);
    a->by_change = work_by_change(w);
    number_steps(e);
    count_on(e);
    /* Made durable together with the state: a run cut off here is not resumed with more. */
    record_left_out(e);
    if (sticks_forget_sent(e) != 0) {
        engine_ledger_failed(e);
        return;
    }
    if (!mark_run(e, RUN_APPLYING))
        return;
    skip_created(e);
    wave_begin(e, 0);
}

void applying_free(struct engine *e)
{
    if (!e->apply)
        return;
    free(e->apply->way);
    free(e->apply->at_most);
    free(e->apply->faults);
    free(e->apply->lost);
    free(e->apply->newer);
    free(e->apply->opened);
    free(e->apply->asked);
    free(e->apply->number);
    free(e->apply->taken);
    by_change_deinit(&e->apply->by_change);
    preludes_free(e->apply);
    lookups_clear(&e->apply->look);
    free(e->apply);
    e->apply = NULL;
}

/* Needs --------------------------------------------------------------------------------------------------------------------------- */

/* Steps in front of step `i` that go in one call with it and provide what its need asks for: those that are
 * not over yet may still do so. */
static bool may_be_met(const struct engine *e, size_t i, const struct need *need)
{
    const struct apply *a = e->apply;
    const struct step *s = &e->work.step[i];
    for (uint32_t k = a->by_change.start[need->change]; k < a->by_change.start[need->change + 1]; k++) {
        uint32_t j = a->by_change.step[k];
        if (j < a->from || j >= i || !step_provides(&e->work.step[j], need->kind) ||
            !step_inside(e->cfg.connector, &e->work.step[j], s, need->kind))
            continue;
        if (a->way[j] == STEP_WAITS || a->way[j] == STEP_FLIES || a->way[j] >= STEP_IS_UNKNOWN)
            return true;
    }
    return false;
}

static bool is_met(const struct engine *e, const struct need *n)
{
    const struct work_item *other = &e->work.item[n->change];
    if (n->kind == NEED_CREATED)
        return other->new_id[0] != '\0';
    return other->outcome == OUTCOME_APPLIED || other->outcome == OUTCOME_ALREADY ||
           (other->n_steps > 0 && other->outcome == OUTCOME_NONE);
}

/* The manager to be set is a joiner whose create is not part of this run. */
static bool lacks_manager(const struct engine *e, const struct step *s)
{
    const struct manager_ref *to = &work_move(&e->work, s)->change->manager_after;
    return s->rank == RANK_MANAGER && to->id.n == 0 && to->key.n > 0 && s->manager_ref == NO_CHANGE;
}

/* Why a step cannot go any more: something it needs was not done. NULL: nothing is in its way (waves saw to
 * the order). *open: something else that it needs may still be done; until then nothing is said of it, as
 * that may be the create of its own user. */
static const char *broken_need(const struct engine *e, size_t i, char text[200], bool *open)
{
    const struct step *s = &e->work.step[i];
    const char *why = NULL;
    *open = false;
    for (size_t k = 0; k < s->n_needs; k++) {
        const struct need *n = &s->need[k];
        if (n->kind == NEED_SEAT || n->kind == NEED_REPORTS_MOVED || n->change >= e->work.n_items ||
            is_met(e, n))
            continue;
        if (may_be_met(e, i, n)) {
            *open = true;
        } else if (!why) {
            const struct change *other = e->work.item[n->change].change;
            snprintf(text, 200, "needs the %s of '%.*s', which was not done", change_kind_name[other->kind],
                     (int)(other->key.n < 80 ? other->key.n : 80), other->key.p ? other->key.p : "");
            why = text;
        }
    }
    return lacks_manager(e, s) ? "the manager is a joiner who is not created in this run" : why;
}

/* One turn is enough: what is needed stands in front of what needs it. */
static void withhold_hopeless(struct engine *e)
{
    struct apply *a = e->apply;
    char text[200];
    bool later = false, open;
    for (size_t i = a->from; i < a->to; i++) {
        const char *why = a->way[i] == STEP_WAITS ? broken_need(e, i, text, &open) : NULL;
        if (why && open)
            later = true;
        else if (why)
            step_over(e, (uint32_t)i, STEP_WITHHELD, why);
    }
    a->hopeless = later;
}

void wave_begin(struct engine *e, uint32_t wave)
{
    struct apply *a = e->apply;
    a->wave = wave;
    a->from = a->cursor = wave_start(&e->work, wave);
    a->to = wave_start(&e->work, wave + 1);
    a->doing = DOING_STEPS;
    e->turns++;
    withhold_hopeless(e); /* needs of earlier waves are known now */
    if (wave < e->work.n_waves)
        log_text(e->cfg.log, LOG_INFO, "wave", "%u of %u: %zu steps", wave + 1, e->work.n_waves,
                 a->to - a->from);
}

static uint64_t bad_outcomes(const struct engine *e)
{
    uint64_t n = 0;
    for (size_t i = 0; i < e->work.n_items; i++) {
        enum outcome o = e->work.item[i].outcome;
        n += o == OUTCOME_FAILED || o == OUTCOME_STALE || o == OUTCOME_UNRESOLVED || o == OUTCOME_NOT_VISIBLE;
    }
    return n;
}

/* A connector that makes no step of a change would leave it without an outcome, and a run that looks done. */
static void fail_without_steps(struct engine *e)
{
    for (size_t i = 0; i < e->work.n_items; i++)
        if (e->work.item[i].todo && e->work.item[i].outcome == OUTCOME_NONE)
            item_outcome(e, &e->work.item[i], OUTCOME_FAILED, "no call of the target carries it");
}

void apply_over(struct engine *e)
{
    fail_without_steps(e);
    uint64_t bad = bad_outcomes(e);
    e->apply->doing = DOING_NOTHING;
    if ((int64_t)bad > e->cfg.job->failures_ok)
        engine_note_count(e, EXIT_FAILURES, bad, "change", "changes",
                          " failed, stale, unresolved or not visible");
    if (mark_run(e, RUN_DONE))
        engine_enter(e, PHASE_DONE);
}

/* Calls --------------------------------------------------------------------------------------------------------------------------- */

struct str created_id(void *ctx, uint32_t change)
{
    struct engine *e = ctx;
    return change < e->work.n_items ? str_of(e->work.item[change].new_id) : (struct str){ NULL, 0 };
}

void steps_of(const struct engine *e, const uint32_t *number, size_t n, const struct step **steps)
{
    for (size_t k = 0; k < n; k++)
        steps[k] = &e->work.step[number[k]];
}

static const struct endpoint *endpoint_at(const struct engine *e, size_t step)
{
    return &e->vendor->endpoints[e->work.step[step].endpoint];
}

/* Everything that step `i` builds on in its own wave is done, or stands in front of it in the call that is
 * being put together. */
static bool is_ready(const struct engine *e, size_t i)
{
    const struct apply *a = e->apply;
    const struct step *s = &e->work.step[i];
    if (!endpoint_at(e, i)->inside)
        return true;
    if (lacks_manager(e, s))
        return false;
    for (size_t n = 0; n < s->n_needs; n++) {
        uint32_t c = s->need[n].change;
        for (uint32_t k = c < e->work.n_items ? a->by_change.start[c] : 0;
             c < e->work.n_items && k < a->by_change.start[c + 1]; k++) {
            uint32_t j = a->by_change.step[k];
            bool counts = j >= a->from && j < i && step_provides(&e->work.step[j], s->need[n].kind) &&
                          step_inside(e->cfg.connector, &e->work.step[j], s, s->need[n].kind);
            if (counts && a->way[j] != STEP_IS_DONE && a->taken[j] != a->calls)
                return false;
        }
    }
    return true;
}

/* The next waiting step whose endpoint takes another call now; a step behind one of an endpoint that is full
 * waits with it, so that order is kept. */
static size_t next_waiting(struct engine *e)
{
    struct apply *a = e->apply;
    bool full[ENDPOINTS_MAX] = { false };
    a->calls++; /* nothing is taken yet */
    while (a->cursor < a->to && a->way[a->cursor] != STEP_WAITS)
        a->cursor++;
    for (size_t i = a->cursor; i < a->to; i++) {
        uint8_t p = e->work.step[i].endpoint;
        unsigned most = endpoint_at(e, i)->inside ? 1 : endpoint_at(e, i)->in_flight;
        if (a->way[i] != STEP_WAITS || full[p])
            continue;
        if (most > 0 && a->flying_at[p] >= most) {
            full[p] = true;
            i = work_same_call(&e->work, i, a->to) - 1;
        } else if (is_ready(e, i)) {
            return i;
        }
    }
    return a->to;
}

/* Waiting steps from `i` on that share its planned call. */
static size_t gather(struct engine *e, size_t i, uint32_t *number)
{
    struct apply *a = e->apply;
    uint32_t call = e->work.call[i];
    size_t n = 0, most = a->at_most[i] ? a->at_most[i] : PACK_MAX;
    for (; i < a->to && n < most && e->work.call[i] == call; i++) {
        if (a->way[i] != STEP_WAITS || !is_ready(e, i))
            continue;
        if (a->at_most[i] && a->at_most[i] < most)
            most = a->at_most[i] > n ? a->at_most[i] : n;
        if (n == most)
            break;
        a->taken[i] = a->calls;
        number[n++] = (uint32_t)i;
    }
    return n;
}

/* Intents are written before the call may leave; calls_pump flushes them. */
static bool intend(struct engine *e, const struct call *c)
{
    for (size_t k = 0; k < c->n_steps; k++) {
        e->work.attempt[c->step[k]]++;
        if (step_record(e, c->step[k], STEP_INTENDED, c->no, 0, "") != 0)
            return false;
    }
    return true;
}

/* A call with the first of these steps: as many as pack() takes. */
static struct call *make_call(struct engine *e, const uint32_t *number, size_t n)
{
    const struct step *steps[PACK_MAX];
    struct call *c = call_new(e, CALL_WRITE);
    if (!c)
        return NULL;
    steps_of(e, number, n, steps);
    c->n_steps = e->cfg.connector->pack(e->conn, steps, n, created_id, e, &c->request);
    c->step = xmemdup(number, c->n_steps * sizeof *number);
    if (!intend(e, c)) {
        call_free(e, c);
        engine_ledger_failed(e);
        return NULL;
    }
    if (e->apply->opened[e->work.call[number[0]]])
        e->endpoint[c->request.endpoint].retried++;
    e->apply->opened[e->work.call[number[0]]] = true;
    return c;
}

static void fly(struct engine *e, const struct call *c)
{
    for (size_t k = 0; k < c->n_steps; k++)
        e->apply->way[c->step[k]] = STEP_FLIES;
    e->apply->flying_at[e->work.step[c->step[0]].endpoint]++;
}

/* What was prepared first goes first. Steps that did not fit have to be prepared again. */
static struct call *send_prepared(struct engine *e)
{
    struct apply *a = e->apply;
    struct prepared p = a->prepared[0];
    struct call *c = make_call(e, p.step, p.n);
    if (!c)
        return NULL;
    for (size_t k = c->n_steps; k < p.n; k++)
        wait_again(e, p.step[k]);
    free(p.step);
    memmove(a->prepared, a->prepared + 1, --a->n_prepared * sizeof *a->prepared);
    return c;
}

static struct call *send_waiting(struct engine *e, size_t i)
{
    uint32_t number[PACK_MAX];
    size_t n = gather(e, i, number);
    struct call *c = endpoint_at(e, i)->prelude ? prelude_offer(e, number, n) : make_call(e, number, n);
    if (c)
        fly(e, c);
    return c;
}

static bool anything_flies(const struct engine *e)
{
    for (size_t i = 0; i < ENDPOINTS_MAX; i++)
        if (e->apply->flying_at[i] > 0)
            return true;
    return false;
}

/* The next of the wave's calls, when pacing lets it go at once: asked before packing, as intents are written
 * for calls that go. May end the wave. */
static struct call *offer_step(struct engine *e)
{
    struct apply *a = e->apply;
    if (a->hopeless)
        withhold_hopeless(e);
    size_t i = a->n_prepared ? a->prepared[0].step[0] : next_waiting(e);
    if (i == a->to) {
        if (!anything_flies(e))
            wave_over(e);
        return NULL;
    }
    uint8_t prelude = endpoint_at(e, i)->prelude;
    mono_us when = call_when(e, prelude && !a->n_prepared ? prelude - 1 : e->work.step[i].endpoint);
    if (when > e->now) {
        engine_wake_at(e, when);
        return NULL;
    }
    if (quota_spent(e)) /* no intent for a call that cannot go */
        return NULL;
    return a->n_prepared ? send_prepared(e) : send_waiting(e, i);
}

struct call *applying_offer(struct engine *e)
{
    struct apply *a = e->apply;
    if (a->doing == DOING_NOTHING)
        return NULL;
    if (a->not_before > e->now) {
        engine_wake_at(e, a->not_before);
        return NULL;
    }
    if (a->doing == DOING_STEPS)
        return offer_step(e);
    if (a->doing == DOING_LOOK_UP)
        look_up_unknown(e);
    else
        read_back_again(e);
    return NULL;
}

/* The wave's steps are over ----------------------------------------------------------------------------------------------------- */

static bool any_step(const struct engine *e, enum step_way way)
{
    for (size_t i = e->apply->from; i < e->apply->to; i++)
        if (e->apply->way[i] == way)
            return true;
    return false;
}

void wave_over(struct engine *e)
{
    struct apply *a = e->apply;
    bool unknown = any_step(e, STEP_IS_UNKNOWN);
    if (unknown || any_step(e, STEP_MET_NEWER)) {
        a->doing = DOING_LOOK_UP;
        if (unknown) /* what was sent may still arrive: let it settle before looking */
            a->not_before = e->now + e->cfg.job->settle_us;
        e->turns++;
        return;
    }
    if (a->wave + 1 < e->work.n_waves) {
        if (wave_wants_read_back(e, a->wave))
            read_back_begin(e, false);
        else
            wave_begin(e, a->wave + 1);
        return;
    }
    read_back_begin(e, true);
}
