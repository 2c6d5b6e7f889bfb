/* Large rosters: what a user costs, and that a random one agrees with a plain list. */
#include "rollcall/roster.h"

#include <stdio.h>

#include "unit.h"

enum { SLOTS = 12, USERS = 50000, BEYOND_TEXT_MAX = 300 };

static const struct hash_key key = { 3, 4 };

/* Two keys, an e-mail and a GUID among texts: what HR feeds map. */
static struct schema usual_schema(void)
{
    struct schema s = { .n = SLOTS, .key = { 0, 1 }, .n_keys = 2, .manager = true, .manager_key = 0 };
    s.attr[1].type = ATTR_FOLD;
    s.attr[2].type = ATTR_FOLD;
    s.attr[3].type = ATTR_GUID;
    return s;
}

/* A user with values of usual length; returns the bytes of its text. The text lives in `text` until the next
 * call. */
static size_t usual_user(unsigned i, char text[SLOTS + 2][64], struct user *u)
{
    static const char *const forms[SLOTS] = {
        "E%07u",         "First.Last%u@Example.com",
        "Sales User",    "44444444-aaaa-4bbb-8ccc-%012u",
        "Firstname%u",   "Lastname%u",
        "+91-900%07u",   "Regional Manager",
        "Department %u", "Z\xc3\xbcrich",
        "India",         "Asia/Kolkata",
    };
    size_t bytes = 0;
    *u = (struct user){ .state = i % 10 ? USER_ACTIVE : USER_INACTIVE };
    for (size_t slot = 0; slot < SLOTS; slot++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
        snprintf(text[slot], 64, forms[slot], i);
#pragma GCC diagnostic pop
        u->text[slot] = str_of(text[slot]);
        bytes += u->text[slot].n;
    }
    unsigned scattered = i * 2654435761U;
    snprintf(text[SLOTS], 64, "%08x-1111-4222-8333-%012u", scattered, i);
    snprintf(text[SLOTS + 1], 64, "%08x-1111-4222-8333-%012u", (i / 10) * 2654435761U, i / 10);
    u->id = str_of(text[SLOTS]);
    u->manager_id = str_of(text[SLOTS + 1]);
    return bytes + u->id.n + u->manager_id.n;
}

/* Pages of `page` users each. */
static void check_memory(unsigned page)
{
    struct schema s = usual_schema();
    struct roster *r = roster_new(&s, &key);
    char text[SLOTS + 2][64];
    size_t bytes = 0;
    for (unsigned i = 0; i < USERS;) {
        unsigned read = roster_read_begin(r);
        for (unsigned k = 0; k < page && i < USERS; k++, i++) {
            struct user u;
            bytes += usual_user(i, text, &u);
            ck_assert(roster_add(r, read, &u));
        }
        ck_assert(roster_read_end(r, read, true));
    }
    ck_assert_int_eq(roster_seal(r, NULL), ROSTER_SEALED);
    ck_assert_uint_eq(roster_count(r), USERS);
    ck_assert_uint_eq(roster_active(r), USERS - USERS / 10);
    size_t beyond = (roster_memory(r) - bytes) / USERS;
    ck_assert_msg(beyond <= BEYOND_TEXT_MAX, "%zu bytes beyond the text for each user", beyond);
    ck_assert_uint_gt(beyond, 50); /* less cannot hold the indexes: something is not counted */
    for (unsigned i = 0; i < USERS; i += 97) {
        struct user u;
        usual_user(i, text, &u);
        uint32_t found = roster_by_id(r, u.id);
        ck_assert_uint_ne(found, NO_USER);
        for (size_t slot = 0; slot < SLOTS; slot++)
            ck_assert(str_eq(roster_shown(r, found, slot), u.text[slot]));
        ck_assert_uint_eq(roster_by_key(r, 0, u.text[0], NO_USER), found);
        ck_assert_uint_eq(roster_manager(r, found), roster_by_id(r, u.manager_id));
        ck_assert_uint_ne(roster_manager(r, found), NO_USER);
    }
    roster_free(r);
}

