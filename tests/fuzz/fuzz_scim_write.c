/* Any answer to each of SCIM's writes, Bulk among them: one settlement a step, its text fit to be shown, a
 * new id of creates that were done and of nobody else; what was not answered is never called done. And any
 * user that a PUT is built on: what goes back is a document of the same user. */
#include <jansson.h>

#include "bed.h"

static void begin(struct bed *b, unsigned flags)
{
    static const char *const mapped[] = { "userName", "externalId" };
    bed_begin(b, "scim", mapped, array_len(mapped));
    bed_option(b, "auth", flags & 1 ? "oauth2" : "bearer");
    bed_option(b, "bulk_id", flags & 2 ? "false" : "true");
    bed_option(b, "group_batch", flags & 4 ? "1" : "100");
    bed_option(b, "manager_shape", flags & 8 ? "text" : "object");
    b->conn = b->k->conn_new(&b->config);
}

static uint8_t endpoint(const struct bed *b, const char *name)
{
    for (size_t i = 0; i < b->k->vendor.n_endpoints; i++)
        if (strcmp(b->k->vendor.endpoints[i].name, name) == 0)
            return (uint8_t)i;
    claim(false);
    return 0;
}

/* Two joiners, one the other's manager; members, an update, a delete, a manager who is not there. */
static const struct {
    enum step_rank rank;
    const char *call, *user, *args;
    uint32_t change, user_ref, manager_ref;
} kind[] = {
    { RANK_CREATE, "POST /Users", "", "{\"active\":true}", 1, NO_CHANGE, NO_CHANGE },
    { RANK_CREATE, "POST /Users", "", "{\"active\":true}", 2, NO_CHANGE, NO_CHANGE },
    { RANK_UPDATE, "PATCH /Users/{id}", "u1",
      "{\"edits\":[{\"path\":\"emails[type eq \\\"work\\\"].value\",\"value\":\"x\",\"had\":false}]}", 3,
      NO_CHANGE, NO_CHANGE },
    { RANK_MEMBERSHIP, "PATCH /Groups/{id}", "", "{\"group\":\"g\",\"add\":true}", 1, 1, NO_CHANGE },
    { RANK_MEMBERSHIP, "PATCH /Groups/{id}", "u1", "{\"group\":\"g\",\"add\":true}", 4, NO_CHANGE,
      NO_CHANGE },
    { RANK_MEMBERSHIP, "PATCH /Groups/{id}", "u2", "{\"group\":\"g\",\"add\":false}", 5, NO_CHANGE,
      NO_CHANGE },
    { RANK_MANAGER, "PATCH /Users/{id}", "", "{}", 1, 1, 2 },
    { RANK_MANAGER, "PATCH /Users/{id}", "u3", "{\"missing\":\"m\"}", 6, NO_CHANGE, NO_CHANGE },
    { RANK_RETIRE, "DELETE /Users/{id}", "u4", "{}", 7, NO_CHANGE, NO_CHANGE },
};
enum { KINDS = array_len(kind) };

static void check_settlement(const struct step *s, const struct answer *a, const struct settlement *out)
{
    bool done = out->settled == SETTLED_DONE;
    claim(memchr(out->text, 0, sizeof out->text) && utf8_valid(str_of(out->text)));
    claim(memchr(out->new_id, 0, sizeof out->new_id) && utf8_valid(str_of(out->new_id)));
    claim(done == (out->text[0] == '\0'));
    claim(done || out->new_id[0] == '\0');
    claim((out->new_id[0] != '\0') == (done && s->rank == RANK_CREATE));
    claim(!done || a->sent == SENT_ANSWERED);
    claim(!done || a->status / 100 == 2 || a->status == 404 || s->rank == RANK_MEMBERSHIP);
    claim(out->settled != SETTLED_STALE || a->sent == SENT_ANSWERED);
    claim(out->settled != SETTLED_NOT_DONE || a->sent != SENT_UNKNOWN);
    claim(!strstr(out->text, "KEY"));
}

