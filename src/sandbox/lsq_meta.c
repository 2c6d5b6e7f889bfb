/* What surrounds users: attribute definitions, teams, notices (fact sheet 4.6, 6, 7). */
#include "lsq.h"

#include <stdlib.h>
#include <string.h>

#define STAMP "2025-01-01 00:00:00"
#define SYSTEM_USER "66666666-aaaa-4bbb-8ccc-000000000001"

/* ---- attributes ---- */

static void attribute(struct jw *j, const struct lsq_attribute *a)
{
    jw_object(j);
    jw_kz(j, "BaseTable", "User_Base");
    jw_kbool(j, "CanUserEdit", a->custom);
    jw_kz(j, "Category", a->custom ? "Custom" : "Standard");
    jw_kz(j, "CreatedBy", SYSTEM_USER);
    jw_kz(j, "CreatedByName", "System");
    jw_kz(j, "CreatedOn", STAMP);
    jw_kint(j, "DataType", a->data_type);
    jw_kz(j, "DisplayName", a->title);
    jw_kz(j, "Id", a->id);
    jw_kz(j, "InternalSchemaName", a->slot);
    jw_kbool(j, "IsHidden", false);
    jw_kbool(j, "IsMandatory", a->needed);
    jw_kint(j, "MaxLength", a->max);
    jw_kz(j, "ModifiedBy", SYSTEM_USER);
    jw_kz(j, "ModifiedByName", "System");
    jw_kz(j, "ModifiedOn", STAMP);
    jw_kz(j, "Options", *a->options ? a->options : NULL);
    jw_kz(j, "SchemaName", a->schema_name);
    jw_end_object(j);
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

/* Sample requests look custom fields up as "SchemaName" by what is their slot, so both names are found by it.
 */
static bool asked_for(const struct lsq_attribute *a, json_t *const *asked)
{
    const char *list = json_string_value(asked[1]);

    return !list || listed(list, attribute_name(a, json_string_value(asked[0]))) || listed(list, a->slot);
}

void lsq_attributes(struct call *call)
{
    static const struct body_key outer[] = { { "Parameter", BODY_OBJECT, false } };
    static const struct body_key inner[] = { { "LookupName", BODY_STRING, true },
                                             { "LookupValue", BODY_STRING, true } };
    const struct lsq *lsq = lsq_of(call);
    struct jw j = jw_into(&call->out);
    json_t *parameter = NULL, *asked[2] = { 0 };
    int64_t n = 0;

    if (call->body && !body_read(call, call->body, "body", outer, 1, &parameter))
        return;
    if (parameter && !body_read(call, parameter, "Parameter", inner, 2, asked))
        return;
    for (size_t i = 0; i < lsq->nattributes; i++)
        n += asked_for(&lsq->attributes[i], asked);
    jw_object(&j);
    jw_kint(&j, "TotalUserAttributes", n);
    jw_key(&j, "UserAttributes");
    jw_array(&j);
    for (size_t i = 0; i < lsq->nattributes; i++) {
        if (asked_for(&lsq->attributes[i], asked))
            attribute(&j, &lsq->attributes[i]);
    }
    jw_end_array(&j);
    jw_end_object(&j);
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

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

static void team_fields(const struct call *call, struct jw *j, const struct lsq_team *t)
{
    const struct lsq *lsq = lsq_of(call);
    const struct lsq_team *parent = t->parent_code ? lsq_team_by_code(lsq, t->parent_code) : NULL;

    jw_kz(j, "TeamId", t->id);
    jw_kint(j, "Code", t->code);
    jw_kz(j, "Name", t->name);
    jw_kz(j, "Description", t->about);
    jw_kint(j, "Sequence", t->sequence);
    jw_kz(j, "ParentId", parent ? parent->id : NULL);
    jw_kint(j, "ParentCode", t->parent_code);
    jw_kz(j, "ParentName", parent ? parent->name : NULL);
    jw_kz(j, "ModifiedBy", SYSTEM_USER);
    jw_kz(j, "ModifiedByName", "System");
    jw_kz(j, "ModifiedOn", STAMP);
    jw_kz(j, "WorkDayTemplateId", NULL);
    jw_kz(j, "WorkdayTemplateCode", or_null(t->work_day));
    jw_kz(j, "WorkDayTemplateName", NULL);
    jw_kbool(j, "IsWorkDayTemplateOverridden", false);
    jw_kz(j, "HolidayCalendarId", NULL);
    jw_kz(j, "HolidayCalendarCode", or_null(t->holidays));
    jw_kz(j, "HolidayCalendarName", NULL);
    jw_kbool(j, "IsHolidayCalendarOverridden", false);
    jw_kint(j, "UserCount", (int64_t)members(call, t));
    jw_kint(j, "Depth", lsq_team_depth(lsq, t));
    jw_kz(j, "SmartViewId", NULL);
    jw_kz(j, "SmartViewCode", or_null(t->smart_view));
    jw_kz(j, "SmartViewName", NULL);
    jw_kbool(j, "IsSmartViewOverridden", false);
    jw_kbool(j, "ReplaceUserSmartView", false);
    jw_kbool(j, "IsReplaceUserSmartViewOverridden", false);
}

/* Depth first without recursion: the stack holds where each level has got to. */
static void team_tree(const struct call *call, struct jw *j)
{
    const struct lsq *lsq = lsq_of(call);
    size_t at[LSQ_TEAM_DEPTH + 2] = { 0 }, depth = 0;
    int64_t parent[LSQ_TEAM_DEPTH + 2] = { 0 };

    jw_array(j);
    for (;;) {
        while (at[depth] < lsq->nteams && lsq->teams[at[depth]].parent_code != parent[depth])
            at[depth]++;
        if (at[depth] < lsq->nteams) {
            const struct lsq_team *t = &lsq->teams[at[depth]++];

            jw_object(j);
            team_fields(call, j, t);
            jw_key(j, "ChildTeams");
            jw_array(j);
            at[++depth] = 0;
            parent[depth] = t->code;
        } else {
            jw_end_array(j);
            if (depth-- == 0)
                break;
            jw_end_object(j);
        }
    }
}

void lsq_teams(struct call *call)
{
    const struct lsq *lsq = lsq_of(call);
    const char *tree = call_param(call, "getHierarchical");
    struct jw j = jw_into(&call->out);

    if (tree && !text_same(tree, "true") && !text_same(tree, "false"))
        call_violation(call, RULE_MISSING_QUERY, "getHierarchical is neither true nor false");
    jw_object(&j);
    jw_kz(&j, "FetchedOn", STAMP);
    jw_kint(&j, "RecordCount", (int64_t)lsq->nteams);
    jw_key(&j, "Teams");
    if (tree && text_same(tree, "true")) {
        team_tree(call, &j);
    } else {
        jw_array(&j);
        for (size_t i = 0; i < lsq->nteams; i++) {
            jw_object(&j);
            team_fields(call, &j, &lsq->teams[i]);
            jw_end_object(&j);
        }
        jw_end_array(&j);
    }
    jw_end_object(&j);
}

static void set_text(char **to, const json_t *value)
{
    if (!value)
        return;
    free(*to);
    *to = xmemdup(json_string_value(value), json_string_length(value));
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
        [NAME] = { "Name", BODY_STRING, false },
        [ABOUT] = { "Description", BODY_STRING, false },
        [SEQUENCE] = { "Sequence", BODY_INT, false },
        [PARENT] = { "ParentCode", BODY_INT | BODY_STRING, false },
        [WORKDAY] = { "WorkdayTemplateCode", BODY_STRING, false },
        [HOLIDAYS] = { "HolidayCalendarCode", BODY_STRING, false },
        [VIEW] = { "SmartViewCode", BODY_STRING, false },
        [BOARDS] = { "DashboardCodes", BODY_ARRAY, false },
        [BOARD] = { "DefaultDashboardCode", BODY_STRING, false },
    };
    struct lsq *lsq = lsq_of(call);
    json_t *got[KEYS];
    int64_t parent, code = 1;
    char id[LSQ_GUID + 1];
    struct lsq_team *t;
    struct jw j = jw_into(&call->out);

    if (!body_read(call, call->body, "body", keys, KEYS, got))
        return;
    if (!got[NAME] || !json_string_length(got[NAME])) {
        lsq_mistake(call, RULE_MISSING_KEY, "MXMandatoryAttributeMissingException", "'Name' is mandatory");
        return;
    }
    parent = got[PARENT] ? code_of(got[PARENT]) : lsq->nteams ? lsq->teams[0].code : 0;
    if (parent && (!lsq_team_by_code(lsq, parent) ||
                   lsq_team_depth(lsq, lsq_team_by_code(lsq, parent)) == LSQ_TEAM_DEPTH)) {
        lsq_mistake(call, RULE_UNKNOWN_REFERENCE, "MXInvalidInputException",
                    "Invalid Input! Parameter Name: ParentCode");
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
    jw_object(&j);
    jw_kz(&j, "Status", "Success");
    jw_key(&j, "Message");
    jw_object(&j);
    jw_kz(&j, "Id", id);
    jw_end_object(&j);
    jw_end_object(&j);
}

/* ---- notices ---- */

void lsq_notify(struct call *call)
{
    enum { CONTENT, ADDRESSES, ROLES, KEYS };
    static const struct body_key keys[KEYS] = {
        [CONTENT] = { "EmailContent", BODY_OBJECT, true },
        [ADDRESSES] = { "UserEmailAddresses", BODY_ARRAY, true },
        [ROLES] = { "Roles", BODY_ARRAY, true },
    };
    static const struct body_key content[] = {
        { "From", BODY_STRING, true },
        { "Subject", BODY_STRING, true },
        { "ContentHTML", BODY_STRING, true },
    };
    json_t *got[KEYS], *mail[3];

    if (!body_read(call, call->body, "body", keys, KEYS, got) ||
        !body_read(call, got[CONTENT], "EmailContent", content, 3, mail))
        return;
    if (!json_array_size(got[ADDRESSES]) == !json_array_size(got[ROLES])) {
        lsq_mistake(call, RULE_BAD_VALUE, "MXInvalidInputException",
                    "either 'UserEmailAddresses' or 'Roles' must be given");
        return;
    }
    call->applied = true;
    lsq_success(call);
}