START_TEST(a_user_is_cheap_in_one_listing)
{
    check_memory(USERS);
}
END_TEST

START_TEST(a_user_is_cheap_in_pages)
{
    check_memory(200);
}
END_TEST

START_TEST(a_user_is_cheap_in_look_ups)
{
    check_memory(1);
}
END_TEST

/* Against a plain list: random reads, some struck, random values. */
enum { PLAIN_MAX = 400 };

struct plain {
    char id[24], code[8], manager[24];
};

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct plain *)a)->id, ((const struct plain *)b)->id);
}

static size_t fill_randomly(struct roster *r, struct rng *rng, struct plain *v)
{
    unsigned reads[3];
    size_t n_of[3] = { 0 }, n = 0;
    struct plain pending[3][PLAIN_MAX];
    for (size_t k = 0; k < 3; k++)
        reads[k] = roster_read_begin(r);
    for (unsigned i = 0; i < PLAIN_MAX; i++) {
        size_t k = rng_below(rng, 3);
        struct plain *p = &pending[k][n_of[k]++];
        snprintf(p->id, sizeof(p->id), "%s%u", rng_below(rng, 2) ? "user-" : "", (i * 7907U) % 10007U);
        snprintf(p->code, sizeof(p->code), "%s%u", rng_below(rng, 5) ? "E" : "",
                 (unsigned)rng_below(rng, 60));
        snprintf(p->manager, sizeof(p->manager), "user-%u",
                 (unsigned)rng_below(rng, PLAIN_MAX) * 7907U % 10007U);
        struct user u = { .id = str_of(p->id), .manager_id = str_of(p->manager), .text[0] = str_of(p->code) };
        ck_assert(roster_add(r, reads[k], &u));
        if (rng_below(rng, 20))
            continue;
        bool good = rng_below(rng, 3) > 0;
        roster_read_end(r, reads[k], good);
        if (good)
            memcpy(v + n, pending[k], n_of[k] * sizeof(*v));
        n += good ? n_of[k] : 0;
        n_of[k] = 0;
        reads[k] = roster_read_begin(r);
    }
    return n;
}

static void check_against(const struct roster *r, const struct plain *v, size_t n)
{
    ck_assert_uint_eq(roster_count(r), n);
    for (uint32_t i = 0; i < n; i++) {
        assert_str(roster_id(r, i), v[i].id);
        assert_str(roster_canon(r, i, 0), v[i].code);
        uint32_t manager = NO_USER, next = NO_USER;
        for (uint32_t j = 0; j < n; j++) {
            if (strcmp(v[j].id, v[i].manager) == 0)
                manager = j;
            if (next == NO_USER && j > i && strcmp(v[j].code, v[i].code) == 0)
                next = j;
        }
        ck_assert_uint_eq(roster_manager(r, i), manager);
        ck_assert_uint_eq(roster_by_key(r, 0, str_of(v[i].code), i), next);
    }
}

START_TEST(agrees_with_a_plain_list)
{
    struct schema s = usual_schema();
    struct rng rng;
    rng_seed(&rng, 77);
    for (int round = 0; round < 60; round++) {
        struct plain v[PLAIN_MAX];
        struct hash_key random_key = { rng_next(&rng), rng_next(&rng) };
        struct roster *r = roster_new(&s, &random_key);
        size_t n = fill_randomly(r, &rng, v);
        qsort(v, n, sizeof(*v), by_id);
        ck_assert_int_eq(roster_seal(r, NULL), ROSTER_SEALED);
        check_against(r, v, n);
        roster_free(r);
    }
}
END_TEST

UNIT("roster_large", a_user_is_cheap_in_one_listing, a_user_is_cheap_in_pages, a_user_is_cheap_in_look_ups,
     agrees_with_a_plain_list)
