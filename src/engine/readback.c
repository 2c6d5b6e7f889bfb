#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"

/* What the tenant shows, read by whichever is cheaper: the whole listing again, or a search for the users
 * concerned. Serves two ends: to learn what became of calls without an answer, and to see that what was
 * accepted was also done. */

/* Whom to look for ---------------------------------------------------------------------------------------------------------------- */

/* Every key the user has, or will have once the change is done. */
static void add_keys(const struct engine *e, struct lookups *l, const struct change *c)
{
    size_t before = l->n;
    uint32_t user = c->user.n ? roster_by_id(e->roster, c->user) : NO_USER;
    for (size_t k = 0; k < e->schema.n_keys; k++) {
        if (user != NO_USER)
            lookups_add(e, l, e->schema.key[k], roster_shown(e->roster, user, e->schema.key[k]));
        for (size_t i = 0; i < c->n_edits; i++)
            if (c->edit[i].slot == e->schema.key[k])
                lookups_add(e, l, e->schema.key[k], c->edit[i].after);
    }
    if (l->n == before)
        lookups_add(e, l, -1, c->user);
}

/* By change: whether a step of it has an unknown outcome, or met a newer user. Owned by the caller. */
static bool *unknown_changes(const struct engine *e)
{
    const struct apply *a = e->apply;
    bool *in = xcalloc(e->work.n_items + 1, sizeof *in);
    for (size_t i = a->from; i < a->to; i++)
        for (size_t k = 0; a->way[i] >= STEP_IS_UNKNOWN && k < e->work.step[i].n_changes; k++)
            in[e->work.step[i].change[k]] = true;
    return in;
}

static bool awaits_read_back(const struct engine *e, const struct work_item *item)
{
    bool ready = item->todo && item->outcome == OUTCOME_NONE && item->n_steps > 0 && item->steps_left == 0;
    return ready && (e->apply->final || (item->verify && item->change->kind == CHANGE_MANAGER));
}

static size_t lookup_calls(const struct engine *e, size_t lookups, uint8_t *endpoint)
{
    const struct connector *k = e->cfg.connector;
    return k->lookup_calls ? k->lookup_calls(e->conn, lookups, endpoint) : SIZE_MAX;
}

static void looked(struct engine *e, bool complete);

static void look(struct engine *e, const bool *in)
{
    struct apply *a = e->apply;
    lookups_clear(&a->look);
    for (size_t i = 0; i < e->work.n_items; i++)
        if (in[i])
            add_keys(e, &a->look, e->work.item[i].change);
    uint8_t endpoint = 0;
    size_t calls = lookup_calls(e, a->look.n, &endpoint);
    bool listing = !e->look_up && (a->list_all || calls >= e->listing_calls);
    struct read_goal goal = { .kind = listing ? READ_ROSTER : READ_LOOKUP,
                              .lookups = a->look.v,
                              .n_lookups = a->look.n };
    reading_begin(e, &goal, looked);
    e->reading.expects = true;
    if (a->looks++ > 0 || a->doing == DOING_LOOK_UP) /* the plan counts one look a read back */
        return;
    if (listing)
        memcpy(e->reading.expected, e->listing, sizeof e->listing);
    else
        e->reading.expected[endpoint] = calls;
}

void look_up_unknown(struct engine *e)
{
    bool *in = unknown_changes(e);
    look(e, in);
    free(in);
}

/* Unknown steps ------------------------------------------------------------------------------------------------------------------- */

struct str find_created(struct engine *e, const struct change *c, const struct roster *fresh, bool *several)
{
    struct buf canon = BUF_INIT(ATTR_CANON_MAX);
    uint32_t user = NO_USER;
    bool more = false;
    for (size_t i = 0; i < c->n_edits; i++) {
        size_t slot = c->edit[i].slot;
        buf_clear(&canon);
        if (!schema_is_key(&e->schema, slot) ||
            !attr_canon(&e->schema.attr[slot], c->edit[i].after, &canon) || canon.n == 0)
            continue;
        uint32_t u = NO_USER;
        while ((u = roster_by_key(fresh, slot, buf_view(&canon), u)) != NO_USER) {
            if (roster_state(fresh, u) == USER_GONE) /* somebody of earlier times, whom nobody can use */
                continue;
            more = more || (user != NO_USER && user != u);
            user = u;
        }
    }
    buf_deinit(&canon);
    if (several)
        *several = more;
    return user == NO_USER || more ? (struct str){ NULL, 0 } : roster_id(fresh, user);
}

