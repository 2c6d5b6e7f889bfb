/* Requests: the header fields that all have in common. */
#include <string.h>

#include "scim_internal.h"
#include "token.h"

/* RFC 4648 4. */
static void base64(struct str s, struct buf *out)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < s.n; i += 3) {
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++)
            v = v << 8 | (i + k < s.n ? (unsigned char)s.p[i + k] : 0u);
        for (size_t k = 0; k < 4; k++)
            buf_putc(out, i + k > s.n ? '=' : digit[v >> (18 - 6 * k) & 63]);
    }
}

static void wipe(struct buf *b)
{
    if (b->p)
        explicit_bzero(b->p, b->cap);
    buf_deinit(b);
}

/* The buffers never grow: memory given back would still hold the secret. */
static void secret_buf(struct buf *b, size_t n)
{
    buf_init(b, n);
    b->p = xcalloc(n + 1, 1);
    b->cap = n + 1;
}

void scim_basic(struct request *out, struct str user, struct str password)
{
    size_t n = user.n + 1 + password.n;
    struct buf pair, field;
    secret_buf(&pair, n);
    secret_buf(&field, 6 + 4 * (n / 3 + 1));
    buf_str(&pair, user);
    buf_putc(&pair, ':');
    buf_str(&pair, password);
    buf_puts(&field, "Basic ");
    base64(buf_view(&pair), &field);
    request_header(out, "Authorization", buf_view(&field), true);
    wipe(&pair);
    wipe(&field);
}

static void bearer(struct request *out, struct str token)
{
    struct buf field;
    secret_buf(&field, 7 + token.n);
    buf_puts(&field, "Bearer ");
    buf_str(&field, token);
    request_header(out, "Authorization", buf_view(&field), true);
    wipe(&field);
}

struct str scim_credential(const struct conn *c, enum scim_credential which)
{
    const struct secret *s = c->config.credential[which];
    return s && s->p ? (struct str){ s->p, s->n } : (struct str){ "", 0 };
}

static void authorize(const struct conn *c, struct request *out)
{
    switch ((enum scim_auth)scim_number(c, OPTION_AUTH)) {
    case SCIM_BEARER: bearer(out, scim_credential(c, CRED_TOKEN)); break;
    case SCIM_BASIC:
        scim_basic(out, scim_credential(c, CRED_USERNAME), scim_credential(c, CRED_PASSWORD));
        break;
    case SCIM_OAUTH2: bearer(out, scim_token_value(c)); break;
    }
}

/* What a request is by the table, and what every one has. */
void scim_request_begin(const struct conn *c, struct request *out, enum scim_call call,
                        enum http_method method)
{
    const struct endpoint *e = &scim_endpoints[call];
    request_clear(out);
    out->method = method;
    out->endpoint = (uint8_t)call;
    out->write = e->write;
    out->harmless = e->harmless;
    out->listing = call == CALL_USERS || call == CALL_GROUPS;
    if (c->config.user_agent)
        request_header(out, "User-Agent", str_of(c->config.user_agent), false);
}

void scim_request(const struct conn *c, struct request *out, enum scim_call call, enum http_method method,
                  const char *path, struct str id, struct str body)
{
    struct buf target = BUF_INIT(REQUEST_TARGET_MAX);
    scim_request_begin(c, out, call, method);
    buf_puts(&target, path);
    url_encode(&target, id);
    out->target = arena_str(&out->arena, buf_view(&target));
    out->log_target = out->target;
    buf_deinit(&target);
    authorize(c, out);
    /* Some services know only one of the two, whichever they then send. */
    request_header(out, "Accept", STR("application/scim+json, application/json"), false);
    if (body.n > 0) {
        request_header(out, "Content-Type", str_of(scim_text(c, OPTION_MEDIA_TYPE)), false);
        out->body = arena_str(&out->arena, body);
    }
}

void scim_if_match(struct request *out, struct str version)
{
    if (version.n > 0)
        request_header(out, "If-Match", version, false);
}
