/* The final order of changes, the fates of users, the counts; and the same counts once more from the parts,
 * to be compared. */
#include <string.h>

#include "plan_internal.h"

static int edits_cmp(const struct change *x, const struct change *y)
{
    for (size_t i = 0; i < x->n_edits && i < y->n_edits; i++) {
        int d = (int)x->edit[i].slot - (int)y->edit[i].slot;
        if (!d)
            d = str_cmp(x->edit[i].after, y->edit[i].after);
        if (d)
            return d;
    }
    return (x->n_edits > y->n_edits) - (x->n_edits < y->n_edits);
}

/* By kind, key, user id. The rest only decides between several of one kind and user, so that the order is
 * always the same. */
static int draft_cmp(const void *a, const void *b)
{
    const struct change *x = &(*(struct draft *const *)a)->c, *y = &(*(struct draft *const *)b)->c;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    int d = str_cmp(x->key, y->key);
    if (!d)
        d = str_cmp(x->user, y->user);
    if (!d)
        d = (int)x->hold - (int)y->hold;
    if (!d)
        d = edits_cmp(x, y);
    return d ? d : str_cmp(x->manager_after.key, y->manager_after.key);
}

void order_changes(struct plan *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_drafts; i++)
        if (!p->drafts[i]->dead)
            p->drafts[n++] = p->drafts[i];
    p->n_drafts = n;
    if (n > 1)
        qsort(p->drafts, n, sizeof(struct draft *), draft_cmp);
}

static int reject_cmp(const void *a, const void *b)
{
    const struct reject *x = a, *y = b;
    if (x->at.line != y->at.line)
        return x->at.line < y->at.line ? -1 : 1;
    return (x->at.offset > y->at.offset) - (x->at.offset < y->at.offset);
}

static enum user_fate fate_of(const struct plan *p, uint32_t u)
{
    unsigned flags = p->user_flags[u];
    bool key = p->schema->n_keys && roster_canon(p->roster, u, p->schema->key[0]).n;
    if (flags & U_PROTECTED)
        return USER_PROTECTED;
    if (flags & U_CHANGED)
        return USER_CHANGED;
    if (flags & U_HELD)
        return USER_WITHHELD;
    if (p->user_fate[u] == USER_REFUSED)
        return USER_REFUSED;
    if (user_row(p, u) != NO_ROW)
        return USER_IN_SYNC;
    if (flags & U_NAMED)
        return USER_AMBIGUOUS;
    if (!key || roster_state(p->roster, u) == USER_GONE)
        return USER_UNMANAGED;
    if (roster_state(p->roster, u) == USER_ACTIVE && p->opt->absent == ABSENT_IGNORE)
        return USER_UNMANAGED;
    return USER_ABSENT;
}

void order_fates(struct plan *p)
{
    struct plan_counts *c = &p->counts;
    if (p->n_rejects > 1)
        qsort(p->rejects, p->n_rejects, sizeof(*p->rejects), reject_cmp);
    for (size_t i = 0; i < p->n_drafts; i++) {
        const struct draft *d = p->drafts[i];
        c->hold[d->c.hold]++;
        if (d->c.hold)
            c->held[d->c.kind]++;
        else
            c->change[d->c.kind]++;
        if (d->user != NO_USER)
            p->user_flags[d->user] |= d->c.hold ? U_HELD : U_CHANGED;
    }
    for (uint32_t u = 0; u < p->n_users; u++) {
        p->user_fate[u] = (uint8_t)fate_of(p, u);
        c->user[p->user_fate[u]]++;
    }
    c->rows = p->n_rows;
    for (size_t i = 0; i < p->n_rows; i++)
        c->row[p->rows[i].fate]++;
}

/* Sums ------------------------------------------------------------------------------------------------------------------------ */

struct sums {
    uint64_t row[ROW_FATES], user[USER_FATES], change[CHANGE_KINDS], held[CHANGE_KINDS], hold[HOLDS];
    uint64_t active, changed;
    uint8_t *touched; /* per user: TOUCHED_* */
};

enum {
    TOUCHED = 1,
    TOUCHED_HELD = 2,
    TOUCHED_DEACTIVATED = 4,
    TOUCHED_RETIRED = 8,
    TOUCHED_OTHERWISE = 16,
    TOUCHED_UNSTUCK = 32
};

