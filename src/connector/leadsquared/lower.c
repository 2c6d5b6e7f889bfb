/* Changes of one user -> steps. Which call carries what: create-a-user/ and update-a-user/ list their fields,
 * the manager of an existing user goes by update-users-managers-in-bulk/, states by calls of their own.
 * combine() puts pure team moves into update-users-in-bulk/. */
#include <stdlib.h>
#include <string.h>

#include "../steps.h"
#include "leadsquared_internal.h"

/* Values ------------------------------------------------------------------------------------------ */

/* Whether an empty text or null clears a value is not documented: an option. */
static void put_empty(const struct conn *c, struct jw *w)
{
    if (lsq_number(c, OPTION_CLEAR_VALUE) == LSQ_CLEAR_NULL)
        jw_null(w);
    else
        jw_z(w, "");
}

/* Booleans and numbers go as such where the value is one; what is none, the vendor shall refuse rather than
 * we guess. */
static void put_value(struct lowering *l, struct jw *w, const struct attr *a, struct str value)
{
    struct buf canon = BUF_INIT(256);
    int64_t number;
    bool plain =
        (a->type == ATTR_BOOL || a->type == ATTR_NUMBER) && attr_canon(a, value, &canon) && !canon.full;
    if (value.n == 0)
        put_empty(l->c, w);
    else if (plain && a->type == ATTR_BOOL &&
             (str_is(buf_view(&canon), "1") || str_is(buf_view(&canon), "0")))
        jw_bool(w, canon.p[0] == '1');
    else if (plain && a->type == ATTR_NUMBER && str_to_i64(buf_view(&canon), &number))
        jw_int(w, number);
    else
        jw_str(w, a->type == ATTR_GUID || a->type == ATTR_REF ? lsq_guid(l->arena, value) : value);
    buf_deinit(&canon);
}

static struct str args_end(struct lowering *l, struct jw *w, struct buf *out)
{
    jw_end_object(w);
    struct str args = arena_str(l->arena, buf_view(out));
    buf_deinit(out);
    return args;
}

/* Steps ------------------------------------------------------------------------------------------- */

static struct step step_of(struct lowering *l, enum lsq_call call, enum step_rank rank)
{
    struct str user = arena_str(l->arena, lsq_guid(l->arena, l->change[0]->user));
    return step_about((uint8_t)call, rank, user, l->create);
}

static bool is_custom(const struct attr *a)
{
    return (a->flags & ATTR_CUSTOM) != 0;
}

/* Manager ----------------------------------------------------------------------------------------- */

/* Only a manager who exists and is active can be named in a create. */
static bool manager_ready(const struct lowering *l, const struct manager_ref *m)
{
    uint32_t u = m->id.n > 0 ? roster_by_id(l->roster, m->id) : NO_USER;
    return u != NO_USER && roster_state(l->roster, u) == USER_ACTIVE;
}

/* A manager who is a joiner has no id yet: `manager_ref` says whose id will be his. All that is known here is
 * his key, so the engine, which sees all changes, sets it, and the need that goes with it. No manager at all
 * is an empty id. */
static void manager_step(struct lowering *l, const struct change *c, uint32_t seq)
{
    struct step s = step_of(l, CALL_MANAGERS, RANK_MANAGER);
    struct buf args = BUF_INIT(4096);
    struct jw w;
    jw_init(&w, &args, false);
    jw_object(&w);
    if (c->manager_after.id.n > 0)
        jw_kstr(&w, "ManagerId", lsq_guid(l->arena, c->manager_after.id));
    else if (c->manager_after.key.n == 0)
        jw_kz(&w, "ManagerId", "");
    s.args = args_end(l, &w, &args);
    step_carries(&s, seq);
    l->emit(l->ctx, &s);
}

/* Create ------------------------------------------------------------------------------------------ */

static bool create_carries(const struct attr *a, const struct edit *e)
{
    return e->after.n > 0 && (a->flags & ATTR_CREATE);
}

