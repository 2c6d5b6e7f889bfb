/* What does not stick: values that the tenant accepted and never showed. Sending them night after night would
 * change nothing and hide what does; so they are told apart, until the wish or the value shown is another. */
#include <string.h>

#include "plan_internal.h"

void stick_digest(const struct schema *s, const struct refs *refs, size_t slot, struct str user,
                  struct str value, char out[SHA256_HEX])
{
    char guid[GUID_DIGITS];
    unsigned char mac[SHA256_BYTES];
    struct buf form = BUF_INIT(ATTR_CANON_MAX);
    struct str key = attr_guid(user, guid) ? (struct str){ guid, sizeof(guid) } : user;
    hmac_sha256(key, value_canon(s, refs, slot, value, &form), mac);
    sha256_hex(mac, out);
    buf_deinit(&form);
}

/* Before the rows ------------------------------------------------------------------------------------------------------------- */

static int by_user(const void *a, const void *b)
{
    const struct stick *x = a, *y = b;
    return (x->user > y->user) - (x->user < y->user);
}

/* Of users who are not there any more nothing is found, and nothing is looked for. */
void sticks_init(struct plan *p)
{
    p->sticks = xcalloc(p->opt->n_sticks, sizeof(*p->sticks));
    p->stick_over = xcalloc(p->opt->n_sticks, sizeof(*p->stick_over));
    for (size_t i = 0; i < p->opt->n_sticks; i++) {
        uint32_t user = roster_by_id(p->roster, p->opt->sticks[i].user);
        if (user != NO_USER && roster_state(p->roster, user) != USER_GONE)
            p->sticks[p->n_sticks++] = (struct stick){ .user = user, .number = i, .row = NO_ROW };
        else
            p->stick_over[i] = true;
    }
    if (p->n_sticks > 1)
        qsort(p->sticks, p->n_sticks, sizeof(*p->sticks), by_user);
}

void sticks_deinit(struct plan *p)
{
    free(p->sticks);
    free(p->stick_over);
    free(p->unstuck);
    free(p->unstuck_row);
}

static struct stick *first_of(struct plan *p, uint32_t user)
{
    size_t lo = 0, hi = p->n_sticks;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (p->sticks[mid].user < user)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < p->n_sticks && p->sticks[lo].user == user ? &p->sticks[lo] : NULL;
}

static struct stick *next_of(struct plan *p, struct stick *s)
{
    struct stick *next = s + 1;
    return next < p->sticks + p->n_sticks && next->user == s->user ? next : NULL;
}

/* Rows ------------------------------------------------------------------------------------------------------------------------ */

void sticks_row(struct plan *p, uint32_t row, uint32_t user, const struct person *person)
{
    for (struct stick *s = first_of(p, user); s; s = next_of(p, s)) {
        size_t slot = p->opt->sticks[s->number].slot;
        struct str canon = person->value[slot].canon;
        if (canon.n && same_value(p, slot, roster_canon(p->roster, user, slot), canon))
            s->row = row;
    }
}

static bool remembered(const struct plan *p, const struct plan_stick *known, const struct edit *e)
{
    char wanted[SHA256_HEX], seen[SHA256_HEX];
    uint32_t user = roster_by_id(p->roster, known->user);
    struct str id = roster_id(p->roster, user);
    stick_digest(p->schema, p->refs, e->slot, id, e->after, wanted);
    stick_digest(p->schema, p->refs, e->slot, id, roster_shown(p->roster, user, e->slot), seen);
    return strcmp(wanted, known->wanted) == 0 && strcmp(seen, known->seen) == 0;
}

static void unstuck_add(struct plan *p, uint32_t row, const struct plan_unstuck *u)
{
    p->unstuck = xgrow(p->unstuck, &p->cap_unstuck, p->n_unstuck + 1, sizeof(*p->unstuck));
    p->unstuck_row = xgrow(p->unstuck_row, &p->cap_unstuck_row, p->n_unstuck + 1, sizeof(*p->unstuck_row));
    p->unstuck[p->n_unstuck] = *u;
    p->unstuck_row[p->n_unstuck++] = row;
}

bool sticks_hold(struct plan *p, uint32_t row, uint32_t user, const struct edit *e, struct str key)
{
    if (p->schema->attr[e->slot].flags & ATTR_MEMBERSHIP)
        return false;
    for (struct stick *s = first_of(p, user); s; s = next_of(p, s)) {
        const struct plan_stick *known = &p->opt->sticks[s->number];
        if (known->slot != e->slot || !remembered(p, known, e))
            continue;
        struct str seen = roster_shown(p->roster, user, e->slot);
        unstuck_add(p, row,
                    &(struct plan_unstuck){ .user = user,
                                            .key = key,
                                            .slot = e->slot,
                                            .wanted = e->after_name.n ? e->after_name : e->after,
                                            .seen = e->before_name.n ? e->before_name : seen,
                                            .since = known->since });
        return true;
    }
    return false;
}

/* After them ------------------------------------------------------------------------------------------------------------------ */

static int unstuck_cmp(const void *a, const void *b, void *ctx)
{
    const struct plan_unstuck *x = a, *y = b;
    const struct plan *p = ctx;
    int d = str_cmp(x->key, y->key);
    if (!d)
        d = str_cmp(roster_id(p->roster, x->user), roster_id(p->roster, y->user));
    return d ? d : (int)x->slot - (int)y->slot;
}

/* Rows that turned out to be nobody's say nothing. */
void sticks_end(struct plan *p, const struct plan_proof *proof)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_unstuck; i++)
        if (row_live(p, p->unstuck_row[i])) {
            p->unstuck[n++] = p->unstuck[i];
            p->user_fate[p->unstuck[i].user] = USER_REFUSED; /* unless there is more to say: order_fates() */
        }
    p->n_unstuck = n;
    if (n > 1)
        qsort_r(p->unstuck, n, sizeof(*p->unstuck), unstuck_cmp, p);
    for (size_t i = 0; proof->roster != PROOF_ALL && i < p->opt->n_sticks; i++)
        p->stick_over[i] = false; /* who was not looked up may be there */
    for (size_t i = 0; i < p->n_sticks; i++)
        if (p->sticks[i].row != NO_ROW && row_live(p, p->sticks[i].row))
            p->stick_over[p->sticks[i].number] = true;
}

size_t plan_unstuck_count(const struct plan *p)
{
    return p->n_unstuck;
}

const struct plan_unstuck *plan_unstuck(const struct plan *p, size_t i)
{
    assert(p->ended && i < p->n_unstuck);
    return &p->unstuck[i];
}

bool plan_stick_over(const struct plan *p, size_t i)
{
    assert(p->ended && i < p->opt->n_sticks);
    return p->stick_over[i];
}
