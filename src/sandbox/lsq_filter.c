/* Conditions of Advanced Search and of the bulk update (fact sheet 4.3, 5.3). */
#include "lsq.h"

#include <stdlib.h>
#include <string.h>

static const char *const operators[] = { "eq", "neq", "lik", "nlik", "lik_s", "lik_e", "n", "nn" };

size_t lsq_search_field(const struct call *call, const char *name)
{
    size_t i = schema_find(&lsq_schema, name, call_switch(call, SW_CASE) == 0);

    if (i >= U_COUNT || !(lsq_schema.fields[i].flags & F_SEARCH))
        return U_COUNT;
    if (i >= U_CUSTOM && i < U_CUSTOM + LSQ_SLOTS && !lsq_slot(lsq_of(call), i - U_CUSTOM))
        return U_COUNT;
    return i;
}

static bool read_operator(const char *text, enum lsq_operator *op)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (strcmp(operators[i], text) == 0) {
            *op = (enum lsq_operator)i;
            return true;
        }
    }
    return false;
}

/* null, AND or OR. */
enum joining { JOIN_NONE, JOIN_AND, JOIN_OR, JOIN_WRONG };

static enum joining joining_of(const json_t *value)
{
    const char *text = json_string_value(value);

    if (!value || json_is_null(value))
        return JOIN_NONE;
    if (text && text_same(text, "AND"))
        return JOIN_AND;
    return text && text_same(text, "OR") ? JOIN_OR : JOIN_WRONG;
}

static bool bad_joining(struct call *call)
{
    return lsq_mistake(call, RULE_CONDITIONS, "MXInvalidInputException",
                       "Invalid Input! ConditionOperator must be the same between all conditions of a group");
}

static bool read_condition(struct call *call, const json_t *object, struct lsq_group_condition *g,
                           enum joining *joining)
{
    enum { NAME, OPERATOR, VALUE, JOINING, KEYS };
    static const struct body_key keys[KEYS] = {
        [NAME] = { "LookupName", BODY_STRING, true },
        [OPERATOR] = { "Operator", BODY_STRING, true },
        [VALUE] = { "LookupValue", BODY_STRING | BODY_INT | BODY_NULL, false },
        [JOINING] = { "ConditionOperator", BODY_STRING | BODY_NULL, false },
    };
    json_t *got[KEYS];
    struct lsq_condition *c;
    const char *text;
    char number[32];

    if (!body_read(call, object, "Condition", keys, KEYS, got))
        return false;
    g->condition = xrealloc(g->condition, g->count + 1, sizeof(*g->condition));
    c = &g->condition[g->count++];
    *c = (struct lsq_condition){ .field = lsq_search_field(call, json_string_value(got[NAME])) };
    text = got[VALUE] ? state_value(got[VALUE], number) : NULL;
    c->value = xmemdup(text ? text : "", text ? strlen(text) : 0);
    *joining = joining_of(got[JOINING]);
    if (c->field == U_COUNT)
        return lsq_mistake(call, RULE_UNKNOWN_ATTRIBUTE, "MXInvalidInputException",
                           "User search has some invalid Attributes");
    if (!read_operator(json_string_value(got[OPERATOR]), &c->op))
        return lsq_mistake(call, RULE_BAD_VALUE, "MXInvalidInputException",
                           "Invalid Input! Parameter Name: Operator");
    if (*joining == JOIN_WRONG)
        return bad_joining(call);
    return true;
}

static bool read_group(struct call *call, const json_t *object, struct lsq_group_condition *g,
                       enum joining *to_next)
{
    static const struct body_key keys[] = { { "Condition", BODY_ARRAY, true },
                                            { "GroupOperator", BODY_STRING | BODY_NULL, false } };
    enum joining joining = JOIN_NONE, last = JOIN_NONE;
    json_t *got[2], *one;
    size_t i;

