/* Rows that claim the same user, or the same key. Equal rows are one person. Different ones are all rejected
 * and their user is left alone, when they are the same person twice: they mean one user, or agree in the
 * first match key that both have. Rows of different people who share a later key: two creates are both
 * rejected (the tenant could not tell them apart), a user who is there keeps his old value and the rest goes
 * on.
 *
 * All of this is found in two tables: claims (rows that are surely one user) and entries (values of keys that
 * the row's user does not have). Rows in sync are in neither but by their user's mark. */
#include <string.h>

#include "plan_internal.h"

bool row_live(const struct plan *p, uint32_t row)
{
    return p->rows[row].fate == ROW_PERSON && !p->rows[row].ambiguous;
}

uint32_t user_row(const struct plan *p, uint32_t user)
{
    uint32_t row = roster_mark(p->roster, user);
    return row != NO_ROW && row_live(p, row) ? row : NO_ROW;
}

void reject_late(struct plan *p, uint32_t row, enum reject_reason reason, struct str detail)
{
    if (p->rows[row].fate == ROW_REJECTED)
        return;
    p->rows[row].fate = ROW_REJECTED;
    p->rejects = xgrow(p->rejects, &p->cap_rejects, p->n_rejects + 1, sizeof(*p->rejects));
    p->rejects[p->n_rejects++] = (struct reject){
        .at = row_place(&p->rows[row]),
        .reason = reason,
        .detail = xmemdup(detail.p, detail.n),
        .keys_known = reason != REJECT_NO_KEY,
    };
}

/* The feed's order. */
static bool row_before(const struct plan *p, uint32_t a, uint32_t b)
{
    return p->rows[a].line != p->rows[b].line ? p->rows[a].line < p->rows[b].line : a < b;
}

static bool row_unlike(const struct plan *p, uint32_t a, uint32_t b)
{
    return a != b && (p->rows[a].early || p->rows[b].early || p->rows[a].digest != p->rows[b].digest);
}

static void repeated(struct plan *p, uint32_t row)
{
    if (p->rows[row].fate == ROW_PERSON)
        p->rows[row].fate = ROW_REPEATED;
}

/* Claims --------------------------------------------------------------------------------------------------------------------- */

static int claim_cmp(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    int d = (x->user > y->user) - (x->user < y->user);
    return d ? d : (x->row > y->row) - (x->row < y->row);
}

static void reject_claim(struct plan *p, uint32_t user, uint32_t row, uint32_t other)
{
    if (!p->rows[row].early)
        reject_late(p, row, REJECT_REPEATED_KEY,
                    plan_say(p, "names user %s, as line %llu does with other values", shown_id(p, user),
                             (unsigned long long)p->rows[other].line));
}

/* The feed's first row of a user who has `claim` beside his mark; with `unlike` given, the first that is
 * unlike that one. NO_ROW: none. */
static uint32_t first_claim(const struct plan *p, const struct claim *claim, size_t n, uint32_t unlike)
{
    uint32_t found = NO_ROW, mark = roster_mark(p->roster, claim->user);
    for (size_t i = 0; i <= n; i++) {
        uint32_t row = i < n ? claim[i].row : mark;
        if (row == NO_ROW || (unlike != NO_ROW && !row_unlike(p, unlike, row)))
            continue;
        if (found == NO_ROW || row_before(p, row, found))
            found = row;
    }
    return found;
}

/* `claim` are all further rows of one user. */
static void judge_claims_of(struct plan *p, const struct claim *claim, size_t n)
{
    uint32_t user = claim->user, mark = roster_mark(p->roster, user);
    uint32_t first = first_claim(p, claim, n, NO_ROW), other = first_claim(p, claim, n, first);
    p->user_flags[user] |= U_NAMED;
    for (size_t i = 0; i <= n; i++) {
        uint32_t row = i < n ? claim[i].row : mark;
        if (row == NO_ROW)
            continue;
        if (other != NO_ROW)
            reject_claim(p, user, row, row_unlike(p, first, row) ? first : other);
        else if (row != first)
            repeated(p, row);
    }
    if (other == NO_ROW && !p->rows[first].early)
        roster_set_mark(p->roster, user, first);
}

