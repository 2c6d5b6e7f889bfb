/* LeadSquared's manner of answering: keys, errors, success. */
#include "lsq.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RIGHT_HOST "https://api-in21.leadsquared.com"

static bool same_pair(const struct sandbox *sb, const char *access, const char *secret)
{
    return access && secret && strcmp(access, sb->access_key) == 0 && strcmp(secret, sb->secret_key) == 0;
}

bool lsq_admit(struct call *call)
{
    const struct sandbox *sb = call->sb;
    const struct lsq *lsq = lsq_of(call);
    const char *url_access = call_param(call, "accessKey"), *url_secret = call_param(call, "secretKey");
    const char *access = http_header(call->x, "x-LSQ-AccessKey"),
               *secret = http_header(call->x, "x-LSQ-SecretKey");
    const struct user *owner = state_by_id(&call->sb->state, lsq->key_owner);

    if (url_access || url_secret) {
        call_violation(call, RULE_KEYS_IN_URL, "%s", call->request->path);
        if ((access || secret) && (same_pair(sb, access, secret) != same_pair(sb, url_access, url_secret)))
            call_violation(call, RULE_KEYS_TWICE, "%s", call->request->path);
        /* Which of the two wins is not documented. */
        access = url_access;
        secret = url_secret;
    }
    if (!same_pair(sb, access, secret)) {
        call_violation(call, RULE_BAD_KEYS, "%s", access && secret ? "unknown pair" : "missing");
        return false;
    }
    if (!owner || !lsq_active(owner->f)) {
        call_violation(call, RULE_BAD_KEYS, "the owner is not active");
        return false;
    }
    return call_switch(call, SW_HOST) == 0 || (call->endpoint && call->endpoint->handle == lsq_who_am_i);
}

static void error_body(struct call *call, int status, const char *exception, const char *message)
{
    struct jw j = jw_into(&call->out);

    buf_clear(&call->out);
    call->status = status;
    jw_object(&j);
    jw_kz(&j, "Status", "Error");
    jw_kz(&j, "ExceptionType", exception);
    jw_kz(&j, "ExceptionMessage", message);
    jw_end_object(&j);
}

static int logical_status(const struct call *call)
{
    static const int statuses[] = { 500, 400, 200 };

    return statuses[call_switch(call, SW_LOGICAL_STATUS)];
}

static void unauthorized(struct call *call)
{
    int64_t form = call_switch(call, SW_HOST) == 1 ? UNAUTHORIZED_HOST : call_switch(call, SW_UNAUTHORIZED);

    if (form == UNAUTHORIZED_JSON) {
        error_body(call, 401, "MXInvalidUserDetailsException", "Invalid User Details");
        return;
    }
    buf_clear(&call->out);
    call->status = 401;
    call->type = "text/plain";
    if (form == UNAUTHORIZED_HOST)
        buf_puts(&call->out, "Unauthorized: this account is served by " RIGHT_HOST "\n");
}

static void throttled(struct call *call)
{
    char text[MESSAGE_MAX];
    uint64_t calls = call->sb->rate.windows ? call->sb->rate.window[0].calls : 25;
    int64_t form = call_switch(call, SW_LIMITED_ANSWER);

    snprintf(text, sizeof(text), "API calls exceeded the limit of %llu in 5 second(s)",
             (unsigned long long)calls);
    error_body(call, form == LIMITED_200 ? 200 : 429, "MXAPIRateLimitExceededException", text);
    if (form == LIMITED_EMPTY)
        buf_clear(&call->out);
}

void lsq_problem(struct call *call, enum problem problem, const char *detail)
{
    const char *text = detail ? detail : "";

    switch (problem) {
    case PROBLEM_KEYS: unauthorized(call); break;
    case PROBLEM_THROTTLED: throttled(call); break;
    case PROBLEM_PATH: error_body(call, 404, "MXNotFoundException", "There is no such API"); break;
    case PROBLEM_METHOD:
        error_body(call, 405, "MXInvalidInputException", "The method is not allowed here");
        break;
    case PROBLEM_BODY: error_body(call, 400, "MXInvalidInputException", text); break;
    case PROBLEM_LOGIC: error_body(call, logical_status(call), "MXInvalidInputException", text); break;
    }
}

static void refuse(struct call *call, const char *exception, const char *message)
{
    bool unknown = strcmp(exception, "MXUnknownAttributeException") == 0;
    int status = unknown && call_switch(call, SW_UNKNOWN_ATTRIBUTE_STATUS) == 1 ? 400 : logical_status(call);

    error_body(call, status, exception, message);
}

bool lsq_refuse(struct call *call, const char *exception, const char *format, ...)
{
    char text[MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    refuse(call, exception, text);
    return false;
}

bool lsq_mistake(struct call *call, enum rule rule, const char *exception, const char *format, ...)
{
    char text[MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    call_violation(call, rule, "%s", text);
    refuse(call, exception, text);
    return false;
}

void lsq_success(struct call *call)
{
    buf_puts(&call->out, "{\"Status\":\"Success\"}");
}

void lsq_success_rows(struct call *call, int64_t rows, bool bulk)
{
    buf_printf(&call->out, "{\"Status\":\"Success\",\"Message\":{\"AffectedRows\":%lld%s}}", (long long)rows,
               bulk ? ",\"IsSuccessful\":true" : "");
}

void lsq_value(struct jw *j, const struct field *field, const char *text)
{
    jw_key(j, field->name);
    if (field->kind == FIELD_BOOL)
        jw_bool(j, strcmp(text, "true") == 0);
    else if (field->kind == FIELD_NUMBER)
        jw_int(j, strtoll(text, NULL, 10));
    else if (!*text && (field->flags & F_NULL))
        jw_null(j);
    else
        jw_z(j, text);
}

const char *lsq_manager_name(const struct call *call, const char *manager_id, struct buf *room)
{
    struct user *m = *manager_id ? state_by_id(&call->sb->state, manager_id) : NULL;
    const char *const *f = m ? state_seen(m, call->now) : NULL;

    if (!f)
        return "";
    buf_clear(room);
    buf_printf(room, "%s%s%s", f[U_FIRST], *f[U_LAST] ? " " : "", f[U_LAST]);
    return buf_z(room);
}

struct user *lsq_wanted_user(struct call *call, const char *param)
{
    const char *id = call_param(call, param);
    struct user *u;

    if (!id || !*id) {
        lsq_mistake(call, RULE_MISSING_QUERY, "MXMandatoryAttributeMissingException", "'%s' is mandatory",
                    param);
        return NULL;
    }
    u = lsq_is_guid(id) ? state_by_id(&call->sb->state, id) : NULL;
    if (!u) {
        lsq_mistake(call, lsq_is_guid(id) ? RULE_UNKNOWN_USER : RULE_MISSING_QUERY, "MXInvalidInputException",
                    "Invalid Input! Parameter Name: %s", param);
        return NULL;
    }
    if (text_same(u->f[U_USERID], lsq_of(call)->key_owner))
        call_violation(call, RULE_KEY_OWNER, "%s", call->endpoint->name);
    return u;
}
