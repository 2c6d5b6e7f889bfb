/* A small tenant and feed for tests of the plan, made by calls. */
#ifndef PLAN_BED_H
#define PLAN_BED_H

#include <stdio.h>

#include "plan_internal.h"

enum { BED_ID, BED_MAIL, BED_DEPARTMENT, BED_TEAM, BED_PIN };

struct bed {
    struct schema schema;
    struct plan_options options;
    struct refs refs;
    struct roster *roster;
    unsigned read;
    struct plan *plan;
    uint64_t line;
};

static const struct hash_key bed_key = { 3, 4 };

static inline void bed_attr(struct bed *b, size_t slot, const char *name, enum attr_type type, unsigned flags)
{
    struct attr *a = &b->schema.attr[slot];
    (void)snprintf(a->name, sizeof(a->name), "%s", name);
    a->type = type;
    a->flags = ATTR_READ | ATTR_CREATE | ATTR_UPDATE | flags;
    b->schema.n = slot + 1;
}

static inline void bed_init(struct bed *b)
{
    *b = (struct bed){ .line = 1 };
    bed_attr(b, BED_ID, "EmployeeId", ATTR_TEXT, 0);
    bed_attr(b, BED_MAIL, "EmailAddress", ATTR_FOLD, 0);
    bed_attr(b, BED_DEPARTMENT, "Department", ATTR_TEXT, 0);
    bed_attr(b, BED_TEAM, "Team", ATTR_REF, ATTR_MEMBERSHIP);
    bed_attr(b, BED_PIN, "Pin", ATTR_TEXT, ATTR_SECRET);
    b->schema.attr[BED_TEAM].ref_kind = REF_TEAM;
    b->schema.key[0] = BED_ID;
    b->schema.key[1] = BED_MAIL;
    b->schema.n_keys = 2;
    b->schema.manager = true;
    b->schema.manager_key = BED_ID;
    b->options = (struct plan_options){ .absent = ABSENT_REPORT,
                                        .rejects_number = -1,
                                        .rejects_percent = -1,
                                        .own_user = "",
                                        .email_slot = -1,
                                        .vendor_kinds = (1U << CHANGE_KINDS) - 1 };
    for (unsigned k = 0; k < CHANGE_KINDS; k++) {
        b->options.action[k] = k != CHANGE_RETIRE;
        b->options.guard[k] = (struct guard){ .number = -1, .percent = -1 };
        b->options.accept[k] = -1;
    }
    refs_init(&b->refs);
    refs_add(&b->refs, REF_TEAM, STR("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"), STR("West"),
             (struct str){ NULL, 0 });
    refs_add(&b->refs, REF_TEAM, STR("t2"), STR("East"), (struct str){ NULL, 0 });
    b->roster = roster_new(&b->schema, &bed_key);
    b->read = roster_read_begin(b->roster);
}

static inline void bed_deinit(struct bed *b)
{
    plan_free(b->plan);
    roster_free(b->roster);
    refs_deinit(&b->refs);
}

static inline void bed_user(struct bed *b, const char *id, enum user_state state, const char *number,
                            const char *mail, const char *department, const char *team, const char *manager)
{
    struct user u = { .id = str_of(id), .state = state, .manager_id = str_of(manager) };
    u.text[BED_ID] = str_of(number);
    u.text[BED_MAIL] = str_of(mail);
    u.text[BED_DEPARTMENT] = str_of(department);
    u.text[BED_TEAM] = str_of(team);
    u.text[BED_PIN] = STR("1111");
    ck_assert(roster_add(b->roster, b->read, &u));
}

static inline void bed_seal(struct bed *b)
{
    ck_assert(roster_read_end(b->roster, b->read, true));
    ck_assert_int_eq(roster_seal(b->roster, NULL), ROSTER_SEALED);
}

static inline void bed_begin(struct bed *b)
{
    bed_seal(b);
    b->plan = plan_new(&b->options, &b->schema, b->roster, &b->refs, &bed_key);
}

/* Texts are given in canonical form. */
static inline void bed_row(struct bed *b, enum person_state state, const char *number, const char *mail,
                           const char *department, const char *manager)
{
    struct person p = { .state = state, .at = { .line = ++b->line, .offset = b->line * 10, .length = 10 } };
    const char *const text[] = { number, mail, department };
    char all[400];
    for (size_t i = 0; i < 3; i++)
        p.value[i] = (struct value){ .canon = str_of(text[i]), .send = str_of(text[i]) };
    p.manager = (struct value){ .canon = str_of(manager), .send = str_of(manager) };
    int n = snprintf(all, sizeof(all), "%d|%s|%s|%s|%s", state, number ? number : "", mail ? mail : "",
                     department ? department : "", manager ? manager : "");
    p.digest = hash64(&bed_key, all, (size_t)n);
    plan_row(b->plan, &p);
}

static inline void bed_end(struct bed *b)
{
    char why[200];
    plan_end(b->plan, &(struct plan_proof){ .feed_proven = true, .feed_whole = true, .roster = PROOF_ALL });
    ck_assert_msg(plan_sums(b->plan, why), "%s", why);
}

#endif