/* A joiner who was made a manager is known by his id from then on: what is looked at need not show him too.
 */
static enum change_image image_of_item(struct engine *e, const struct work_item *item,
                                       const struct roster *fresh, struct buf *difference)
{
    struct change c = *item->change;
    if (c.manager_after.id.n == 0 && item->made_manager != NO_CHANGE)
        c.manager_after.id = str_of(e->work.item[item->made_manager].new_id);
    return change_image(&c, &e->schema, fresh, &e->tenant.refs, str_of(item->new_id), difference);
}

static enum change_image image_of_step(struct engine *e, const struct step *s, const struct roster *fresh,
                                       struct buf *difference)
{
    enum change_image worst = IMAGE_AFTER;
    for (size_t k = 0; k < s->n_changes; k++) {
        const struct work_item *item = &e->work.item[s->change[k]];
        enum change_image i = image_of_item(e, item, fresh, difference);
        /* Of several changes some may be done: then sending all of them is right, as it is for one in parts.
         */
        if (i == IMAGE_OTHER || i == IMAGE_GONE || worst == IMAGE_AFTER)
            worst = worst == IMAGE_GONE ? worst : i;
    }
    return worst;
}

static void send_once_more(struct engine *e, uint32_t step)
{
    struct apply *a = e->apply;
    unsigned most = e->vendor->endpoints[e->work.step[step].endpoint].harmless ? STEP_TRIES_MAX : 2;
    if (e->apply->lost[step] < most) {
        a->way[step] = STEP_WAITS;
        return;
    }
    step_over(e, step, STEP_FAILED, "no answer, and not done when looked for; not sent again");
}

static void resolve_create(struct engine *e, uint32_t step, const struct roster *fresh)
{
    struct work_item *item = &e->work.item[e->work.step[step].change[0]];
    bool several;
    struct str id = find_created(e, item->change, fresh, &several);
    if (several) {
        step_over(e, step, STEP_FAILED, "no answer, and several users have its match keys: not sent again");
        return;
    }
    if (id.n == 0 || id.n >= sizeof item->new_id) {
        send_once_more(e, step);
        return;
    }
    memcpy(item->new_id, id.p, id.n);
    item->new_id[id.n] = '\0';
    step_over(e, step, STEP_IS_DONE, NULL);
}

/* Answers of this step do not say that it was done, and later waves may build on it: only on manager moves
 * does anything build (deactivations, further moves). */
static bool must_be_seen(const struct engine *e, size_t step)
{
    return e->work.step[step].rank == RANK_MANAGER &&
           e->vendor->endpoints[e->work.step[step].endpoint].verified;
}

static void resolve(struct engine *e, uint32_t step, const struct roster *fresh)
{
    const struct step *s = &e->work.step[step];
    struct buf difference = BUF_INIT(2000);
    if (s->rank == RANK_CREATE) {
        resolve_create(e, step, fresh);
        return;
    }
    enum change_image image = image_of_step(e, s, fresh, &difference);
    bool part_of_create = e->work.item[s->change[0]].change->kind == CHANGE_CREATE;
    if (image == IMAGE_AFTER) {
        work_move(&e->work, s)->verify |= must_be_seen(e, step); /* the planned look is made all the same */
        step_over(e, step, STEP_IS_DONE, NULL);
    } else if (image == IMAGE_BEFORE || part_of_create) {
        send_once_more(e, step);
    } else {
        char text[SETTLED_TEXT_MAX];
        snprintf(text, sizeof text, "no answer, and found different: %.300s",
                 difference.n ? difference.p : "the user is gone");
        step_over(e, step, STEP_FAILED, text);
    }
    buf_deinit(&difference);
}

/* Nothing of it was done, and the look has told the connector how the user is now. */
static void resolve_newer(struct engine *e, uint32_t step, const struct roster *fresh)
{
    const struct step *s = &e->work.step[step];
    struct buf difference = BUF_INIT(2000);
    char text[SETTLED_TEXT_MAX];
    enum change_image image = image_of_step(e, s, fresh, &difference);
    bool again = image == IMAGE_BEFORE || e->work.item[s->change[0]].change->kind == CHANGE_CREATE;
    if (image == IMAGE_AFTER) {
        step_over(e, step, STEP_IS_DONE, NULL);
    } else if (again && e->apply->newer[step] < STALE_ROUNDS_MAX) {
        e->apply->way[step] = STEP_WAITS;
    } else {
        snprintf(text, sizeof text, "%s: %.300s",
                 again ? "changed again and again while it was to be written" : "changed meanwhile",
                 image == IMAGE_GONE ? "the user is gone"
                 : difference.n      ? difference.p
                                     : "");
        step_over(e, step, STEP_IS_STALE, text);
    }
    buf_deinit(&difference);
}