static void judge_claims(struct plan *p)
{
    if (p->n_claims > 1)
        qsort(p->claims, p->n_claims, sizeof(*p->claims), claim_cmp);
    for (size_t i = 0, n; i < p->n_claims; i += n) {
        for (n = 1; i + n < p->n_claims && p->claims[i + n].user == p->claims[i].user;)
            n++;
        judge_claims_of(p, p->claims + i, n);
    }
}

/* Entries -------------------------------------------------------------------------------------------------------------------- */

static int value_cmp(const struct entry *x, const struct entry *y)
{
    return x->slot != y->slot ? (int)x->slot - (int)y->slot : str_cmp(x->canon, y->canon);
}

/* Rows that may be equal stand together, the first of the feed in front. */
static int entry_cmp(const void *a, const void *b, void *ctx)
{
    const struct entry *x = a, *y = b;
    const struct plan *p = ctx;
    int d = value_cmp(x, y);
    if (d)
        return d;
    const struct row *r = &p->rows[x->row], *s = &p->rows[y->row];
    if (r->early != s->early)
        return r->early ? 1 : -1;
    if (r->digest != s->digest)
        return r->digest < s->digest ? -1 : 1;
    return row_before(p, x->row, y->row) ? -1 : row_before(p, y->row, x->row);
}

static uint64_t entry_digest(const struct plan *p, size_t slot, struct str canon)
{
    return hash64(&p->key, canon.p, canon.n) + slot;
}

static size_t group_size(const struct plan *p, size_t from)
{
    size_t n = 1;
    while (from + n < p->n_entries && value_cmp(&p->entries[from], &p->entries[from + n]) == 0)
        n++;
    return n;
}

static void entries_sort(struct plan *p)
{
    if (p->n_entries > 1)
        qsort_r(p->entries, p->n_entries, sizeof(*p->entries), entry_cmp, p);
    for (size_t i = 0; i < p->n_entries; i += group_size(p, i))
        table_add(&p->entry_heads, entry_digest(p, p->entries[i].slot, p->entries[i].canon), (uint32_t)i);
}

const struct entry *entry_group(const struct plan *p, size_t slot, struct str canon, size_t *n)
{
    uint64_t digest = entry_digest(p, slot, canon);
    for (size_t it = table_find(&p->entry_heads, digest); it != TABLE_END;
         it = table_next(&p->entry_heads, it, digest)) {
        const struct entry *e = &p->entries[table_value(&p->entry_heads, it)];
        if (e->slot == slot && str_eq(e->canon, canon)) {
            *n = group_size(p, (size_t)(e - p->entries));
            return e;
        }
    }
    *n = 0;
    return NULL;
}

static int key_number(const struct plan *p, size_t slot)
{
    for (size_t k = 0; k < p->schema->n_keys; k++)
        if (p->schema->key[k] == slot)
            return (int)k;
    return -1;
}

/* Same person twice ---------------------------------------------------------------------------------------------------------- */

#define MASKS ((size_t)1 << KEYS_MAX)

/* The rows of a group by which match keys they have: enough to say of each row whether an unlike one is the
 * same person. */
struct seen {
    uint32_t row[MASKS];   /* one that has these keys; NO_ROW: none */
    uint32_t other[MASKS]; /* one unlike it; NO_ROW: none */
    uint8_t mask[MASKS];
    size_t n;
};

static void seen_clear(struct seen *s)
{
    for (size_t i = 0; i < s->n; i++)
        s->row[s->mask[i]] = s->other[s->mask[i]] = NO_ROW;
    s->n = 0;
}

/* The feed's first row with each set of keys, then the first that is unlike it: so the message does not
 * depend on any order but the feed's. */
