/* Changes as canonical JSON: the exact bytes, the way back, and what must be refused. */
#include <stdio.h>

#include "rollcall/model.h"
#include "unit.h"

#define JSON_MAX 100000

enum { EMAIL, ROLE, TEAM, PASSPHRASE, GROUPS, SLOTS };

static struct schema test_schema(void)
{
    static const struct attr attrs[SLOTS] = {
        [EMAIL] = { .name = "EmailAddress", .type = ATTR_FOLD },
        [ROLE] = { .name = "Role", .type = ATTR_FOLD },
        [TEAM] = { .name = "Team", .type = ATTR_REF, .ref_kind = REF_TEAM },
        [PASSPHRASE] = { .name = "Passphrase", .flags = ATTR_SECRET | ATTR_CREATE | ATTR_UPDATE },
        [GROUPS] = { .name = "groups", .type = ATTR_REFS, .ref_kind = REF_GROUP, .flags = ATTR_MEMBERSHIP },
    };
    struct schema s = { .n = SLOTS };
    memcpy(s.attr, attrs, sizeof(attrs));
    return s;
}

static char *written(const struct change *c, bool with_place)
{
    struct schema s = test_schema();
    struct buf out = BUF_INIT(JSON_MAX);
    change_write(c, &s, with_place, &out);
    ck_assert(!out.full);
    return buf_take(&out);
}

static void check_written(const struct change *c, bool with_place, const char *want)
{
    char *got = written(c, with_place);
    ck_assert_str_eq(got, want);
    free(got);
}

static struct change a_create(struct edit *edits, size_t n)
{
    return (struct change){
        .kind = CHANGE_CREATE,
        .key = STR("E7"),
        .edit = edits,
        .n_edits = n,
        .manager_set = true,
        .manager_after = { .key = STR("E9") },
        .at = { .offset = 4096, .length = 80, .line = 17 },
    };
}

START_TEST(writes_members_in_order_and_leaves_out_what_is_not)
{
    struct edit edits[] = {
        { .slot = EMAIL, .after = STR("a\"b@example.com") },
        { .slot = TEAM, .after = STR("{T-1}"), .after_name = STR("Z\xc3\xbcrich / West") },
    };
    struct change c = a_create(edits, 2);
    check_written(&c, false,
                  "{\"edits\":[{\"after\":\"a\\\"b@example.com\",\"attribute\":\"EmailAddress\"},"
                  "{\"after\":\"{T-1}\",\"after_name\":\"Z\xc3\xbcrich / West\",\"attribute\":\"Team\"}],"
                  "\"key\":\"E7\",\"kind\":\"create\",\"manager_after\":{\"key\":\"E9\"}}");

    struct change d = { .kind = CHANGE_DEACTIVATE,
                        .user = STR("8f"),
                        .key = STR("E8"),
                        .user_email = STR("e8@example.com"),
                        .reason = STR("status 'Terminated'"),
                        .hold = HOLD_GUARD,
                        .why = STR("57 of at most 25") };
    check_written(&d, false,
                  "{\"hold\":\"guard\",\"key\":\"E8\",\"kind\":\"deactivate\","
                  "\"reason\":\"status 'Terminated'\",\"user\":\"8f\","
                  "\"user_email\":\"e8@example.com\",\"why\":\"57 of at most 25\"}");

    const struct change gone = {
        .kind = CHANGE_RETIRE, .user = STR("8f"), .reason = STR("absent"), .inactive = true
    };
    check_written(&gone, false,
                  "{\"inactive\":true,\"kind\":\"retire\",\"reason\":\"absent\",\"user\":\"8f\"}");
}
END_TEST

START_TEST(place_is_written_only_when_asked_for)
{
    struct change c = a_create(NULL, 0);
    check_written(&c, false, "{\"key\":\"E7\",\"kind\":\"create\",\"manager_after\":{\"key\":\"E9\"}}");
    check_written(&c, true,
                  "{\"at\":{\"length\":80,\"line\":17,\"offset\":4096},\"key\":\"E7\",\"kind\":\"create\","
                  "\"manager_after\":{\"key\":\"E9\"}}");
}
END_TEST

