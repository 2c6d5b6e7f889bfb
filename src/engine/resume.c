#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"

/* A stored plan is applied as it was reviewed, or not at all; an interrupted run goes on where it stopped. In
 * both cases the tenant is listed again and every change is held against it: what is there already is not
 * sent, what has changed underneath is stale. */

/* May it be applied? ---------------------------------------------------------------------------------------------------------------- */

struct later {
    const struct run *own;
    char id[RUN_ID_MAX];
};

static void find_later(void *ctx, const struct run *r)
{
    struct later *l = ctx;
    bool applied = r->state != RUN_PLANNED && r->state != RUN_HELD, other = strcmp(r->id, l->own->id) != 0;
    /* By its last change of state: an older plan may have been applied since, too. */
    if (applied && other && r->changed > l->own->started && strcmp(r->tenant, l->own->tenant) == 0 &&
        strcmp(r->connector, l->own->connector) == 0)
        memcpy(l->id, r->id, sizeof l->id);
}

struct newest {
    unix_us at;
};

static bool newest_open_step(void *ctx, const struct step_record *s)
{
    struct newest *n = ctx;
    if ((s->state == STEP_INTENDED || s->state == STEP_UNKNOWN) && s->at > n->at)
        n->at = s->at;
    return true;
}

/* Calls without an answer may still be on their way: the tenant is read only when they have had time to
 * arrive. */
static bool let_settle(struct engine *e)
{
    struct newest n = { 0 };
    if (e->cfg.ledger->ops->step_each(e->cfg.ledger, e->run.id, 0, UINT32_MAX, newest_open_step, &n) != 0) {
        engine_ledger_failed(e);
        return false;
    }
    int64_t age = e->wall - n.at;
    if (n.at != 0 && age < e->cfg.job->settle_us)
        e->settled_at = e->now + e->cfg.job->settle_us - (age > 0 ? age : 0);
    return true;
}

static bool any_accept(const struct engine *e)
{
    for (size_t k = 0; k < CHANGE_KINDS; k++)
        if (e->cfg.accept[k] >= 0)
            return true;
    return false;
}

bool stored_find(struct engine *e)
{
    struct ledger *l = e->cfg.ledger;
    struct run *r = &e->run;
    struct later later = { .own = r };
    int err = l->ops->run_get(l, e->cfg.run_id, r);
    if (err == 0)
        err = l->ops->run_list(l, find_later, &later);
    if (err == -ENOENT) {
        engine_fail(e, EXIT_USAGE, "there is no run '%s' in this state directory; 'rollcall runs' lists them",
                    e->cfg.run_id);
        return false;
    }
    if (err != 0) {
        engine_ledger_failed(e);
        return false;
    }
    memcpy(e->plan_sha256, r->plan_sha256, SHA256_HEX);
    bool fresh =
        r->state != RUN_INTERRUPTED && r->state != RUN_APPLYING; /* what was begun may be finished later */
    if (r->pruned)
        engine_fail(e, EXIT_STALE_PLAN,
                    "the values of run %s were dropped after their retention; make a new plan", r->id);
    else if (r->state == RUN_DONE && !any_accept(e))
        engine_fail(e, EXIT_STALE_PLAN,
                    "run %s is done; make a new plan, or say --accept to let through what its guards held",
                    r->id);
    else if (strcmp(r->connector, e->vendor->name) != 0)
        engine_fail(e, EXIT_STALE_PLAN, "plan %s is for %s, the job says %s", r->id, r->connector,
                    e->vendor->name);
    else if (strcmp(r->policy_sha256, e->cfg.job->policy_sha256) != 0)
        engine_fail(e, EXIT_STALE_PLAN,
                    "the job has changed since plan %s was made (its policy part); make a new plan", r->id);
    else if (fresh && e->wall - r->started > e->cfg.job->plan_ttl_us)
        engine_fail(e, EXIT_STALE_PLAN, "plan %s is older than plan_ttl; make a new plan", r->id);
    else if (later.id[0])
        engine_fail(e, EXIT_STALE_PLAN,
                    "run %s has been applied to this tenant since plan %s was made; make a new plan",
                    later.id, r->id);
    else if (e->cfg.plan_file_sha256 && strcmp(e->cfg.plan_file_sha256, r->plan_sha256) != 0)
        engine_fail(e, EXIT_STALE_PLAN, "plan %s has SHA-256 %s, not the one asked for", r->id,
                    r->plan_sha256);
    else
        return let_settle(e);
    return false;
}

/* Loading --------------------------------------------------------------------------------------------------------------------------- */

struct stored {
    struct engine *e;
    struct change *change; /* owned until the end of the load; text in e->arena */
    enum outcome *outcome; /* owned */
    size_t n, cap, cap_outcome;
    struct sha256 sha;
    struct buf line;
    bool bad;
};

