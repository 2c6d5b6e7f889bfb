/* The answer to a Bulk request (RFC 7644 3.7.3): one status for each operation, in any order, in the forms
 * that servers give it. An operation that is absent was not done, where others are named that were. One that
 * was refused because of whom it refers to is not refused itself. */
#include <stdlib.h>
#include <string.h>

#include "scim_write.h"

struct replies {
    struct conn *c;
    const struct bulk *b;
    struct settlement *op; /* owned, by operation */
    bool *answered;        /* owned, by operation */
    bool nameless;         /* an operation was answered that cannot be told from others */
    bool good;             /* one was answered that succeeded: such are not left out */
};

/* Which operation --------------------------------------------------------------------------------- */

/* "200", 200, {"code":"200"}; 0: none of these. */
static int status_of(const json_t *v)
{
    int64_t n = 0;
    if (json_is_object(v))
        v = json_object_get(v, "code");
    if (json_is_integer(v))
        n = json_integer_value(v);
    else if (json_is_string(v) &&
             !str_to_i64((struct str){ json_string_value(v), json_string_length(v) }, &n))
        n = 0;
    return n >= 100 && n <= 599 ? (int)n : 0;
}

static bool is_method(enum writing writing, struct str method)
{
    static const char *const name[] = {
        [WRITE_CREATE] = "POST", [WRITE_USER] = "PATCH", [WRITE_DELETE] = "DELETE", [WRITE_MEMBER] = "PATCH"
    };
    return str_ieq_ascii(method, str_of(name[writing]));
}

static uint32_t by_name(const struct bulk *b, struct str name)
{
    int64_t first;
    if (name.n < 2 || name.p[0] != 'u' || !str_to_i64((struct str){ name.p + 1, name.n - 1 }, &first) ||
        first < 1 || (uint64_t)first > b->n)
        return BULK_NONE;
    uint32_t step = (uint32_t)(first - 1), op = b->of[step];
    return op != BULK_NONE && b->op[op].first == step ? op : BULK_NONE;
}

/* Some services repeat the bulkId of creates only. A new user has no location that we could know; of two
 * operations on one group the first comes first. */
static uint32_t by_location(const struct replies *r, struct str method, struct str location)
{
    const struct bulk *b = r->b;
    for (uint32_t i = 0; location.n > 0 && i < b->n_ops; i++) {
        const struct operation *o = &b->op[i];
        bool member = o->writing == WRITE_MEMBER;
        struct str id = member ? b->task[o->first].group : b->steps[o->first]->user;
        if (o->writing != WRITE_CREATE && !r->answered[i] && is_method(o->writing, method) && id.n > 0 &&
            location_names(location, member ? "Groups" : "Users", id))
            return i;
    }
    return BULK_NONE;
}

/* One operation's answer ------------------------------------------------------------------------ */

static bool repeats(const struct bulk *b, const struct operation *o)
{
    bool all = o->writing != WRITE_CREATE;
    for (uint32_t i = o->first, left = o->members; all && left > 0; i = b->next[i], left--)
        all = patch_repeats(&b->task[i]);
    return all;
}

static void read_one(struct replies *r, const json_t *v)
{
    struct str name = json_member(v, "bulkId"), location = json_member(v, "location");
    int status = status_of(json_object_get(v, "status"));
    uint32_t i = name.n > 0 ? by_name(r->b, name) : by_location(r, json_member(v, "method"), location);
    if (i == BULK_NONE || r->answered[i] || status == 0) {
        r->nameless = r->nameless || i == BULK_NONE || status == 0;
        return;
    }
    const struct operation *o = &r->b->op[i];
    const struct written x = {
        .writing = o->writing,
        .several = o->members > 1,
        .repeats = repeats(r->b, o),
        .status = status,
        .user = o->writing == WRITE_CREATE ? (struct str){ 0 } : r->b->steps[o->first]->user,
        .body = json_object_get(v, "response"),
        .location = location,
        .version = json_member(v, "version"),
        .task = &r->b->task[o->first],
    };
    struct judged j;
    scim_judge_status(r->c, status, x.body, &j);
    settle_judged(r->c, &x, &j, &r->op[i]);
    r->answered[i] = true;
    r->good = r->good || j.fault == FAULT_NONE;
}

/* Of an answer without any success nobody knows whether it names failures alone: what must not be done twice
 * is looked for then. */
static bool may_be_done(const struct replies *r, const struct operation *o)
{
    return r->nameless || (!r->good && !repeats(r->b, o));
}

static void read_all(struct replies *r, const json_t *root)
{
    const json_t *v;
    size_t i;
    json_array_foreach(json_object_get(root, "Operations"), i, v) read_one(r, v);
    for (uint32_t op = 0; op < r->b->n_ops; op++) {
        if (r->answered[op])
            continue;
        bool unknown = may_be_done(r, &r->b->op[op]);
        r->op[op] = (struct settlement){ .settled = unknown ? SETTLED_UNKNOWN : SETTLED_NOT_DONE,
                                         .again = AGAIN_LATER,
                                         .wait_us = -1 };
        say_text(r->op[op].text, sizeof(r->op[op].text), "%s",
                 unknown ? "the answer does not say whether it was done"
                         : "the answer leaves this operation out: not done");
    }
}

