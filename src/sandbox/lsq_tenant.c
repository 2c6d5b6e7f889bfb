/* What a LeadSquared tenant has besides users: teams, groups, attribute definitions, its own name. */
#include "lsq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *copy(const char *text)
{
    return xmemdup(text, strlen(text));
}

void lsq_guid(struct rng *rng, char *out)
{
    uint64_t a = rng_next(rng), b = rng_next(rng);

    snprintf(out, LSQ_GUID + 1, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
             (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff), (unsigned)(0x8000 | (b >> 48 & 0x3fff)),
             (unsigned long long)(b & 0xffffffffffffull));
}

bool lsq_is_guid(const char *text)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    for (size_t i = 0; i < LSQ_GUID; i++) {
        if (shape[i] == '-' ? text[i] != '-' : !text[i] || !strchr("0123456789abcdefABCDEF", text[i]))
            return false;
    }
    return text[LSQ_GUID] == '\0';
}

bool lsq_active(const char *const *f)
{
    return strcmp(f[U_STATUS], "0") == 0;
}

bool lsq_obsolete(const char *const *f)
{
    return strcmp(f[U_STATUS], "2") == 0;
}

size_t lsq_active_users(const struct state *state)
{
    size_t n = 0;

    for (size_t i = 0; i < state->count; i++)
        n += lsq_active(state->users[i].f);
    return n;
}

const char *const *lsq_shown(const struct call *call, struct user *u)
{
    const char *const *f = state_seen(u, call->now);

    if (f && lsq_obsolete(f) && call_switch(call, SW_OBSOLETE_LISTED) == 0)
        return NULL;
    return f;
}

/* ---- teams, groups, attributes ---- */

const struct lsq_team *lsq_team_by_id(const struct lsq *lsq, const char *id)
{
    for (size_t i = 0; i < lsq->nteams; i++) {
        if (text_same(lsq->teams[i].id, id))
            return &lsq->teams[i];
    }
    return NULL;
}

const struct lsq_team *lsq_team_by_code(const struct lsq *lsq, int64_t code)
{
    for (size_t i = 0; i < lsq->nteams; i++) {
        if (lsq->teams[i].code == code)
            return &lsq->teams[i];
    }
    return NULL;
}

int64_t lsq_team_depth(const struct lsq *lsq, const struct lsq_team *t)
{
    int64_t depth = 0;

    while (t->parent_code && (t = lsq_team_by_code(lsq, t->parent_code)) != NULL)
        depth++;
    return depth;
}

const struct lsq_group *lsq_group_by(const struct lsq *lsq, const char *name, const char *id)
{
    for (size_t i = 0; i < lsq->ngroups; i++) {
        if (name ? strcmp(lsq->groups[i].name, name) == 0 : text_same(lsq->groups[i].id, id))
            return &lsq->groups[i];
    }
    return NULL;
}

struct lsq_team *lsq_team_add(struct lsq *lsq, const char *id, const char *name, int64_t code,
                              int64_t parent_code)
{
    struct lsq_team *t;

    lsq->teams = xrealloc(lsq->teams, lsq->nteams + 1, sizeof(*lsq->teams));
    t = &lsq->teams[lsq->nteams++];
    *t = (struct lsq_team){
        .id = copy(id), .name = copy(name), .about = copy(""), .code = code, .parent_code = parent_code
    };
    t->smart_view = copy("");
    t->work_day = copy("");
    t->holidays = copy("");
    return t;
}

void lsq_group_add(struct lsq *lsq, const char *id, const char *name)
{
    lsq->groups = xrealloc(lsq->groups, lsq->ngroups + 1, sizeof(*lsq->groups));
    lsq->groups[lsq->ngroups++] = (struct lsq_group){ .id = copy(id), .name = copy(name) };
}

struct lsq_attribute *lsq_attribute_add(struct lsq *lsq, const char *id, const char *schema_name,
                                        const char *slot, const char *title)
{
    struct lsq_attribute *a;

    lsq->attributes = xrealloc(lsq->attributes, lsq->nattributes + 1, sizeof(*lsq->attributes));
    a = &lsq->attributes[lsq->nattributes++];
    *a = (struct lsq_attribute){
        .id = copy(id),
        .schema_name = copy(schema_name),
        .slot = copy(slot),
        .title = copy(title),
        .options = copy(""),
        .data_type = 1,
        .max = 250,
        .custom = strncmp(slot, "mx_Custom_", 10) == 0,
    };
    return a;
}

/* "OfficeLocationName" -> "Office Location Name" */
static void title_of(const char *name, char *out, size_t room)
{
    size_t n = 0;

    for (size_t i = 0; name[i] && n + 2 < room; i++) {
        bool upper = name[i] >= 'A' && name[i] <= 'Z';

        if (i && upper && name[i - 1] >= 'a' && name[i - 1] <= 'z')
            out[n++] = ' ';
        out[n++] = name[i];
    }
    out[n] = '\0';
}

