/* Who is missing. Absence is the weakest of all reasons, so it needs the most: every row's keys read, a feed
 * that is proven, every user seen. */
#include "plan_internal.h"

#define SHARERS_MAX                                                                                          \
    1000 /* users with one key value that are looked at; beyond, the value is taken as named */

static void untrusted(struct plan *p, const char *why)
{
    p->counts.absence_untrusted = true;
    (void)snprintf(p->counts.absence_why, sizeof(p->counts.absence_why), "%s", why);
}

void absence_trust(struct plan *p, const struct plan_proof *proof)
{
    if (proof->roster != PROOF_ALL)
        untrusted(p, proof->roster == PROOF_NONE ? "the list of users is not proven to be complete"
                                                 : "users were only looked up, not listed");
    else if (p->counts.too_many_rejects)
        untrusted(p, "too many rows are rejected");
    else if (p->broken)
        untrusted(p, "the feed is broken");
    else if (!proof->feed_proven)
        untrusted(p, "the feed is not proven to be complete");
    else if (p->unknown_keys)
        untrusted(p, "the keys of a rejected row could not be read");
}

static bool is_absent(const struct plan *p, uint32_t user)
{
    return (p->user_flags[user] & (U_MANAGED | U_NAMED)) == U_MANAGED;
}

/* A second account of somebody who is in the feed: it shares one of his keys. Whose it is has to be said by a
 * person. */
static bool shares_key(struct plan *p, uint32_t user)
{
    for (size_t k = 0; k < p->schema->n_keys; k++) {
        size_t slot = p->schema->key[k];
        struct str value = roster_canon(p->roster, user, slot);
        if (!value.n)
            continue;
        unsigned n = 0;
        for (uint32_t u = holder_next(p, slot, value, NO_USER); u != NO_USER;
             u = holder_next(p, slot, value, u)) {
            uint32_t row = user_row(p, u);
            bool named = row != NO_ROW && (p->rows[row].same_keys >> k & 1);
            if (!named && ++n < SHARERS_MAX)
                continue;
            if (named)
                ambiguous_add(p, &(struct amb){ .kind = AMB_SHARED,
                                                .row = row,
                                                .user = u,
                                                .other = user,
                                                .key = (uint8_t)k,
                                                .value = value,
                                                .shown = key_of_user(p, u) });
            return true;
        }
    }
    return false;
}

/* Of those who are inactive already there is nothing to tell. */
static void report(struct plan *p, uint32_t user)
{
    if (roster_state(p->roster, user) != USER_ACTIVE)
        return;
    p->absent = xgrow(p->absent, &p->cap_absent, p->n_absent + 1, sizeof(*p->absent));
    p->absent[p->n_absent++] = user;
}

void absence_find(struct plan *p)
{
    bool deactivate = p->opt->absent == ABSENT_DEACTIVATE && !p->counts.absence_untrusted;
    if (p->opt->absent == ABSENT_IGNORE)
        return;
    for (uint32_t u = 0; u < p->n_users; u++) {
        if (!is_absent(p, u))
            continue;
        if (!deactivate) {
            report(p, u);
        } else if (shares_key(p, u)) {
            p->user_flags[u] |= U_NAMED;
        } else {
            struct draft *d =
                draft_new(p, retires(p) ? CHANGE_RETIRE : CHANGE_DEACTIVATE, NO_ROW, u, key_of_user(p, u));
            d->c.inactive = roster_state(p->roster, u) != USER_ACTIVE;
            d->c.reason = STR("absent");
            p->user_flags[u] |= U_LEAVING;
        }
    }
}