START_TEST(a_removed_manager_is_not_an_unchanged_one)
{
    struct change c = { .kind = CHANGE_MANAGER,
                        .user = STR("8f"),
                        .manager_before = { .id = STR("9a"), .key = STR("E9") },
                        .manager_set = true };
    check_written(&c, false,
                  "{\"kind\":\"manager\",\"manager_after\":{},\"manager_before\":{\"id\":\"9a\","
                  "\"key\":\"E9\"},\"user\":\"8f\"}");
    c.manager_set = false;
    check_written(&c, false,
                  "{\"kind\":\"manager\",\"manager_before\":{\"id\":\"9a\",\"key\":\"E9\"},\"user\":\"8f\"}");
}
END_TEST

START_TEST(secrets_are_never_written)
{
    struct edit edits[] = { { .slot = ROLE, .before = STR("sales"), .after = STR("Sales User") },
                            { .slot = PASSPHRASE,
                              .before = STR("old-hush"),
                              .after = STR("hush-hush"),
                              .after_name = STR("hush-name") } };
    struct change c = { .kind = CHANGE_UPDATE, .user = STR("8f"), .edit = edits, .n_edits = 2 };
    const char *want =
        "{\"edits\":[{\"after\":\"Sales User\",\"attribute\":\"Role\",\"before\":\"sales\"},"
        "{\"after\":{\"secret\":true},\"attribute\":\"Passphrase\",\"before\":{\"secret\":true}}],"
        "\"kind\":\"update\",\"user\":\"8f\"}";
    check_written(&c, true,
                  "{\"at\":{\"length\":0,\"line\":0,\"offset\":0},\"edits\":[{\"after\":\"Sales User\","
                  "\"attribute\":\"Role\","
                  "\"before\":\"sales\"},{\"after\":{\"secret\":true},\"attribute\":\"Passphrase\","
                  "\"before\":{\"secret\":true}}],"
                  "\"kind\":\"update\",\"user\":\"8f\"}");
    check_written(&c, false, want);

    struct schema s = test_schema();
    struct arena a = ARENA_INIT;
    struct change back;
    ck_assert(change_read(str_of(want), &s, &a, &back));
    ck_assert_uint_eq(back.n_edits, 2);
    ck_assert(!back.edit[0].after_hidden && !back.edit[0].before_hidden);
    ck_assert(back.edit[1].after_hidden && back.edit[1].before_hidden);
    ck_assert_uint_eq(back.edit[1].after.n, 0);
    ck_assert_uint_eq(back.edit[1].before.n, 0);
    check_written(&back, false, want);

    edits[1] = (struct edit){ .slot = PASSPHRASE,
                              .after = STR("x") }; /* a first one: no placeholder for what was not there */
    c.edit = edits + 1;
    c.n_edits = 1;
    check_written(&c, false,
                  "{\"edits\":[{\"after\":{\"secret\":true},\"attribute\":\"Passphrase\"}],"
                  "\"kind\":\"update\",\"user\":\"8f\"}");
    arena_deinit(&a);
}
END_TEST

/* The way back ------------------------------------------------------------------------------------------- */

