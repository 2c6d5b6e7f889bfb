/* Reads without a body: who am I, the listing, one user, reports (fact sheet 4.1, 4.2, 4.4, 4.5). */
#include "lsq.h"

#include <stdlib.h>
#include <string.h>

void lsq_who_am_i(struct call *call)
{
    const struct lsq *lsq = lsq_of(call);
    struct user *owner = state_by_id(&call->sb->state, lsq->key_owner);
    struct jw j = jw_into(&call->out);
    struct buf text = BUF_INIT(ANSWER_MAX);
    const char *const *f = owner->f;

    jw_object(&j);
    jw_kz(&j, "Class", "1");
    jw_kz(&j, "Group", "1");
    jw_kz(&j, "SubRegionId", "1");
    jw_kz(&j, "Id", f[U_USERID]);
    jw_kz(&j, "Name", lsq_manager_name(call, f[U_USERID], &text));
    jw_kz(&j, "PassPhrase", f[U_EMAIL]);
    jw_kz(&j, "Role", f[U_ROLE]);
    jw_kz(&j, "EmailAddress", NULL);
    jw_kz(&j, "SessionId", "");
    jw_kz(&j, "TimeZone", f[U_TIMEZONE]);
    jw_kz(&j, "TokenId", NULL);
    jw_kz(&j, "Type", "ApplicationUser");
    jw_kz(&j, "OrgDisplayName", lsq->org_name);
    jw_kz(&j, "OrgId", lsq->org_id);
    buf_clear(&text);
    buf_printf(&text, "%lld", (long long)lsq->org_code);
    jw_kz(&j, "OrgShortCode", buf_z(&text));
    jw_kz(&j, "OrgUniqueName", "t20200101000000");
    jw_kz(&j, "DefaultCountryCode", "91");
    jw_kz(&j, "AssociatedPhoneNumbers", f[U_PHONES]);
    jw_kz(&j, "RestrictedFeatures", NULL);
    jw_kz(&j, "CustomerType", "");
    jw_kz(&j, "Plan", NULL);
    jw_kz(&j, "UserType", "Regular");
    jw_key(&j, "MobileServiceURLs");
    jw_object(&j);
    jw_kz(&j, "ReportsURL", "https://reports.example.com");
    jw_end_object(&j);
    jw_key(&j, "LSQCommonServiceURLs");
    jw_object(&j);
    jw_kz(&j, "api", "https://api-in21.leadsquared.com");
    jw_end_object(&j);
    jw_end_object(&j);
    buf_deinit(&text);
}

/* Calls with(name, length) for each of a comma list. */
static void group_names(struct jw *j, const char *list)
{
    jw_array(j);
    for (const char *p = list; *p;) {
        size_t n = strcspn(p, ",");

        jw_str(j, (struct str){ p, n });
        p += n + (p[n] == ',');
    }
    jw_end_array(j);
}

static void list_one(const struct call *call, struct jw *j, const char *const *f)
{
    (void)call;
    jw_object(j);
    jw_kz(j, "ID", f[U_USERID]);
    jw_kz(j, "FirstName", f[U_FIRST]);
    jw_kz(j, "LastName", f[U_LAST]);
    jw_kz(j, "EmailAddress", f[U_EMAIL]);
    jw_kz(j, "Role", f[U_ROLE]);
    jw_kint(j, "StatusCode", lsq_active(f) ? 0 : 1);
    if (*f[U_GROUPS]) {
        jw_key(j, "MemberOfGroups");
        group_names(j, f[U_GROUPS]);
    }
    jw_kz(j, "Tag", *f[U_TAG] ? f[U_TAG] : NULL);
    jw_kbool(j, "IsPhoneCallAgent", strcmp(f[U_AGENT], "true") == 0);
    jw_end_object(j);
}

void lsq_list_users(struct call *call)
{
    struct state *state = &call->sb->state;
    int64_t cap = call_switch(call, SW_LISTING_CAP), n = 0;
    struct jw j = jw_into(&call->out);

    jw_array(&j);
    for (size_t i = 0; i < state->count && (cap == SWITCH_OFF || n < cap); i++) {
        const char *const *f = lsq_shown(call, &state->users[i]);

        if (!f)
            continue;
        list_one(call, &j, f);
        state->users[i].behind_back = false;
        n++;
    }
    jw_end_array(&j);
}

static void groups_with_ids(const struct call *call, struct jw *j, const char *list)
{
    jw_array(j);
    for (const char *p = list; *p;) {
        size_t n = strcspn(p, ",");
        char *name = xmemdup(p, n);
        const struct lsq_group *g = lsq_group_by(lsq_of(call), name, NULL);

        jw_object(j);
        jw_kz(j, "Id", g ? g->id : NULL);
        jw_kz(j, "Name", name);
        jw_end_object(j);
        free(name);
        p += n + (p[n] == ',');
    }
    jw_end_array(j);
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
    struct jw j = jw_into(&call->out);
    struct buf room = BUF_INIT(ANSWER_MAX);

    jw_array(&j);
    if (f && lsq_active(f)) {
        u->behind_back = false;
        jw_object(&j);
        for (size_t i = 0; i < U_COUNT; i++) {
            if (lsq_schema.fields[i].flags & flag)
                lsq_value(&j, &lsq_schema.fields[i], derived(call, f, i, &room));
        }
        jw_kint(&j, "OrgId", lsq_of(call)->org_code);
        jw_kz(&j, "CompanyName", lsq_of(call)->org_name);
        jw_key(&j, "Groups");
        groups_with_ids(call, &j, f[U_GROUPS]);
        jw_end_object(&j);
    }
    jw_end_array(&j);
    buf_deinit(&room);
}

void lsq_by_id(struct call *call)
{
    const char *id = call_param(call, "userId");

    if (!id || !lsq_is_guid(id))
        lsq_mistake(call, RULE_MISSING_QUERY, "MXInvalidInputException",
                    "Invalid Input! Parameter Name: userId");
    else
        retrieve(call, state_by_id(&call->sb->state, id), F_BYID);
}

void lsq_by_email(struct call *call)
{
    const char *email = call_param(call, "emailAddress");

    if (!email || !*email)
        lsq_mistake(call, RULE_MISSING_QUERY, "MXInvalidInputException",
                    "Invalid Input! Parameter Name: emailAddress");
    else
        retrieve(call, state_by_email(&call->sb->state, email), F_BYMAIL);
}

/*
 * Everybody under a manager, level by level. Each round takes those in whose manager is taken already; a user
 * is taken once, so rings, which the vendor may allow, end it as well.
 */
void lsq_reporting(struct call *call)
{
    struct state *state = &call->sb->state;
    const char *id = call_param(call, "UserId");
    struct user *top = state_by_id(state, id && *id ? id : lsq_of(call)->key_owner);
    struct jw j = jw_into(&call->out);
    bool *taken = xcalloc(state->count, 1), more = top != NULL;

    if (id && *id && !lsq_is_guid(id))
        call_violation(call, RULE_MISSING_QUERY, "userId is no GUID");
    if (top)
        taken[top->number] = true;
    jw_array(&j);
    while (more) {
        more = false;
        for (size_t i = 0; i < state->count; i++) {
            const char *const *f = taken[i] ? NULL : lsq_shown(call, &state->users[i]);
            struct user *manager = f && *f[U_MANAGER] ? state_by_id(state, f[U_MANAGER]) : NULL;

            if (!manager || !taken[manager->number])
                continue;
            taken[i] = more = true;
            if (lsq_active(f))
                jw_z(&j, f[U_USERID]);
        }
    }
    jw_end_array(&j);
    free(taken);
}