/* References -------------------------------------------------------------------------------------- */

/* The operation that creates whom a step names, as user or as manager; BULK_NONE: nobody of this request. */
static uint32_t op_of_create(const struct bulk *b, uint32_t change)
{
    uint32_t step = bulk_creates(b, change);
    return step == BULK_NONE ? BULK_NONE : b->of[step];
}

/* Surely not created; or, with `unknown`, not surely created. */
static bool failed(const struct replies *r, uint32_t op, bool unknown)
{
    return op != BULK_NONE && r->op[op].settled != SETTLED_DONE &&
           (unknown || r->op[op].settled != SETTLED_UNKNOWN);
}

/* Somebody whom the operation refers to was not created. */
static bool lacks(const struct replies *r, const struct operation *o, bool unknown)
{
    const struct bulk *b = r->b;
    if (o->writing == WRITE_CREATE)
        return o->manager != BULK_NONE &&
               failed(r, op_of_create(b, b->steps[o->manager]->manager_ref), unknown);
    if (o->writing == WRITE_USER)
        return failed(r, op_of_create(b, b->steps[o->first]->manager_ref), unknown);
    for (uint32_t i = o->first; o->writing == WRITE_MEMBER && i != BULK_NONE; i = b->next[i])
        if (failed(r, op_of_create(b, b->steps[i]->user_ref), unknown))
            return true;
    return false;
}

static void wait_for(struct settlement *out, const char *text)
{
    *out = (struct settlement){ .settled = SETTLED_NOT_DONE, .again = AGAIN_LATER, .wait_us = -1 };
    say_text(out->text, sizeof(out->text), "%s", text);
}

/* A reference that failed is answered as 412, too. */
static bool refused(const struct settlement *s)
{
    return s->settled == SETTLED_REFUSED || s->settled == SETTLED_STALE;
}

/* Refused itself, not for the sake of another. */
static bool refused_itself(const struct replies *r, uint32_t op)
{
    return op != BULK_NONE && refused(&r->op[op]) && !lacks(r, &r->b->op[op], true);
}

/* The manager of a joiner, in the joiner's own create. */
static void settle_manager(const struct replies *r, uint32_t op, const struct step *s, struct settlement *out)
{
    uint32_t manager = op_of_create(r->b, s->manager_ref);
    bool done = r->op[op].settled == SETTLED_DONE;
    *out = r->op[op];
    out->new_id[0] = '\0';
    if (!failed(r, manager, !done) || refused_itself(r, op))
        return;
    if (done || refused_itself(r, manager))
        settle_refused(out, "the new manager was not created");
    else
        wait_for(out, "the new manager is not created yet");
}

/* Done, and to somebody who does not exist: some services take any text as an id. */
static void settle_void(const struct replies *r, const struct operation *o, const struct step *s,
                        struct settlement *out)
{
    if (o->writing == WRITE_USER)
        settle_refused(out, "the new manager was not created");
    else if (o->writing == WRITE_MEMBER && failed(r, op_of_create(r->b, s->user_ref), false))
        wait_for(out, "the user is not created yet");
}

static void settle_step(const struct replies *r, uint32_t i, struct settlement *out)
{
    const struct step *s = r->b->steps[i];
    uint32_t op = r->b->of[i];
    if (op == BULK_NONE) {
        settle_refused(out, "not sent: the new manager is not there");
        return;
    }
    const struct operation *o = &r->b->op[op];
    if (o->manager == i) {
        settle_manager(r, op, s, out);
        return;
    }
    *out = r->op[op];
    if (refused(out) && lacks(r, o, true))
        wait_for(out, o->writing == WRITE_MEMBER ? "one of the users is not created yet"
                                                 : "the new manager is not created yet");
    else if (out->settled == SETTLED_DONE && lacks(r, o, false))
        settle_void(r, o, s, out);
}

void bulk_settle(struct conn *c, const struct step *const *steps, size_t n, const json_t *root,
                 struct settlement *out)
{
    struct bulk b;
    bulk_lay(&b, c, steps, n, 0, 0);
    struct replies r = { .c = c, .b = &b };
    r.op = xcalloc(b.n_ops + 1, sizeof(*r.op));
    r.answered = xcalloc(b.n_ops + 1, sizeof(*r.answered));
    read_all(&r, root);
    for (uint32_t i = 0; i < n; i++) {
        if (i < b.n)
            settle_step(&r, i, &out[i]);
        else /* pack() never sends such */
            wait_for(&out[i], "not sent");
    }
    free(r.op);
    free(r.answered);
    bulk_free(&b);
}