static struct step step_of(const struct bed *b, size_t i, bool bulk)
{
    struct step s = { .endpoint = endpoint(b, bulk ? "POST /Bulk" : kind[i].call),
                      .rank = (uint8_t)kind[i].rank,
                      .change = { kind[i].change },
                      .n_changes = 1,
                      .user = str_of(kind[i].user),
                      .user_ref = kind[i].user_ref,
                      .manager_ref = kind[i].manager_ref,
                      .args = str_of(kind[i].args) };
    return s;
}

static void settle_all(struct bed *b, const struct answer *a)
{
    struct step step[KINDS];
    const struct step *at[KINDS];
    struct settlement out[KINDS];
    for (size_t i = 0; i < KINDS; i++) {
        step[i] = step_of(b, i, false);
        at[i] = &step[i];
        b->k->settle(b->conn, &at[i], 1, a, out);
        check_settlement(at[i], a, out);
    }
    for (size_t i = 0; i < KINDS; i++)
        step[i] = step_of(b, i, true);
    b->k->settle(b->conn, at, KINDS, a, out);
    for (size_t i = 0; i < KINDS; i++)
        check_settlement(at[i], a, &out[i]);
}

static struct str nobody(void *ctx, uint32_t change)
{
    (void)ctx;
    (void)change;
    return (struct str){ NULL, 0 };
}

static void put(struct bed *b, const struct answer *a)
{
    static const char wanted[] =
        "{\"active\":false,\"manager\":\"boss\",\"edits\":["
        "{\"path\":\"name.givenName\",\"value\":\"N\"},{\"path\":\"title\",\"value\":null},"
        "{\"path\":\"emails[type eq \\\"work\\\"].value\",\"value\":\"x\"},"
        "{\"path\":\"addresses[type eq \\\"work\\\"].locality\",\"value\":null},"
        "{\"path\":\"urn:example:ext:2.0:User:badges[type eq \\\"door\\\"].value\",\"value\":\"9\"},"
        "{\"path\":\"urn:example:ext:2.0:User:desk.floor\",\"value\":null}]}";
    struct step s = { .endpoint = endpoint(b, "PUT /Users/{id}"),
                      .rank = RANK_MANAGER,
                      .user = STR("u1"),
                      .user_ref = NO_CHANGE,
                      .manager_ref = NO_CHANGE,
                      .args = str_of(wanted) };
    const struct step *at = &s;
    struct settlement out = { .wait_us = -1 };
    struct request q;
    request_init(&q);
    b->k->prepare(b->conn, &at, 1, nobody, NULL, &q);
    if (b->k->prepared(b->conn, &at, 1, a, &out)) {
        claim(b->k->pack(b->conn, &at, 1, nobody, NULL, &q) == 1 && q.method == HTTP_PUT);
        json_t *user = json_loadb(q.body.p, q.body.n, JSON_ALLOW_NUL, NULL);
        const char *id = json_string_value(json_object_get(user, "id"));
        claim(id && strcmp(id, "u1") == 0);
        claim(!json_object_get(user, "meta") && !json_object_get(user, "groups"));
        json_decref(user);
    } else {
        claim(out.settled != SETTLED_DONE && out.settled != SETTLED_UNKNOWN && out.text[0]);
        b->k->pack(b->conn, &at, 1, nobody, NULL, &q);
        claim(q.method == HTTP_GET); /* nobody is replaced who was not read */
    }
    request_deinit(&q);
}

static const int answers[] = { 200, 200, 200, 201, 204, 400, 401, 404, 409, 412, 413, 429, 500, 503 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct bed b;
    unsigned how = take(&in, 256);
    begin(&b, take(&in, 256));
    struct answer a = { .status = answers[how % array_len(answers)],
                        .retry_after_us = how > 200 ? SECOND_US : -1,
                        .etag = how & 64 ? STR("W/\"1\"") : (struct str){ NULL, 0 } };
    if (how >= 254)
        a = (struct answer){ .sent = how == 254 ? SENT_UNKNOWN : SENT_NOT,
                             .error = NET_CONNECT,
                             .retry_after_us = -1 };
    char *body = piece_of((const char *)in.p, in.n);
    a.body = a.sent == SENT_ANSWERED ? (struct str){ body, in.n } : (struct str){ NULL, 0 };
    settle_all(&b, &a);
    put(&b, &a);
    bed_deinit(&b);
    free(body);
    return 0;
}