#define assert_same(a, b)                                                                                    \
    ck_assert_msg(str_eq((a), (b)), "%s: '%.*s' is not '%.*s'", #a, STR_ARG(a), STR_ARG(b))

static void check_equal(const struct change *a, const struct change *b, bool with_place)
{
    ck_assert_int_eq(a->kind, b->kind);
    ck_assert_int_eq(a->hold, b->hold);
    ck_assert_int_eq(a->manager_set, b->manager_set);
    ck_assert_int_eq(a->inactive, b->inactive);
    assert_same(a->user, b->user);
    assert_same(a->key, b->key);
    assert_same(a->user_email, b->user_email);
    assert_same(a->reason, b->reason);
    assert_same(a->why, b->why);
    assert_same(a->manager_before.id, b->manager_before.id);
    assert_same(a->manager_before.key, b->manager_before.key);
    assert_same(a->manager_after.id, b->manager_after.id);
    assert_same(a->manager_after.key, b->manager_after.key);
    ck_assert_uint_eq(a->n_edits, b->n_edits);
    for (size_t i = 0; i < a->n_edits; i++) {
        ck_assert_uint_eq(a->edit[i].slot, b->edit[i].slot);
        assert_same(a->edit[i].before, b->edit[i].before);
        assert_same(a->edit[i].after, b->edit[i].after);
        assert_same(a->edit[i].before_name, b->edit[i].before_name);
        assert_same(a->edit[i].after_name, b->edit[i].after_name);
    }
    ck_assert_uint_eq(b->at.line, with_place ? a->at.line : 0);
    ck_assert_uint_eq(b->at.length, with_place ? a->at.length : 0);
    ck_assert_uint_eq(b->at.offset, with_place ? a->at.offset : 0);
}

static struct str random_text(struct rng *rng)
{
    static const struct str texts[] = {
        { NULL, 0 },
        { "", 0 },
        { "E7", 2 },
        { "a\0b", 3 },
        { "quote \" back \\ slash / line \n tab \t bell \a del \x7f", 47 },
        { "Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80", 17 },
        { "\xe2\x80\xa8\xe2\x80\xae", 6 },
        { "{\"secret\":true}", 15 },
    };
    return texts[rng_below(rng, array_len(texts))];
}

static struct change random_change(struct rng *rng, struct edit edits[SLOTS])
{
    struct change c = {
        .kind = (enum change_kind)rng_below(rng, CHANGE_KINDS),
        .user = random_text(rng),
        .key = random_text(rng),
        .user_email = random_text(rng),
        .edit = edits,
        .manager_before = { .id = random_text(rng), .key = random_text(rng) },
        .manager_set = rng_below(rng, 2),
        .inactive = rng_below(rng, 2),
        .reason = random_text(rng),
        .why = random_text(rng),
        .hold = (enum hold)rng_below(rng, HOLDS),
        .at = { .offset = rng_next(rng) >> 1,
                .length = (uint32_t)rng_next(rng),
                .line = rng_below(rng, UINT64_C(1) << 53) },
    };
    if (c.manager_set)
        c.manager_after = (struct manager_ref){ .id = random_text(rng), .key = random_text(rng) };
    for (uint8_t slot = EMAIL; slot < SLOTS; slot++)
        if (slot != PASSPHRASE && rng_below(rng, 2))
            edits[c.n_edits++] = (struct edit){ .slot = slot,
                                                .before = random_text(rng),
                                                .after = random_text(rng),
                                                .before_name = random_text(rng),
                                                .after_name = random_text(rng) };
    return c;
}

START_TEST(comes_back_whole)
{
    struct schema s = test_schema();
    struct rng rng;
    rng_seed(&rng, 11);
    for (int i = 0; i < 5000; i++) {
        struct edit edits[SLOTS];
        struct arena a = ARENA_INIT;
        struct change back, c = random_change(&rng, edits);
        bool with_place = rng_below(&rng, 2);
        char *json = written(&c, with_place);
        ck_assert_msg(change_read(str_of(json), &s, &a, &back), "not read back: %s", json);
        check_equal(&c, &back, with_place);
        check_written(&back, with_place, json);
        free(json);
        arena_deinit(&a);
    }
}
END_TEST

START_TEST(every_word_comes_back)
{
    struct schema s = test_schema();
    for (int kind = 0; kind < CHANGE_KINDS; kind++) {
        for (int hold = 0; hold < HOLDS; hold++) {
            struct change back, c = { .kind = (enum change_kind)kind, .hold = (enum hold)hold };
            struct arena a = ARENA_INIT;
            char *json = written(&c, false);
            ck_assert(change_read(str_of(json), &s, &a, &back));
            ck_assert_int_eq(back.kind, kind);
            ck_assert_int_eq(back.hold, hold);
            free(json);
            arena_deinit(&a);
        }
    }
}
END_TEST

START_TEST(what_was_edited_by_hand_is_refused)
{
    static const char *const bad[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"kind\":\"create\"",
        "{\"kind\":\"create\"}x",
        "{\"kind\":\"creates\"}",
        "{\"kind\":0}",
        "{\"kind\":\"create\",\"kind\":\"create\"}",
        "{\"kind\":\"create\",\"note\":\"hello\"}",
        "{\"kind\":\"create\",\"key\":7}",
        "{\"kind\":\"create\",\"key\":\"\"}",
        "{\"kind\":\"create\",\"key\":null}",
        "{\"kind\":\"create\",\"key\":\"\xff\"}",
        "{\"kind\":\"create\",\"hold\":\"none\"}",
        "{\"kind\":\"create\",\"hold\":\"guards\"}",
        "{\"kind\":\"create\",\"hold\":true}",
        "{\"kind\":\"create\",\"at\":{}}",
        "{\"kind\":\"create\",\"at\":{\"length\":1,\"line\":1}}",
        "{\"kind\":\"create\",\"at\":{\"length\":1,\"line\":1,\"offset\":-1}}",
        "{\"kind\":\"create\",\"at\":{\"length\":1,\"line\":1,\"offset\":1.5}}",
        "{\"kind\":\"create\",\"at\":{\"length\":4294967296,\"line\":1,\"offset\":1}}",
        "{\"kind\":\"create\",\"at\":{\"length\":1,\"line\":1,\"offset\":1,\"x\":1}}",
        "{\"kind\":\"create\",\"manager_after\":\"E9\"}",
        "{\"kind\":\"create\",\"manager_after\":{\"name\":\"E9\"}}",
        "{\"kind\":\"create\",\"manager_before\":{}}",
        "{\"edits\":[],\"kind\":\"create\"}",
        "{\"edits\":{},\"kind\":\"create\"}",
        "{\"edits\":[7],\"kind\":\"create\"}",
        "{\"edits\":[{\"after\":\"x\"}],\"kind\":\"create\"}",
        "{\"edits\":[{\"after\":\"x\",\"attribute\":\"Department\"}],\"kind\":\"create\"}",
        "{\"edits\":[{\"after\":\"x\",\"attribute\":7}],\"kind\":\"create\"}",
        "{\"edits\":[{\"after\":7,\"attribute\":\"Role\"}],\"kind\":\"create\"}",
        "{\"edits\":[{\"after\":{\"secret\":true},\"attribute\":\"Role\"}],\"kind\":\"create\"}",
        "{\"edits\":[{\"after\":\"hush\",\"attribute\":\"Passphrase\"}],\"kind\":\"create\"}",
        "{\"edits\":[{\"after\":{\"secret\":false},\"attribute\":\"Passphrase\"}],\"kind\":\"create\"}",
        "{\"edits\":[{\"after\":{},\"attribute\":\"Passphrase\"}],\"kind\":\"create\"}",
        "{\"edits\":[{\"after\":{\"secret\":true,\"v\":1},\"attribute\":\"Passphrase\"}],\"kind\":\"create\"}",
        "{\"edits\":[{\"after_name\":\"x\",\"attribute\":\"Passphrase\"}],\"kind\":\"create\"}",
        "{\"edits\":[{\"attribute\":\"Team\"},{\"attribute\":\"Role\"}],\"kind\":\"create\"}",
        "{\"edits\":[{\"attribute\":\"Role\"},{\"attribute\":\"Role\"}],\"kind\":\"create\"}",
    };
    struct schema s = test_schema();
    struct arena a = ARENA_INIT;
    struct change c;
    ck_assert(change_read(STR("{\"kind\":\"create\"}"), &s, &a, &c));
    for (size_t i = 0; i < array_len(bad); i++)
        ck_assert_msg(!change_read(str_of(bad[i]), &s, &a, &c), "taken: %s", bad[i]);
    ck_assert(!change_read((struct str){ NULL, 0 }, &s, &a, &c));
    arena_deinit(&a);
}
END_TEST

/* A document cut anywhere is none. */
START_TEST(cut_documents_are_refused)
{
    struct schema s = test_schema();
    struct arena a = ARENA_INIT;
    struct edit edits[] = { { .slot = ROLE, .before = STR("a"), .after = STR("b") } };
    struct change c = a_create(edits, 1), back;
    char *json = written(&c, true);
    size_t n = strlen(json);
    for (size_t cut = 0; cut < n; cut++)
        ck_assert_msg(!change_read((struct str){ json, cut }, &s, &a, &back), "taken: %.*s", (int)cut, json);
    ck_assert(change_read((struct str){ json, n }, &s, &a, &back));
    free(json);
    arena_deinit(&a);
}
END_TEST

/* Several references ------------------------------------------------------------------------------------- */

static void say_member(void *ctx, bool added, struct str id, struct str name)
{
    buf_printf(ctx, "%c%.*s=%.*s ", added ? '+' : '-', STR_ARG(name), STR_ARG(id));
}

static void check_members(struct str before, struct str before_name, struct str after, struct str after_name,
                          const char *want)
{
    const struct edit e = {
        .slot = GROUPS, .before = before, .before_name = before_name, .after = after, .after_name = after_name
    };
    struct buf out = BUF_INIT(JSON_MAX);
    edit_members(&e, say_member, &out);
    assert_str(buf_view(&out), want);
    buf_deinit(&out);
}

START_TEST(what_several_references_add_and_take_away)
{
    const struct str none = { NULL, 0 };
    check_members(STR("g1\ng2"), STR("Ops, VPN"), STR("g2\ng3"), STR("VPN, Sales"), "+Sales=g3 -Ops=g1 ");
    check_members(none, none, STR("g1\ng2"), STR("Ops, VPN"), "+Ops=g1 +VPN=g2 ");
    check_members(STR("g1"), STR("Ops"), none, none, "-Ops=g1 ");
    check_members(STR("g1"), STR("Ops"), STR("g1"), STR("Ops"), "");
    /* A name with a comma in it: which is whose cannot be told. */
    check_members(STR("g1"), STR("Ops, East"), STR("g1\ng2"), STR("Ops, East, VPN"), "+g2=g2 ");
    check_members(none, none, STR("g1"), none, "+g1=g1 ");
}
END_TEST

START_TEST(several_references_are_marked)
{
    struct schema s = test_schema();
    struct edit e = { .slot = GROUPS,
                      .before = STR("g1"),
                      .after = STR("g1\ng2"),
                      .before_name = STR("Ops"),
                      .after_name = STR("Ops, VPN") };
    struct change back, c = { .kind = CHANGE_MEMBERSHIP, .user = STR("8f"), .edit = &e, .n_edits = 1 };
    struct arena a = ARENA_INIT;
    check_written(&c, false,
                  "{\"edits\":[{\"after\":\"g1\\ng2\",\"after_name\":\"Ops, VPN\",\"attribute\":\"groups\","
                  "\"before\":\"g1\",\"before_name\":\"Ops\",\"several\":true}],"
                  "\"kind\":\"membership\",\"user\":\"8f\"}");
    static const char *const bad[] = {
        "{\"edits\":[{\"after\":\"g1\",\"attribute\":\"groups\"}],\"kind\":\"membership\"}",
        "{\"edits\":[{\"after\":\"g1\",\"attribute\":\"groups\",\"several\":false}],\"kind\":\"membership\"}",
        "{\"edits\":[{\"after\":\"g1\",\"attribute\":\"Team\",\"several\":true}],\"kind\":\"membership\"}",
    };
    for (size_t i = 0; i < array_len(bad); i++)
        ck_assert_msg(!change_read(str_of(bad[i]), &s, &a, &back), "taken: %s", bad[i]);
    arena_deinit(&a);
}
END_TEST

UNIT("change", writes_members_in_order_and_leaves_out_what_is_not, place_is_written_only_when_asked_for,
     a_removed_manager_is_not_an_unchanged_one, secrets_are_never_written, comes_back_whole,
     every_word_comes_back, what_was_edited_by_hand_is_refused, cut_documents_are_refused,
     what_several_references_add_and_take_away, several_references_are_marked)
