/* Which user is this row? The match keys in their order: a value that one user has is he; a later key only
 * counts for a user who has no value of the earlier keys that the row has. Whatever is not certain is
 * ambiguous: shown, untouched, and nobody it may mean is absent. */
#include "plan_internal.h"

uint32_t holder_next(const struct plan *p, size_t slot, struct str canon, uint32_t after)
{
    uint32_t user = after;
    do /* those who are gone do not hold their keys any more */
        user = roster_by_key(p->roster, slot, canon, user);
    while (user != NO_USER && roster_state(p->roster, user) == USER_GONE);
    return user;
}

static struct str key_value(const struct plan *p, const struct person *person, size_t k)
{
    return person->value[p->schema->key[k]].canon;
}

static struct match ambiguous(struct match m, enum amb_kind kind, size_t key, struct str value, uint32_t user)
{
    m.result = MATCH_AMBIGUOUS;
    m.amb.kind = (uint8_t)kind;
    m.amb.key = (uint8_t)key;
    m.amb.value = value;
    m.amb.user = user;
    return m;
}

/* The first key that somebody has decides, one way or the other. */
static struct match match_by_key(const struct plan *p, const struct person *person, size_t k, struct match m)
{
    struct str value = key_value(p, person, k);
    size_t slot = p->schema->key[k];
    uint32_t user = holder_next(p, slot, value, NO_USER);
    if (user == NO_USER)
        return m;
    if (holder_next(p, slot, value, user) != NO_USER)
        return ambiguous(m, AMB_SEVERAL, k, value, user);
    for (size_t j = 0; j < k; j++) {
        if (key_value(p, person, j).n && roster_canon(p->roster, user, p->schema->key[j]).n) {
            m.amb.earlier = (uint8_t)j;
            return ambiguous(m, AMB_EARLIER, k, value, user);
        }
    }
    m.result = MATCH_USER;
    m.user = user;
    m.amb.earlier = (uint8_t)k;
    return m;
}

/* The row's user is known by an earlier key, and another active one has the row's value of key `k`. As long
 * as only attributes are concerned the earlier key is enough (the value itself is withheld, see repeat.c);
 * nobody is deactivated or activated on such a word. */
static struct match match_crossed(const struct plan *p, const struct person *person, size_t k, struct match m)
{
    if (person->state == PERSON_ACTIVE && roster_state(p->roster, m.user) == USER_ACTIVE)
        return m;
    struct str value = key_value(p, person, k);
    uint32_t other = NO_USER;
    while ((other = holder_next(p, p->schema->key[k], value, other)) != NO_USER) {
        if (roster_state(p->roster, other) == USER_ACTIVE) {
            m.amb.other = other;
            return ambiguous(m, AMB_CROSSED, k, value, m.user);
        }
    }
    return m;
}

struct match match_person(const struct plan *p, const struct person *person)
{
    struct match m = { .result = MATCH_NO_KEY, .user = NO_USER };
    for (size_t k = 0; k < p->schema->n_keys; k++) {
        struct str value = key_value(p, person, k);
        if (!value.n)
            continue;
        m.have |= (uint8_t)(1U << k);
        if (m.result == MATCH_NO_KEY)
            m.result = MATCH_NONE;
        if (m.result == MATCH_NONE)
            m = match_by_key(p, person, k, m);
        else if (m.result == MATCH_USER && !str_eq(roster_canon(p->roster, m.user, p->schema->key[k]), value))
            m = match_crossed(p, person, k, m);
        if (m.result == MATCH_USER && str_eq(roster_canon(p->roster, m.user, p->schema->key[k]), value))
            m.same_keys |= (uint8_t)(1U << k);
    }
    if (m.result != MATCH_USER)
        m.user = NO_USER;
    return m;
}

static void entry_add(struct plan *p, uint32_t row, const struct match *m, uint32_t draft, size_t slot,
                      struct str canon)
{
    p->entries = xgrow(p->entries, &p->cap_entries, p->n_entries + 1, sizeof(*p->entries));
    p->entries[p->n_entries++] = (struct entry){
        .canon = arena_str(&p->arena, canon),
        .row = row,
        .user = m->user,
        .draft = draft,
        .slot = (uint8_t)slot,
        .have = m->have,
    };
}

