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
    a->sent = xcalloc(w->n_steps + 1, sizeof *a->sent);
    a->at_most = xcalloc(w->n_steps + 1, sizeof *a->at_most);
    a->number = xcalloc(w->n_steps + 1, sizeof *a->number);
    number_steps(e);
    count_on(e);
    /* Made durable together with the state: a run cut off here is not resumed with more. */
    record_left_out(e);
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
    free(e->apply->sent);
    free(e->apply->number);
    free(e->apply->lookups);
    arena_deinit(&e->apply->look);
    free(e->apply);
    e->apply = NULL;
}

/* Needs --------------------------------------------------------------------------------------------------------------------------- */

/* Why a step cannot go any more: something it needs was not done. NULL: nothing is in its way (waves saw to
 * the order). */
static const char *broken_need(const struct engine *e, const struct step *s, char text[200])
{
    for (size_t k = 0; k < s->n_needs; k++) {
        const struct need *n = &s->need[k];
        if (n->kind == NEED_SEAT || n->kind == NEED_REPORTS_MOVED || n->change >= e->work.n_items)
            continue;
        const struct work_item *other = &e->work.item[n->change];
        bool stands = n->kind == NEED_CREATED
                          ? other->new_id[0] != '\0'
                          : other->outcome == OUTCOME_APPLIED || other->outcome == OUTCOME_ALREADY ||
                                (other->n_steps > 0 && other->outcome == OUTCOME_NONE);
        if (stands)
            continue;
        snprintf(text, 200, "needs the %s of '%.*s', which was not done",
                 change_kind_name[other->change->kind],
                 (int)(other->change->key.n < 80 ? other->change->key.n : 80),
                 other->change->key.p ? other->change->key.p : "");
        return text;
    }
    return NULL;
}

/* The manager to be set is a joiner whose create is not part of this run. */
static bool lacks_manager(const struct engine *e, const struct step *s)
{
    const struct manager_ref *to = &work_move(&e->work, s)->manager_after;
    return s->rank == RANK_MANAGER && to->id.n == 0 && to->key.n > 0 && s->manager_ref == NO_CHANGE;
}

static void withhold_hopeless(struct engine *e)
{
    struct apply *a = e->apply;
    char text[200];
    for (size_t i = a->from; i < a->to; i++)
        if (a->way[i] == STEP_WAITS && lacks_manager(e, &e->work.step[i]))
            step_over(e, (uint32_t)i, STEP_WITHHELD,
                      "the manager is a joiner who is not created in this run");
        else if (a->way[i] == STEP_WAITS && broken_need(e, &e->work.step[i], text))
            step_over(e, (uint32_t)i, STEP_WITHHELD, text);
}

