/* Steps -> requests: update-a-user/, create-a-user/, update-users-in-bulk/, update-users-managers-in-bulk/,
 * activate-a-user, deactivate-a-user, mark-a-user-obsolete/. */
#include <stdlib.h>
#include <string.h>

#include "leadsquared_internal.h"

struct packing {
    struct conn *c;
    const struct step *const *steps;
    size_t n;
    struct str (*created)(void *ctx, uint32_t change); /* NULL when calls are only counted */
    void *ctx;
    struct request *out;
};

struct str lsq_arg(struct arena *arena, struct str args, const char *key)
{
    json_t *root = json_loadb(args.p, args.n, 0, NULL);
    const json_t *v = json_object_get(root, key);
    struct str out = { 0 };
    if (json_is_string(v))
        out = arena_str(arena, (struct str){ json_string_value(v), json_string_length(v) });
    json_decref(root);
    return out;
}

static struct str id_of(const struct packing *p, struct str id, uint32_t ref)
{
    if (id.n > 0 || ref == NO_CHANGE || !p->created)
        return id;
    return lsq_guid(&p->out->arena, p->created(p->ctx, ref));
}

static struct str user_of(const struct packing *p, const struct step *s)
{
    return id_of(p, s->user, s->user_ref);
}

static size_t pack_create(const struct packing *p)
{
    lsq_request(p->c, p->out, CALL_CREATE, HTTP_POST, "/v2/UserManagement.svc/User/Create", (struct str){ 0 },
                p->steps[0]->args);
    return 1;
}

static size_t pack_update(const struct packing *p)
{
    struct buf body = BUF_INIT(REQUEST_BODY_MAX);
    struct arena arena = ARENA_INIT;
    struct jw w;
    struct str user = user_of(p, p->steps[0]);
    user = arena_str(&arena, user); /* lsq_request() clears the request it may live in */
    jw_init(&w, &body, false);
    jw_object(&w);
    jw_key(&w, "user");
    jw_raw(&w, p->steps[0]->args);
    jw_end_object(&w);
    lsq_request(p->c, p->out, CALL_UPDATE, HTTP_POST, "/v2/UserManagement.svc/User/Update?UserId=", user,
                buf_view(&body));
    buf_deinit(&body);
    arena_deinit(&arena);
    return 1;
}

static size_t pack_state(const struct packing *p)
{
    static const struct {
        enum lsq_option path, method;
        bool has_method;
    } form[LSQ_CALLS] = {
        [CALL_ACTIVATE] = { OPTION_ACTIVATE_PATH, OPTION_ACTIVATE_METHOD, true },
        [CALL_DEACTIVATE] = { OPTION_DEACTIVATE_PATH, OPTION_DEACTIVATE_METHOD, true },
        [CALL_OBSOLETE] = { .path = OPTION_OBSOLETE_PATH },
    };
    enum lsq_call call = (enum lsq_call)p->steps[0]->endpoint;
    bool post = form[call].has_method && lsq_number(p->c, form[call].method) == LSQ_POST;
    struct arena arena = ARENA_INIT;
    struct str user = arena_str(&arena, user_of(p, p->steps[0]));
    lsq_request(p->c, p->out, call, post ? HTTP_POST : HTTP_GET, lsq_text(p->c, form[call].path), user,
                (struct str){ 0 });
    arena_deinit(&arena);
    return 1;
}

static size_t at_most(const struct packing *p, enum lsq_option o)
{
    size_t max = (size_t)lsq_number(p->c, o);
    return p->n < max ? p->n : max;
}

/* Conditions are nothing but exact e-mail equalities, joined by OR. */
static size_t pack_bulk_team(const struct packing *p)
{
    size_t k = at_most(p, OPTION_BULK_TEAM_MAX);
    struct condition *v = xcalloc(k, sizeof(*v));
    struct arena arena = ARENA_INIT;
    struct buf body = BUF_INIT(REQUEST_BODY_MAX);
    struct jw w;
    for (size_t i = 0; i < k; i++)
        v[i] = (struct condition){ STR("EmailAddress"), lsq_arg(&arena, p->steps[i]->args, "EmailAddress") };
    jw_init(&w, &body, false);
    jw_object(&w);
    jw_key(&w, "Conditions");
    jw_array(&w);
    jw_object(&w);
    lsq_conditions(&w, v, k, "eq");
    jw_end_object(&w);
    jw_end_array(&w);
    jw_kz(&w, "Attribute", "TeamId");
    jw_kstr(&w, "Value", p->steps[0]->group);
    jw_end_object(&w);
    lsq_request(p->c, p->out, CALL_BULK_TEAM, HTTP_POST, "/v2/UserManagement.svc/User/Bulk/Update",
                (struct str){ 0 }, buf_view(&body));
    buf_deinit(&body);
    arena_deinit(&arena);
    free(v);
    return k;
}

static bool same_user(const struct step *a, const struct step *b)
{
    if (a->user.n == 0 && b->user.n == 0)
        return a->user_ref == b->user_ref;
    return str_eq(a->user, b->user);
}

/* What a batch does that names a user twice is not documented: the second goes into the next one. */
static size_t distinct(const struct packing *p, size_t k)
{
    for (size_t i = 1; i < k; i++)
        for (size_t j = 0; j < i; j++)
            if (same_user(p->steps[i], p->steps[j]))
                return i;
    return k;
}

/* A bare array; the field is ManagerId here, ManagerUserId everywhere else. A pair whose user or manager
 * nobody knows is left out (settle() says so): an empty id might clear the manager, or be anybody. */
static void put_pair(const struct packing *p, struct jw *w, const struct step *s, struct arena *arena)
{
    struct str user = user_of(p, s), manager = lsq_arg(arena, s->args, "ManagerId");
    bool clears = manager.p && manager.n == 0;
    manager = id_of(p, manager, s->manager_ref);
    if (user.n == 0 || (manager.n == 0 && !clears))
        return;
    jw_object(w);
    jw_kstr(w, "UserId", user);
    jw_kstr(w, "ManagerId", manager.p ? manager : STR(""));
    jw_end_object(w);
}

static size_t pack_managers(const struct packing *p)
{
    size_t k = distinct(p, at_most(p, OPTION_MANAGER_BATCH));
    struct arena arena = ARENA_INIT;
    struct buf body = BUF_INIT(REQUEST_BODY_MAX);
    struct jw w;
    jw_init(&w, &body, false);
    jw_array(&w);
    for (size_t i = 0; i < k; i++)
        put_pair(p, &w, p->steps[i], &arena);
    jw_end_array(&w);
    lsq_request(p->c, p->out, CALL_MANAGERS, HTTP_POST, "/v2/UserManagement.svc/UpdateReportingManagerInBulk",
                (struct str){ 0 }, buf_view(&body));
    buf_deinit(&body);
    arena_deinit(&arena);
    return k;
}

size_t lsq_pack(struct conn *c, const struct step *const *steps, size_t n,
                struct str (*created)(void *ctx, uint32_t change), void *ctx, struct request *out)
{
    const struct packing p = { c, steps, n, created, ctx, out };
    switch (steps[0]->endpoint) {
    case CALL_CREATE: return pack_create(&p);
    case CALL_UPDATE: return pack_update(&p);
    case CALL_BULK_TEAM: return pack_bulk_team(&p);
    case CALL_MANAGERS: return pack_managers(&p);
    default: return pack_state(&p);
    }
}
