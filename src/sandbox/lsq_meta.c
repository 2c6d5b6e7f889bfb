/* What surrounds users: attribute definitions, teams, notices (fact sheet 4.6, 6, 7). */
#include "lsq.h"

#include <stdlib.h>
#include <string.h>

#define STAMP "2025-01-01 00:00:00"
#define SYSTEM_USER "66666666-aaaa-4bbb-8ccc-000000000001"

/* ---- attributes ---- */

static void attribute(struct jsonout *j, const struct lsq_attribute *a)
{
    jo_object(j);
    jo_pair(j, "BaseTable", "User_Base");
    jo_pair_bool(j, "CanUserEdit", a->custom);
    jo_pair(j, "Category", a->custom ? "Custom" : "Standard");
    jo_pair(j, "CreatedBy", SYSTEM_USER);
    jo_pair(j, "CreatedByName", "System");
    jo_pair(j, "CreatedOn", STAMP);
    jo_pair_int(j, "DataType", a->data_type);
    jo_pair(j, "DisplayName", a->title);
    jo_pair(j, "Id", a->id);
    jo_pair(j, "InternalSchemaName", a->slot);
    jo_pair_bool(j, "IsHidden", false);
    jo_pair_bool(j, "IsMandatory", a->needed);
    jo_pair_int(j, "MaxLength", a->max);
    jo_pair(j, "ModifiedBy", SYSTEM_USER);
    jo_pair(j, "ModifiedByName", "System");
    jo_pair(j, "ModifiedOn", STAMP);
    jo_pair(j, "Options", *a->options ? a->options : NULL);
    jo_pair(j, "SchemaName", a->schema_name);
    jo_object_end(j);
}

/* Is name in a comma list with blanks? */
static bool listed(const char *list, const char *name)
{
    size_t len = strlen(name);

    for (const char *p = list; *p;) {
        size_t n;

        p += strspn(p, " ,");
        n = strcspn(p, " ,");
        if (n == len && strncmp(p, name, n) == 0)
            return true;
        p += n;
    }
    return false;
}

static const char *attribute_name(const struct lsq_attribute *a, const char *lookup)
{
    if (strcmp(lookup, "InternalSchemaName") == 0)
        return a->slot;
    return strcmp(lookup, "DisplayName") == 0 ? a->title : a->schema_name;
}

void lsq_attributes(struct call *call)
{
    static const struct body_key outer[] = {{"Parameter", BODY_OBJECT, false}};
    static const struct body_key inner[] = {{"LookupName", BODY_STRING, true}, {"LookupValue", BODY_STRING, true}};
    const struct lsq *lsq = lsq_of(call);
    struct jsonout j = {.out = &call->out};
    struct buf list = {0};
    json_t *parameter = NULL, *asked[2] = {0};
    int64_t n = 0;

    if (call->body && !body_read(call, call->body, "body", outer, 1, &parameter))
        return;
    if (parameter && !body_read(call, parameter, "Parameter", inner, 2, asked))
        return;
    for (size_t i = 0; i < lsq->nattributes; i++) {
        const struct lsq_attribute *a = &lsq->attributes[i];
        struct jsonout one = {.out = &list, .comma = n > 0};

        /* Sample requests look custom fields up as "SchemaName" by what is their slot, so both names are found by it. */
        if (parameter && !listed(json_string_value(asked[1]), attribute_name(a, json_string_value(asked[0]))) &&
            !listed(json_string_value(asked[1]), a->slot))
            continue;
        attribute(&one, a);
        n++;
    }
    jo_object(&j);
    jo_pair_int(&j, "TotalUserAttributes", n);
    jo_key(&j, "UserAttributes");
    jo_array(&j);
    buf_add(&call->out, list.data, list.len);
    jo_array_end(&j);
    jo_object_end(&j);
    buf_free(&list);
}

/* ---- teams ---- */

static size_t members(const struct call *call, const struct lsq_team *t)
{
    const struct state *state = &call->sb->state;
    size_t n = 0;

    for (size_t i = 0; i < state->count; i++)
        n += lsq_active(state->users[i].f) && text_same(state->users[i].f[U_TEAMID], t->id);
    return n;
}