static void resolve_all(struct engine *e, const struct roster *fresh)
{
    struct apply *a = e->apply;
    for (size_t i = a->from; i < a->to; i++)
        if (a->way[i] == STEP_IS_UNKNOWN)
            resolve(e, (uint32_t)i, fresh);
        else if (a->way[i] == STEP_MET_NEWER)
            resolve_newer(e, (uint32_t)i, fresh);
    a->cursor = a->from;
    a->doing = DOING_STEPS;
    a->list_all = false;
    e->turns++;
}

/* Read back ----------------------------------------------------------------------------------------------------------------------- */

bool wave_wants_read_back(const struct engine *e, uint32_t wave)
{
    size_t to = wave_start(&e->work, wave + 1);
    for (size_t i = wave_start(&e->work, wave); wave + 1 < e->work.n_waves && i < to; i++)
        if (must_be_seen(e, i))
            return true;
    return false;
}

void read_back_begin(struct engine *e, bool final)
{
    struct apply *a = e->apply;
    a->doing = DOING_READ_BACK;
    a->final = final;
    a->pause = READ_BACK_PAUSE_US;
    a->visible_until = e->now + e->cfg.job->visible_us;
    a->looks = 0;
    a->list_all = false;
    a->not_before = e->now;
    e->phase = final ? PHASE_READ_BACK : PHASE_APPLY;
    e->turns++;
}

static size_t waiting_to_be_seen(const struct engine *e)
{
    size_t n = 0;
    for (size_t i = 0; i < e->work.n_items; i++)
        n += awaits_read_back(e, &e->work.item[i]);
    return n;
}

static void read_back_over(struct engine *e)
{
    struct apply *a = e->apply;
    if (e->cfg.ledger->ops->flush(e->cfg.ledger) != 0)
        engine_ledger_failed(e);
    else if (a->final)
        apply_over(e);
    else
        wave_begin(e, a->wave + 1);
}

void read_back_again(struct engine *e)
{
    if (waiting_to_be_seen(e) == 0) {
        read_back_over(e);
        return;
    }
    bool *in = xcalloc(e->work.n_items + 1, sizeof *in);
    for (size_t i = 0; i < e->work.n_items; i++)
        in[i] = awaits_read_back(e, &e->work.item[i]);
    look(e, in);
    free(in);
}

static void see(struct engine *e, struct work_item *item, const struct roster *fresh, bool last)
{
    struct buf difference = BUF_INIT(2000);
    char text[SETTLED_TEXT_MAX];
    if (image_of_item(e, item, fresh, &difference) == IMAGE_AFTER) {
        item_outcome(e, item, OUTCOME_APPLIED, NULL);
    } else if (last) {
        snprintf(text, sizeof text, "accepted, not seen: %.300s",
                 difference.n ? difference.p : "the user is not there");
        item_outcome(e, item, OUTCOME_NOT_VISIBLE, text);
        if (sticks_record(e, item, fresh) != 0)
            engine_ledger_failed(e);
    }
    buf_deinit(&difference);
}

static void see_all(struct engine *e, const struct roster *fresh)
{
    struct apply *a = e->apply;
    bool last = e->now + a->pause > a->visible_until;
    for (size_t i = 0; i < e->work.n_items; i++)
        if (awaits_read_back(e, &e->work.item[i]))
            see(e, &e->work.item[i], fresh, last);
    if (waiting_to_be_seen(e) == 0 || last) {
        read_back_over(e);
        return;
    }
    a->not_before = e->now + a->pause;
    a->pause = a->pause * 2 < READ_BACK_PAUSE_MAX_US ? a->pause * 2 : READ_BACK_PAUSE_MAX_US;
}

/* The reading failed: what could not be looked at is said to be unresolved, not guessed. */
static void cannot_look(struct engine *e)
{
    bool *in = unknown_changes(e);
    for (size_t i = 0; i < e->work.n_items; i++)
        if (in[i] || awaits_read_back(e, &e->work.item[i]))
            item_outcome(e, &e->work.item[i], OUTCOME_UNRESOLVED, e->reading.state.why);
    free(in);
    engine_fail(e, EXIT_TARGET, "what was done cannot be read back: %s", e->reading.state.why);
}

