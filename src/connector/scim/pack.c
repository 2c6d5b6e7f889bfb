/* Steps -> requests (RFC 7644 3.3 to 3.6), one user a call. Bulk is bulk.c's. */
#include <stdlib.h>
#include <string.h>

#include "scim_write.h"

/* What a step says --------------------------------------------------------------------------------- */

enum writing scim_writing(const struct step *s)
{
    switch (s->rank) {
    case RANK_CREATE: return WRITE_CREATE;
    case RANK_MEMBERSHIP: return WRITE_MEMBER;
    case RANK_RETIRE: return WRITE_DELETE;
    default: return WRITE_USER;
    }
}

json_t *json_text(struct str s)
{
    return json_stringn(s.p ? s.p : "", s.n);
}

struct str json_member(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);
    return json_is_string(v) ? (struct str){ json_string_value(v), json_string_length(v) }
                             : (struct str){ NULL, 0 };
}

void task_read(struct task *w, const struct step *s)
{
    json_t *root = json_loadb(s->args.p, s->args.n, JSON_ALLOW_NUL, NULL);
    const json_t *active = json_object_get(root, "active");
    *w = (struct task){ .root = root, .edits = json_object_get(root, "edits") };
    w->active = json_is_boolean(active) ? json_is_true(active) : -1;
    w->manager_set = json_is_string(json_object_get(root, "manager"));
    w->manager = json_member(root, "manager");
    w->missing = json_member(root, "missing");
    w->group = json_member(root, "group");
    w->add = json_is_true(json_object_get(root, "add"));
}

void task_free(struct task *w)
{
    json_decref(w->root);
    *w = (struct task){ 0 };
}

/* What is no number or truth value where one should be, the service shall refuse rather than we guess. A
 * decimal of more digits than a double keeps is sent as it is written. */
static json_t *json_number_of(struct str canon)
{
    int64_t whole;
    size_t digits = 0;
    char text[32], *end;
    if (str_to_i64(canon, &whole))
        return json_integer(whole);
    for (size_t i = 0; i < canon.n; i++)
        digits += canon.p[i] >= '0' && canon.p[i] <= '9';
    if (digits == 0 || digits > 15 || canon.n >= sizeof(text))
        return NULL;
    memcpy(text, canon.p, canon.n);
    text[canon.n] = '\0';
    double d = strtod(text, &end);
    return *end ? NULL : json_real(d);
}

json_t *json_of_attr(const struct attr *a, struct str value)
{
    struct buf canon = BUF_INIT(256);
    json_t *v = NULL;
    if (value.n == 0)
        return json_null();
    if ((a->type == ATTR_BOOL || a->type == ATTR_NUMBER) && attr_canon(a, value, &canon) && !canon.full) {
        if (a->type == ATTR_NUMBER)
            v = json_number_of(buf_view(&canon));
        else if (str_is(buf_view(&canon), "1") || str_is(buf_view(&canon), "0"))
            v = json_boolean(canon.p[0] == '1');
    }
    buf_deinit(&canon);
    return v ? v : json_text(value);
}

/* Ids ---------------------------------------------------------------------------------------------- */

static struct str id_of(const struct packing *p, struct str id, uint32_t ref)
{
    return id.n > 0 || ref == NO_CHANGE || !p->created ? id : p->created(p->ctx, ref);
}

struct str packing_user(const struct packing *p, const struct step *s)
{
    return id_of(p, s->user, s->user_ref);
}

void packing_manager(const struct packing *p, const struct step *s, struct task *w)
{
    if (w->manager_set || s->rank != RANK_MANAGER || s->manager_ref == NO_CHANGE)
        return;
    w->manager = id_of(p, (struct str){ 0 }, s->manager_ref);
    w->manager_set = w->manager.n > 0;
}

/* Requests ----------------------------------------------------------------------------------------- */

