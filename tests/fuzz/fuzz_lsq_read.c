/* Any answers to LeadSquared's readings (own user, attributes, teams; Users.Get and pages of the search;
 * look-ups), parted by NUL bytes: a reading ends, and a roster is sealed exactly when it says that it is
 * complete. */
#include "lsq_bed.h"

#define ASKED_MAX 200

struct answering {
    struct bed *bed;
    unsigned id;
};

static bool give(void *ctx, const char *p, size_t n)
{
    struct answering *a = ctx;
    a->bed->k->read_bytes(a->bed->conn, a->id, p, n);
    return true;
}

static void answer_one(struct bed *b, struct input *in, unsigned id)
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

static enum read_next drive(struct bed *b, struct input *in, const struct read_goal *goal,
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

static void read_tenant(struct bed *b, struct input *in)
{
    struct tenant tenant;
    struct errs errs = ERRS_INIT;
    struct read_state state = { 0 };
    tenant_init(&tenant);
    drive(b, in,
          &(struct read_goal){ .kind = READ_TENANT, .tenant = &tenant, .schema = &b->schema, .errs = &errs },
          &state);
    claim(utf8_valid(str_of(state.why)));
    bed_deinit(b);
    tenant_deinit(&tenant);
    errs_deinit(&errs);
}

static void read_users(struct bed *b, struct input *in, bool lookup)
{
    static const struct hash_key key = { 1, 2 };
    static const struct lookup lookups[] = { { 0, { "E1", 2 } },
                                             { 1, { "ann@example.com", 15 } },
                                             { -1, { "33333333-aaaa-4bbb-8ccc-000000000001", 36 } } };
    struct read_state state = { 0 };
    struct roster *roster = roster_new(&b->schema, &key);
    struct read_goal goal = { .kind = lookup ? READ_LOOKUP : READ_ROSTER,
                              .roster = roster,
                              .lookups = lookups,
                              .n_lookups = lookup ? array_len(lookups) : 0 };
    if (drive(b, in, &goal, &state) == READ_COMPLETE)
        for (uint32_t u = 0; u < roster_count(roster); u++)
            claim(roster_by_id(roster, roster_id(roster, u)) == u &&
                  (roster_manager(roster, u) == NO_USER || roster_manager(roster, u) < roster_count(roster)));
    bed_deinit(b);
    roster_free(roster);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const proofs[] = { "two_listings", "two_passes", "count" };
    struct input in = { data, size };
    struct bed b;
    bed_init(&b);
    unsigned what = take(&in, 3);
    bed_option(&b, "proof", proofs[take(&in, 3)]);
    bed_option(&b, "page_size", "2");
    b.conn = b.k->conn_new(&b.config);
    if (what == 0)
        read_tenant(&b, &in);
    else
        read_users(&b, &in, what == 2);
    return 0;
}