void lsq_standard_attributes(struct lsq *lsq, struct rng *rng)
{
    for (size_t i = 0; i < U_CUSTOM; i++) {
        const struct field *field = &lsq_schema.fields[i];
        char id[LSQ_GUID + 1], title[80];
        struct lsq_attribute *a;

        if ((field->flags & F_DERIVED) || field->flags == 0)
            continue;
        lsq_guid(rng, id);
        title_of(field->name, title, sizeof(title));
        a = lsq_attribute_add(lsq, id, field->name, field->name, title);
        a->needed = field->flags & F_NEEDED;
        a->max = field->max;
        a->data_type = field->kind == FIELD_NUMBER ? 2 : field->kind == FIELD_BOOL ? 3 : 1;
    }
}

const struct lsq_attribute *lsq_slot(const struct lsq *lsq, size_t n)
{
    const char *name = lsq_schema.fields[U_CUSTOM + n].name;

    for (size_t i = 0; i < lsq->nattributes; i++) {
        if (strcmp(lsq->attributes[i].slot, name) == 0)
            return &lsq->attributes[i];
    }
    return NULL;
}

/* ---- life ---- */

void *lsq_create(struct sandbox *sb, uint64_t seed)
{
    struct lsq *lsq = xcalloc(1, sizeof(*lsq));

    lsq->org_id = copy("");
    lsq->org_name = copy("");
    lsq->key_owner = copy("");
    lsq->last_work_id = 1064000000;
    (void)sb;
    rng_seed(&lsq->rng, seed ^ 0x1d5); /* ids of its own, not those of the generated users */
    return lsq;
}

void lsq_destroy(void *data)
{
    struct lsq *lsq = data;

    for (size_t i = 0; i < lsq->nteams; i++) {
        free(lsq->teams[i].id);
        free(lsq->teams[i].name);
        free(lsq->teams[i].about);
        free(lsq->teams[i].smart_view);
        free(lsq->teams[i].work_day);
        free(lsq->teams[i].holidays);
    }
    for (size_t i = 0; i < lsq->ngroups; i++) {
        free(lsq->groups[i].id);
        free(lsq->groups[i].name);
    }
    for (size_t i = 0; i < lsq->nattributes; i++) {
        free(lsq->attributes[i].id);
        free(lsq->attributes[i].schema_name);
        free(lsq->attributes[i].slot);
        free(lsq->attributes[i].title);
        free(lsq->attributes[i].options);
    }
    for (size_t i = 0; i < lsq->nbatches; i++)
        free(lsq->batches[i]);
    lsq_search_free(lsq->search);
    free(lsq->batches);
    free(lsq->teams);
    free(lsq->groups);
    free(lsq->attributes);
    free(lsq->org_id);
    free(lsq->org_name);
    free(lsq->key_owner);
    free(lsq);
}

/* ---- state files ---- */

static void dump_team(const struct lsq_team *t, struct jw *j)
{
    jw_object(j);
    jw_kz(j, "TeamId", t->id);
    jw_kint(j, "Code", t->code);
    jw_kint(j, "ParentCode", t->parent_code);
    jw_kz(j, "Name", t->name);
    jw_kz(j, "Description", t->about);
    jw_kint(j, "Sequence", t->sequence);
    jw_kz(j, "WorkdayTemplateCode", t->work_day);
    jw_kz(j, "HolidayCalendarCode", t->holidays);
    jw_kz(j, "SmartViewCode", t->smart_view);
    jw_end_object(j);
}

static void dump_attribute(const struct lsq_attribute *a, struct jw *j)
{
    jw_object(j);
    jw_kz(j, "Id", a->id);
    jw_kz(j, "SchemaName", a->schema_name);
    jw_kz(j, "InternalSchemaName", a->slot);
    jw_kz(j, "DisplayName", a->title);
    jw_kint(j, "DataType", a->data_type);
    jw_kint(j, "MaxLength", a->max);
    jw_kz(j, "Options", a->options);
    jw_end_object(j);
}

