/* SCIM's manner of answering: errors, throttling. */
#include "scim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

bool scim_media(const char *type)
{
    static const char *const good[] = { SCIM_TYPE, "application/json" };

    for (size_t i = 0; i < array_len(good); i++) {
        size_t n = strlen(good[i]);

        if (strncasecmp(type, good[i], n) == 0 && (!type[n] || type[n] == ';' || type[n] == ' '))
            return true;
    }
    return false;
}

void scim_error_body(int status, const char *type, const char *detail, struct buf *out)
{
    struct jw j = jw_into(out);
    char text[16];

    snprintf(text, sizeof(text), "%d", status);
    jw_object(&j);
    jw_key(&j, "schemas");
    jw_array(&j);
    jw_z(&j, SCIM_MESSAGE "Error");
    jw_end_array(&j);
    jw_kz(&j, "status", text);
    if (type)
        jw_kz(&j, "scimType", type);
    jw_kz(&j, "detail", detail);
    jw_end_object(&j);
}

static void error_answer(struct call *call, int status, const char *type, const char *detail)
{
    buf_clear(&call->out);
    call->status = status;
    call->type = call_switch(call, SW_ERROR_TYPE) == 1 ? "application/json; charset=utf-8" : SCIM_TYPE;
    scim_error_body(status, type, detail, &call->out);
}

bool scim_refuse(struct call *call, int status, const char *type, const char *format, ...)
{
    char text[MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    error_answer(call, status, type, text);
    return false;
}

bool scim_fail(struct scim_result *r, int status, const char *type, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(r->detail, sizeof(r->detail), format, args);
    va_end(args);
    r->status = status;
    r->type = type;
    return false;
}

static void unauthorized(struct call *call)
{
    static const char *const schemes[] = {
        [AUTH_BEARER] = "Bearer realm=\"sandbox\"",
        [AUTH_BASIC] = "Basic realm=\"sandbox\"",
        [AUTH_OAUTH] = "Bearer realm=\"sandbox\", error=\"invalid_token\"",
    };

    error_answer(call, 401, NULL, "Authorization failure. The authorization header is invalid or missing.");
    buf_printf(&call->headers, "WWW-Authenticate: %s\r\n", schemes[call_switch(call, SW_AUTH)]);
}

/* Microseconds until a window of the limit has room again; a second where nothing tells. */
static uint64_t until_room(const struct limit *limit, uint64_t now)
{
    uint64_t wait = 0;

    for (size_t i = 0; i < limit->windows; i++) {
        const struct limit_window *w = &limit->window[i];
        uint64_t oldest = w->count ? w->ring[w->first].us : now;

        if (w->taken >= w->calls && oldest + w->span_us > now + wait)
            wait = oldest + w->span_us - now;
    }
    return wait ? wait : SECOND_US;
}

static void retry_hint(struct call *call)
{
    uint64_t wait = until_room(&call->sb->rate, call->now),
             bulk = call->endpoint && call->endpoint->bulk ? until_room(&call->sb->rate_bulk, call->now) : 0;
    int64_t seconds = (int64_t)(((wait > bulk ? wait : bulk) + SECOND_US - 1) / SECOND_US);
    /* Dates have no fractions: a second more, so that the moment is not too early. */
    time_t at = (time_t)(clock_unix() / SECOND_US + seconds + 1);
    char text[64];
    struct tm parts;

    switch (call_switch(call, SW_THROTTLE_HINT)) {
    case HINT_SECONDS: buf_printf(&call->headers, "Retry-After: %lld\r\n", (long long)seconds); break;
    case HINT_DATE:
        if (gmtime_r(&at, &parts) && strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts))
            buf_printf(&call->headers, "Retry-After: %s\r\n", text);
        break;
    case HINT_VENDOR:
        buf_printf(&call->headers, "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: %lld\r\n", (long long)at);
        break;
    default: break;
    }
}

static void throttled(struct call *call)
{
    int64_t form = call_switch(call, SW_THROTTLE_BODY);

    error_answer(call, 429, NULL, "Too many requests");
    retry_hint(call);
    if (form == BODY_SCIM)
        return;
    buf_clear(&call->out);
    call->type = form == BODY_HTML ? "text/html" : NULL;
    if (form == BODY_HTML)
        buf_puts(&call->out, "<html><body><h1>429 Too Many Requests</h1></body></html>\n");
}

void scim_problem(struct call *call, enum problem problem, const char *detail)
{
    const char *text = detail ? detail : "";

    switch (problem) {
    case PROBLEM_KEYS: unauthorized(call); break;
    case PROBLEM_THROTTLED: throttled(call); break;
    case PROBLEM_PATH: error_answer(call, 404, NULL, "There is no such endpoint"); break;
    case PROBLEM_METHOD: error_answer(call, 405, NULL, "The method is not allowed here"); break;
    case PROBLEM_BODY: error_answer(call, 400, "invalidSyntax", text); break;
    case PROBLEM_LOGIC: error_answer(call, 500, NULL, text); break;
    }
}