static int64_t depth_of(const struct lsq *lsq, const struct lsq_team *t)
{
    int64_t depth = 0;

    while (t->parent_code && (t = lsq_team_by_code(lsq, t->parent_code)) != NULL)
        depth++;
    return depth;
}

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static void team_fields(const struct call *call, struct jsonout *j, const struct lsq_team *t)
{
    const struct lsq *lsq = lsq_of(call);
    const struct lsq_team *parent = t->parent_code ? lsq_team_by_code(lsq, t->parent_code) : NULL;

    jo_pair(j, "TeamId", t->id);
    jo_pair_int(j, "Code", t->code);
    jo_pair(j, "Name", t->name);
    jo_pair(j, "Description", t->about);
    jo_pair_int(j, "Sequence", t->sequence);
    jo_pair(j, "ParentId", parent ? parent->id : NULL);
    jo_pair_int(j, "ParentCode", t->parent_code);
    jo_pair(j, "ParentName", parent ? parent->name : NULL);
    jo_pair(j, "ModifiedBy", SYSTEM_USER);
    jo_pair(j, "ModifiedByName", "System");
    jo_pair(j, "ModifiedOn", STAMP);
    jo_pair(j, "WorkDayTemplateId", NULL);
    jo_pair(j, "WorkdayTemplateCode", or_null(t->work_day));
    jo_pair(j, "WorkDayTemplateName", NULL);
    jo_pair_bool(j, "IsWorkDayTemplateOverridden", false);
    jo_pair(j, "HolidayCalendarId", NULL);
    jo_pair(j, "HolidayCalendarCode", or_null(t->holidays));
    jo_pair(j, "HolidayCalendarName", NULL);
    jo_pair_bool(j, "IsHolidayCalendarOverridden", false);
    jo_pair_int(j, "UserCount", (int64_t)members(call, t));
    jo_pair_int(j, "Depth", depth_of(lsq, t));
    jo_pair(j, "SmartViewId", NULL);
    jo_pair(j, "SmartViewCode", or_null(t->smart_view));
    jo_pair(j, "SmartViewName", NULL);
    jo_pair_bool(j, "IsSmartViewOverridden", false);
    jo_pair_bool(j, "ReplaceUserSmartView", false);
    jo_pair_bool(j, "IsReplaceUserSmartViewOverridden", false);
}

/* Depth first without recursion: the stack holds where each level has got to. Teams nest as deep as there are teams. */
static void team_tree(const struct call *call, struct jsonout *j)
{
    const struct lsq *lsq = lsq_of(call);
    size_t *at = mem_zero(lsq->nteams + 1, sizeof(*at)), depth = 0;
    int64_t *parent = mem_zero(lsq->nteams + 1, sizeof(*parent));

    jo_array(j);
    for (;;) {
        while (at[depth] < lsq->nteams && lsq->teams[at[depth]].parent_code != parent[depth])
            at[depth]++;
        if (at[depth] < lsq->nteams) {
            const struct lsq_team *t = &lsq->teams[at[depth]++];

            jo_object(j);
            team_fields(call, j, t);
            jo_key(j, "ChildTeams");
            jo_array(j);
            at[++depth] = 0;
            parent[depth] = t->code;
        } else {
            jo_array_end(j);
            if (depth-- == 0)
                break;
            jo_object_end(j);
        }
    }
    free(at);
    free(parent);
}

void lsq_teams(struct call *call)
{
    const struct lsq *lsq = lsq_of(call);
    const char *tree = call_param(call, "getHierarchical");
    struct jsonout j = {.out = &call->out};

    if (tree && !text_same(tree, "true") && !text_same(tree, "false"))
        call_violation(call, RULE_MISSING_QUERY, "getHierarchical is neither true nor false");
    jo_object(&j);
    jo_pair(&j, "FetchedOn", STAMP);
    jo_pair_int(&j, "RecordCount", (int64_t)lsq->nteams);
    jo_key(&j, "Teams");
    if (tree && text_same(tree, "true")) {
        team_tree(call, &j);
    } else {
        jo_array(&j);
        for (size_t i = 0; i < lsq->nteams; i++) {
            jo_object(&j);
            team_fields(call, &j, &lsq->teams[i]);
            jo_object_end(&j);
        }
        jo_array_end(&j);
    }
    jo_object_end(&j);
}

