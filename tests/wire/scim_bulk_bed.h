/* What the tests of SCIM's Bulk share: a service that has it, steps as the engine offers them, requests of
 * several operations. */
#ifndef WIRE_SCIM_BULK_BED_H
#define WIRE_SCIM_BULK_BED_H

#include "scim_write_bed.h"

static inline void bulk_init(struct bed *b)
{
    bed_init(b);
    b->conn->service.bulk = true;
}

/* Changes that most tests are made of; numbers as given. */
static inline void add_update(struct bed *b, uint32_t seq, const char *user, const char *title)
{
    struct edit e = edit(TITLE, "", title);
    struct change c = of_user(CHANGE_UPDATE, user);
    c.edit = &e;
    c.n_edits = 1;
    lower_one(b, c, seq);
}

static inline void add_groups(struct bed *b, uint32_t seq, const char *user, const char *before,
                              const char *after)
{
    struct edit e = edit(GROUPS, before, after);
    struct change c = of_user(CHANGE_MEMBERSHIP, user);
    c.edit = &e;
    c.n_edits = 1;
    lower_one(b, c, seq);
}

/* A joiner; with `manager`, one whom the change of that number creates. */
static inline void add_joiner(struct bed *b, uint32_t seq, const char *name, uint32_t manager,
                              const char *groups)
{
    struct edit e[] = { edit(USER_NAME, "", name), edit(GROUPS, "", groups) };
    struct change c = joiner(name, e, 2);
    c.manager_set = manager != NO_CHANGE;
    c.manager_after.key = manager != NO_CHANGE ? STR("E8") : (struct str){ 0 };
    lower_one(b, c, seq);
    for (size_t i = 0; i < b->n; i++)
        if (b->step[i].rank == RANK_MANAGER && b->step[i].change[0] == seq)
            b->step[i].manager_ref = manager;
}

static inline int by_rank(const void *a, const void *b)
{
    const struct step *x = *(const struct step *const *)a, *y = *(const struct step *const *)b;
    return x->rank != y->rank ? (x->rank < y->rank ? -1 : 1) : (x > y) - (x < y);
}

/* As the engine offers them. */
static inline void in_order(struct bed *b)
{
    qsort(b->at, b->n, sizeof(*b->at), by_rank);
}

/* Operations of a request, as text. */
#define CREATE(n, schemas, user)                                                                             \
    "{'method':'POST','bulkId':'u" n "','path':'/Users','data':" NEW_USER schemas "],'active':true," user "}}"
#define PATCH(n, path, operations)                                                                           \
    "{'method':'PATCH','bulkId':'u" n "','path':'" path "','data':" PATCH_OP operations "]}}"
#define DELETE(n, path) "{'method':'DELETE','bulkId':'u" n "','path':'" path "'}"
#define REPLACE(path, value) "{'op':'replace','path':'" path "','value':" value "}"
#define ADD(members) "{'op':'add','path':'members','value':[" members "]}"
#define REMOVE(member) "{'op':'remove','path':'members[value eq \\\"" member "\\\"]'}"
#define MANAGER(id) "'" EXT "':{'manager':{'value':'" id "'}}"

static inline void assert_operations(struct bed *b, const char *const *operation, size_t n)
{
    char body[8192] = BULK;
    for (size_t i = 0; i < n; i++) {
        size_t at = strlen(body);
        snprintf(body + at, sizeof(body) - at, "%s%s", i ? "," : "", operation[i]);
    }
    size_t at = strlen(body);
    snprintf(body + at, sizeof(body) - at, "]}");
    assert_request(b, CALL_BULK, HTTP_POST, "/Bulk", body);
}
#define assert_bulk(b, ...)                                                                                  \
    assert_operations(b, (const char *const[]){ __VA_ARGS__ },                                               \
                      array_len(((const char *const[]){ __VA_ARGS__ })))

#endif
