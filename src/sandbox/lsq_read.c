/* Reads without a body: who am I, the listing, one user, reports (fact sheet 4.1, 4.2, 4.4, 4.5). */
#include "lsq.h"

#include <stdlib.h>
#include <string.h>

void lsq_who_am_i(struct call *call)
{
    const struct lsq *lsq = lsq_of(call);
    struct user *owner = state_by_id(&call->sb->state, lsq->key_owner);
    struct jsonout j = {.out = &call->out};
    struct buf text = {0};
    const char *const *f = owner->f;

    jo_object(&j);
    jo_pair(&j, "Class", "1");
    jo_pair(&j, "Group", "1");
    jo_pair(&j, "SubRegionId", "1");
    jo_pair(&j, "Id", f[U_USERID]);
    jo_pair(&j, "Name", lsq_manager_name(call, f[U_USERID], &text));
    jo_pair(&j, "PassPhrase", f[U_EMAIL]);
    jo_pair(&j, "Role", f[U_ROLE]);
    jo_pair(&j, "EmailAddress", NULL);
    jo_pair(&j, "SessionId", "");
    jo_pair(&j, "TimeZone", f[U_TIMEZONE]);
    jo_pair(&j, "TokenId", NULL);
    jo_pair(&j, "Type", "ApplicationUser");
    jo_pair(&j, "OrgDisplayName", lsq->org_name);
    jo_pair(&j, "OrgId", lsq->org_id);
    buf_clear(&text);
    buf_printf(&text, "%lld", (long long)lsq->org_code);
    jo_pair(&j, "OrgShortCode", buf_text(&text));
    jo_pair(&j, "OrgUniqueName", "t20200101000000");
    jo_pair(&j, "DefaultCountryCode", "91");
    jo_pair(&j, "AssociatedPhoneNumbers", f[U_PHONES]);
    jo_pair(&j, "RestrictedFeatures", NULL);
    jo_pair(&j, "CustomerType", "");
    jo_pair(&j, "Plan", NULL);
    jo_pair(&j, "UserType", "Regular");
    jo_key(&j, "MobileServiceURLs");
    jo_object(&j);
    jo_pair(&j, "ReportsURL", "https://reports.example.com");
    jo_object_end(&j);
    jo_key(&j, "LSQCommonServiceURLs");
    jo_object(&j);
    jo_pair(&j, "api", "https://api-in21.leadsquared.com");
    jo_object_end(&j);
    jo_object_end(&j);
    buf_free(&text);
}

/* Calls with(name, length) for each of a comma list. */
static void group_names(struct jsonout *j, const char *list)
{
    jo_array(j);
    for (const char *p = list; *p;) {
        size_t n = strcspn(p, ",");

        jo_text_n(j, p, n);
        p += n + (p[n] == ',');
    }
    jo_array_end(j);
}

static void list_one(const struct call *call, struct jsonout *j, const char *const *f)
{
    (void)call;
    jo_object(j);
    jo_pair(j, "ID", f[U_USERID]);
    jo_pair(j, "FirstName", f[U_FIRST]);
    jo_pair(j, "LastName", f[U_LAST]);
    jo_pair(j, "EmailAddress", f[U_EMAIL]);
    jo_pair(j, "Role", f[U_ROLE]);
    jo_pair_int(j, "StatusCode", lsq_active(f) ? 0 : 1);
    if (*f[U_GROUPS]) {
        jo_key(j, "MemberOfGroups");
        group_names(j, f[U_GROUPS]);
    }
    jo_pair(j, "Tag", *f[U_TAG] ? f[U_TAG] : NULL);
    jo_pair_bool(j, "IsPhoneCallAgent", strcmp(f[U_AGENT], "true") == 0);
    jo_object_end(j);
}

void lsq_list_users(struct call *call)
{
    struct state *state = &call->sb->state;
    int64_t cap = call_switch(call, SW_LISTING_CAP), n = 0;
    struct jsonout j = {.out = &call->out};

    jo_array(&j);
    for (size_t i = 0; i < state->count && (cap == SWITCH_OFF || n < cap); i++) {
        const char *const *f = lsq_shown(call, &state->users[i]);

        if (!f)
            continue;
        list_one(call, &j, f);
        state->users[i].behind_back = false;
        n++;
    }
    jo_array_end(&j);
}

