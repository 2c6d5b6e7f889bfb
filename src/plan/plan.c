/* The plan's life: rows come in, plan_end judges them, the result is read. */
#include <stdarg.h>

#include "plan_internal.h"

/* Prose --------------------------------------------------------------------------------------------------------------------- */

struct str plan_say(struct plan *p, const char *fmt, ...)
{
    char text[2048];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    size_t length = n < 0 ? 0 : (size_t)n;
    if (length >= sizeof(text)) { /* values are cut before; still, never cut inside a character */
        length = sizeof(text) - 1;
        length = utf8_bad_at((struct str){ text, length });
    }
    return arena_str(&p->arena, (struct str){ text, length });
}

const char *plan_shown(struct plan *p, struct str value)
{
    struct buf b = BUF_INIT(WHY_MAX);
    buf_putc(&b, '\'');
    printable(&b, value, VALUE_COLUMNS);
    buf_putc(&b, '\'');
    const char *text = arena_z(&p->arena, buf_view(&b));
    buf_deinit(&b);
    return text;
}

const char *shown_id(struct plan *p, uint32_t user)
{
    return plan_shown(p, roster_id(p->roster, user));
}

/* Rows ---------------------------------------------------------------------------------------------------------------------- */

struct place row_place(const struct row *r)
{
    return (struct place){ .offset = r->offset, .length = r->length, .line = r->line };
}

static uint64_t at_most(uint64_t n, uint64_t max)
{
    return n < max ? n : max;
}

static uint32_t row_add(struct plan *p, const struct place *at, uint64_t digest)
{
    assert(!p->ended && p->n_rows < NO_ROW - 1);
    p->rows = xgrow(p->rows, &p->cap_rows, p->n_rows + 1, sizeof(*p->rows));
    struct row *r = &p->rows[p->n_rows];
    *r = (struct row){ .digest = digest };
    r->line = at_most(at->line, ROW_LINE_MAX) & ROW_LINE_MAX;
    r->length = at_most(at->length, ROW_LENGTH_MAX) & ROW_LENGTH_MAX;
    r->offset = at_most(at->offset, ROW_OFFSET_MAX) & ROW_OFFSET_MAX;
    return (uint32_t)p->n_rows++;
}

static void claim_add(struct plan *p, uint32_t user, uint32_t row)
{
    p->claims = xgrow(p->claims, &p->cap_claims, p->n_claims + 1, sizeof(*p->claims));
    p->claims[p->n_claims++] = (struct claim){ .user = user, .row = row };
}

/* The row is surely this user. Others that say the same are kept beside, to be judged together when all are
 * known. */
static void row_of_user(struct plan *p, uint32_t row, uint32_t user)
{
    if (roster_mark(p->roster, user) == NO_ROW)
        roster_set_mark(p->roster, user, row);
    else
        claim_add(p, user, row);
}

static void amb_of_row(struct plan *p, uint32_t row, const struct person *person, struct amb *a)
{
    p->rows[row].ambiguous = 1;
    a->row = row;
    a->shown = arena_str(&p->arena, key_of(p, NO_USER, person));
    a->value = arena_str(&p->arena, a->value);
    ambiguous_add(p, a);
}

void plan_row(struct plan *p, const struct person *person)
{
    uint32_t row = row_add(p, &person->at, person->digest);
    struct match m = match_person(p, person);
    uint32_t draft = NO_DRAFT;
    p->rows[row].leaver = person->state == PERSON_LEAVER;
    switch (m.result) {
    case MATCH_NO_KEY: /* the feed rejects such rows; should one come, nobody is safe to be called absent */
        p->unknown_keys = true;
        reject_late(p, row, REJECT_NO_KEY, STR("no match key has a value"));
        return;
    case MATCH_AMBIGUOUS: amb_of_row(p, row, person, &m.amb); break;
    case MATCH_NONE:
        if (person->state == PERSON_ACTIVE)
            draft = diff_create(p, row, person);
        p->rows[row].creates = draft != NO_DRAFT;
        break;
    case MATCH_USER:
        p->rows[row].same_keys = m.same_keys;
        row_of_user(p, row, m.user);
        draft = diff_user(p, row, m.user, person);
        break;
    }
    match_entries(p, row, person, &m, draft);
    if (m.result == MATCH_USER || draft != NO_DRAFT)
        managers_row(p, row, &m, draft, person);
}

void plan_reject(struct plan *p, const struct reject *r, const struct person *known)
{
    uint32_t row = row_add(p, &r->at, 0);
    p->rows[row].early = 1;
    p->rows[row].fate = ROW_REJECTED;
    p->rejects = xgrow(p->rejects, &p->cap_rejects, p->n_rejects + 1, sizeof(*p->rejects));
    p->rejects[p->n_rejects] = *r;
    p->rejects[p->n_rejects++].detail = xstrdup(r->detail ? r->detail : "");
    struct match m = { .result = MATCH_NO_KEY };
    if (known && r->keys_known)
        m = match_person(p, known);
    if (m.result == MATCH_NO_KEY) {
        p->unknown_keys = true;
        return;
    }
    if (m.result == MATCH_USER)
        claim_add(p, m.user, row);
    match_entries(p, row, known, &m, NO_DRAFT);
}

