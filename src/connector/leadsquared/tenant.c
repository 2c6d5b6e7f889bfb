/* READ_TENANT: whose keys these are (user-authentication/), what the tenant calls its custom fields
 * (retrieve-user-attributes/), its teams (get-teams/). */
#include <stdlib.h>
#include <string.h>

#include "leadsquared_internal.h"

#define TEAMS_DEPTH_MAX 32

static struct str member(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return json_is_string(v) ? (struct str){ json_string_value(v), json_string_length(v) }
                             : (struct str){ 0 };
}

/* Own user ---------------------------------------------------------------------------------------- */

/* LSQCommonServiceURLs names the account's API host; the name of that member is not documented, its form is.
 */
static void take_host(struct conn *c, const json_t *root)
{
    const char *key;
    json_t *v;
    json_object_foreach(json_object_get(root, "LSQCommonServiceURLs"), key, v)
    {
        struct str url = json_is_string(v) ? (struct str){ json_string_value(v), json_string_length(v) }
                                           : (struct str){ 0 };
        if (c->api_host[0] || !str_starts(url, STR("https://api")))
            continue;
        struct buf shown = BUF_INIT(1024);
        printable(&shown, url, 80);
        say_cut(c->api_host, sizeof(c->api_host), buf_view(&shown));
        buf_deinit(&shown);
    }
}

static bool take_self(struct conn *c, const json_t *root, char why[200])
{
    struct tenant *t = c->asks.goal.tenant;
    struct str id = member(root, "Id"), org = member(root, "OrgId");
    if (id.n == 0 || id.n >= sizeof(t->own_user) || org.n == 0 || org.n >= sizeof(t->id)) {
        say_text(why, 200, "the answer does not say whose keys these are");
        return false;
    }
    say_cut(t->own_user, sizeof(t->own_user), id);
    say_cut(t->id, sizeof(t->id), org);
    struct str label = member(root, "OrgShortCode");
    say_cut(t->label, sizeof(t->label), label.n ? label : org);
    c->api_host[0] = '\0';
    take_host(c, root);
    if (c->api_host[0])
        say_text(t->advice, sizeof(t->advice), "the vendor names '%s' as this account's API", c->api_host);
    return true;
}

/* Attributes -------------------------------------------------------------------------------------- */

struct definition {
    struct str slot, schema, display; /* borrowed from the answer */
    int64_t max_length;
};

static struct definition definition(const json_t *v)
{
    struct definition d = { member(v, "InternalSchemaName"), member(v, "SchemaName"),
                            member(v, "DisplayName"), 0 };
    const json_t *max = json_object_get(v, "MaxLength");
    if (json_is_integer(max))
        d.max_length = json_integer_value(max);
    else if (json_is_string(max) && !str_to_i64(member(v, "MaxLength"), &d.max_length))
        d.max_length = 0;
    /* Where one of the two names is missing, the other may be the slot. */
    if (d.slot.n == 0 && lsq_custom_slot(d.schema) > 0)
        d.slot = d.schema;
    if (lsq_custom_slot(d.schema) > 0)
        d.schema = (struct str){ 0 };
    return d;
}

static struct str wanted_name(const struct attr *a)
{
    const struct str prefix = STR("custom:");
    struct str name = str_of(a->name);
    return str_starts(name, prefix) ? (struct str){ name.p + prefix.n, name.n - prefix.n } : name;
}

/* 2: by a name that is unique in the tenant. 1: by the name that people see. */
static int fits(const struct definition *d, struct str name)
{
    if (str_eq(d->slot, name) || (d->schema.n > 0 && str_eq(d->schema, name)))
        return 2;
    return str_eq(d->display, name) ? 1 : 0;
}

