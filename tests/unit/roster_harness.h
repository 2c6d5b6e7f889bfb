/* What the roster's tests share: a small schema, users, and assertions on whole rosters. */
#ifndef ROSTER_HARNESS_H
#define ROSTER_HARNESS_H

#include "rollcall/roster.h"
#include "unit.h"

enum { CODE, EMAIL, NAME, TEAM, SLOTS };

#define GUID_1 "44444444-aaaa-4bbb-8ccc-000000000001"
#define GUID_2 "44444444-aaaa-4bbb-8ccc-000000000002"

static const struct hash_key key = { 1, 2 };

static const struct schema schema = {
    .attr = { [CODE] = { .name = "Code", .type = ATTR_TEXT },
              [EMAIL] = { .name = "EmailAddress", .type = ATTR_FOLD },
              [NAME] = { .name = "Name", .type = ATTR_TEXT },
              [TEAM] = { .name = "TeamId", .type = ATTR_GUID } },
    .n = SLOTS,
    .key = { CODE, EMAIL },
    .n_keys = 2,
    .manager = true,
    .manager_key = CODE,
};

static inline struct user a_user(const char *id, const char *code, const char *email)
{
    struct user u = { .id = str_of(id) };
    u.text[CODE] = str_of(code);
    u.text[EMAIL] = str_of(email);
    return u;
}

static inline void add(struct roster *r, unsigned read, const char *id)
{
    struct user u = a_user(id, NULL, NULL);
    ck_assert(roster_add(r, read, &u));
}

static inline struct roster *sealed_from(const struct user *v, size_t n)
{
    struct roster *r = roster_new(&schema, &key);
    unsigned read = roster_read_begin(r);
    for (size_t i = 0; i < n; i++)
        ck_assert(roster_add(r, read, &v[i]));
    ck_assert(roster_read_end(r, read, true));
    ck_assert_int_eq(roster_seal(r, NULL), ROSTER_SEALED);
    return r;
}

/* All ids in the order of users, with blanks between. */
static inline void check_ids(const struct roster *r, const char *want)
{
    struct buf got = BUF_INIT(10000);
    for (uint32_t i = 0; i < roster_count(r); i++) {
        buf_puts(&got, i ? " " : "");
        buf_str(&got, roster_id(r, i));
    }
    assert_str(buf_view(&got), want);
    buf_deinit(&got);
}

/* The ids of users with a value. */
static inline void check_key(const struct roster *r, size_t slot, const char *canon, const char *want)
{
    struct buf got = BUF_INIT(10000);
    for (uint32_t u = NO_USER; (u = roster_by_key(r, slot, str_of(canon), u)) != NO_USER;) {
        buf_puts(&got, got.n ? " " : "");
        buf_str(&got, roster_id(r, u));
    }
    assert_str(buf_view(&got), want);
    buf_deinit(&got);
}

#endif