void wave_begin(struct engine *e, uint32_t wave)
{
    struct apply *a = e->apply;
    a->wave = wave;
    a->from = a->cursor = wave_start(&e->work, wave);
    a->to = wave_start(&e->work, wave + 1);
    a->doing = DOING_STEPS;
    e->turns++;
    withhold_hopeless(e); /* needs are of earlier waves: they are known now */
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

static struct str created_id(void *ctx, uint32_t change)
{
    struct engine *e = ctx;
    return change < e->work.n_items ? str_of(e->work.item[change].new_id) : (struct str){ NULL, 0 };
}

/* The next waiting step whose endpoint takes another call now; a step behind one of an endpoint that is full
 * waits with it, so that order is kept. */
static size_t next_waiting(struct engine *e)
{
    struct apply *a = e->apply;
    bool full[ENDPOINTS_MAX] = { false };
    while (a->cursor < a->to && a->way[a->cursor] != STEP_WAITS)
        a->cursor++;
    for (size_t i = a->cursor; i < a->to; i++) {
        uint8_t p = e->work.step[i].endpoint;
        unsigned most = e->vendor->endpoints[p].in_flight;
        if (a->way[i] != STEP_WAITS || full[p])
            continue;
        if (most == 0 || a->flying_at[p] < most)
            return i;
        full[p] = true;
        i = work_same_call(&e->work, i, a->to) - 1;
    }
    return a->to;
}

/* Waiting steps from `i` on that may share its call. */
static size_t gather(struct engine *e, size_t i, const struct step **steps, uint32_t *number)
{
    struct apply *a = e->apply;
    size_t first = i, n = 0, batch = work_batch(e->cfg.connector, e->work.step[i].endpoint),
           most = a->at_most[i] ? a->at_most[i] : batch;
    for (; i < a->to && n < most; i++) {
        if (!work_same_group(&e->work, first, i))
            break;
        if (a->way[i] != STEP_WAITS)
            continue;
        if (a->at_most[i] && a->at_most[i] < most)
            most = a->at_most[i] > n ? a->at_most[i] : n;
        if (n == most)
            break;
        number[n] = (uint32_t)i;
        steps[n++] = &e->work.step[i];
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

static struct call *make_call(struct engine *e, size_t first)
{
    const struct step *steps[PACK_MAX];
    uint32_t number[PACK_MAX];
    struct call *c = call_new(e, CALL_WRITE);
    if (!c)
        return NULL;
    size_t n = gather(e, first, steps, number);
    c->n_steps = e->cfg.connector->pack(e->conn, steps, n, created_id, e, &c->request);
    c->step = xmemdup(number, c->n_steps * sizeof *number);
    return c;
}

static void fly(struct engine *e, struct call *c)
{
    struct apply *a = e->apply;
    if (a->sent[c->step[0]])
        e->endpoint[c->request.endpoint].retried++;
    for (size_t k = 0; k < c->n_steps; k++) {
        a->way[c->step[k]] = STEP_FLIES;
        a->sent[c->step[k]] = true;
    }
    a->flying_at[c->request.endpoint]++;
}

static bool anything_flies(const struct engine *e)
{
    for (size_t i = 0; i < ENDPOINTS_MAX; i++)
        if (e->apply->flying_at[i] > 0)
            return true;
    return false;
}

/* The next write to send, when pacing lets it go at once; NULL when nothing can go now. May end the wave. */
struct call *applying_offer(struct engine *e)
{
    struct apply *a = e->apply;
    if (a->doing == DOING_NOTHING || a->not_before > e->now) {
        if (a->doing != DOING_NOTHING)
            engine_wake_at(e, a->not_before);
        return NULL;
    }
    if (a->doing == DOING_LOOK_UP) {
        look_up_unknown(e);
        return NULL;
    }
    if (a->doing == DOING_READ_BACK) {
        read_back_again(e);
        return NULL;
    }
    size_t i = next_waiting(e);
    if (i == a->to) {
        if (!anything_flies(e) && a->cursor == a->to)
            wave_over(e);
        return NULL;
    }
    mono_us when =
        pace_when(&e->pace, e->now); /* asked before packing: intents are written for calls that go */
    if (e->vendor->endpoints[e->work.step[i].endpoint].bulk_rate) {
        mono_us bulk = pace_when(&e->bulk, e->now);
        when = bulk > when ? bulk : when;
    }
    if (when > e->now) {
        engine_wake_at(e, when);
        return NULL;
    }
    struct call *c = quota_spent(e) ? NULL : make_call(e, i); /* no intent for a call that cannot go */
    if (!c)
        return NULL;
    if (!intend(e, c)) {
        call_free(e, c);
        engine_ledger_failed(e);
        return NULL;
    }
    fly(e, c);
    return c;
}

/* Answers ------------------------------------------------------------------------------------------------------------------------- */

void applying_answer(struct engine *e, struct call *c, const struct answer *a)
{
    const struct step *steps[PACK_MAX];
    struct settlement *out = xcalloc(c->n_steps, sizeof *out);
    for (size_t k = 0; k < c->n_steps; k++)
        steps[k] = &e->work.step[c->step[k]];
    e->cfg.connector->settle(e->conn, steps, c->n_steps, a, out);
    e->apply->flying_at[c->request.endpoint]--;
    bool failed = false;
    for (size_t k = 0; k < c->n_steps; k++) {
        failed |= out[k].settled == SETTLED_REFUSED ||
                  (out[k].settled != SETTLED_DONE && out[k].again != AGAIN_THROTTLED);
        settle_step(e, c->step[k], &out[k], c, a);
    }
    /* A call that goes on in halves is no failure yet: one bad step among many counts once. */
    bool halved = c->n_steps > 1 && out[0].settled == SETTLED_REFUSED && out[0].blast == BLAST_CALL;
    if (out[0].settled == SETTLED_UNKNOWN) /* such as: more users were moved than were to be */
        log_text(e->cfg.log, LOG_WARN, "unclear", "%s: %s", e->vendor->endpoints[c->request.endpoint].name,
                 out[0].text);
    if (out[0].again == AGAIN_THROTTLED)
        engine_throttled(e, c->request.endpoint, out[0].wait_us);
    if (failed)
        e->endpoint[c->request.endpoint].failed++;
    if (out[0].blast == BLAST_RUN && out[0].settled != SETTLED_DONE)
        engine_fail(e, EXIT_TARGET, "%s: %s", e->cfg.job->target.url, out[0].text);
    else
        breaker(e, failed && !halved, out[0].text);
    if (e->cfg.ledger->ops->flush(e->cfg.ledger) != 0)
        engine_ledger_failed(e);
    free(out);
}

/* The wave's steps are over ----------------------------------------------------------------------------------------------------- */

static bool any_unknown(const struct engine *e)
{
    for (size_t i = e->apply->from; i < e->apply->to; i++)
        if (e->apply->way[i] == STEP_IS_UNKNOWN)
            return true;
    return false;
}

void wave_over(struct engine *e)
{
    struct apply *a = e->apply;
    if (any_unknown(e)) { /* what was sent may still arrive: let it settle before looking */
        a->doing = DOING_LOOK_UP;
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