/* "mx_Custom_1=Cost_Centre, mx_Custom_2=Grade": the part behind `slot`. */
static struct str custom_name_option(const struct conn *c, struct str slot)
{
    struct str rest = str_of(lsq_text(c, OPTION_CUSTOM_NAMES));
    while (rest.n > 0) {
        struct str entry = lsq_next_entry(&rest);
        const char *equals = entry.n ? memchr(entry.p, '=', entry.n) : NULL;
        if (equals && str_eq(str_trim((struct str){ entry.p, (size_t)(equals - entry.p) }), slot))
            return str_trim((struct str){ equals + 1, entry.n - (size_t)(equals - entry.p) - 1 });
    }
    return (struct str){ 0 };
}

/* Create takes custom fields by schema name, update and listings by slot (create-a-user/, update-a-user/).
 * Without a schema name a create cannot carry the field: the update behind it does. */
static void resolve(const struct conn *c, struct attr *a, const struct definition *d)
{
    struct str schema = custom_name_option(c, d->slot);
    if (schema.n == 0)
        schema = d->schema;
    say_cut(a->wire_update, sizeof(a->wire_update), d->slot.n ? d->slot : d->schema);
    say_cut(a->wire_create, sizeof(a->wire_create), schema);
    if (schema.n == 0 || !lsq_number(c, OPTION_CUSTOM_ON_CREATE))
        a->flags &= ~(unsigned)ATTR_CREATE;
    if (lsq_custom_slot(str_of(a->wire_update)) > lsq_number(c, OPTION_UPDATE_CUSTOM_SLOTS))
        a->flags &= ~(unsigned)ATTR_UPDATE;
    if (a->max_chars == 0 && d->max_length > 0 && d->max_length <= UINT32_MAX)
        a->max_chars = (unsigned)d->max_length;
}

static void say_missing(struct conn *c, const struct attr *a, const struct definition *d, size_t n)
{
    const char **name = xcalloc(3 * n + 1, sizeof(*name));
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        /* They end in a NUL: each is a whole JSON string. */
        const struct str candidates[] = { d[i].slot, d[i].schema, d[i].display };
        for (size_t j = 0; j < array_len(candidates); j++)
            if (candidates[j].n > 0)
                name[k++] = candidates[j].p;
    }
    const char *close = suggest(wanted_name(a), name, k);
    struct buf shown = BUF_INIT(2048), other = BUF_INIT(2048);
    printable(&shown, str_of(a->name), 100);
    printable(&other, str_of(close), 100);
    errs_add(c->asks.goal.errs, NULL, 0, 0, NULL, "the tenant has no user attribute '%s'%s%s%s", shown.p,
             close ? "; did you mean '" : ": name it by its slot, its schema name or its display name",
             close ? other.p : "", close ? "'?" : "");
    buf_deinit(&shown);
    buf_deinit(&other);
    free(name);
}

static void find_definition(struct conn *c, struct attr *a, const struct definition *d, size_t n)
{
    const struct definition *best = NULL;
    int how = 0;
    bool twice = false;
    for (size_t i = 0; i < n; i++) {
        int f = fits(&d[i], wanted_name(a));
        if (f > 0 && f >= how) {
            twice = f == how;
            how = f;
            best = &d[i];
        }
    }
    if (!best) {
        say_missing(c, a, d, n);
    } else if (twice) {
        struct buf shown = BUF_INIT(2048);
        printable(&shown, str_of(a->name), 100);
        errs_add(c->asks.goal.errs, NULL, 0, 0, NULL,
                 "the tenant has several user attributes '%s': name the one meant by its slot (mx_Custom_N)",
                 shown.p);
        buf_deinit(&shown);
    } else if (a->flags & ATTR_CUSTOM) {
        resolve(c, a, best);
    }
}

static bool take_attributes(struct conn *c, const json_t *root, char why[200])
{
    const json_t *list = json_object_get(root, "UserAttributes");
    struct schema *s = c->asks.goal.schema;
    if (!json_is_array(list) || json_array_size(list) == 0) {
        say_text(why, 200, "the answer has no list 'UserAttributes'");
        return false;
    }
    size_t n = json_array_size(list);
    struct definition *d = xcalloc(n, sizeof(*d));
    for (size_t i = 0; i < n; i++)
        d[i] = definition(json_array_get(list, i));
    for (size_t i = 0; i < s->n; i++)
        if ((s->attr[i].flags & ATTR_CUSTOM) || lsq_number(c, OPTION_ATTRIBUTE_CHECK) == LSQ_CHECK_ALL)
            find_definition(c, &s->attr[i], d, n);
    free(d);
    return true;
}

