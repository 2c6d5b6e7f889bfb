/* Readings driven by any answers, parted by NUL bytes: a reading ends, its requests change nothing. */
#ifndef FUZZ_READING_H
#define FUZZ_READING_H

#include "bed.h"

#define ASKED_MAX 200

struct answering {
    struct bed *bed;
    unsigned id;
};

static inline bool give(void *ctx, const char *p, size_t n)
{
    struct answering *a = ctx;
    a->bed->k->read_bytes(a->bed->conn, a->id, p, n);
    return true;
}

static inline void answer_one(struct bed *b, struct input *in, unsigned id)
{
    struct answer a = bed_answer(in);
    uint64_t seed = take(in, 4);
    struct str body = take_text(in);
    if (a.sent != SENT_NOT) {
        b->k->read_head(b->conn, id, a.status);
        in_pieces(body, seed, give, &(struct answering){ b, id });
    }
    struct read_verdict v = b->k->read_end(b->conn, id, &a);
    claim(utf8_valid(str_of(v.text)));
}

static inline enum read_next drive(struct bed *b, struct input *in, const struct read_goal *goal,
                                   struct read_state *state)
{
    unsigned open[ASKED_MAX];
    size_t n = 0, asked = 0;
    struct request q;
    enum read_next next;
    request_init(&q);
    b->k->read_begin(b->conn, goal);
    for (;;) {
        next = b->k->read_next(b->conn, &q, &open[n], state);
        if (next == READ_REQUEST) {
            claim(q.target.n > 0 && !q.write && n + 1 < array_len(open));
            n++;
            if (++asked == ASKED_MAX)
                break;
        } else if (next == READ_WAIT) {
            claim(n > 0);
            answer_one(b, in, open[--n]);
        } else {
            break;
        }
    }
    request_deinit(&q);
    return next;
}

static inline void read_tenant(struct bed *b, struct input *in)
{
    struct tenant tenant;
    struct errs errs = ERRS_INIT;
    struct read_state state = { 0 };
    tenant_init(&tenant);
    drive(b, in,
          &(struct read_goal){ .kind = READ_TENANT, .tenant = &tenant, .schema = &b->schema, .errs = &errs },
          &state);
    claim(utf8_valid(str_of(state.why)) && utf8_valid(str_of(tenant.id)) && utf8_valid(str_of(tenant.label)));
    tenant_deinit(&tenant);
    errs_deinit(&errs);
}

/* Everybody, or who `lookups` names: a roster is sealed exactly when the reading says that it is complete.
 * The bed stays as it is. */
static inline void read_users(struct bed *b, struct input *in, const struct lookup *lookups, size_t n)
{
    static const struct hash_key key = { 1, 2 };
    struct read_state state = { 0 };
    struct roster *roster = roster_new(&b->schema, &key);
    struct read_goal goal = {
        .kind = lookups ? READ_LOOKUP : READ_ROSTER, .roster = roster, .lookups = lookups, .n_lookups = n
    };
    enum read_next next = drive(b, in, &goal, &state);
    claim(utf8_valid(str_of(state.why)));
    if (next == READ_COMPLETE)
        for (uint32_t u = 0; u < roster_count(roster); u++)
            claim(roster_by_id(roster, roster_id(roster, u)) == u &&
                  (roster_manager(roster, u) == NO_USER || roster_manager(roster, u) < roster_count(roster)));
    roster_free(roster);
}

#endif