/* Life ---------------------------------------------------------------------------------------------------------------------- */

static void protect(struct plan *p, uint32_t user)
{
    if (user != NO_USER)
        p->user_flags[user] |= U_PROTECTED;
}

/* An entry is an id, or the value of any match key in any spelling. */
static void protect_named(struct plan *p, struct str name)
{
    struct buf canon = BUF_INIT(ATTR_CANON_MAX);
    protect(p, roster_by_id(p->roster, name));
    for (size_t k = 0; k < p->schema->n_keys; k++) {
        size_t slot = p->schema->key[k];
        buf_clear(&canon);
        if (!attr_canon(&p->schema->attr[slot], name, &canon) || !canon.n)
            continue;
        uint32_t user = NO_USER;
        while ((user = roster_by_key(p->roster, slot, buf_view(&canon), user)) != NO_USER)
            protect(p, user);
    }
    buf_deinit(&canon);
}

static void users_init(struct plan *p)
{
    p->n_users = (uint32_t)roster_count(p->roster);
    p->user_flags = xcalloc(p->n_users, 1);
    p->user_fate = xcalloc(p->n_users, 1);
    if (p->opt->own_user && *p->opt->own_user)
        protect(p, roster_by_id(p->roster, str_of(p->opt->own_user)));
    for (size_t i = 0; i < p->opt->n_protected; i++)
        protect_named(p, str_of(p->opt->protected_keys[i]));
    for (uint32_t u = 0; u < p->n_users; u++) {
        roster_set_mark(p->roster, u, NO_ROW);
        enum user_state state = roster_state(p->roster, u);
        bool ours = !(p->user_flags[u] & U_PROTECTED) && p->schema->n_keys &&
                    roster_canon(p->roster, u, p->schema->key[0]).n;
        p->counts.active_users += state == USER_ACTIVE;
        p->counts.managed_active += ours && state == USER_ACTIVE;
        if (ours && (state == USER_ACTIVE || (state == USER_INACTIVE && retires(p))))
            p->user_flags[u] |= U_MANAGED;
    }
    p->counts.users = p->n_users;
}

struct plan *plan_new(const struct plan_options *options, const struct schema *schema, struct roster *roster,
                      const struct refs *refs, const struct hash_key *key)
{
    struct plan *p = xcalloc(1, sizeof(*p));
    p->opt = options;
    p->schema = schema;
    p->roster = roster;
    p->refs = refs;
    p->key = *key;
    users_init(p);
    sticks_init(p);
    return p;
}

void plan_free(struct plan *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_rejects; i++)
        free(p->rejects[i].detail);
    free(p->rejects);
    free(p->rows);
    free(p->drafts);
    free(p->entries);
    free(p->claims);
    free(p->wishes);
    free(p->ambs);
    free(p->ref_cache);
    free(p->has.v);
    free(p->wants.v);
    sticks_deinit(p);
    free(p->user_flags);
    free(p->user_fate);
    free(p->ambiguous);
    free(p->absent);
    table_deinit(&p->entry_heads);
    table_deinit(&p->ref_table);
    arena_deinit(&p->arena);
    free(p);
}

void plan_end(struct plan *p, const struct plan_proof *proof)
{
    assert(!p->ended);
    p->ended = true;
    repeat_judge(p);
    sticks_end(p, proof);
    guards_rejects(p, proof);
    absence_trust(p, proof);
    absence_find(p);
    managers_resolve(p);
    guards_static(p, proof);
    cycles_hold(p);
    guards_count(p);
    /* A withheld move leaves an old link in place, which may close a ring with another move, whose joiner may
     * need ...: each round holds something more, so this ends. */
    for (bool more = true; more;) {
        more = guards_needs(p);
        more |= cycles_hold(p) > 0;
    }
    ambiguous_texts(p);
    order_changes(p);
    order_fates(p);
}

/* Reading ------------------------------------------------------------------------------------------------------------------- */

size_t plan_changes(const struct plan *p)
{
    return p->n_drafts;
}

const struct change *plan_change(const struct plan *p, size_t i)
{
    assert(p->ended && i < p->n_drafts);
    return &p->drafts[i]->c;
}

size_t plan_ambiguous_count(const struct plan *p)
{
    return p->n_ambs;
}

const struct plan_ambiguous *plan_ambiguous(const struct plan *p, size_t i)
{
    assert(p->ended && i < p->n_ambs);
    return &p->ambiguous[i];
}

size_t plan_rejects(const struct plan *p)
{
    return p->n_rejects;
}

const struct reject *plan_reject_at(const struct plan *p, size_t i)
{
    assert(i < p->n_rejects);
    return &p->rejects[i];
}

size_t plan_absent(const struct plan *p)
{
    return p->n_absent;
}

uint32_t plan_absent_user(const struct plan *p, size_t i)
{
    assert(i < p->n_absent);
    return p->absent[i];
}

const struct plan_counts *plan_counts(const struct plan *p)
{
    return &p->counts;
}

enum user_fate plan_user_fate(const struct plan *p, uint32_t user)
{
    assert(p->ended && user < p->n_users);
    return (enum user_fate)p->user_fate[user];
}
