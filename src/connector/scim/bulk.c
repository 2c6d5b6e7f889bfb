/* Many steps in one request: POST /Bulk (RFC 7644 3.7). Operations stand in the order of the steps, but for
 * two things that make fewer of them: the manager of a joiner who is created in the same request goes into
 * his create, and members that join or leave one group go together. A manager's create stands before those
 * that name him, and so do its members' before a group: not every service can follow a reference to what
 * comes later. Operations of one request refer to users whom it creates as "bulkId:..."; where the service
 * cannot do that (option bulk_id), the request ends before the first that would. */
#include <stdlib.h>
#include <string.h>

#include "scim_write.h"

#define HEAD_BYTES 128          /* of the request around its operations */
#define WORK_US (SECOND_US / 4) /* for one operation: services answer when all are done, and not before */
#define REFERENCE_BYTES (6 * SCIM_ID_MAX) /* an id in a path or a JSON string, at most */
#define MANAGER_BYTES (REFERENCE_BYTES + 2 * sizeof(SCIM_ENTERPRISE) + 64)

static const struct hash_key no_key = { 0, 0 };

void bulk_name(char out[BULK_ID_MAX], uint32_t op_first)
{
    snprintf(out, BULK_ID_MAX, "u%04u", op_first + 1); /* of one length: none is the beginning of another */
}

/* Layout ------------------------------------------------------------------------------------------- */

uint32_t bulk_creates(const struct bulk *b, uint32_t change)
{
    size_t it =
        change == NO_CHANGE ? TABLE_END : table_find(&b->creates, hash64(&no_key, &change, sizeof(change)));
    for (; it != TABLE_END; it = table_next(&b->creates, it, hash64(&no_key, &change, sizeof(change))))
        if (b->steps[table_value(&b->creates, it)]->change[0] == change)
            return table_value(&b->creates, it);
    return BULK_NONE;
}

static uint64_t group_digest(const struct task *w)
{
    return hash64(&no_key, w->group.p, w->group.n);
}

/* The operation that takes another member of this group. No operation names two users whom the request
 * creates: there are services that resolve but one of them, and take the other's "bulkId:..." for an id. */
static uint32_t open_group(const struct bulk *b, uint32_t i)
{
    const struct task *w = &b->task[i];
    uint64_t digest = group_digest(w);
    bool refers = bulk_creates(b, b->steps[i]->user_ref) != BULK_NONE;
    for (size_t it = table_find(&b->groups, digest); it != TABLE_END;
         it = table_next(&b->groups, it, digest)) {
        const struct operation *op = &b->op[table_value(&b->groups, it)];
        if (str_eq(b->task[op->first].group, w->group) && !(refers && op->refers) &&
            op->members < (uint32_t)scim_number(b->c, OPTION_GROUP_BATCH))
            return table_value(&b->groups, it);
    }
    return BULK_NONE;
}

/* The operation that step `i` can join; BULK_NONE: it makes its own. */
static uint32_t joins(const struct bulk *b, uint32_t i)
{
    const struct step *s = b->steps[i];
    if (scim_writing(s) == WRITE_MEMBER)
        return open_group(b, i);
    if (s->rank != RANK_MANAGER || s->user_ref == NO_CHANGE)
        return BULK_NONE;
    uint32_t create = bulk_creates(b, s->user_ref);
    return create == BULK_NONE || b->op[b->of[create]].manager != BULK_NONE ? BULK_NONE : b->of[create];
}

static void join(struct bulk *b, uint32_t op, uint32_t i)
{
    struct operation *o = &b->op[op];
    b->of[i] = op;
    if (o->writing == WRITE_CREATE) {
        o->manager = i;
        return;
    }
    o->refers |= bulk_creates(b, b->steps[i]->user_ref) != BULK_NONE;
    b->next[o->last] = i;
    o->last = i;
    o->members++;
}

static void make(struct bulk *b, uint32_t i)
{
    const struct step *s = b->steps[i];
    struct operation *o = &b->op[b->n_ops];
    *o = (struct operation){
        .writing = scim_writing(s), .first = i, .last = i, .members = 1, .manager = BULK_NONE
    };
    o->refers = o->writing == WRITE_MEMBER && bulk_creates(b, s->user_ref) != BULK_NONE;
    b->of[i] = (uint32_t)b->n_ops++;
    if (o->writing == WRITE_CREATE)
        table_add(&b->creates, hash64(&no_key, &s->change[0], sizeof(s->change[0])), i);
    if (o->writing == WRITE_MEMBER)
        table_add(&b->groups, group_digest(&b->task[i]), b->of[i]);
}

/* What the service cannot follow within one request. */
static bool refers(const struct bulk *b, const struct step *s)
{
    return !scim_number(b->c, OPTION_BULK_ID) &&
           (bulk_creates(b, s->user_ref) != BULK_NONE || bulk_creates(b, s->manager_ref) != BULK_NONE);
}

/* Bytes that a step adds. Ids that may not be known yet count as the longest, so that calls that are only
 * counted are cut where those that are sent will be. */
static json_t *operation_json(const struct bulk *b, const struct operation *o, const struct packing *p);

