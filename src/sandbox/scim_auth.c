/* Who may: bearer tokens, basic, and OAuth's client credentials. */
#include "scim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FORM_MAX 65536

/* What follows the scheme's name in Authorization, or NULL. */
static const char *credentials(const struct call *call, const char *scheme)
{
    const char *value = http_header(call->x, "Authorization");
    size_t n = strlen(scheme);

    if (!value || strncasecmp(value, scheme, n) != 0 || value[n] != ' ')
        return NULL;
    value += n;
    return value + strspn(value, " ");
}

static int digit64(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static void decode64(const char *text, struct buf *out)
{
    unsigned held = 0, bits = 0;

    for (; *text && digit64(*text) >= 0; text++) {
        held = held << 6 | (unsigned)digit64(*text);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            buf_putc(out, (char)(held >> bits & 0xff));
        }
    }
}

static bool basic_good(const struct call *call)
{
    const char *sent = credentials(call, "Basic");
    struct buf text = BUF_INIT(FORM_MAX), good = BUF_INIT(FORM_MAX);
    bool same;

    if (!sent)
        return false;
    decode64(sent, &text);
    buf_printf(&good, "%s:%s", call->sb->access_key, call->sb->secret_key);
    same = strcmp(buf_z(&text), buf_z(&good)) == 0;
    buf_deinit(&text);
    buf_deinit(&good);
    return same;
}

static struct scim_token *token_called(struct scim *scim, const char *text)
{
    for (size_t i = 0; i < SCIM_TOKENS; i++) {
        if (*scim->token[i].text && strcmp(scim->token[i].text, text) == 0)
            return &scim->token[i];
    }
    return NULL;
}

/* A token that has died is no breach: the client may have been told nothing, or be just too late. */
static bool oauth_good(struct call *call, bool *dead)
{
    const char *sent = credentials(call, "Bearer");
    struct scim_token *t = sent ? token_called(scim_of(call), sent) : NULL;
    uint64_t life = (uint64_t)call_switch(call, SW_TOKEN_LIFE) * SECOND_US,
             calls = (uint64_t)call_switch(call, SW_TOKEN_CALLS);

    if (!t)
        return false;
    if ((life && call->now >= t->from_us + life) || (calls && t->calls >= calls))
        t->dead = true;
    t->calls++;
    *dead = t->dead;
    return !t->dead;
}

static void check_accept(struct call *call)
{
    const char *accept = http_header(call->x, "Accept");

    if (call->endpoint && call->endpoint->handle == scim_token)
        return;
    if (!accept ||
        !(strstr(accept, SCIM_TYPE) || strstr(accept, "application/json") || strstr(accept, "*/*")))
        call_violation(call, RULE_ACCEPT, "%s", accept ? accept : "missing");
}

bool scim_admit(struct call *call)
{
    const char *sent;
    bool good = false, dead = false;

    check_accept(call);
    if (call->endpoint && call->endpoint->handle == scim_token)
        return true; /* it looks at the credentials itself */
    switch (call_switch(call, SW_AUTH)) {
    case AUTH_BASIC: good = basic_good(call); break;
    case AUTH_OAUTH: good = oauth_good(call, &dead); break;
    default: sent = credentials(call, "Bearer"); good = sent && strcmp(sent, call->sb->secret_key) == 0;
    }
    if (!good && !dead)
        call_violation(call, RULE_BAD_KEYS, "%s",
                       http_header(call->x, "Authorization") ? "not the right ones" : "missing");
    return good;
}

/* ---- tokens ---- */

static void token_refuse(struct call *call, int status, const char *error)
{
    call->status = status;
    call->type = "application/json";
    buf_printf(&call->out, "{\"error\":\"%s\"}", error);
    if (status == 401)
        buf_puts(&call->headers, "WWW-Authenticate: Basic realm=\"sandbox\"\r\n");
}

/* The value of a form's field, decoded; owned by the caller. NULL: not there. */
static char *form_field(const char *form, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = form; *p; p += *p == '&') {
        size_t len = strcspn(p, "&");

        if (len > n && strncmp(p, name, n) == 0 && p[n] == '=')
            return text_decoded(p + n + 1, len - n - 1, true);
        p += len;
    }
    return NULL;
}

static void token_new(struct call *call)
{
    struct scim *scim = scim_of(call);
    struct scim_token *t = &scim->token[scim->tokens++ % SCIM_TOKENS];
    int64_t life = call_switch(call, SW_TOKEN_LIFE);

    *t = (struct scim_token){ .from_us = call->now };
    snprintf(t->text, sizeof(t->text), "token-%llu-%016llx", (unsigned long long)scim->tokens,
             (unsigned long long)rng_next(&scim->rng));
    call->type = "application/json";
    buf_puts(&call->headers, "Cache-Control: no-store\r\n");
    buf_printf(&call->out, "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":%lld}", t->text,
               (long long)(life ? life : 3600));
}

void scim_token(struct call *call)
{
    const char *type = http_header(call->x, "Content-Type"), *form = buf_z(&call->request->body);
    char *grant = form_field(form, "grant_type"), *id = form_field(form, "client_id"),
         *secret = form_field(form, "client_secret");
    bool good =
        id && secret && strcmp(id, call->sb->access_key) == 0 && strcmp(secret, call->sb->secret_key) == 0;

    if (call_switch(call, SW_AUTH) != AUTH_OAUTH) {
        call_violation(call, RULE_PATH, "there is no OAuth here");
        scim_refuse(call, 404, NULL, "There is no such endpoint");
    } else if (!type || strncasecmp(type, "application/x-www-form-urlencoded", 33) != 0) {
        call_violation(call, RULE_CONTENT_TYPE, "a token is asked for by a form");
        token_refuse(call, 400, "invalid_request");
    } else if (!grant || strcmp(grant, "client_credentials") != 0) {
        call_violation(call, RULE_BAD_VALUE, "grant_type is not client_credentials");
        token_refuse(call, 400, grant ? "unsupported_grant_type" : "invalid_request");
    } else if (!good && !basic_good(call)) {
        call_violation(call, RULE_BAD_KEYS, "for a token");
        token_refuse(call, 401, "invalid_client");
    } else {
        token_new(call);
    }
    free(grant);
    free(id);
    free(secret);
}
