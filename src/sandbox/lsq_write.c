/* Create and Update of one user (fact sheet 5.1, 5.2). */
#include "lsq.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_MAX 1000

/* ---- values ---- */

static bool is_role(const char *text)
{
    static const char *const roles[] = { "Administrator", "Marketing_User", "Sales_Manager", "Sales_User" };

    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(text, roles[i]) == 0)
            return true;
    }
    return false;
}

static bool has_markup(const char *text)
{
    for (const char *p = strchr(text, '<'); p; p = strchr(p + 1, '<')) {
        if ((p[1] | 32) >= 'a' && (p[1] | 32) <= 'z')
            return true;
    }
    return false;
}

static bool is_email(const char *text)
{
    const char *at = strchr(text, '@');

    return at && at != text && at[1] && !strchr(at + 1, '@') && !strpbrk(text, " \t\r\n<>,;\"");
}

static size_t room_of(const struct call *call, size_t field)
{
    const struct lsq_attribute *a =
        field >= U_CUSTOM && field < U_CUSTOM + LSQ_SLOTS ? lsq_slot(lsq_of(call), field - U_CUSTOM) : NULL;
    size_t max = lsq_schema.fields[field].max;

    return a ? (size_t)a->max : max ? max : DEFAULT_MAX;
}

static bool invalid(struct call *call, enum rule rule, const char *name)
{
    return lsq_mistake(call, rule, "MXInvalidInputException", "Invalid Input! Parameter Name: %s", name);
}

static bool manager_good(struct call *call, const char *id)
{
    const struct user *m = state_by_id(&call->sb->state, id);

    if (!m || lsq_obsolete(m->f))
        return invalid(call, RULE_UNKNOWN_REFERENCE, "ManagerUserId");
    if (!lsq_active(m->f))
        call_violation(call, RULE_INACTIVE_MANAGER, "%s", id);
    return true;
}

bool lsq_value_good(struct call *call, size_t field, const char *text)
{
    const struct field *def = &lsq_schema.fields[field];

    if (!*text)
        return !(def->flags & F_NEEDED) ||
               lsq_mistake(call, RULE_MISSING_KEY, "MXMandatoryAttributeMissingException",
                           "'%s' is mandatory", def->name);
    if (strlen(text) > room_of(call, field))
        return invalid(call, RULE_BAD_VALUE, def->name);
    if (has_markup(text) && !(def->flags & F_MARKUP) && call_switch(call, SW_XSS) == REFUSE)
        return lsq_mistake(call, RULE_BAD_VALUE, "MXXSSException", "'%s' holds markup", def->name);
    switch (field) {
    case U_ROLE: return is_role(text) || invalid(call, RULE_BAD_VALUE, def->name);
    case U_EMAIL: return is_email(text) || invalid(call, RULE_BAD_VALUE, def->name);
    case U_TEAMID:
        return lsq_team_by_id(lsq_of(call), text) || invalid(call, RULE_UNKNOWN_REFERENCE, def->name);
    case U_MANAGER: return manager_good(call, text);
    case U_WORKDAY:
    case U_HOLIDAYS: return lsq_is_guid(text) || invalid(call, RULE_BAD_VALUE, def->name);
    default:
        return def->kind != FIELD_NUMBER || strcmp(text, "0") == 0 || strcmp(text, "1") == 0 ||
               invalid(call, RULE_BAD_VALUE, def->name);
    }
}

static unsigned type_of_field(size_t field)
{
    static const unsigned types[] = {
        [FIELD_TEXT] = BODY_STRING,
        [FIELD_BOOL] = BODY_BOOL,
        [FIELD_NUMBER] = BODY_INT,
    };

    return types[lsq_schema.fields[field].kind];
}

/* What a call wants to write: the texts live in the body or in `number`. */
struct wish {
    const char *text[U_COUNT];
    char number[U_COUNT][32];
};

/* Types and values of one attribute; false: answered. */
static bool take(struct call *call, struct wish *wish, size_t field, const json_t *value, const char *where)
{
    if (!body_typed(call, value, type_of_field(field), where, lsq_schema.fields[field].name))
        return false;
    wish->text[field] = state_value(value, wish->number[field]);
    return lsq_value_good(call, field, wish->text[field]);
}

/* ---- create ---- */

static bool take_customs(struct call *call, struct wish *wish, const json_t *customs)
{
    const struct lsq *lsq = lsq_of(call);
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)customs, name, value)
    {
        size_t slot = LSQ_SLOTS;

        for (size_t i = 0; i < LSQ_SLOTS; i++) {
            const struct lsq_attribute *a = lsq_slot(lsq, i);

            if (a && (strcmp(a->schema_name, name) == 0 ||
                      (call_switch(call, SW_CREATE_CUSTOM) == 1 && strcmp(a->slot, name) == 0)))
                slot = i;
        }
        if (slot == LSQ_SLOTS)
            return lsq_mistake(call, RULE_UNKNOWN_ATTRIBUTE, "MXUnknownAttributeException",
                               "Unknown attribute '%s'", name);
        if (!take(call, wish, U_CUSTOM + slot, value, "CustomFields"))
            return false;
    }
    return true;
}

