/* Update Users in Bulk: one team for all users that conditions select (fact sheet 5.3). */
#include "lsq.h"

#include <string.h>

#define SANE_CONDITIONS 50

/* A careful client names each user by its address; anything looser may move the whole organisation. */
static void judge(struct call *call, const struct lsq_filter *filter)
{
    if (filter->conditions > SANE_CONDITIONS)
        call_violation(call, RULE_MANY_CONDITIONS, "%zu conditions", filter->conditions);
    for (size_t g = 0; g < filter->count; g++) {
        for (size_t i = 0; i < filter->group[g].count; i++) {
            const struct lsq_condition *c = &filter->group[g].condition[i];

            if (c->field != U_EMAIL || c->op != OP_EQ || !*c->value)
                call_violation(call, RULE_LOOSE_BULK, "%s", lsq_schema.fields[c->field].name);
            else if (!state_by_email(&call->sb->state, c->value))
                call_violation(call, RULE_UNKNOWN_USER, "%s", c->value);
        }
    }
}

static bool wants_team(struct call *call, const char *attribute, const char *team)
{
    if (strcmp(attribute, "TeamId") != 0)
        return lsq_mistake(call, RULE_UNKNOWN_ATTRIBUTE, "MXInvalidInputException",
                           "Invalid Input! Parameter Name: Attribute");
    if (!lsq_team_by_id(lsq_of(call), team))
        return lsq_mistake(call, RULE_UNKNOWN_REFERENCE, "MXInvalidInputException",
                           "Invalid Input! Parameter Name: Value");
    return true;
}

static int64_t move(struct call *call, const struct lsq_filter *filter, const char *team)
{
    struct state *state = &call->sb->state;
    bool inactive = call_switch(call, SW_BULK_INACTIVE) == 0;
    int64_t rows = 0;

    for (size_t i = 0; i < state->count; i++) {
        struct user *u = &state->users[i];

        if (lsq_obsolete(u->f) || (!inactive && !lsq_active(u->f)) || !lsq_filter_matches(filter, u->f))
            continue;
        rows++;
        if (text_same(u->f[U_USERID], lsq_of(call)->key_owner))
            call_violation(call, RULE_KEY_OWNER, "%s", call->endpoint->name);
        if (text_same(u->f[U_TEAMID], team)) {
            call_violation(call, RULE_NO_CHANGE, "%s", u->f[U_USERID]);
            continue;
        }
        state_begin(state, u, call->now);
        state_set(state, u, U_TEAMID, team, strlen(team));
        call_touch(call, u);
    }
    return rows;
}

void lsq_bulk_update(struct call *call)
{
    enum { CONDITIONS, ATTRIBUTE, VALUE, KEYS };
    static const struct body_key keys[KEYS] = {
        [CONDITIONS] = { "Conditions", BODY_ARRAY, true },
        [ATTRIBUTE] = { "Attribute", BODY_STRING, true },
        [VALUE] = { "Value", BODY_STRING, true },
    };
    struct lsq_filter filter = { 0 };
    json_t *got[KEYS];

    if (!body_read(call, call->body, "body", keys, KEYS, got))
        return;
    if (lsq_filter_read(call, got[CONDITIONS], &filter)) {
        bool empty = filter.conditions == 0;

        for (size_t g = 0; g < filter.count; g++)
            empty = empty || filter.group[g].count == 0;
        if (empty) {
            lsq_mistake(call, RULE_CONDITIONS, "MXInvalidInputException",
                        "At least one condition is mandatory");
        } else if (wants_team(call, json_string_value(got[ATTRIBUTE]), json_string_value(got[VALUE]))) {
            judge(call, &filter);
            lsq_success_rows(call, move(call, &filter, json_string_value(got[VALUE])), true);
        }
    }
    lsq_filter_free(&filter);
}