void match_entries(struct plan *p, uint32_t row, const struct person *person, const struct match *m,
                   uint32_t draft)
{
    const struct schema *s = p->schema;
    for (size_t slot = 0; slot < s->n; slot++) {
        bool manager_key = s->manager && slot == s->manager_key;
        bool email = p->rows[row].creates && p->opt->email_slot == (int)slot;
        struct str canon = person->value[slot].canon;
        if (!canon.n || !(manager_key || email || schema_is_key(s, slot)))
            continue;
        struct str has =
            m->user == NO_USER ? (struct str){ NULL, 0 } : roster_canon(p->roster, m->user, slot);
        if (str_eq(has, canon))
            continue;
        if (manager_key && has.n)
            p->rows[row].renumbered = 1;
        entry_add(p, row, m, draft, slot, canon);
    }
}

/* Ambiguous rows for people --------------------------------------------------------------------------------------------------- */

void ambiguous_add(struct plan *p, const struct amb *a)
{
    p->ambs = xgrow(p->ambs, &p->cap_ambs, p->n_ambs + 1, sizeof(*p->ambs));
    p->ambs[p->n_ambs++] = *a;
}

#define SEVERAL_SHOWN 3

static struct str several_text(struct plan *p, const char *name, size_t slot, struct str value)
{
    struct buf b = BUF_INIT(WHY_MAX);
    unsigned n = 0;
    for (uint32_t u = holder_next(p, slot, value, NO_USER); u != NO_USER && n <= SEVERAL_SHOWN;
         u = holder_next(p, slot, value, u), n++) {
        if (n < SEVERAL_SHOWN)
            buf_printf(&b, "%s%s", n ? ", " : "", shown_id(p, u));
        else
            buf_puts(&b, " and others");
    }
    struct str text = plan_say(p, "several users have %s %s: %s", name, plan_shown(p, value), b.n ? b.p : "");
    buf_deinit(&b);
    return text;
}

static struct str ambiguous_text(struct plan *p, const struct amb *a)
{
    size_t slot = p->schema->key[a->key], earlier = p->schema->key[a->earlier];
    const char *name = p->schema->attr[slot].name, *earlier_name = p->schema->attr[earlier].name;
    switch ((enum amb_kind)a->kind) {
    case AMB_SEVERAL: return several_text(p, name, slot, a->value);
    case AMB_EARLIER:
        return plan_say(p, "matches user %s by %s, whose %s is %s", shown_id(p, a->user), name, earlier_name,
                        plan_shown(p, roster_shown(p->roster, a->user, earlier)));
    case AMB_CROSSED:
        return plan_say(p, "matches user %s by %s and user %s by %s", shown_id(p, a->user), earlier_name,
                        shown_id(p, a->other), name);
    case AMB_NAMED:
        return plan_say(p, "matches user %s, whom a row that cannot be settled names too, by %s %s",
                        shown_id(p, a->user), name, plan_shown(p, a->value));
    case AMB_SHARED:
        return plan_say(p, "has %s %s, and so has user %s, whom no row names", name, plan_shown(p, a->value),
                        shown_id(p, a->other));
    }
    return (struct str){ NULL, 0 };
}

static int ambiguous_cmp(const void *a, const void *b)
{
    const struct plan_ambiguous *x = a, *y = b;
    int d = str_cmp(x->key, y->key);
    if (!d)
        d = str_cmp(x->text, y->text);
    return d ? d : (x->at.line > y->at.line) - (x->at.line < y->at.line);
}

static int amb_cmp(const void *a, const void *b)
{
    const struct amb *x = a, *y = b;
    int d = (x->row > y->row) - (x->row < y->row);
    if (!d)
        d = (int)x->kind - (int)y->kind;
    return d ? d : (int)x->key - (int)y->key;
}

/* A rejected or repeated row has its fate already; one row is said once, though several keys may have shown
 * it. */
void ambiguous_texts(struct plan *p)
{
    size_t n = 0;
    p->ambiguous = xcalloc(p->n_ambs, sizeof(*p->ambiguous));
    if (p->n_ambs > 1)
        qsort(p->ambs, p->n_ambs, sizeof(*p->ambs), amb_cmp);
    for (size_t i = 0; i < p->n_ambs; i++) {
        const struct amb *a = &p->ambs[i];
        bool again = i && a->row == a[-1].row && a->kind == AMB_NAMED;
        if (p->rows[a->row].fate == ROW_PERSON && !again)
            p->ambiguous[n++] = (struct plan_ambiguous){ .at = row_place(&p->rows[a->row]),
                                                         .key = a->shown,
                                                         .text = ambiguous_text(p, a) };
    }
    p->n_ambs = n;
    if (n > 1)
        qsort(p->ambiguous, n, sizeof(*p->ambiguous), ambiguous_cmp);
}
