#include <string.h>

#include "net_internal.h"

static bool url_part(CURLU *u, CURLUPart part)
{
    char *text = NULL;
    bool there = curl_url_get(u, part, &text, 0) == CURLUE_OK;
    curl_free(text);
    return there;
}

static bool has_scheme(CURLU *u, const char *want)
{
    char *text = NULL;
    bool same = curl_url_get(u, CURLUPART_SCHEME, &text, 0) == CURLUE_OK && str_is(str_of(text), want);
    curl_free(text);
    return same;
}

/* The URL itself is not in any of these texts: a password may have been written into it. */
static const char *url_refusal(CURLU *u, const char *url, bool base, bool allow_http, bool *tls)
{
    size_t n = strlen(url);
    if (n == 0 || n > NET_BASE_URL_MAX)
        return "is empty or too long; give one such as 'https://api.example.com/v2'";
    if (curl_url_set(u, CURLUPART_URL, url, CURLU_PATH_AS_IS) != CURLUE_OK)
        return "is not a URL; give one such as 'https://api.example.com/v2'";
    *tls = has_scheme(u, "https");
    if (!*tls && !has_scheme(u, "http"))
        return "is neither https nor http";
    if (!*tls && !allow_http)
        return "is not https; plain http has to be allowed for this host";
    if (url_part(u, CURLUPART_USER) || url_part(u, CURLUPART_PASSWORD))
        return "holds a user name or password; give credentials in the job's credentials instead";
    if (url_part(u, CURLUPART_QUERY) || url_part(u, CURLUPART_FRAGMENT) || strpbrk(url, "?#"))
        return "holds a query or fragment; give the part before it";
    if (base && url[n - 1] == '/')
        return "ends in a slash; leave it out";
    return NULL;
}

bool address_check(const char *url, const char *what, bool base, bool allow_http, bool *tls, char why[300])
{
    CURLU *u = curl_url();
    const char *refusal = u ? url_refusal(u, url, base, allow_http, tls) : "cannot be read: out of memory";
    if (refusal)
        snprintf(why, 300, "%s %s", what, refusal);
    curl_url_cleanup(u);
    return refusal == NULL;
}

/* "." and ".." as a path segment, also percent-encoded: a server would resolve them and act on something
 * else. */
static bool is_dot_segment(const char *p, size_t n)
{
    unsigned dots = 0;
    while (n > 0) {
        size_t step = *p == '.'                                                              ? 1
                      : n >= 3 && p[0] == '%' && p[1] == '2' && (p[2] == 'e' || p[2] == 'E') ? 3
                                                                                             : 0;
        if (step == 0)
            return false;
        dots++;
        p += step;
        n -= step;
    }
    return dots == 1 || dots == 2;
}

static bool has_dot_segment(struct str target)
{
    size_t end = 0;
    while (end < target.n && target.p[end] != '?')
        end++;
    size_t from = 0;
    for (size_t i = 0; i <= end; i++) {
        if (i < end && target.p[i] != '/')
            continue;
        if (is_dot_segment(target.p + from, i - from))
            return true;
        from = i + 1;
    }
    return false;
}

static bool all_in(struct str s, unsigned char low, unsigned char high)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < low || c > high)
            return false;
    }
    return true;
}

static bool is_field_value(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static bool is_field_name(const char *name)
{
    struct str s = str_of(name);
    return s.n > 0 && s.n <= 100 && all_in(s, '!', '~') && !memchr(s.p, ':', s.n) && !memchr(s.p, ';', s.n);
}

static const char *target_refusal(const struct request *r)
{
    if (r->url.n > 0) /* one of the addresses we know, or it will not be sent */
        return r->target.n > 0 ? "the request has both an address of its own and a target" : NULL;
    if (r->target.n == 0 || r->target.p[0] != '/')
        return "the request's target does not begin with a slash";
    if (r->target.n > REQUEST_TARGET_MAX)
        return "the request's target is too long";
    if (!all_in(r->target, '!', '~') || memchr(r->target.p, '#', r->target.n))
        return "the request's target holds a character that has to be percent-encoded";
    if (has_dot_segment(r->target))
        return "the request's target holds a '.' or '..' segment";
    return NULL;
}

const char *address_refusal(const struct request *r)
{
    if ((size_t)r->method >= HTTP_METHODS)
        return "the request has no known method";
    const char *refusal = target_refusal(r);
    if (refusal)
        return refusal;
    if (r->body.n > REQUEST_BODY_MAX)
        return "the request's body is too large";
    if (r->n_headers > REQUEST_HEADERS_MAX)
        return "the request has too many headers";
    for (size_t i = 0; i < r->n_headers; i++)
        if (!is_field_name(r->header[i].name) || !is_field_value(r->header[i].value))
            return "a header of the request holds a control character";
    return NULL;
}
