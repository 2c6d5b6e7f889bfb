/* What an answer means, whatever the call: error-handling/ and rate-limits/, and what integrations met in
 * practice. */
#include <string.h>

#include "leadsquared_internal.h"

/* The error body ---------------------------------------------------------------------------------- */

/* Its members, and ErrorMessage of UpdateReportingManagerInBulk. */
void envelope_string(struct envelope *e, struct str key, struct str value)
{
    if (str_is(key, "Status"))
        say_cut(e->status, sizeof(e->status), value);
    else if (str_is(key, "ExceptionType"))
        say_cut(e->type, sizeof(e->type), value);
    else if (str_is(key, "ExceptionMessage") || (str_is(key, "ErrorMessage") && value.n > 0))
        say_cut(e->message, sizeof(e->message), value);
}

void envelope_end(struct envelope *e)
{
    e->mx = e->mx || strncmp(e->type, "MX", 2) == 0;
    e->error = e->mx || e->type[0] || str_ieq_ascii(str_of(e->status), STR("Error"));
}

/* A body that is no JSON object is kept when it is a plain text (a wrong host's 401 names the right one), not
 * when it is a page. */
static void plain_text(struct envelope *e, struct str body)
{
    struct str text = str_trim(body);
    if (text.n > 0 && text.p[0] != '<' && text.p[0] != '[')
        say_cut(e->message, sizeof(e->message), text);
}

void envelope_of(struct envelope *e, struct str body, const json_t *root)
{
    *e = (struct envelope){ 0 };
    if (!json_is_object(root)) {
        plain_text(e, json_is_string(root) ? (struct str){ json_string_value(root), json_string_length(root) }
                                           : body);
        return;
    }
    static const char *const members[] = { "Status", "ExceptionType", "ExceptionMessage", "ErrorMessage" };
    for (size_t i = 0; i < array_len(members); i++) {
        const json_t *v = json_object_get(root, members[i]);
        if (json_is_string(v))
            envelope_string(e, str_of(members[i]),
                            (struct str){ json_string_value(v), json_string_length(v) });
    }
    e->mx = json_is_true(json_object_get(root, "IsMXException"));
    envelope_end(e);
}

/* The verdict ------------------------------------------------------------------------------------- */

static bool throttled(int status, const struct envelope *e)
{
    return status == 429 || strcmp(e->type, "MXAPIRateLimitExceededException") == 0;
}

/* Bad keys come as 401, and have been met as this exception. 403: no right to the API at all. */
static bool refused_login(int status, const struct envelope *e)
{
    return status == 401 || status == 403 || strcmp(e->type, "MXInvalidUserDetailsException") == 0;
}

static enum fault fault_of(int status, const struct envelope *e)
{
    if (throttled(status, e))
        return FAULT_THROTTLED;
    if (refused_login(status, e))
        return FAULT_LOGIN;
    if (status >= 200 && status <= 299)
        return e->error ? FAULT_REFUSED : FAULT_NONE;
    if (status >= 500 || status == 408)
        return e->mx ? FAULT_REFUSED : FAULT_PASSING;
    return status >= 300 ? FAULT_REFUSED : FAULT_PASSING;
}

/* What people can do about a status that comes from a configuration rather than from a user's data. */
static const char *hint(int status, enum fault fault)
{
    if (fault == FAULT_LOGIN)
        return "the access key was refused: check the keys, their owner (still active?) and the host";
    if (fault == FAULT_REFUSED && (status == 404 || status == 405))
        return "the tenant has no such call: check its path and method among the target's options";
    if (fault == FAULT_REFUSED && status >= 300 && status <= 399)
        return "a redirect is not followed: check the target's url";
    return NULL;
}

static void vendor_words(const struct conn *c, const struct envelope *e, struct buf *out)
{
    struct buf raw = BUF_INIT(4096);
    buf_puts(&raw, e->type);
    if (e->type[0] && e->message[0])
        buf_puts(&raw, ": ");
    buf_puts(&raw, e->message);
    say_words(&c->config, NULL, buf_view(&raw), out);
    buf_deinit(&raw);
}

static void say_answer(const struct conn *c, int status, const struct envelope *e, struct judged *out)
{
    struct buf words = BUF_INIT(8192), text = BUF_INIT(8192);
    const char *advice = hint(status, out->fault);
    vendor_words(c, e, &words);
    /* 500 and 200 are what every refusal comes with: they say nothing then. */
    if (words.n == 0 || !e->mx || (status != 500 && status != 200))
        buf_printf(&text, "%d", status);
    if (words.n > 0)
        buf_printf(&text, "%s%s", text.n ? ": " : "", words.p);
    if (advice)
        buf_printf(&text, "; %s", advice);
    if (out->fault == FAULT_LOGIN && c->api_host[0])
        buf_printf(&text, "; at login the vendor named '%s' as this account's API", c->api_host);
    say_cut(out->text, sizeof(out->text), buf_view(&text));
    buf_deinit(&words);
    buf_deinit(&text);
}

void judge(const struct conn *c, const struct answer *a, const struct envelope *e, struct judged *out)
{
    if (judged_transport(a, out))
        return;
    *out = (struct judged){ .wait_us = -1 };
    out->fault = fault_of(a->status, e);
    if (out->fault == FAULT_THROTTLED)
        out->wait_us = a->retry_after_us >= 0 ? a->retry_after_us : lsq_number(c, OPTION_THROTTLED_WAIT);
    if (out->fault != FAULT_NONE)
        say_answer(c, a->status, e, out);
}