void lsq_dump(struct sandbox *sb, struct jw *j)
{
    const struct lsq *lsq = sb->data;

    jw_kz(j, "OrgId", lsq->org_id);
    jw_kint(j, "OrgShortCode", lsq->org_code);
    jw_kz(j, "OrgDisplayName", lsq->org_name);
    jw_kz(j, "KeyOwner", lsq->key_owner);
    jw_key(j, "Teams");
    jw_array(j);
    for (size_t i = 0; i < lsq->nteams; i++)
        dump_team(&lsq->teams[i], j);
    jw_end_array(j);
    jw_key(j, "Groups");
    jw_array(j);
    for (size_t i = 0; i < lsq->ngroups; i++) {
        jw_object(j);
        jw_kz(j, "Id", lsq->groups[i].id);
        jw_kz(j, "Name", lsq->groups[i].name);
        jw_end_object(j);
    }
    jw_end_array(j);
    jw_key(j, "CustomAttributes");
    jw_array(j);
    for (size_t i = 0; i < lsq->nattributes; i++) {
        if (lsq->attributes[i].custom)
            dump_attribute(&lsq->attributes[i], j);
    }
    jw_end_array(j);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static void replace(char **old, const json_t *object, const char *key)
{
    free(*old);
    *old = copy(text_of(object, key));
}

static bool load_teams(struct lsq *lsq, const json_t *teams, struct buf *error)
{
    size_t i;
    json_t *one;

    json_array_foreach((json_t *)teams, i, one)
    {
        const char *id = text_of(one, "TeamId");
        int64_t code = json_integer_value(json_object_get(one, "Code"));
        int64_t parent = json_integer_value(json_object_get(one, "ParentCode"));
        struct lsq_team *t;

        if (!lsq_is_guid(id) || code <= 0 || lsq_team_by_code(lsq, code) || lsq_team_by_id(lsq, id)) {
            buf_printf(error, "team %zu: 'TeamId' (a GUID) and 'Code' (above 0) are needed, each once",
                       i + 1);
            return false;
        }
        /* Parents first: so there can be no ring of teams. */
        if (parent && (!lsq_team_by_code(lsq, parent) ||
                       lsq_team_depth(lsq, lsq_team_by_code(lsq, parent)) == LSQ_TEAM_DEPTH)) {
            buf_printf(error, "team %zu: no team before it has the 'Code' %lld, or it is %d levels down",
                       i + 1, (long long)parent, LSQ_TEAM_DEPTH);
            return false;
        }
        t = lsq_team_add(lsq, id, text_of(one, "Name"), code, parent);
        t->sequence = json_integer_value(json_object_get(one, "Sequence"));
        replace(&t->about, one, "Description");
        replace(&t->work_day, one, "WorkdayTemplateCode");
        replace(&t->holidays, one, "HolidayCalendarCode");
        replace(&t->smart_view, one, "SmartViewCode");
    }
    return true;
}

static bool load_attributes(struct lsq *lsq, const json_t *attributes, struct buf *error)
{
    size_t i;
    json_t *one;

    json_array_foreach((json_t *)attributes, i, one)
    {
        const char *slot = text_of(one, "InternalSchemaName"), *name = text_of(one, "SchemaName"),
                   *id = text_of(one, "Id");
        size_t field = schema_find(&lsq_schema, slot, false);
        char fresh[LSQ_GUID + 1];
        struct lsq_attribute *a;

        if (field < U_CUSTOM || field >= U_CUSTOM + LSQ_SLOTS || lsq_slot(lsq, field - U_CUSTOM)) {
            buf_printf(
                error,
                "custom attribute %zu: 'InternalSchemaName' is none of mx_Custom_1 to mx_Custom_%d, or taken",
                i + 1, LSQ_SLOTS);
            return false;
        }
        lsq_guid(&lsq->rng, fresh);
        a = lsq_attribute_add(lsq, *id ? id : fresh, *name ? name : slot, slot, text_of(one, "DisplayName"));
        replace(&a->options, one, "Options");
        if (json_object_get(one, "DataType"))
            a->data_type = json_integer_value(json_object_get(one, "DataType"));
        if (json_integer_value(json_object_get(one, "MaxLength")) > 0)
            a->max = json_integer_value(json_object_get(one, "MaxLength"));
    }
    return true;
}

bool lsq_load(struct sandbox *sb, const json_t *root, struct buf *error)
{
    struct lsq *lsq = sb->data;
    struct rng rng;
    size_t i;
    json_t *one;

    rng_seed(&rng, 1);
    replace(&lsq->org_id, root, "OrgId");
    replace(&lsq->org_name, root, "OrgDisplayName");
    replace(&lsq->key_owner, root, "KeyOwner");
    lsq->org_code = json_integer_value(json_object_get(root, "OrgShortCode"));
    lsq_standard_attributes(lsq, &rng);
    json_array_foreach(json_object_get(root, "Groups"), i, one)
        lsq_group_add(lsq, text_of(one, "Id"), text_of(one, "Name"));
    if (!load_teams(lsq, json_object_get(root, "Teams"), error) ||
        !load_attributes(lsq, json_object_get(root, "CustomAttributes"), error) ||
        !state_load(&sb->state, json_object_get(root, "Users"), error))
        return false;
    for (size_t u = 0; u < sb->state.count; u++) {
        const char *const *f = sb->state.users[u].f;

        if (!lsq_is_guid(f[U_USERID]) || !*f[U_STATUS] || !strchr("012", *f[U_STATUS]) || f[U_STATUS][1]) {
            buf_printf(error, "user %zu: 'UserId' is a GUID, 'StatusCode' is 0, 1, or 2 for obsolete", u + 1);
            return false;
        }
    }
    if (!state_by_id(&sb->state, lsq->key_owner)) {
        buf_puts(error, "'KeyOwner' is the id of no user");
        return false;
    }
    return true;
}
