/* What must not be done: for want of proof, because the job or the vendor says so, because it is more than
 * usual, or because something it needs is held. */
#include "plan_internal.h"

/* Rejects --------------------------------------------------------------------------------------------------------------------- */

void guards_rejects(struct plan *p, const struct plan_proof *proof)
{
    int64_t number = p->opt->rejects_number;
    double share = p->opt->rejects_percent;
    bool many = number >= 0 && p->n_rejects > (uint64_t)number;
    many |= share >= 0 && (double)p->n_rejects * 100.0 > share * (double)p->n_rows;
    p->counts.too_many_rejects = many;
    p->broken = many || !(proof->feed_whole || proof->feed_proven);
}

/* Standing reasons ----------------------------------------------------------------------------------------------------------- */

static void hold_action(struct plan *p, struct draft *d)
{
    unsigned kind = d->c.kind;
    if (!(p->opt->vendor_kinds >> kind & 1))
        draft_hold(d, HOLD_ACTION_OFF, plan_say(p, "the target cannot do '%s'", change_kind_name[kind]));
    else if (!p->opt->action[kind])
        draft_hold(d, HOLD_ACTION_OFF,
                   plan_say(p, "'%s' is switched off in the job", change_kind_name[kind]));
}

static void hold_proof(struct plan *p, struct draft *d, const struct plan_proof *proof)
{
    if (proof->roster == PROOF_NONE)
        draft_hold(d, HOLD_NO_PROOF, STR("the list of users is not proven to be complete"));
    else if (proof->roster == PROOF_FOUND && d->c.kind == CHANGE_CREATE)
        draft_hold(d, HOLD_NO_PROOF,
                   plan_say(p, "he was not found, which proves nothing here: %s",
                            proof->roster_why ? proof->roster_why : "he may be there in another spelling"));
    else if (p->broken &&
             (d->c.kind == CHANGE_CREATE || d->c.kind == CHANGE_DEACTIVATE || d->c.kind == CHANGE_RETIRE))
        draft_hold(d, HOLD_NO_PROOF,
                   p->counts.too_many_rejects ? STR("too many rows are rejected")
                                              : STR("the feed is broken"));
}

void guards_static(struct plan *p, const struct plan_proof *proof)
{
    for (size_t i = 0; i < p->n_drafts; i++) {
        struct draft *d = p->drafts[i];
        if (d->dead)
            continue;
        hold_action(p, d);
        if (d->user != NO_USER && (p->user_flags[d->user] & U_PROTECTED))
            draft_hold(d, HOLD_PROTECTED, STR("the user is protected"));
        hold_proof(p, d, proof);
    }
}

/* Guards ---------------------------------------------------------------------------------------------------------------------- */

/* max(1, percent rounded up). A whole number of users that floating point puts a hair above itself is not
 * rounded up. */
static int64_t share_of(double percent, uint64_t users)
{
    double exact = percent * (double)users / 100.0 - 1e-9;
    int64_t n = exact <= 0 ? 0 : exact >= 9e15 ? INT64_MAX : (int64_t)exact;
    n += n < INT64_MAX && (double)n < exact;
    return n < 1 ? 1 : n;
}

/* A tenant where nobody but protected users is active counts as empty: its own administrator is always there.
 */
static bool tenant_empty(const struct plan *p)
{
    for (uint32_t u = 0; u < p->n_users; u++)
        if (roster_state(p->roster, u) == USER_ACTIVE && !(p->user_flags[u] & U_PROTECTED))
            return false;
    return true;
}

static int64_t limit_of(const struct plan *p, const struct guard *g, bool empty)
{
    int64_t limit = g->number < 0 ? -1 : g->number;
    if (g->percent < 0 || empty)
        return limit;
    int64_t share = share_of(g->percent, p->counts.managed_active);
    return limit < 0 || share < limit ? share : limit;
}

static bool in_question(const struct draft *d)
{
    return !d->dead && d->c.hold == HOLD_NONE;
}

static bool guard_judge(struct plan *p, enum change_kind kind, bool empty)
{
    struct plan_guard *g = &p->counts.guard[kind];
    g->limit = limit_of(p, &p->opt->guard[kind], empty);
    g->tripped = g->limit >= 0 && g->wanted > (uint64_t)g->limit;
    g->accepted = g->tripped && p->opt->accept[kind] >= 0 && (uint64_t)p->opt->accept[kind] == g->wanted;
    return g->tripped && !g->accepted;
}

void guards_count(struct plan *p)
{
    bool trips[CHANGE_KINDS], any = false, empty = tenant_empty(p);
    for (size_t i = 0; i < p->n_drafts; i++)
        if (in_question(p->drafts[i]))
            p->counts.guard[p->drafts[i]->c.kind].wanted++;
    for (unsigned kind = 0; kind < CHANGE_KINDS; kind++) {
        trips[kind] = guard_judge(p, (enum change_kind)kind, empty);
        any |= trips[kind];
    }
    struct str why[CHANGE_KINDS];
    for (unsigned kind = 0; any && kind < CHANGE_KINDS; kind++) {
        const struct plan_guard *g = &p->counts.guard[kind];
        why[kind] = trips[kind] ? plan_say(p, "%llu of at most %lld", (unsigned long long)g->wanted,
                                           (long long)g->limit)
                                : STR("another guard withholds the whole plan");
    }
    for (size_t i = 0; any && i < p->n_drafts; i++) {
        struct draft *d = p->drafts[i];
        if (in_question(d) && (trips[d->c.kind] || p->opt->on_trip == TRIP_PLAN))
            draft_hold(d, HOLD_GUARD, why[d->c.kind]);
    }
}

/* Needs ----------------------------------------------------------------------------------------------------------------------- */

/* What the manager of `d` lacks, or no text. */
static struct str manager_lacks(struct plan *p, const struct draft *d)
{
    if (d->manager_draft != NO_DRAFT && p->drafts[d->manager_draft]->c.hold)
        return plan_say(p, "the creation of his manager %s is withheld",
                        plan_shown(p, d->c.manager_after.key));
    if (d->manager_user != NO_USER && (p->user_flags[d->manager_user] & U_ACTIVATION_HELD))
        return plan_say(p, "the activation of his manager %s is withheld",
                        plan_shown(p, d->c.manager_after.key));
    return (struct str){ NULL, 0 };
}

static bool need_judge(struct plan *p, struct draft *d)
{
    if (d->user != NO_USER && (p->user_flags[d->user] & U_ACTIVATION_HELD)) {
        draft_hold(d, HOLD_NEED, STR("the activation of the user is withheld"));
        return true;
    }
    struct str lacks = manager_lacks(p, d);
    if (!lacks.n)
        return false;
    if (d->c.kind == CHANGE_CREATE)
        managers_strip(p, d, HOLD_NEED, lacks);
    else
        draft_hold(d, HOLD_NEED, lacks);
    return true;
}

bool guards_needs(struct plan *p)
{
    bool any = false;
    for (size_t i = 0; i < p->n_drafts; i++) {
        const struct draft *d = p->drafts[i];
        if (!d->dead && d->c.kind == CHANGE_ACTIVATE && d->c.hold)
            p->user_flags[d->user] |= U_ACTIVATION_HELD;
    }
    for (size_t i = 0, n = p->n_drafts; i < n; i++)
        if (in_question(p->drafts[i]))
            any |= need_judge(p, p->drafts[i]);
    return any;
}
