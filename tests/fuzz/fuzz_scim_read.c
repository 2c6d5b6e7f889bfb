/* Any answers to SCIM's readings: a token, what the service says of itself, its schemas and groups, pages of
 * users by index and by cursor, members of groups, look-ups; then users once more with what was learnt. What
 * is proven is proven by pages that came. */
#include "reading.h"

static const char *const mapped[] = {
    "externalId",
    "userName",
    "name.givenName",
    "emails[type eq \"work\"].value",
    "emails[primary eq true].value",
    "addresses[type eq \"home\"].country",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
    "urn:example:hr:User:desk.floor",
    "groups",
};

static void log_in(struct bed *b, struct input *in)
{
    struct request q;
    request_init(&q);
    if (b->k->login(b->conn, &q)) {
        struct answer a = bed_answer(in);
        struct str body = take_text(in);
        char *copy = piece_of(body.p, body.n);
        a.body = (struct str){ copy, body.n };
        struct read_verdict v = b->k->login_end(b->conn, &a);
        claim(utf8_valid(str_of(v.text)));
        claim(v.good == !b->k->login(b->conn, &q));
        free(copy);
    }
    request_deinit(&q);
}

static void options(struct bed *b, unsigned flags)
{
    bed_option(b, "page_size", "2");
    bed_option(b, "auth", flags & 1 ? "oauth2" : "bearer");
    bed_option(b, "token_url", "https://login.example.com/token");
    bed_option(b, "proof", flags & 2 ? "two_passes" : "total");
    bed_option(b, "paging", flags & 4 ? "cursor" : "index");
    bed_option(b, "groups_from", flags & 8 ? "groups" : "users");
    bed_option(b, "roster", flags & 16 ? "look_up" : "list");
    bed_option(b, "ask_attributes", flags & 32 ? "true" : "false");
    bed_option(b, "managed_groups", flags & 64 ? "Sales; Ops" : "*");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct lookup lookups[] = { { 0, { "E1", 2 } },
                                             { 1, { "Ann@example.com", 15 } },
                                             { 3, { "ann@example.com", 15 } },
                                             { -1, { "a", 1 } } };
    struct input in = { data, size };
    struct bed b;
    bed_begin(&b, "scim", mapped, array_len(mapped));
    options(&b, take(&in, 128));
    unsigned what = take(&in, 4);
    b.conn = b.k->conn_new(&b.config);
    log_in(&b, &in);
    if (what & 1)
        read_tenant(&b, &in);
    if (what & 2)
        read_users(&b, &in, NULL, 0);
    else
        read_users(&b, &in, lookups, array_len(lookups));
    bed_deinit(&b);
    return 0;
}