static void set_text(char **to, const json_t *value)
{
    if (!value)
        return;
    free(*to);
    *to = mem_copy(json_string_value(value), json_string_length(value));
}

/* A code may come as a number or as its digits. */
static int64_t code_of(const json_t *value)
{
    return json_is_string(value) ? strtoll(json_string_value(value), NULL, 10) : json_integer_value(value);
}

void lsq_team_create(struct call *call)
{
    enum { NAME, ABOUT, SEQUENCE, PARENT, WORKDAY, HOLIDAYS, VIEW, BOARDS, BOARD, KEYS };
    static const struct body_key keys[KEYS] = {
        [NAME] = {"Name", BODY_STRING, false},
        [ABOUT] = {"Description", BODY_STRING, false},
        [SEQUENCE] = {"Sequence", BODY_INT, false},
        [PARENT] = {"ParentCode", BODY_INT | BODY_STRING, false},
        [WORKDAY] = {"WorkdayTemplateCode", BODY_STRING, false},
        [HOLIDAYS] = {"HolidayCalendarCode", BODY_STRING, false},
        [VIEW] = {"SmartViewCode", BODY_STRING, false},
        [BOARDS] = {"DashboardCodes", BODY_ARRAY, false},
        [BOARD] = {"DefaultDashboardCode", BODY_STRING, false},
    };
    struct lsq *lsq = lsq_of(call);
    json_t *got[KEYS];
    int64_t parent, code = 1;
    char id[LSQ_GUID + 1];
    struct lsq_team *t;
    struct jsonout j = {.out = &call->out};

    if (!body_read(call, call->body, "body", keys, KEYS, got))
        return;
    if (!got[NAME] || !json_string_length(got[NAME])) {
        lsq_mistake(call, RULE_MISSING_KEY, "MXMandatoryAttributeMissingException", "'Name' is mandatory");
        return;
    }
    parent = got[PARENT] ? code_of(got[PARENT]) : lsq->nteams ? lsq->teams[0].code : 0;
    if (parent && !lsq_team_by_code(lsq, parent)) {
        lsq_mistake(call, RULE_UNKNOWN_REFERENCE, "MXInvalidInputException", "Invalid Input! Parameter Name: ParentCode");
        return;
    }
    while (lsq_team_by_code(lsq, code))
        code++;
    lsq_guid(&lsq->rng, id);
    t = lsq_team_add(lsq, id, json_string_value(got[NAME]), code, parent);
    t->sequence = json_integer_value(got[SEQUENCE]);
    set_text(&t->about, got[ABOUT]);
    set_text(&t->work_day, got[WORKDAY]);
    set_text(&t->holidays, got[HOLIDAYS]);
    set_text(&t->smart_view, got[VIEW]);
    call->applied = true;
    jo_object(&j);
    jo_pair(&j, "Status", "Success");
    jo_key(&j, "Message");
    jo_object(&j);
    jo_pair(&j, "Id", id);
    jo_object_end(&j);
    jo_object_end(&j);
}

/* ---- notices ---- */

void lsq_notify(struct call *call)
{
    enum { CONTENT, ADDRESSES, ROLES, KEYS };
    static const struct body_key keys[KEYS] = {
        [CONTENT] = {"EmailContent", BODY_OBJECT, true},
        [ADDRESSES] = {"UserEmailAddresses", BODY_ARRAY, true},
        [ROLES] = {"Roles", BODY_ARRAY, true},
    };
    static const struct body_key content[] = {
        {"From", BODY_STRING, true},
        {"Subject", BODY_STRING, true},
        {"ContentHTML", BODY_STRING, true},
    };
    json_t *got[KEYS], *mail[3];

    if (!body_read(call, call->body, "body", keys, KEYS, got) ||
        !body_read(call, got[CONTENT], "EmailContent", content, 3, mail))
        return;
    if (!json_array_size(got[ADDRESSES]) == !json_array_size(got[ROLES])) {
        lsq_mistake(call, RULE_BAD_VALUE, "MXInvalidInputException", "either 'UserEmailAddresses' or 'Roles' must be given");
        return;
    }
    call->applied = true;
    lsq_success(call);
}