static void groups_with_ids(const struct call *call, struct jsonout *j, const char *list)
{
    jo_array(j);
    for (const char *p = list; *p;) {
        size_t n = strcspn(p, ",");
        char *name = mem_copy(p, n);
        const struct lsq_group *g = lsq_group_by(lsq_of(call), name, NULL);

        jo_object(j);
        jo_pair(j, "Id", g ? g->id : NULL);
        jo_pair(j, "Name", name);
        jo_object_end(j);
        free(name);
        p += n + (p[n] == ',');
    }
    jo_array_end(j);
}

static const char *derived(const struct call *call, const char *const *f, size_t field, struct buf *room)
{
    const struct lsq_team *team;

    if (field == U_MANAGERNAME)
        return lsq_manager_name(call, f[U_MANAGER], room);
    if (field != U_TEAMNAME)
        return f[field];
    team = *f[U_TEAMID] ? lsq_team_by_id(lsq_of(call), f[U_TEAMID]) : NULL;
    return team ? team->name : "";
}

/* Zero or one user; inactive ones are hidden. flag says which fields. */
static void retrieve(struct call *call, struct user *u, unsigned flag)
{
    const char *const *f = u ? state_seen(u, call->now) : NULL;
    struct jsonout j = {.out = &call->out};
    struct buf room = {0};

    jo_array(&j);
    if (f && lsq_active(f)) {
        u->behind_back = false;
        jo_object(&j);
        for (size_t i = 0; i < U_COUNT; i++) {
            if (lsq_schema.fields[i].flags & flag)
                lsq_value(&j, &lsq_schema.fields[i], derived(call, f, i, &room));
        }
        jo_pair_int(&j, "OrgId", lsq_of(call)->org_code);
        jo_pair(&j, "CompanyName", lsq_of(call)->org_name);
        jo_key(&j, "Groups");
        groups_with_ids(call, &j, f[U_GROUPS]);
        jo_object_end(&j);
    }
    jo_array_end(&j);
    buf_free(&room);
}

void lsq_by_id(struct call *call)
{
    const char *id = call_param(call, "userId");

    if (!id || !lsq_is_guid(id))
        lsq_mistake(call, RULE_MISSING_QUERY, "MXInvalidInputException", "Invalid Input! Parameter Name: userId");
    else
        retrieve(call, state_by_id(&call->sb->state, id), F_BYID);
}

void lsq_by_email(struct call *call)
{
    const char *email = call_param(call, "emailAddress");

    if (!email || !*email)
        lsq_mistake(call, RULE_MISSING_QUERY, "MXInvalidInputException", "Invalid Input! Parameter Name: emailAddress");
    else
        retrieve(call, state_by_email(&call->sb->state, email), F_BYMAIL);
}

/*
 * Everybody under a manager, level by level. Each round takes those in whose manager is taken already; a user is taken once, so
 * rings, which the vendor may allow, end it as well.
 */
void lsq_reporting(struct call *call)
{
    struct state *state = &call->sb->state;
    const char *id = call_param(call, "UserId");
    struct user *top = state_by_id(state, id && *id ? id : lsq_of(call)->key_owner);
    struct jsonout j = {.out = &call->out};
    bool *taken = mem_zero(state->count, 1), more = top != NULL;

    if (id && *id && !lsq_is_guid(id))
        call_violation(call, RULE_MISSING_QUERY, "userId is no GUID");
    if (top)
        taken[top->number] = true;
    jo_array(&j);
    while (more) {
        more = false;
        for (size_t i = 0; i < state->count; i++) {
            const char *const *f = taken[i] ? NULL : lsq_shown(call, &state->users[i]);
            struct user *manager = f && *f[U_MANAGER] ? state_by_id(state, f[U_MANAGER]) : NULL;

            if (!manager || !taken[manager->number])
                continue;
            taken[i] = more = true;
            if (lsq_active(f))
                jo_text(&j, f[U_USERID]);
        }
    }
    jo_array_end(&j);
    free(taken);
}