    if (!body_read(call, object, "GroupConditions", keys, 2, got))
        return false;
    json_array_foreach(got[0], i, one)
    {
        /* What joined the condition before to this one: given, and the same throughout the group. */
        if (i > 0 && (last == JOIN_NONE || (i > 1 && last != joining)))
            return bad_joining(call);
        joining = last;
        if (!read_condition(call, one, g, &last))
            return false;
    }
    if (last != JOIN_NONE)
        call_violation(call, RULE_CONDITIONS, "ConditionOperator on the last condition");
    g->any = joining == JOIN_OR;
    *to_next = joining_of(got[1]);
    return *to_next != JOIN_WRONG || bad_joining(call);
}

bool lsq_filter_read(struct call *call, const json_t *groups, struct lsq_filter *filter)
{
    enum joining to_next = JOIN_NONE;
    size_t i;
    json_t *one;

    json_array_foreach((json_t *)groups, i, one)
    {
        struct lsq_group_condition *g;

        if (i > 0 && to_next == JOIN_NONE)
            call_violation(call, RULE_CONDITIONS, "GroupOperator is missing between groups; AND is taken");
        filter->group = xrealloc(filter->group, filter->count + 1, sizeof(*filter->group));
        g = &filter->group[filter->count++];
        *g = (struct lsq_group_condition){ .count = 0 };
        if (!read_group(call, one, g, &to_next))
            return false;
        g->or_next = to_next == JOIN_OR;
        filter->conditions += g->count;
    }
    return true;
}

static bool contains(const char *text, const char *part)
{
    size_t n = strlen(part), len = strlen(text);

    for (size_t i = 0; i + n <= len; i++) {
        size_t k = 0;

        while (k < n && (text[i + k] | (text[i + k] >= 'A' && text[i + k] <= 'Z' ? 32 : 0)) ==
                            (part[k] | (part[k] >= 'A' && part[k] <= 'Z' ? 32 : 0)))
            k++;
        if (k == n)
            return true;
    }
    return false;
}

static bool starts(const char *text, const char *part)
{
    for (; *part; text++, part++) {
        char a[2] = { *text, 0 }, b[2] = { *part, 0 };

        if (!text_same(a, b))
            return false;
    }
    return true;
}

static bool condition_holds(const struct lsq_condition *c, const char *const *f)
{
    const char *text = f[c->field];

    /* Obsolete users, where they are found at all, are found as inactive. */
    if (c->field == U_STATUS && lsq_obsolete(f))
        text = "1";
    if (lsq_schema.fields[c->field].kind == FIELD_NUMBER && !*text)
        text = "0";
    switch (c->op) {
    case OP_EQ: return text_same(text, c->value);
    case OP_NEQ: return !text_same(text, c->value);
    case OP_LIK: return contains(text, c->value);
    case OP_NLIK: return !contains(text, c->value);
    case OP_LIK_S: return starts(text, c->value);
    case OP_LIK_E:
        return strlen(text) >= strlen(c->value) &&
               text_same(text + strlen(text) - strlen(c->value), c->value);
    case OP_N: return !*text;
    case OP_NN: return *text;
    }
    return false;
}

static bool group_holds(const struct lsq_group_condition *g, const char *const *f)
{
    for (size_t i = 0; i < g->count; i++) {
        if (condition_holds(&g->condition[i], f) == g->any)
            return g->any;
    }
    return !g->any;
}

bool lsq_filter_matches(const struct lsq_filter *filter, const char *const *f)
{
    bool holds = true, any = false;

    for (size_t i = 0; i < filter->count; i++) {
        bool here = group_holds(&filter->group[i], f);

        holds = i == 0 ? here : any ? holds || here : holds && here;
        any = filter->group[i].or_next;
    }
    return holds;
}

void lsq_filter_free(struct lsq_filter *filter)
{
    for (size_t g = 0; g < filter->count; g++) {
        for (size_t i = 0; i < filter->group[g].count; i++)
            free(filter->group[g].condition[i].value);
        free(filter->group[g].condition);
    }
    free(filter->group);
    *filter = (struct lsq_filter){ 0 };
}
