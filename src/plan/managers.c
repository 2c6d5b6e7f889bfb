/* Managers. A row names its manager by a value of the manager key; whom that means is only known when all
 * rows are: a user, a user under another number from now on, or somebody who joins in this same run. What is
 * named badly is held alone; the rest of the row goes on. */
#include <string.h>

#include "plan_internal.h"

static struct wish *wish_add(struct plan *p, uint32_t row, uint32_t user, uint32_t draft)
{
    p->wishes = xgrow(p->wishes, &p->cap_wishes, p->n_wishes + 1, sizeof(*p->wishes));
    struct wish *w = &p->wishes[p->n_wishes++];
    *w = (struct wish){ .row = row, .user = user, .draft = draft, .to_user = NO_USER, .to_draft = NO_DRAFT };
    return w;
}

void managers_row(struct plan *p, uint32_t row, const struct match *m, uint32_t create,
                  const struct person *person)
{
    if (!p->schema->manager || !person->manager.canon.n || person->state == PERSON_LEAVER)
        return;
    uint32_t has = m->user == NO_USER ? NO_USER : roster_manager(p->roster, m->user);
    bool same =
        has != NO_USER && str_eq(roster_canon(p->roster, has, p->schema->manager_key), person->manager.canon);
    if (same &&
        m->same_keys ==
            m->have) { /* without a change, unless the manager gets another number: renumbered_reports() */
        p->rows[row].same_manager = 1;
        return;
    }
    struct wish *w = wish_add(p, row, m->user, m->user == NO_USER ? create : NO_DRAFT);
    w->canon = arena_str(&p->arena, person->manager.canon);
    w->send = arena_str(&p->arena, person->manager.send);
    w->key = arena_str(&p->arena, key_of(p, m->user, person));
}

/* Rows that name the manager whom their user has, by a number that the feed takes away from him: whom they
 * mean has to be found anew. */
static void renumbered_reports(struct plan *p)
{
    size_t slot = p->schema->manager_key;
    for (uint32_t u = 0; u < p->n_users; u++) {
        uint32_t row = user_row(p, u), manager, its;
        if (row == NO_ROW || !p->rows[row].same_manager)
            continue;
        manager = roster_manager(p->roster, u);
        its = user_row(p, manager);
        if (its == NO_ROW || !p->rows[its].renumbered)
            continue;
        struct wish *w = wish_add(p, row, u, NO_DRAFT);
        w->canon = roster_canon(p->roster, manager, slot);
        w->send = roster_shown(p->roster, manager, slot);
        w->key = key_of_user(p, u);
    }
}

static void fail(struct wish *w, enum hold hold, struct str why)
{
    w->hold = hold;
    w->why = why;
}

/* Whom the feed itself gives the number: true when that settles it. */
static bool find_in_feed(struct plan *p, struct wish *w)
{
    size_t n;
    const struct entry *e = entry_group(p, p->schema->manager_key, w->canon, &n), *found = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!row_live(p, e[i].row))
            continue;
        if (found) {
            fail(w, HOLD_UNKNOWN_MANAGER,
                 plan_say(p, "several persons have %s %s", p->schema->attr[e->slot].name,
                          plan_shown(p, w->send)));
            return true;
        }
        found = &e[i];
    }
    if (!found)
        return false;
    if (found->user == NO_USER && !p->rows[found->row].creates)
        fail(w, HOLD_LEAVING_MANAGER, plan_say(p, "%s is leaving", plan_shown(p, w->send)));
    else if (found->user == NO_USER)
        w->to_draft = found->draft;
    else
        w->to_user = found->user;
    return true;
}

/* Who of the tenant's users has the number and keeps it. Among several only one who is active, or about to
 * be, can be meant. */