static unsigned touches(const struct change *c)
{
    unsigned how = c->kind == CHANGE_DEACTIVATE ? TOUCHED_DEACTIVATED
                   : c->kind == CHANGE_RETIRE   ? TOUCHED_RETIRED
                                                : TOUCHED_OTHERWISE;
    return how | (c->hold ? TOUCHED_HELD : TOUCHED);
}

static void sums_take(const struct plan *p, struct sums *s)
{
    for (size_t i = 0; i < p->n_rows; i++)
        s->row[p->rows[i].fate]++;
    for (size_t i = 0; i < plan_changes(p); i++) {
        const struct change *c = plan_change(p, i);
        s->hold[c->hold]++;
        (c->hold ? s->held : s->change)[c->kind]++;
        uint32_t u = c->user.n ? roster_by_id(p->roster, c->user) : NO_USER;
        if (u != NO_USER)
            s->touched[u] |= (uint8_t)touches(c);
    }
    for (size_t i = 0; i < plan_unstuck_count(p); i++)
        s->touched[plan_unstuck(p, i)->user] |= TOUCHED_UNSTUCK;
    for (uint32_t u = 0; u < roster_count(p->roster); u++) {
        s->user[plan_user_fate(p, u)]++;
        s->active += roster_state(p->roster, u) == USER_ACTIVE;
    }
}

static uint64_t total(const uint64_t *v, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i];
    return sum;
}

static bool user_sound(const struct plan *p, const struct sums *s, uint32_t u)
{
    unsigned touched = s->touched[u];
    enum user_fate fate = plan_user_fate(p, u);
    if (fate == USER_PROTECTED)
        return !(touched & TOUCHED);
    unsigned how = touched & (TOUCHED_DEACTIVATED | TOUCHED_RETIRED | TOUCHED_OTHERWISE);
    if (how & (how - 1) && how != TOUCHED_OTHERWISE) /* a leaver gets one end and nothing else */
        return false;
    return touched & TOUCHED        ? fate == USER_CHANGED
           : touched & TOUCHED_HELD ? fate == USER_WITHHELD
           : touched & TOUCHED_UNSTUCK
               ? fate == USER_REFUSED
               : fate != USER_CHANGED && fate != USER_WITHHELD && fate != USER_REFUSED;
}

static const char *sums_wrong(const struct plan *p, const struct sums *s)
{
    const struct plan_counts *c = &p->counts;
    uint64_t changes = total(s->change, CHANGE_KINDS), held = total(s->held, CHANGE_KINDS);
    if (memcmp(s->row, c->row, sizeof(s->row)) != 0 || total(s->row, ROW_FATES) != c->rows ||
        c->rows != p->n_rows)
        return "rows";
    if (s->row[ROW_REJECTED] != plan_rejects(p))
        return "rejected rows";
    if (memcmp(s->user, c->user, sizeof(s->user)) != 0 || total(s->user, USER_FATES) != c->users ||
        c->users != roster_count(p->roster))
        return "users";
    if (s->active != c->active_users || c->managed_active > c->active_users)
        return "active users";
    if (memcmp(s->change, c->change, sizeof(s->change)) != 0 ||
        memcmp(s->held, c->held, sizeof(s->held)) != 0)
        return "changes by kind";
    if (changes + held != plan_changes(p) || memcmp(s->hold, c->hold, sizeof(s->hold)) != 0 ||
        s->hold[HOLD_NONE] != changes)
        return "changes by hold";
    for (uint32_t u = 0; u < p->n_users; u++)
        if (!user_sound(p, s, u))
            return "users against changes";
    for (size_t i = 0; i < plan_absent(p); i++)
        if (s->touched[plan_absent_user(p, i)])
            return "absent users against changes";
    return NULL;
}

bool plan_sums(const struct plan *p, char why[200])
{
    struct sums s = { .touched = xcalloc(p->n_users, 1) };
    sums_take(p, &s);
    const char *wrong = sums_wrong(p, &s);
    free(s.touched);
    (void)snprintf(why, 200, "%s%s", wrong ? "the sums do not agree: " : "", wrong ? wrong : "");
    return !wrong;
}