/* Names of the groups as the comma list that is stored. */
static bool take_groups(struct call *call, const json_t *groups, struct buf *list)
{
    static const struct body_key keys[] = {
        { "GroupId", BODY_STRING, true },
        { "ViewAllLeadsOfGroup", BODY_INT, false },
        { "ModifyAllLeadsOfGroup", BODY_INT, false },
        { "AddUsersToGroup", BODY_INT, false },
        { "ViewAllAccountsOfGroup", BODY_INT, false },
        { "ModifyAllAccountsOfGroup", BODY_INT, false },
    };
    size_t i;
    json_t *one, *got[sizeof(keys) / sizeof(keys[0])];

    json_array_foreach((json_t *)groups, i, one)
    {
        const struct lsq_group *g;

        if (!body_read(call, one, "AssociatedGroups", keys, sizeof(keys) / sizeof(keys[0]), got))
            return false;
        g = lsq_group_by(lsq_of(call), NULL, json_string_value(got[0]));
        if (!g)
            return invalid(call, RULE_UNKNOWN_REFERENCE, "GroupId");
        buf_printf(list, "%s%s", list->n ? "," : "", g->name);
    }
    return true;
}

static bool take_create(struct call *call, struct wish *wish, struct buf *groups)
{
    const char *name;
    json_t *value;

    if (!json_is_object(call->body))
        return call_refuse_body(call, RULE_WRONG_TYPE, "the body is no object");
    json_object_foreach(call->body, name, value)
    {
        size_t field = schema_find(&lsq_schema, name, call_switch(call, SW_CASE) == 0);
        bool good;

        if (strcmp(name, "CustomFields") == 0)
            good = body_typed(call, value, BODY_OBJECT, "body", name) && take_customs(call, wish, value);
        else if (strcmp(name, "AssociatedGroups") == 0)
            good = body_typed(call, value, BODY_ARRAY, "body", name) && take_groups(call, value, groups);
        else if (strcmp(name, "Password") == 0)
            good = body_typed(call, value, BODY_STRING, "body", name);
        else if (field == U_COUNT || !(lsq_schema.fields[field].flags & F_CREATE))
            good = lsq_mistake(call, RULE_UNKNOWN_ATTRIBUTE, "MXUnknownAttributeException",
                               "Unknown attribute '%s'", name);
        else
            good = take(call, wish, field, value, "body");
        if (!good)
            return false;
        if (field < U_COUNT && strcmp(lsq_schema.fields[field].name, name) != 0)
            call_violation(call, RULE_SPELLING, "'%s' is documented as '%s'", name,
                           lsq_schema.fields[field].name);
    }
    return true;
}

static bool may_create(struct call *call, struct wish *wish)
{
    static const size_t needed[] = { U_FIRST, U_EMAIL, U_ROLE };
    int64_t licences = call_switch(call, SW_LICENCES);
    struct user *holder;

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (!wish->text[needed[i]])
            return lsq_mistake(call, RULE_MISSING_KEY, "MXMandatoryAttributeMissingException",
                               "'%s' is mandatory", lsq_schema.fields[needed[i]].name);
    }
    holder = state_by_email(&call->sb->state, wish->text[U_EMAIL]);
    if (holder) {
        if (!holder->behind_back && state_seen(holder, call->now))
            call_violation(call, RULE_CREATE_EXISTS, "%s", wish->text[U_EMAIL]);
        return lsq_refuse(call, "MXDuplicateEntryException", "A User with same EmailAddress already exists.");
    }
    if (licences != SWITCH_OFF && lsq_active_users(&call->sb->state) >= (uint64_t)licences)
        return lsq_refuse(call, "MXInvalidInputException", "The user limit of your plan is reached");
    return true;
}

void lsq_user_create(struct call *call)
{
    struct wish wish = { .text = { NULL } };
    struct buf groups = BUF_INIT(ANSWER_MAX);
    char id[LSQ_GUID + 1];

    if (take_create(call, &wish, &groups) && may_create(call, &wish)) {
        struct user *u;

        lsq_guid(&lsq_of(call)->rng, id);
        wish.text[U_USERID] = id;
        wish.text[U_GROUPS] = groups.n ? buf_z(&groups) : "";
        u = state_add(&call->sb->state, wish.text, call->now);
        call_touch(call, u);
        emulator_created(call->sb, u->f[U_EMAIL]);
        if (call_switch(call, SW_CREATE_ANSWER) == 0)
            buf_printf(&call->out, "{\"Status\":\"Success\",\"Message\":{\"Id\":\"%s\"}}", id);
        else
            lsq_success(call);
    }
    buf_deinit(&groups);
}