static bool is_there(struct engine *e, const struct work_item *item, const struct roster *fresh)
{
    bool several = false;
    struct str id = item->change->kind == CHANGE_CREATE ? str_of(item->new_id) : item->change->user;
    if (id.n > 0)
        return roster_by_id(fresh, id) != NO_USER;
    return find_created(e, item->change, fresh, &several).n > 0 || several;
}

/* Somebody was not found, and the search does not prove that he is not there: a create would be sent twice, a
 * removal believed. Everybody is listed then, as for the roster. */
static bool proves_nothing(struct engine *e, const struct roster *fresh)
{
    struct apply *a = e->apply;
    bool *in = a->doing == DOING_LOOK_UP ? unknown_changes(e) : NULL, missing = false;
    bool searched = e->reading.goal.kind == READ_LOOKUP && e->reading.state.proof == PROOF_FOUND;
    for (size_t i = 0; searched && !e->look_up && !missing && i < e->work.n_items; i++)
        missing =
            (in ? in[i] : awaits_read_back(e, &e->work.item[i])) && !is_there(e, &e->work.item[i], fresh);
    free(in);
    return missing;
}

static void looked(struct engine *e, bool complete)
{
    struct roster *fresh = e->reading.goal.roster;
    if (!complete) {
        cannot_look(e);
        return;
    }
    if (proves_nothing(e, fresh))
        e->apply->list_all = true; /* the same look again, at once */
    else if (e->apply->doing == DOING_LOOK_UP)
        resolve_all(e, fresh);
    else
        see_all(e, fresh);
    roster_free(fresh);
    e->reading.goal.roster = NULL;
}

/* Planned calls ------------------------------------------------------------------------------------------------------------------- */

static void plan_one(struct engine *e, size_t lookups)
{
    uint8_t endpoint = 0;
    size_t calls = lookup_calls(e, lookups, &endpoint);
    if (e->look_up || calls < e->listing_calls) {
        e->endpoint[endpoint].planned += calls;
        return;
    }
    for (size_t i = 0; i < e->vendor->n_endpoints && i < ENDPOINTS_MAX; i++)
        e->endpoint[i].planned += e->listing[i];
}

/* By change: a step of it is seen by no read back but the last. Owned by the caller. */
static bool *seen_last(const struct engine *e)
{
    bool *last = xcalloc(e->work.n_items + 1, sizeof *last);
    for (size_t i = 0; i < e->work.n_steps; i++)
        for (size_t k = 0; k < e->work.step[i].n_changes; k++) {
            uint32_t c = e->work.step[i].change[k];
            last[c] |= e->work.item[c].change->kind != CHANGE_MANAGER || !must_be_seen(e, i) ||
                       e->work.wave[i] + 1 == e->work.n_waves;
        }
    return last;
}

/* The read back behind a wave, or the last one (wave == n_waves): of those that it waits for. */
static void plan_read_back(struct engine *e, uint32_t wave, const bool *last)
{
    struct lookups scratch = { 0 };
    bool *in = xcalloc(e->work.n_items + 1, sizeof *in), any = false;
    for (size_t i = 0; i < e->work.n_steps; i++)
        for (size_t k = 0; k < e->work.step[i].n_changes; k++) {
            uint32_t c = e->work.step[i].change[k];
            in[c] |= wave == e->work.n_waves ? last[c]
                                             : e->work.wave[i] == wave && must_be_seen(e, i) &&
                                                   e->work.item[c].change->kind == CHANGE_MANAGER;
        }
    for (size_t i = 0; i < e->work.n_items; i++)
        if (in[i]) {
            add_keys(e, &scratch, e->work.item[i].change);
            any = true;
        }
    if (any)
        plan_one(e, scratch.n);
    lookups_clear(&scratch);
    free(in);
}

void plan_read_backs(struct engine *e)
{
    bool *last = seen_last(e);
    for (uint32_t wave = 0; wave + 1 < e->work.n_waves; wave++)
        if (wave_wants_read_back(e, wave))
            plan_read_back(e, wave, last);
    if (e->work.n_steps > 0)
        plan_read_back(e, e->work.n_waves, last);
    free(last);
}