static size_t cost_of(struct bulk *b, uint32_t i, uint32_t joined)
{
    const struct step *s = b->steps[i];
    size_t later = s->user_ref != NO_CHANGE || s->manager_ref != NO_CHANGE ? 2 * MANAGER_BYTES : 0;
    if (joined != BULK_NONE)
        return b->op[joined].writing == WRITE_CREATE ? MANAGER_BYTES : REFERENCE_BYTES + 64;
    const struct operation alone = {
        .writing = scim_writing(s), .first = i, .last = i, .members = 1, .manager = BULK_NONE
    };
    const struct packing nobody = { .n = 1 };
    json_t *op = operation_json(b, &alone, &nobody);
    size_t n = json_dumpb(op, NULL, 0, SCIM_JSON);
    json_decref(op);
    return n + 1 + later;
}

bool step_left_out(const struct step *s, const struct task *w)
{
    return w->missing.n > 0 || (s->rank == RANK_MANAGER && !w->manager_set && s->manager_ref == NO_CHANGE);
}

void bulk_lay(struct bulk *b, const struct conn *c, const struct step *const *steps, size_t n, size_t max_ops,
              size_t max_bytes)
{
    size_t bytes = HEAD_BYTES;
    *b = (struct bulk){ .c = c, .steps = steps };
    b->task = xcalloc(n, sizeof(*b->task));
    b->of = xcalloc(n, sizeof(*b->of));
    b->next = xcalloc(n, sizeof(*b->next));
    b->op = xcalloc(n, sizeof(*b->op));
    for (uint32_t i = 0; i < n; i++) {
        task_read(&b->task[i], steps[i]);
        b->next[i] = BULK_NONE;
        b->n = i + 1;
        uint32_t op = joins(b, i);
        bool out = step_left_out(steps[i], &b->task[i]);
        size_t cost = out || max_bytes == 0 ? 0 : cost_of(b, i, op);
        bool full = i > 0 && !out &&
                    ((max_bytes > 0 && bytes + cost > max_bytes) ||
                     (op == BULK_NONE && max_ops > 0 && b->n_ops >= max_ops));
        if (full || (i > 0 && refers(b, steps[i]))) {
            task_free(&b->task[i]);
            b->n = i;
            return;
        }
        bytes += cost;
        if (out)
            b->of[i] = BULK_NONE;
        else if (op != BULK_NONE)
            join(b, op, i);
        else
            make(b, i);
    }
}

void bulk_free(struct bulk *b)
{
    for (size_t i = 0; i < b->n; i++)
        task_free(&b->task[i]);
    free(b->task);
    free(b->of);
    free(b->next);
    free(b->op);
    table_deinit(&b->creates);
    table_deinit(&b->groups);
    *b = (struct bulk){ 0 };
}

/* Operations --------------------------------------------------------------------------------------- */

/* An id that is known, or the name by which this request calls who will have it. */
static struct str reference(const struct bulk *b, const struct packing *p, struct str id, uint32_t ref,
                            char name[BULK_ID_MAX + 8])
{
    uint32_t create = bulk_creates(b, ref);
    if (id.n > 0 || ref == NO_CHANGE)
        return id;
    if (create == BULK_NONE)
        return p->created ? p->created(p->ctx, ref) : (struct str){ 0 };
    memcpy(name, "bulkId:", 7);
    bulk_name(name + 7, create);
    return str_of(name);
}

static json_t *json_path(const char *collection, struct str id, bool encode)
{
    struct buf path = BUF_INIT(REQUEST_TARGET_MAX);
    buf_puts(&path, collection);
    if (encode)
        url_encode(&path, id);
    else
        buf_str(&path, id);
    json_t *out = json_text(buf_view(&path));
    buf_deinit(&path);
    return out;
}

static json_t *members_json(const struct bulk *b, const struct operation *o, const struct packing *p)
{
    struct str *id[2] = { xcalloc(o->members, sizeof(struct str)), xcalloc(o->members, sizeof(struct str)) };
    struct arena arena = ARENA_INIT;
    size_t n[2] = { 0 };
    for (uint32_t i = o->first, left = o->members; left > 0; i = b->next[i], left--) {
        char name[BULK_ID_MAX + 8];
        struct str user = reference(b, p, b->steps[i]->user, b->steps[i]->user_ref, name);
        bool add = b->task[i].add;
        id[add][n[add]++] = arena_str(&arena, user);
    }
    json_t *body = patch_members(id[1], n[1], id[0], n[0]);
    free(id[0]);
    free(id[1]);
    arena_deinit(&arena);
    return body;
}

/* With the manager filled in: of a joiner it is in a step of its own. */
static json_t *user_json(const struct bulk *b, const struct operation *o, const struct packing *p)
{
    uint32_t from = o->manager != BULK_NONE ? o->manager : o->first;
    const struct step *s = b->steps[from];
    struct task w = b->task[o->first];
    char name[BULK_ID_MAX + 8];
    if (s->rank == RANK_MANAGER && s->manager_ref != NO_CHANGE && !b->task[from].manager_set) {
        w.manager = reference(b, p, (struct str){ 0 }, s->manager_ref, name);
        w.manager_set = w.manager.n > 0;
    }
    return o->writing == WRITE_CREATE ? document_new(b->c, &w) : patch_user(b->c, &w);
}