/* ---- update ---- */

static bool unlisted(struct call *call, const char *name)
{
    if (call_switch(call, SW_UPDATE_UNLISTED) == 0) {
        call_violation(call, RULE_UNKNOWN_ATTRIBUTE, "%s", name);
        return true;
    }
    return lsq_mistake(call, RULE_UNKNOWN_ATTRIBUTE, "MXUnknownAttributeException", "Unknown attribute '%s'",
                       name);
}

/* flag: F_UPDATE for attributes, F_SETTING for settings. */
static bool take_update(struct call *call, struct wish *wish, const json_t *object, unsigned flag,
                        const char *where)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        size_t field = schema_find(&lsq_schema, name, call_switch(call, SW_CASE) == 0);
        bool listed = field < U_COUNT && (lsq_schema.fields[field].flags & flag);

        if (field >= U_CUSTOM && field < U_CUSTOM + LSQ_SLOTS && !lsq_slot(lsq_of(call), field - U_CUSTOM))
            listed = false;
        if (!listed) {
            if (!unlisted(call, name))
                return false;
            continue;
        }
        if (strcmp(lsq_schema.fields[field].name, name) != 0)
            call_violation(call, RULE_SPELLING, "'%s' is documented as '%s'", name,
                           lsq_schema.fields[field].name);
        if (call_switch(call, SW_CLEAR) == 1 && json_is_string(value) && !json_string_length(value))
            continue;
        if (!take(call, wish, field, value, where))
            return false;
    }
    return true;
}

static bool same_value(size_t field, const char *old, const char *fresh)
{
    const struct field *def = &lsq_schema.fields[field];

    if (def->kind == FIELD_BOOL && !*old)
        return strcmp(fresh, "false") == 0;
    if (def->kind == FIELD_NUMBER && !*old)
        return strcmp(fresh, "0") == 0;
    return strcmp(old, fresh) == 0;
}

/* Writes what differs and records what did not. Returns the number of attributes that changed. */
static size_t apply(struct call *call, struct user *u, const struct wish *wish)
{
    size_t changed = 0, sent = 0;

    for (size_t i = 0; i < U_COUNT; i++) {
        if (!wish->text[i])
            continue;
        sent++;
        if (lsq_schema.fields[i].flags & F_FORGOTTEN)
            changed++;
        else if (!same_value(i, u->f[i], wish->text[i]))
            changed++;
    }
    if (!changed) {
        call_violation(call, sent ? RULE_NO_CHANGE : RULE_EMPTY_UPDATE, "%s", u->f[U_USERID]);
        return 0;
    }
    state_begin(&call->sb->state, u, call->now);
    for (size_t i = 0; i < U_COUNT; i++) {
        if (!wish->text[i] || (lsq_schema.fields[i].flags & F_FORGOTTEN))
            continue;
        if (same_value(i, u->f[i], wish->text[i]))
            call_violation(call, RULE_UNCHANGED_FIELD, "%s of %s", lsq_schema.fields[i].name, u->f[U_USERID]);
        else
            state_set(&call->sb->state, u, i, wish->text[i], strlen(wish->text[i]));
    }
    call_touch(call, u);
    return changed;
}

void lsq_user_update(struct call *call)
{
    /* The page prints its sample in one spelling and its table in the other: both are documented. */
    static const struct body_key keys[] = {
        { "user", BODY_OBJECT, false },
        { "userSettings", BODY_OBJECT, false },
        { "User", BODY_OBJECT, false },
        { "UserSettings", BODY_OBJECT, false },
    };
    struct wish wish = { .text = { NULL } };
    struct user *u = lsq_wanted_user(call, "UserId");
    json_t *got[4];

    if (!u || !body_read(call, call->body, "body", keys, 4, got))
        return;
    if (lsq_obsolete(u->f)) {
        lsq_mistake(call, RULE_OBSOLETE_USER, "MXInvalidInputException",
                    "Invalid Input! Parameter Name: UserId");
        return;
    }
    if (!lsq_active(u->f) && call_switch(call, SW_UPDATE_INACTIVE) == REFUSE) {
        lsq_refuse(call, "MXInvalidInputException", "An inactive user cannot be updated");
        return;
    }
    if (!take_update(call, &wish, got[0] ? got[0] : got[2], F_UPDATE, "user") ||
        !take_update(call, &wish, got[1] ? got[1] : got[3], F_SETTING, "userSettings"))
        return;
    lsq_success_rows(call, apply(call, u, &wish) ? 1 : 0, false);
}