static void seen_fill(const struct plan *p, struct seen *s, const struct entry *e, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t *row = &s->row[e[i].have];
        if (*row == NO_ROW)
            s->mask[s->n++] = e[i].have;
        if (*row == NO_ROW || row_before(p, e[i].row, *row))
            *row = e[i].row;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t *other = &s->other[e[i].have];
        if (row_unlike(p, s->row[e[i].have], e[i].row) &&
            (*other == NO_ROW || row_before(p, e[i].row, *other)))
            *other = e[i].row;
    }
}

/* The feed's first unlike row for which key `k` is the first that both have; NO_ROW: none. */
static uint32_t same_person(const struct plan *p, const struct seen *s, const struct entry *e, unsigned k)
{
    uint32_t found = NO_ROW, candidate[2];
    unsigned before = (1U << k) - 1;
    for (size_t i = 0; i < s->n; i++) {
        uint8_t mask = s->mask[i];
        if (mask & e->have & before)
            continue;
        candidate[0] = s->row[mask];
        candidate[1] = s->other[mask];
        for (size_t c = 0; c < 2; c++)
            if (candidate[c] != NO_ROW && row_unlike(p, candidate[c], e->row) &&
                (found == NO_ROW || row_before(p, candidate[c], found)))
                found = candidate[c];
    }
    return found;
}

static void reject_same(struct plan *p, const struct entry *e, uint32_t other)
{
    if (!p->rows[e->row].early)
        reject_late(p, e->row, REJECT_REPEATED_KEY,
                    plan_say(p, "%s %s is also in line %llu, with other values",
                             p->schema->attr[e->slot].name, plan_shown(p, e->canon),
                             (unsigned long long)p->rows[other].line));
}

/* Two new users with one e-mail address, or one value of any match key: the tenant would refuse one of them,
 * or could not tell them apart. */
static void judge_creates(struct plan *p, const struct entry *e, size_t n)
{
    uint32_t first = NO_ROW, other = NO_ROW;
    for (size_t i = 0; i < n; i++)
        if (p->rows[e[i].row].creates && (first == NO_ROW || row_before(p, e[i].row, first)))
            first = e[i].row;
    for (size_t i = 0; i < n; i++)
        if (p->rows[e[i].row].creates && row_unlike(p, first, e[i].row) &&
            (other == NO_ROW || row_before(p, e[i].row, other)))
            other = e[i].row;
    if (other == NO_ROW)
        return;
    for (size_t i = 0; i < n; i++)
        if (p->rows[e[i].row].creates)
            reject_same(p, &e[i], row_unlike(p, first, e[i].row) ? first : other);
}

/* Equal rows without a user: the first is the person. (Those with one are settled by their claims.) */
static void fold_equal(struct plan *p, const struct entry *e, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (e[i].user == NO_USER && !p->rows[e[i].row].early && !row_unlike(p, e[i - 1].row, e[i].row))
            repeated(p, e[i].row);
}

static void judge_group(struct plan *p, const struct entry *e, size_t n, struct seen *seen)
{
    int k = key_number(p, e->slot);
    if (n == 1)
        return;
    if (k >= 0) {
        seen_clear(seen);
        seen_fill(p, seen, e, n);
        for (size_t i = 0; i < n; i++) {
            uint32_t other = same_person(p, seen, &e[i], (unsigned)k);
            if (other != NO_ROW)
                reject_same(p, &e[i], other);
        }
    }
    if (k >= 0 || p->opt->email_slot == (int)e->slot)
        judge_creates(p, e, n);
    fold_equal(p, e, n);
}

/* Values that belong to others ------------------------------------------------------------------------------------------------ */

/* The edit that would give a user `e`'s value is withheld: the value is another's, or wanted by another. */
static void hold_value(struct plan *p, const struct entry *e, uint32_t holder)
{
    struct draft *d = e->user != NO_USER && e->draft != NO_DRAFT ? draft_split(p, e->draft, e->slot) : NULL;
    if (!d)
        return;
    const char *name = p->schema->attr[e->slot].name;
    if (holder != NO_USER)
        draft_hold(
            d, HOLD_NEED,
            plan_say(p, "%s %s belongs to user %s", name, plan_shown(p, e->canon), shown_id(p, holder)));
    else
        draft_hold(d, HOLD_NEED,
                   plan_say(p, "%s %s is wanted by another row too", name, plan_shown(p, e->canon)));
}