static void put_create(struct lowering *l, struct jw *w, const struct change *c, bool custom)
{
    const struct schema *s = l->c->config.schema;
    for (size_t i = 0; i < c->n_edits; i++) {
        const struct attr *a = &s->attr[c->edit[i].slot];
        if (!create_carries(a, &c->edit[i]) || is_custom(a) != custom)
            continue;
        jw_keystr(w, lsq_wire_create(a));
        /* Custom fields are documented as schema name to text. */
        if (custom)
            jw_str(w, c->edit[i].after);
        else
            put_value(l, w, a, c->edit[i].after);
    }
}

static bool any_custom(const struct lowering *l, const struct change *c)
{
    for (size_t i = 0; i < c->n_edits; i++) {
        const struct attr *a = &l->c->config.schema->attr[c->edit[i].slot];
        if (is_custom(a) && create_carries(a, &c->edit[i]))
            return true;
    }
    return false;
}

/* What a create cannot carry: PhoneMain, Department, Designation, OfficeLocationName and others go behind it.
 */
static void update_after_create(struct lowering *l, const struct change *c, uint32_t seq)
{
    const struct schema *schema = l->c->config.schema;
    struct step s = step_of(l, CALL_UPDATE, RANK_UPDATE);
    struct buf args = BUF_INIT(REQUEST_BODY_MAX);
    struct jw w;
    size_t n = 0;
    jw_init(&w, &args, false);
    jw_object(&w);
    for (size_t i = 0; i < c->n_edits; i++) {
        const struct attr *a = &schema->attr[c->edit[i].slot];
        if (c->edit[i].after.n == 0 || (a->flags & ATTR_CREATE) || !(a->flags & ATTR_UPDATE))
            continue;
        jw_keystr(&w, lsq_wire_update(a));
        put_value(l, &w, a, c->edit[i].after);
        n++;
    }
    s.args = args_end(l, &w, &args);
    step_carries(&s, seq);
    if (n > 0)
        l->emit(l->ctx, &s);
}

static void lower_create(struct lowering *l, const struct change *c, uint32_t seq)
{
    struct step s = step_of(l, CALL_CREATE, RANK_CREATE);
    struct buf args = BUF_INIT(REQUEST_BODY_MAX);
    struct jw w;
    bool inside = c->manager_set && lsq_number(l->c, OPTION_CREATE_ACCEPTS_MANAGER) &&
                  manager_ready(l, &c->manager_after);
    jw_init(&w, &args, false);
    jw_object(&w);
    put_create(l, &w, c, false);
    if (inside)
        jw_kstr(&w, "ManagerUserId", lsq_guid(l->arena, c->manager_after.id));
    if (any_custom(l, c)) {
        jw_key(&w, "CustomFields");
        jw_object(&w);
        put_create(l, &w, c, true);
        jw_end_object(&w);
    }
    s.args = args_end(l, &w, &args);
    s.need[s.n_needs++] = (struct need){ NEED_SEAT, NO_CHANGE };
    step_carries(&s, seq);
    l->emit(l->ctx, &s);
    update_after_create(l, c, seq);
    if (c->manager_set && !inside && (c->manager_after.id.n > 0 || c->manager_after.key.n > 0))
        manager_step(l, c, seq);
}

/* Everything else --------------------------------------------------------------------------------- */

static void state_step(struct lowering *l, enum lsq_call call, enum step_rank rank, const struct need *need,
                       uint32_t seq)
{
    struct step s = step_of(l, call, rank);
    if (need)
        s.need[s.n_needs++] = *need;
    step_carries(&s, seq);
    l->emit(l->ctx, &s);
}

static void put_edits(struct lowering *l, struct jw *w, const struct change *c)
{
    const struct schema *s = l->c->config.schema;
    for (size_t i = 0; i < c->n_edits; i++) {
        const struct attr *a = &s->attr[c->edit[i].slot];
        jw_keystr(w, lsq_wire_update(a));
        put_value(l, w, a, c->edit[i].after);
    }
}

/* The manager can ride along only where the tenant takes it so, and where there is an update anyway. */
static bool manager_rides(const struct lowering *l, const struct change *manager)
{
    return manager && lsq_number(l->c, OPTION_UPDATE_ACCEPTS_MANAGER) && manager->manager_after.id.n > 0;
}

