/* Activate, Deactivate, MarkObsolete (fact sheet 5.5). */
#include "lsq.h"

#include <stdlib.h>
#include <string.h>

static bool method_allowed(struct call *call)
{
    int64_t strict = call_switch(call, SW_STATUS_METHOD);
    bool get = strcmp(call->request->method, "GET") == 0;

    if (strict == METHOD_ANY || get == (strict == METHOD_GET))
        return true;
    call_violation(call, RULE_METHOD, "%s %s", call->request->method, call->request->path);
    call->sb->vendor->problem(call, PROBLEM_METHOD, NULL);
    return false;
}

static void set_status(struct call *call, struct user *u, const char *status)
{
    state_begin(&call->sb->state, u, call->now);
    state_set(&call->sb->state, u, U_STATUS, status, 1);
    call_touch(call, u);
    lsq_success(call);
}

static void same_status(struct call *call, const struct user *u)
{
    call_violation(call, RULE_NO_CHANGE, "%s", u->f[U_USERID]);
    if (call_switch(call, SW_SAME_STATUS) == 0)
        lsq_success(call);
    else
        lsq_refuse(call, "MXInvalidInputException", "The user has this status already");
}

void lsq_activate(struct call *call)
{
    int64_t licences = call_switch(call, SW_LICENCES);
    struct user *u = method_allowed(call) ? lsq_wanted_user(call, "userId") : NULL;

    if (!u)
        return;
    if (lsq_obsolete(u->f))
        lsq_mistake(call, RULE_OBSOLETE_USER, "MXInvalidInputException",
                    "An obsolete user cannot be activated");
    else if (lsq_active(u->f))
        same_status(call, u);
    else if (licences != SWITCH_OFF && lsq_active_users(&call->sb->state) >= (uint64_t)licences)
        lsq_refuse(call, "MXInvalidInputException", "The user limit of your plan is reached");
    else
        set_status(call, u, "0");
}

static size_t active_reports(const struct state *state, const struct user *manager)
{
    size_t n = 0;

    for (size_t i = 0; i < state->count; i++) {
        const char *const *f = state->users[i].f;

        n += lsq_active(f) && text_same(f[U_MANAGER], manager->f[U_USERID]);
    }
    return n;
}

static bool may_deactivate(struct call *call, const struct user *u)
{
    int64_t rule = call_switch(call, SW_DEACTIVATION_RULE); /* bit 0: leads, bit 1: opportunities */
    size_t reports = active_reports(&call->sb->state, u);

    if (call_switch(call, SW_PROTECTED_USERS) == REFUSE && strcmp(u->f[U_BILLING], "true") == 0)
        return lsq_refuse(call, "MXInvalidInputException", "A billing user cannot be deactivated");
    if (call_switch(call, SW_PROTECTED_USERS) == REFUSE && strcmp(u->f[U_AUTOMATION], "true") == 0)
        return lsq_refuse(call, "MXInvalidInputException", "The user is part of a live automation");
    if ((rule & 1) && strtoll(u->f[U_LEADS], NULL, 10) > 0)
        return lsq_refuse(call, "MXInvalidInputException", "The user owns %s leads", u->f[U_LEADS]);
    if ((rule & 2) && strtoll(u->f[U_OPPORTUNITIES], NULL, 10) > 0)
        return lsq_refuse(call, "MXInvalidInputException", "The user owns %s open opportunities",
                          u->f[U_OPPORTUNITIES]);
    if (reports && call_switch(call, SW_DEACTIVATE_MANAGER) == REFUSE)
        return lsq_refuse(call, "MXInvalidInputException", "%zu active users report to this user", reports);
    return true;
}

void lsq_deactivate(struct call *call)
{
    struct user *u = method_allowed(call) ? lsq_wanted_user(call, "userId") : NULL;

    if (!u)
        return;
    if (lsq_obsolete(u->f))
        lsq_mistake(call, RULE_OBSOLETE_USER, "MXInvalidInputException",
                    "An obsolete user cannot be deactivated");
    else if (!lsq_active(u->f))
        same_status(call, u);
    else if (may_deactivate(call, u))
        set_status(call, u, "1");
}

void lsq_mark_obsolete(struct call *call)
{
    struct user *u = lsq_wanted_user(call, "userid");

    if (!u)
        return;
    if (lsq_active(u->f))
        lsq_mistake(call, RULE_OBSOLETE_USER, "MXInvalidInputException",
                    "Only deactivated users can be marked as obsolete");
    else if (lsq_obsolete(u->f))
        same_status(call, u);
    else
        set_status(call, u, "2");
}