static bool load_change(void *ctx, const struct run_change *rc)
{
    struct stored *s = ctx;
    struct engine *e = s->e;
    s->change = xgrow(s->change, &s->cap, s->n + 1, sizeof *s->change);
    s->outcome = xgrow(s->outcome, &s->cap_outcome, s->n + 1, sizeof *s->outcome);
    s->outcome[s->n] = rc->outcome;
    if (rc->seq != s->n || !change_read(rc->json, &e->schema, &e->arena, &s->change[s->n])) {
        s->bad = true;
        return false;
    }
    buf_clear(&s->line);
    change_write(&s->change[s->n], &e->schema, false, &s->line);
    buf_putc(&s->line, '\n');
    sha256_add(&s->sha, s->line.p, s->line.n);
    s->n++;
    return true;
}

/* The changes as stored must give the SHA-256 that was shown when the plan was made. */
static bool load_and_check(struct engine *e, struct stored *s)
{
    struct ledger *l = e->cfg.ledger;
    struct buf head = BUF_INIT(1024 * 1024), tail = BUF_INIT(256 * 1024 * 1024);
    unsigned char digest[SHA256_BYTES];
    char hex[SHA256_HEX];
    sha256_init(&s->sha);
    int err = l->ops->run_text_get(l, e->run.id, "head", &head);
    if (err == 0)
        err = l->ops->run_text_get(l, e->run.id, "tail", &tail);
    sha256_add(&s->sha, head.p, head.n);
    if (err == 0)
        err = l->ops->change_each(l, e->run.id, load_change, s);
    sha256_add(&s->sha, tail.p, tail.n);
    sha256_end(&s->sha, digest);
    sha256_hex(digest, hex);
    buf_deinit(&head);
    buf_deinit(&tail);
    if (err != 0)
        engine_ledger_failed(e);
    else if (s->bad || strcmp(hex, e->run.plan_sha256) != 0)
        engine_fail(e, EXIT_STALE_PLAN,
                    "plan %s was altered: its SHA-256 is not the one it was stored with; nothing was written",
                    e->run.id);
    else
        return true;
    return false;
}

/* A change that is judged anew has no outcome any more. The ledger is told, so that a part of the run that is
 * cut off does not leave it saying that nothing was sent. */
static bool reopen(struct engine *e, struct stored *s, size_t i)
{
    struct ledger *l = e->cfg.ledger;
    s->outcome[i] = OUTCOME_NONE;
    if (l->ops->change_outcome(l, e->run.id, (uint32_t)i, OUTCOME_NONE, (struct str){ NULL, 0 }) == 0)
        return true;
    engine_ledger_failed(e);
    return false;
}

/* What an earlier part of the run left open: nobody could look then, now somebody does; and a change that a
 * guard holds has another outcome than withheld only when it was let through once. */
static bool left_open(struct engine *e, struct stored *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->change[i].hold == HOLD_GUARD && s->outcome[i] != OUTCOME_WITHHELD)
            s->change[i].hold = HOLD_NONE;
        if (s->outcome[i] == OUTCOME_UNRESOLVED && !reopen(e, s, i))
            return false;
    }
    return true;
}

/* --accept ------------------------------------------------------------------------------------------------------------------------- */

static bool may_accept(struct engine *e, const struct stored *s, size_t kind)
{
    int64_t held = 0;
    for (size_t i = 0; i < s->n; i++)
        held += s->change[i].kind == kind && s->change[i].hold == HOLD_GUARD;
    if (e->cfg.accept[kind] < 0)
        return true;
    if (held != e->cfg.accept[kind]) {
        engine_fail(e, EXIT_USAGE, "--accept %s=%lld: the guard holds %lld; say exactly that number",
                    change_kind_name[kind], (long long)e->cfg.accept[kind], (long long)held);
        return false;
    }
    return true;
}

static bool accept_kind(struct engine *e, struct stored *s, size_t kind)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->change[i].kind == kind && s->change[i].hold == HOLD_GUARD &&
            s->outcome[i] == OUTCOME_WITHHELD && !reopen(e, s, i))
            return false;
    engine_note(e, EXIT_OK, "accepted: %s=%lld", change_kind_name[kind], (long long)e->cfg.accept[kind]);
    return true;
}

/* All are looked at before any is let through: of what is refused nothing may stay in the ledger. */
static bool accept_all(struct engine *e, struct stored *s)
{
    for (size_t k = 0; k < CHANGE_KINDS; k++)
        if (!may_accept(e, s, k))
            return false;
    for (size_t k = 0; k < CHANGE_KINDS; k++)
        if (e->cfg.accept[k] >= 0 && !accept_kind(e, s, k))
            return false;
    return left_open(e, s);
}

/* Against the tenant as it is now -------------------------------------------------------------------------------------------------- */

struct traces {
    bool *sent;          /* owned, by change: a call with a part of it may have left */
    char (*created)[80]; /* owned, by change */
    const struct stored *s;
    struct engine *e;
};