static void find_in_roster(struct plan *p, struct wish *w)
{
    size_t slot = p->schema->manager_key;
    uint32_t has = w->user == NO_USER ? NO_USER : roster_manager(p->roster, w->user);
    uint32_t good = NO_USER, idle = NO_USER, row;
    unsigned n_good = 0;
    for (uint32_t u = holder_next(p, slot, w->canon, NO_USER); u != NO_USER;
         u = holder_next(p, slot, w->canon, u)) {
        row = user_row(p, u);
        if (row != NO_ROW && p->rows[row].renumbered)
            continue;
        if (u == has) { /* he has him already */
            w->to_user = u;
            return;
        }
        if (roster_state(p->roster, u) == USER_ACTIVE || (p->user_flags[u] & U_ACTIVATING)) {
            good = n_good++ ? good : u;
            if (n_good > 1)
                break;
        } else {
            idle = idle == NO_USER ? u : idle;
        }
    }
    if (n_good > 1)
        fail(w, HOLD_UNKNOWN_MANAGER,
             plan_say(p, "several users have %s %s", p->schema->attr[slot].name, plan_shown(p, w->send)));
    else if (n_good == 0 && idle == NO_USER)
        fail(w, HOLD_UNKNOWN_MANAGER,
             plan_say(p, "nobody has %s %s", p->schema->attr[slot].name, plan_shown(p, w->send)));
    else
        w->to_user = n_good ? good : idle;
}

static void judge_found(struct plan *p, struct wish *w)
{
    const char *who = plan_shown(p, w->send);
    if ((w->to_user != NO_USER && w->to_user == w->user) ||
        (w->to_draft != NO_DRAFT && w->to_draft == w->draft))
        fail(w, HOLD_OWN_MANAGER, plan_say(p, "%s would report to himself", who));
    else if (w->to_user == NO_USER)
        return;
    else if (p->user_flags[w->to_user] & U_LEAVING)
        fail(w, HOLD_LEAVING_MANAGER, plan_say(p, "%s is leaving", who));
    else if (roster_state(p->roster, w->to_user) != USER_ACTIVE &&
             !(p->user_flags[w->to_user] & U_ACTIVATING))
        fail(w, HOLD_INACTIVE_MANAGER, plan_say(p, "%s is not active", who));
}

static struct manager_ref manager_of(const struct plan *p, uint32_t user)
{
    struct manager_ref m = { .id = roster_manager_id(p->roster, user) };
    uint32_t manager = roster_manager(p->roster, user);
    if (manager != NO_USER)
        m.key = roster_shown(p->roster, manager, p->schema->manager_key);
    return m;
}

static void set_manager(struct plan *p, struct draft *d, const struct wish *w)
{
    d->c.manager_set = true;
    d->c.manager_after.key = w->send;
    d->manager_user = w->to_user;
    d->manager_draft = w->to_draft;
    if (w->hold)
        return;
    if (w->to_user != NO_USER)
        d->c.manager_after.id = roster_id(p->roster, w->to_user);
    else /* the engine finds the create by its key */
        d->c.manager_after.key = p->drafts[w->to_draft]->c.key;
}

static void move_user(struct plan *p, const struct wish *w)
{
    struct draft *d = draft_new(p, CHANGE_MANAGER, w->row, w->user, w->key);
    set_manager(p, d, w);
    d->c.manager_before = manager_of(p, w->user);
    if (w->hold)
        draft_hold(d, w->hold, w->why);
}

void managers_strip(struct plan *p, struct draft *create, enum hold hold, struct str why)
{
    struct draft *d = draft_new(p, CHANGE_MANAGER, create->row, NO_USER, create->c.key);
    d->c.user_email = create->c.user_email;
    d->c.manager_set = true;
    d->c.manager_after = (struct manager_ref){ .key = create->c.manager_after.key };
    draft_hold(d, hold, why);
    create->c.manager_set = false;
    create->c.manager_after = (struct manager_ref){ .key = { NULL, 0 } };
    create->manager_user = NO_USER;
    create->manager_draft = NO_DRAFT;
}

void managers_resolve(struct plan *p)
{
    if (!p->schema->manager)
        return;
    renumbered_reports(p);
    for (size_t i = 0; i < p->n_wishes; i++) {
        struct wish *w = &p->wishes[i];
        if (!row_live(p, w->row))
            continue;
        if (!find_in_feed(p, w))
            find_in_roster(p, w);
        bool same = !w->hold && w->user != NO_USER && w->to_user != NO_USER &&
                    w->to_user == roster_manager(p->roster, w->user);
        if (same)
            continue;
        if (!w->hold)
            judge_found(p, w);
        if (w->user != NO_USER) {
            move_user(p, w);
            continue;
        }
        set_manager(p, p->drafts[w->draft], w);
        if (w->hold)
            managers_strip(p, p->drafts[w->draft], w->hold, w->why);
    }
}
