/* OAuth 2.0 client credentials (RFC 6749 4.4): a token had from another address, kept in memory only, and
 * forgotten when the service no longer takes it. How long it lives is not believed: a 401 says it. */
#include <stdlib.h>
#include <string.h>

#include "token.h"

struct scim_token {
    struct secret value;
};

bool scim_can_login(const struct conn *c)
{
    return scim_number(c, OPTION_AUTH) == SCIM_OAUTH2;
}

struct str scim_token_value(const struct conn *c)
{
    return c->token && c->token->value.p ? (struct str){ c->token->value.p, c->token->value.n }
                                         : (struct str){ "", 0 };
}

const struct secret *scim_token_secret(const struct conn *c)
{
    return c->token ? &c->token->value : NULL;
}

void scim_token_refused(struct conn *c)
{
    if (c->token)
        secret_deinit(&c->token->value);
}

void scim_token_free(struct conn *c)
{
    scim_token_refused(c);
    free(c->token);
    c->token = NULL;
}

static void form_field(struct buf *out, const char *name, struct str value)
{
    buf_printf(out, "%s%s=", out->n ? "&" : "", name);
    url_encode(out, value);
}

/* Id and secret are form-encoded before they go into a Basic field, as RFC 6749 2.3.1 has it. */
static void basic_of_client(const struct conn *c, struct request *out)
{
    struct str id = scim_credential(c, CRED_CLIENT_ID), secret = scim_credential(c, CRED_CLIENT_SECRET);
    struct buf user = BUF_INIT(3 * id.n + 1), password = BUF_INIT(3 * secret.n + 1);
    /* Whole from the start: what a growing buffer gives back would still hold the secret. */
    password.p = xcalloc(3 * secret.n + 2, 1);
    password.cap = 3 * secret.n + 2;
    url_encode(&user, id);
    url_encode(&password, secret);
    scim_basic(out, buf_view(&user), buf_view(&password));
    explicit_bzero(password.p, password.cap);
    buf_deinit(&user);
    buf_deinit(&password);
}

bool scim_login(struct conn *c, struct request *out)
{
    if (!scim_can_login(c) || scim_token_value(c).n > 0)
        return false;
    bool in_body = scim_number(c, OPTION_TOKEN_AUTH) == SCIM_TOKEN_BODY;
    struct str id = scim_credential(c, CRED_CLIENT_ID), secret = scim_credential(c, CRED_CLIENT_SECRET),
               scope = str_of(scim_text(c, OPTION_TOKEN_SCOPE));
    size_t room = 100 + 3 * (id.n + secret.n + scope.n);
    struct buf form = BUF_INIT(room);
    form.p = xcalloc(room + 1, 1);
    form.cap = room + 1;
    scim_request_begin(c, out, CALL_TOKEN, HTTP_POST);
    form_field(&form, "grant_type", STR("client_credentials"));
    if (scope.n > 0)
        form_field(&form, "scope", scope);
    if (in_body) {
        form_field(&form, "client_id", id);
        form_field(&form, "client_secret", secret);
    } else {
        basic_of_client(c, out);
    }
    request_header(out, "Accept", STR("application/json"), false);
    request_header(out, "Content-Type", STR("application/x-www-form-urlencoded"), false);
    out->url = arena_str(&out->arena, str_of(scim_text(c, OPTION_TOKEN_URL)));
    out->log_target = out->url;
    out->body = arena_str(&out->arena, buf_view(&form));
    explicit_bzero(form.p, form.cap);
    buf_deinit(&form);
    return true;
}

/* The error body of RFC 6749 5.2: two texts of the server's own, no secret of ours in them once scrubbed. */
static void say_refused(const struct conn *c, const struct answer *a, const json_t *root, char *out,
                        size_t cap)
{
    const char *error = json_string_value(json_object_get(root, "error")),
               *detail = json_string_value(json_object_get(root, "error_description"));
    struct buf raw = BUF_INIT(2048), words = BUF_INIT(8192);
    buf_printf(&raw, "%.200s%s%.400s", error ? error : "", error && detail ? ": " : "", detail ? detail : "");
    say_words(&c->config, scim_token_secret(c), buf_view(&raw), &words);
    say_text(out, cap,
             "no token from the option token_url: %d%s%s; check %sclient_id, client_secret, token_scope and "
             "token_auth",
             a->status, words.n ? " " : "", words.n ? words.p : "", error ? "" : "token_url, ");
    buf_deinit(&raw);
    buf_deinit(&words);
}

/* Printable ASCII is what a header field can carry (RFC 6750 2.1). */
static bool is_token(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] > '~')
            return false;
    return s.n > 0;
}

static bool take_token(struct conn *c, const json_t *root)
{
    const json_t *token = json_object_get(root, "access_token"), *type = json_object_get(root, "token_type");
    struct str value = { json_string_value(token), json_string_length(token) };
    if (!is_token(value) || !str_ieq_ascii(str_of(json_string_value(type)), STR("bearer")))
        return false;
    if (!c->token)
        c->token = xcalloc(1, sizeof(*c->token));
    secret_set(&c->token->value, value);
    return true;
}

/* jansson's copy of the token must not outlive its use. */
static void wipe_string(const json_t *v)
{
    if (json_is_string(v))
        explicit_bzero((char *)(uintptr_t)json_string_value(v), json_string_length(v));
}

struct read_verdict scim_login_end(struct conn *c, const struct answer *a)
{
    struct read_verdict v = { .good = false, .again = AGAIN_NO, .wait_us = -1 };
    struct judged j;
    json_t *root = a->body.n ? json_loadb(a->body.p, a->body.n, 0, NULL) : NULL;
    scim_judge(c, a, root, &j);
    if (j.fault == FAULT_NONE && take_token(c, root)) {
        v.good = true;
    } else if (j.fault == FAULT_NONE) {
        say_text(v.text, sizeof(v.text), "the answer of the option token_url has no bearer token");
    } else if (j.fault == FAULT_THROTTLED) {
        v.again = AGAIN_THROTTLED;
        v.wait_us = j.wait_us;
    } else if (j.fault == FAULT_PASSING || j.fault == FAULT_NOT_SENT || j.fault == FAULT_LOST) {
        v.again = AGAIN_LATER;
    } else {
        say_refused(c, a, root, v.text, sizeof(v.text));
    }
    if (!v.good && !v.text[0])
        say_text(v.text, sizeof(v.text), "the option token_url: %s", j.text);
    wipe_string(json_object_get(root, "access_token"));
    json_decref(root);
    return v;
}