/* One User/Update for all attributes and the team. */
static bool lower_update(struct lowering *l, const struct change *manager, uint32_t manager_seq)
{
    struct step s = step_of(l, CALL_UPDATE, RANK_MEMBERSHIP);
    struct buf args = BUF_INIT(REQUEST_BODY_MAX);
    struct jw w;
    jw_init(&w, &args, false);
    jw_object(&w);
    for (size_t i = 0; i < l->n; i++) {
        const struct change *c = l->change[i];
        if (c->kind != CHANGE_UPDATE && c->kind != CHANGE_MEMBERSHIP)
            continue;
        put_edits(l, &w, c);
        step_carries(&s, l->seq[i]);
        if (c->kind == CHANGE_UPDATE)
            s.rank = RANK_UPDATE;
    }
    bool rides = s.n_changes > 0 && manager_rides(l, manager);
    if (rides) {
        jw_kstr(&w, "ManagerUserId", lsq_guid(l->arena, manager->manager_after.id));
        step_carries(&s, manager_seq);
        s.rank = RANK_MANAGER; /* it keeps its place in the order of manager moves */
    }
    s.args = args_end(l, &w, &args);
    if (l->activate != NO_CHANGE && !lsq_number(l->c, OPTION_UPDATE_INACTIVE))
        s.need[s.n_needs++] = (struct need){ NEED_ACTIVATED, l->activate };
    if (s.n_changes > 0)
        l->emit(l->ctx, &s);
    return rides;
}

/* Only a deactivated user can be marked obsolete: where nothing else deactivates him, the retirement does. */
static void lower_retire(struct lowering *l, uint32_t deactivate, uint32_t retire)
{
    uint32_t u = roster_by_id(l->roster, l->change[0]->user);
    bool active = u != NO_USER && roster_state(l->roster, u) == USER_ACTIVE;
    if (deactivate == NO_CHANGE && active) {
        state_step(l, CALL_DEACTIVATE, RANK_DEACTIVATE, NULL, retire);
        deactivate = retire;
    }
    const struct need done = { NEED_DONE, deactivate };
    state_step(l, CALL_OBSOLETE, RANK_RETIRE, deactivate != NO_CHANGE ? &done : NULL, retire);
}

static uint32_t seq_of(const struct lowering *l, enum change_kind kind, const struct change **found)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->change[i]->kind == kind) {
            if (found)
                *found = l->change[i];
            return l->seq[i];
        }
    return NO_CHANGE;
}

void lsq_lower(struct conn *c, const struct roster *roster, const struct change *const *change,
               const uint32_t *seq, size_t n, struct arena *arena,
               void (*emit)(void *ctx, const struct step *step), void *ctx)
{
    struct lowering l = { c, roster, arena, emit, ctx, change, seq, n, NO_CHANGE, NO_CHANGE, NO_USER };
    const struct change *create = NULL, *manager = NULL;
    const struct need seat = { NEED_SEAT, NO_CHANGE };
    if (n == 0)
        return;
    l.create = seq_of(&l, CHANGE_CREATE, &create);
    l.activate = seq_of(&l, CHANGE_ACTIVATE, NULL);
    uint32_t manager_seq = seq_of(&l, CHANGE_MANAGER, &manager),
             deactivate = seq_of(&l, CHANGE_DEACTIVATE, NULL), retire = seq_of(&l, CHANGE_RETIRE, NULL);
    if (create)
        lower_create(&l, create, l.create);
    if (l.activate != NO_CHANGE)
        state_step(&l, CALL_ACTIVATE, RANK_ACTIVATE, &seat, l.activate);
    bool rides = lower_update(&l, manager, manager_seq);
    if (manager && !rides)
        manager_step(&l, manager, manager_seq);
    if (deactivate != NO_CHANGE)
        state_step(&l, CALL_DEACTIVATE, RANK_DEACTIVATE, NULL, deactivate);
    if (retire != NO_CHANGE)
        lower_retire(&l, deactivate, retire);
}

/* Pure team moves --------------------------------------------------------------------------------- */