static bool trace(void *ctx, const struct step_record *r)
{
    struct traces *t = ctx;
    if (r->change >= t->s->n)
        return true;
    t->sent[r->change] = true;
    if (r->call > t->e->last_call)
        t->e->last_call = r->call; /* numbers of calls go on */
    table_add(&t->e->tried, r->step, r->attempt);
    bool create = t->s->change[r->change].kind == CHANGE_CREATE && r->step % STEPS_OF_CHANGE == 0;
    if (create && r->state == STEP_DONE && r->text.n < sizeof t->created[0])
        memcpy(t->created[r->change], r->text.p, r->text.n);
    return true;
}

/* A create that was sent: its user stands there, or it was never done. One whose answer named the user was
 * done, even where the tenant does not show him: it is not sent again, the read back tells. */
static void judge_create(struct engine *e, struct work_item *item, const char *created)
{
    struct str id = *created ? str_of(created) : find_created(e, item->change, e->roster, NULL);
    if (id.n == 0 || id.n >= sizeof item->new_id)
        return;
    memcpy(item->new_id, id.p, id.n);
    item->new_id[id.n] = '\0';
}

/* Why a change of the plan must not be sent though nothing has changed under it; NULL. */
static const char *barred(const struct engine *e, const struct change *c)
{
    bool ends = c->kind == CHANGE_DEACTIVATE || c->kind == CHANGE_RETIRE;
    if (ends && e->tenant.own_user[0] && c->user.n &&
        roster_by_id(e->roster, c->user) == roster_by_id(e->roster, str_of(e->tenant.own_user)))
        return "it is the user whose credentials these are";
    for (size_t i = 0; i < c->n_edits; i++)
        if (c->edit[i].after_hidden)
            return "it sets a secret value, which is not kept: make a new plan";
    return NULL;
}

static void judge_item(struct engine *e, struct work_item *item, const struct traces *t)
{
    struct buf difference = BUF_INIT(2000);
    bool sent = t->sent[item->seq], create = item->change->kind == CHANGE_CREATE;
    if (create && sent)
        judge_create(e, item, t->created[item->seq]);
    enum change_image image =
        change_image(item->change, &e->schema, e->roster, &e->tenant.refs, str_of(item->new_id), &difference);
    if (image == IMAGE_AFTER)
        item_outcome(e, item, sent ? OUTCOME_APPLIED : OUTCOME_ALREADY, NULL);
    else if (image != IMAGE_BEFORE && !(create && item->new_id[0]))
        item_outcome(e, item, sent ? OUTCOME_FAILED : OUTCOME_STALE,
                     difference.n ? difference.p : "the user is gone");
    else if (barred(e, item->change))
        item_outcome(e, item, OUTCOME_WITHHELD, barred(e, item->change));
    buf_deinit(&difference);
}

static bool judge_all(struct engine *e, const struct stored *s)
{
    struct traces t = { xcalloc(s->n + 1, sizeof(bool)), xcalloc(s->n + 1, 80), s, e };
    int err = e->cfg.ledger->ops->step_each(e->cfg.ledger, e->run.id, 0, UINT32_MAX, trace, &t);
    for (size_t i = 0; err == 0 && i < e->work.n_items; i++) {
        struct work_item *item = &e->work.item[i];
        if (item->todo)
            judge_item(e, item, &t);
        bool stands = item->outcome == OUTCOME_APPLIED || item->outcome == OUTCOME_ALREADY;
        if ((stands || *t.created[i]) && item->change->kind == CHANGE_CREATE && !item->new_id[0])
            judge_create(e, item, t.created[i]); /* others may want him as manager */
    }
    free(t.sent);
    free(t.created);
    if (err != 0)
        engine_ledger_failed(e);
    return err == 0 && !e->stopping;
}

bool stored_load(struct engine *e)
{
    struct stored s = { .e = e, .line = BUF_INIT(CHANGE_JSON_MAX + 1) };
    bool good = load_and_check(e, &s) && accept_all(e, &s);
    e->run_stored = good; /* of a plan that is refused nothing is told: it stays as it was */
    if (good) {
        /* The changes move into the arena, where work's items may point to them for good. */
        struct change *all = arena_alloc(&e->arena, (s.n + 1) * sizeof *all);
        memcpy(all, s.change, s.n * sizeof *all);
        for (size_t i = 0; i < s.n; i++) {
            work_add(&e->work, &all[i], (uint32_t)i,
                     all[i].hold == HOLD_NONE && s.outcome[i] == OUTCOME_NONE);
            if (s.outcome[i] != OUTCOME_NONE)
                e->work.item[i].outcome = s.outcome[i];
        }
        uint64_t hold[HOLDS] = { 0 };
        for (size_t i = 0; i < s.n; i++)
            hold[all[i].hold]++;
        judge_holds(e, hold);
        good = judge_all(e, &s);
    }
    if (good)
        planning_count(e);
    free(s.change);
    free(s.outcome);
    buf_deinit(&s.line);
    return good;
}
