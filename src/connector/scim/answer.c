/* What an answer means, whatever the call: RFC 7644 3.12, and what services answer instead. */
#include <string.h>

#include "scim_internal.h"
#include "token.h"

#define SCIM_ERROR "urn:ietf:params:scim:api:messages:2.0:Error"
#define START_COLUMNS 60 /* shown of a body that is no error of any known form */

static struct str text_of(const json_t *v)
{
    return json_is_string(v) ? (struct str){ json_string_value(v), json_string_length(v) }
                             : (struct str){ 0 };
}

/* "409", 409: both are met. */
static int status_of(const json_t *v)
{
    int64_t n = json_is_integer(v) ? json_integer_value(v) : 0;
    if (json_is_string(v) && !str_to_i64(text_of(v), &n))
        n = 0;
    return n >= 100 && n <= 599 ? (int)n : 0;
}

static bool is_scim_error(const json_t *root)
{
    size_t i;
    json_t *urn;
    json_array_foreach(json_object_get(root, "schemas"), i, urn)
    {
        if (str_ieq_ascii(text_of(urn), STR(SCIM_ERROR)))
            return true;
    }
    return false;
}

/* SCIM's own member first, then what frameworks, gateways and SCIM 1.1 put in its place. */
void scim_error_of(const json_t *root, struct scim_error *out)
{
    static const char *const details[] = { "detail", "message", "error_description", "description", "error" };
    const json_t *first = json_array_get(json_object_get(root, "Errors"), 0);
    const json_t *v = json_is_object(first) ? first : root;
    *out = (struct scim_error){ .status = status_of(json_object_get(v, "status")) };
    say_cut(out->type, sizeof(out->type), text_of(json_object_get(v, "scimType")));
    for (size_t i = 0; i < array_len(details) && !out->detail[0]; i++)
        say_cut(out->detail, sizeof(out->detail), text_of(json_object_get(v, details[i])));
}

static enum fault fault_of(int status, int64_t retry_after_us)
{
    switch (status) {
    case 401: return FAULT_LOGIN;
    case 404: return FAULT_GONE;
    case 412: return FAULT_STALE;
    case 413: return FAULT_TOO_LARGE;
    case 429: return FAULT_THROTTLED;
    case 408:
    case 425: return FAULT_PASSING;
    case 501:
    case 505: return FAULT_REFUSED; /* not implemented: no other try helps */
    default: break;
    }
    if (status == 503 && retry_after_us >= 0)
        return FAULT_THROTTLED;
    if (status >= 200 && status <= 299)
        return FAULT_NONE;
    return status >= 300 && status <= 499 ? FAULT_REFUSED : FAULT_PASSING;
}

static const char *hint(int status)
{
    if (status == 401)
        return "the credentials were refused: check them, the option auth and the target's url";
    if (status >= 300 && status <= 399)
        return "a redirect is not followed: check the target's url";
    if (status == 415)
        return "try the option media_type";
    return NULL;
}

static void say_status(const struct conn *c, int status, const struct scim_error *e, struct str body,
                       struct judged *out)
{
    struct buf words = BUF_INIT(8192), text = BUF_INIT(8192);
    const char *advice = hint(status);
    buf_printf(&text, "%d", status);
    if (e->type[0]) {
        say_words(&c->config, scim_token_secret(c), str_of(e->type), &words);
        buf_printf(&text, " %s", words.p);
        buf_clear(&words);
    }
    if (e->detail[0]) {
        say_words(&c->config, scim_token_secret(c), str_of(e->detail), &words);
    } else if (body.n > 0) {
        /* A page or a proxy's text: enough of it to know it by. */
        struct str start =
            str_trim((struct str){ body.p, body.n < 4 * START_COLUMNS ? body.n : 4 * START_COLUMNS });
        struct buf clean = BUF_INIT(4096);
        say_words(&c->config, scim_token_secret(c), start, &clean);
        say_cut(out->text, START_COLUMNS, buf_view(&clean));
        buf_puts(&words, out->text);
        buf_deinit(&clean);
    }
    if (words.n > 0)
        buf_printf(&text, ": %s", words.p);
    if (advice)
        buf_printf(&text, "; %s", advice);
    say_cut(out->text, sizeof(out->text), buf_view(&text));
    buf_deinit(&words);
    buf_deinit(&text);
}

static void conclude(const struct conn *c, int status, int64_t retry_after_us, const struct scim_error *e,
                     struct str body, struct judged *out)
{
    out->fault = fault_of(status, retry_after_us);
    out->wait_us = -1;
    say_cut(out->type, sizeof(out->type), str_of(e->type));
    if (out->fault == FAULT_THROTTLED)
        out->wait_us = retry_after_us >= 0 ? retry_after_us : scim_number(c, OPTION_THROTTLED_WAIT);
    if (out->fault != FAULT_NONE)
        say_status(c, status, e, body, out);
}

void scim_judge_error(const struct conn *c, const struct scim_error *e, struct judged *out)
{
    *out = (struct judged){ 0 };
    conclude(c, e->status >= 300 ? e->status : 400, -1, e, (struct str){ 0 }, out);
}

static void judge_status(const struct conn *c, int status, int64_t retry_after_us, const json_t *root,
                         struct str body, struct judged *out)
{
    struct scim_error e;
    scim_error_of(root, &e);
    *out = (struct judged){ 0 };
    /* An error under a status of success. */
    if (status >= 200 && status <= 299 && is_scim_error(root))
        status = e.status >= 300 ? e.status : 400;
    conclude(c, status, retry_after_us, &e, json_is_object(root) ? (struct str){ 0 } : body, out);
}

void scim_judge(const struct conn *c, const struct answer *a, const json_t *root, struct judged *out)
{
    if (!judged_transport(a, out))
        judge_status(c, a->status, a->retry_after_us, root, a->body, out);
}

void scim_judge_status(const struct conn *c, int status, const json_t *response, struct judged *out)
{
    judge_status(c, status, -1, response, (struct str){ 0 }, out);
}