struct move {
    size_t step;
    struct str team, mail;
};

/* The condition of a bulk update is compared by the tenant's rules, not ours: only plain addresses are put
 * into one. */
static bool plain_mail(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] == 0x7f || strchr("%*\"'\\", s.p[i]))
            return false;
    return s.n > 0;
}

/* The address, when it is this active user's alone in the whole roster; else {NULL,0}. One loose condition
 * would move somebody else. */
static struct str own_mail(const struct conn *c, const struct roster *roster, struct str id)
{
    const struct str none = { 0 };
    int slot = schema_slot(c->config.schema, STR("EmailAddress"));
    uint32_t u = roster_by_id(roster, id);
    if (slot < 0 || u == NO_USER || roster_state(roster, u) != USER_ACTIVE)
        return none;
    struct str canon = roster_canon(roster, u, (size_t)slot),
               shown = str_trim(roster_shown(roster, u, (size_t)slot));
    uint32_t first = canon.n > 0 ? roster_by_key(roster, (size_t)slot, canon, NO_USER) : NO_USER;
    if (first != u || roster_by_key(roster, (size_t)slot, canon, first) != NO_USER)
        return none;
    return plain_mail(shown) ? shown : none;
}

/* An update of an existing user that carries nothing but a team. */
static bool pure_move(const struct step *s, struct arena *arena, struct str *team)
{
    if (s->endpoint != CALL_UPDATE || s->rank != RANK_MEMBERSHIP || s->user_ref != NO_CHANGE ||
        s->user.n == 0)
        return false;
    json_t *args = json_loadb(s->args.p, s->args.n, 0, NULL);
    bool one = json_object_size(args) == 1 && json_is_string(json_object_get(args, "TeamId"));
    json_decref(args);
    if (one)
        *team = lsq_arg(arena, s->args, "TeamId");
    return one && team->n > 0;
}

static int cmp_move(const void *a, const void *b)
{
    const struct move *x = a, *y = b;
    int d = str_cmp(x->team, y->team);
    return d ? d : (x->step > y->step) - (x->step < y->step);
}

static void into_bulk(struct step *s, const struct move *m, struct arena *arena)
{
    struct buf args = BUF_INIT(64 * 1024);
    struct jw w;
    jw_init(&w, &args, false);
    jw_object(&w);
    jw_kstr(&w, "EmailAddress", m->mail);
    jw_kstr(&w, "TeamId", m->team);
    jw_end_object(&w);
    s->endpoint = CALL_BULK_TEAM;
    s->group = m->team;
    s->args = arena_str(arena, buf_view(&args));
    buf_deinit(&args);
}

/* That an address is one user's alone is known only when everybody was listed, and only a roster that
 * roster.c sealed, or whose match key the address is, has an index of addresses. */
static bool knows_addresses(const struct conn *c)
{
    int slot = schema_slot(c->config.schema, STR("EmailAddress"));
    if (slot < 0)
        return false;
    return c->listed || (!c->looked_up && schema_is_key(c->config.schema, (size_t)slot));
}

void lsq_combine(struct conn *c, const struct roster *roster, struct step *steps, size_t n,
                 struct arena *arena)
{
    size_t min = (size_t)lsq_number(c, OPTION_BULK_TEAM_MIN), n_moves = 0;
    if (min == 0 || !knows_addresses(c))
        return;
    struct move *move = xcalloc(n + 1, sizeof(*move));
    for (size_t i = 0; i < n; i++) {
        struct str team = { 0 };
        if (!pure_move(&steps[i], arena, &team))
            continue;
        struct str mail = own_mail(c, roster, steps[i].user);
        if (mail.n > 0)
            move[n_moves++] = (struct move){ i, team, mail };
    }
    qsort(move, n_moves, sizeof(*move), cmp_move);
    for (size_t i = 0, end; i < n_moves; i = end) {
        for (end = i + 1; end < n_moves && str_eq(move[end].team, move[i].team); end++)
            continue;
        for (size_t k = i; end - i >= min && k < end; k++)
            into_bulk(&steps[move[k].step], &move[k], arena);
    }
    free(move);
}