/* Teams ------------------------------------------------------------------------------------------- */

static bool take_teams_of(struct conn *c, const json_t *list, struct str parent, unsigned depth,
                          char why[200])
{
    size_t i;
    json_t *team;
    struct refs *refs = &c->asks.goal.tenant->refs;
    if (!json_is_array(list) || depth > TEAMS_DEPTH_MAX) {
        say_text(why, 200, "%s",
                 depth > TEAMS_DEPTH_MAX ? "teams lie more than 32 deep" : "the answer has no list of teams");
        return false;
    }
    json_array_foreach(list, i, team)
    {
        struct str id = member(team, "TeamId"), above = member(team, "ParentId");
        const json_t *children = json_object_get(team, "ChildTeams");
        if (id.n == 0) {
            say_text(why, 200, "a team has no id");
            return false;
        }
        /* A tenant that lists flat as well names a team twice. */
        if (!refs_by_id(refs, REF_TEAM, id))
            refs_add(refs, REF_TEAM, id, member(team, "Name"), above.n ? above : parent);
        if (json_is_array(children) && !take_teams_of(c, children, id, depth + 1, why))
            return false;
    }
    return true;
}

static bool take_teams(struct conn *c, const json_t *root, char why[200])
{
    refs_deinit(&c->asks.goal.tenant->refs);
    refs_init(&c->asks.goal.tenant->refs);
    return take_teams_of(c, json_object_get(root, "Teams"), (struct str){ 0 }, 0, why);
}

/* The option that only the mapping can judge; the others: check.c ----------------------------------- */

static void update_also_entry(struct conn *c, struct str entry)
{
    struct schema *s = c->asks.goal.schema;
    struct attr known;
    int slot = schema_slot(s, entry);
    if (slot >= 0)
        s->attr[slot].flags |= ATTR_UPDATE;
    else if (!vendor_attr(&leadsquared_connector.vendor, entry, &known))
        errs_add(c->asks.goal.errs, NULL, 0, 0, "$.target.options.update_also",
                 "'%.*s' is no attribute of LeadSquared", STR_ARG(entry));
}

static void check_update_also(struct conn *c)
{
    struct str rest = str_of(lsq_text(c, OPTION_UPDATE_ALSO));
    while (rest.n > 0)
        update_also_entry(c, lsq_next_entry(&rest));
}

/* The reading ------------------------------------------------------------------------------------- */

bool tenant_take(struct conn *c, const struct lsq_ask *a, const json_t *root, char why[200])
{
    switch (a->ask.kind) {
    case ASK_SELF: return take_self(c, root, why);
    case ASK_ATTRIBUTES: return take_attributes(c, root, why);
    default: return take_teams(c, root, why);
    }
}

static bool maps_teams(const struct schema *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->attr[i].type == ATTR_REF && s->attr[i].ref_kind == REF_TEAM)
            return true;
    return false;
}

static bool needs_attributes(const struct conn *c, const struct schema *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->attr[i].flags & ATTR_CUSTOM)
            return true;
    return lsq_number(c, OPTION_ATTRIBUTE_CHECK) == LSQ_CHECK_ALL;
}

/* The login first: with bad keys nothing else need be asked. Then only what the job uses. */
void tenant_advance(struct conn *c)
{
    struct lsq_reading *r = &c->reading;
    switch (r->stage++) {
    case 0: lsq_ask_add(c, ASK_SELF); return;
    case 1:
        if (needs_attributes(c, c->asks.goal.schema))
            lsq_ask_add(c, ASK_ATTRIBUTES);
        if (maps_teams(c->asks.goal.schema))
            lsq_ask_add(c, ASK_TEAMS);
        return;
    default: check_update_also(c); asks_complete(&c->asks, PROOF_NONE, "own user, attributes and teams read");
    }
}