void scim_json_request(const struct conn *c, struct request *out, enum scim_call call,
                       enum http_method method, const char *path, struct str id, json_t *body)
{
    char *text = json_dumps(body, SCIM_JSON);
    scim_request(c, out, call, method, path, id, str_of(text));
    free(text);
    json_decref(body);
}

/* The version that we have seen last: who has changed the user since is not overwritten. */
static void if_match(const struct packing *p, struct str id)
{
    if (scim_uses_if_match(p->c) && id.n > 0)
        scim_if_match(p->out, versions_get(&p->c->versions, id));
}

static void pack_put(const struct packing *p, struct str id, const struct task *w)
{
    struct arena arena = ARENA_INIT;
    struct str version = { 0 };
    json_t *user = document_take(p->c, id, &arena, &version);
    if (user) {
        document_set(p->c, user, w);
        scim_json_request(p->c, p->out, CALL_PUT, HTTP_PUT, "/Users/", id, user);
        if (scim_uses_if_match(p->c))
            scim_if_match(p->out, version);
    } else { /* only counted: who was not read is not replaced, whoever should send this */
        scim_request(p->c, p->out, CALL_PUT, HTTP_GET, "/Users/", id, (struct str){ 0 });
    }
    arena_deinit(&arena);
}

static size_t pack_one(const struct packing *p)
{
    const struct step *s = p->steps[0];
    struct arena arena = ARENA_INIT;
    struct str id = arena_str(&arena, packing_user(p, s));
    struct task w;
    task_read(&w, s);
    packing_manager(p, s, &w);
    if (w.missing.n > 0) { /* nothing is to be written: the call says once more that he is not there */
        scim_request(p->c, p->out, (enum scim_call)s->endpoint, HTTP_GET, "/Users/", w.missing,
                     (struct str){ 0 });
    } else if (s->endpoint == CALL_CREATE) {
        scim_json_request(p->c, p->out, CALL_CREATE, HTTP_POST, "/Users", (struct str){ 0 },
                          document_new(p->c, &w));
    } else if (s->endpoint == CALL_DELETE) {
        scim_request(p->c, p->out, CALL_DELETE, HTTP_DELETE, "/Users/", id, (struct str){ 0 });
        if_match(p, id);
    } else if (s->endpoint == CALL_PUT) {
        pack_put(p, id, &w);
    } else {
        scim_json_request(p->c, p->out, CALL_PATCH, HTTP_PATCH, "/Users/", id, patch_user(p->c, &w));
        if_match(p, id);
        p->out->harmless = patch_repeats(&w);
    }
    task_free(&w);
    arena_deinit(&arena);
    return 1;
}

/* All steps are on one group: the members to add in one operation, each to remove in its own. */
static size_t pack_members(const struct packing *p)
{
    size_t most = (size_t)scim_number(p->c, OPTION_GROUP_BATCH), k = p->n < most ? p->n : most, n[2] = { 0 };
    struct str *id[2] = { xcalloc(k, sizeof(struct str)), xcalloc(k, sizeof(struct str)) };
    struct arena arena = ARENA_INIT;
    struct task w;
    for (size_t i = 0; i < k; i++) {
        task_read(&w, p->steps[i]);
        id[w.add][n[w.add]++] = arena_str(&arena, packing_user(p, p->steps[i]));
        task_free(&w);
    }
    scim_json_request(p->c, p->out, CALL_GROUP_PATCH, HTTP_PATCH, "/Groups/", p->steps[0]->group,
                      patch_members(id[1], n[1], id[0], n[0]));
    p->out->harmless = n[1] == 0;
    free(id[0]);
    free(id[1]);
    arena_deinit(&arena);
    return k;
}

size_t scim_pack(struct conn *c, const struct step *const *steps, size_t n,
                 struct str (*created)(void *ctx, uint32_t change), void *ctx, struct request *out)
{
    const struct packing p = { c, steps, n, created, ctx, out };
    switch (steps[0]->endpoint) {
    case CALL_GROUP_PATCH: return pack_members(&p);
    case CALL_BULK: return bulk_pack(&p);
    default: return pack_one(&p);
    }
}