static bool wants_value(const struct plan *p, const struct entry *e)
{
    return !(e->user != NO_USER && p->rows[e->row].leaver);
}

static bool several_want(const struct plan *p, const struct entry *e, size_t n)
{
    const struct entry *first = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!wants_value(p, &e[i]))
            continue;
        if (first && row_unlike(p, first->row, e[i].row))
            return true;
        first = first ? first : &e[i];
    }
    return false;
}

/* A row that is nobody for certain and names a user whom another row would activate or deactivate: that one
 * is not certain enough either. */
static void name_holder(struct plan *p, const struct entry *e, uint32_t user, unsigned k, bool unsettled)
{
    p->user_flags[user] |= U_NAMED;
    uint32_t row = user_row(p, user);
    if (!unsettled || row == NO_ROW || !p->rows[row].state_change)
        return;
    ambiguous_add(p, &(struct amb){ .kind = AMB_NAMED,
                                    .row = row,
                                    .user = user,
                                    .key = (uint8_t)k,
                                    .value = e->canon,
                                    .shown = key_of_user(p, user) });
}

static void judge_holders(struct plan *p, const struct entry *e, size_t n)
{
    int k = key_number(p, e->slot);
    if (k < 0)
        return;
    bool unsettled = false;
    for (size_t i = 0; i < n; i++)
        unsettled |= p->rows[e[i].row].ambiguous || p->rows[e[i].row].fate == ROW_REJECTED;
    uint32_t holder = holder_next(p, e->slot, e->canon, NO_USER);
    if (holder != NO_USER || several_want(p, e, n))
        for (size_t i = 0; i < n; i++)
            hold_value(p, &e[i], holder);
    for (; holder != NO_USER; holder = holder_next(p, e->slot, e->canon, holder))
        name_holder(p, e, holder, (unsigned)k, unsettled);
}

/* ---------------------------------------------------------------------------------------------------------------------------- */

static void reject_incomplete(struct plan *p)
{
    for (size_t i = 0; i < p->n_drafts; i++) {
        const struct draft *d = p->drafts[i];
        if (d->c.kind == CHANGE_CREATE && d->missing >= 0 && row_live(p, d->row))
            reject_late(p, d->row, REJECT_REQUIRED,
                        plan_say(p, "a new user needs %s, which is blank", p->schema->attr[d->missing].name));
    }
}

static void each_group(struct plan *p, bool holders)
{
    struct seen *seen = xmalloc(sizeof(*seen));
    memset(seen->row, 0xff, sizeof(seen->row));
    memset(seen->other, 0xff, sizeof(seen->other));
    seen->n = 0;
    for (size_t i = 0, n; i < p->n_entries; i += n) {
        n = group_size(p, i);
        if (holders)
            judge_holders(p, p->entries + i, n);
        else
            judge_group(p, p->entries + i, n, seen);
    }
    free(seen);
}

void repeat_judge(struct plan *p)
{
    entries_sort(p);
    judge_claims(p);
    each_group(p, false);
    size_t from = p->n_ambs;
    each_group(p, true);
    /* Only now, so that it does not depend on which group came first. One row may have been found by several
     * keys. */
    for (size_t i = from; i < p->n_ambs; i++)
        p->rows[p->ambs[i].row].ambiguous = 1;
    reject_incomplete(p);
    for (size_t i = 0; i < p->n_drafts; i++)
        p->drafts[i]->dead |= !row_live(p, p->drafts[i]->row);
    for (uint32_t u = 0; u < p->n_users; u++) {
        uint32_t row = user_row(p, u);
        if (roster_mark(p->roster, u) != NO_ROW)
            p->user_flags[u] |= U_NAMED;
        if (row == NO_ROW)
            continue;
        if (p->rows[row].leaver)
            p->user_flags[u] |= U_LEAVING;
        else if (roster_state(p->roster, u) == USER_INACTIVE)
            p->user_flags[u] |= U_ACTIVATING;
    }
}