static json_t *operation_json(const struct bulk *b, const struct operation *o, const struct packing *p)
{
    static const char *const method[] = {
        [WRITE_CREATE] = "POST", [WRITE_USER] = "PATCH", [WRITE_DELETE] = "DELETE", [WRITE_MEMBER] = "PATCH"
    };
    const struct step *s = b->steps[o->first];
    char name[BULK_ID_MAX], user[BULK_ID_MAX + 8];
    json_t *op = json_object();
    bool alive = o->writing == WRITE_USER || o->writing == WRITE_DELETE;
    struct str id = alive ? reference(b, p, s->user, s->user_ref, user) : (struct str){ 0 };
    bulk_name(name, o->first);
    json_object_set_new(op, "method", json_string(method[o->writing]));
    json_object_set_new(op, "bulkId", json_string(name));
    if (o->writing == WRITE_CREATE)
        json_object_set_new(op, "path", json_string("/Users"));
    else if (o->writing == WRITE_MEMBER)
        json_object_set_new(op, "path", json_path("/Groups/", b->task[o->first].group, true));
    else
        json_object_set_new(op, "path", json_path("/Users/", id, id.p != user));
    struct str version =
        alive && id.n > 0 && scim_uses_if_match(b->c) ? versions_get(&b->c->versions, id) : (struct str){ 0 };
    if (version.n > 0)
        json_object_set_new(op, "version", json_text(version));
    if (o->writing != WRITE_DELETE)
        json_object_set_new(op, "data",
                            o->writing == WRITE_MEMBER ? members_json(b, o, p) : user_json(b, o, p));
    return op;
}

/* Requests ----------------------------------------------------------------------------------------- */

/* The create of the manager whom this operation names; BULK_NONE. */
static uint32_t manager_op(const struct bulk *b, uint32_t op)
{
    const struct operation *o = &b->op[op];
    uint32_t step = o->writing == WRITE_USER ? o->first : o->manager;
    uint32_t create = step == BULK_NONE ? BULK_NONE : bulk_creates(b, b->steps[step]->manager_ref);
    return create == BULK_NONE ? BULK_NONE : b->of[create];
}

/* Appends an operation behind those that it builds on: up the chain of managers, then down again. In a ring,
 * which no plan has, somebody comes first. */
static void add_behind_managers(const struct bulk *b, const struct packing *p, uint32_t op, bool *taken,
                                uint32_t *chain, json_t *ops)
{
    size_t n = 0;
    for (uint32_t at = op; at != BULK_NONE && !taken[at]; at = manager_op(b, at)) {
        taken[at] = true;
        chain[n++] = at;
    }
    while (n > 0)
        json_array_append_new(ops, operation_json(b, &b->op[chain[--n]], p));
}

/* Who joined a group's operation may be created by a later one. */
static void add_members(const struct bulk *b, const struct packing *p, uint32_t op, bool *taken,
                        uint32_t *chain, json_t *ops)
{
    if (b->op[op].writing != WRITE_MEMBER)
        return;
    for (uint32_t i = b->op[op].first, left = b->op[op].members; left > 0; i = b->next[i], left--) {
        uint32_t create = bulk_creates(b, b->steps[i]->user_ref);
        if (create != BULK_NONE)
            add_behind_managers(b, p, b->of[create], taken, chain, ops);
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t bulk_pack(const struct packing *p)
{
    struct bulk b;
    size_t bytes = scim_bulk_bytes(p->c);
    bulk_lay(&b, p->c, p->steps, p->n, scim_bulk_operations(p->c),
             bytes > 0 ? least(bytes, REQUEST_BODY_MAX) : REQUEST_BODY_MAX);
    size_t k = b.n;
    if (b.n_ops == 0) { /* nothing but managers who are not there: see pack_one() */
        scim_request(p->c, p->out, CALL_BULK, HTTP_GET, "/Users/", b.task[0].missing, (struct str){ 0 });
        bulk_free(&b);
        return k;
    }
    json_t *body = json_object(), *schemas = json_array(), *ops = json_array();
    bool *taken = xcalloc(b.n_ops, sizeof(*taken));
    uint32_t *chain = xcalloc(b.n_ops, sizeof(*chain));
    for (uint32_t op = 0; op < b.n_ops; op++) {
        add_members(&b, p, op, taken, chain, ops);
        add_behind_managers(&b, p, op, taken, chain, ops);
    }
    json_array_append_new(schemas, json_string(SCIM_BULK_REQUEST));
    json_object_set_new(body, "schemas", schemas);
    json_object_set_new(body, "Operations", ops);
    scim_json_request(p->c, p->out, CALL_BULK, HTTP_POST, "/Bulk", (struct str){ 0 }, body);
    p->out->work_us = (int64_t)b.n_ops * WORK_US;
    free(taken);
    free(chain);
    bulk_free(&b);
    return k;
}
