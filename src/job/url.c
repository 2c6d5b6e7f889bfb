/* What a base URL may be. Nothing of it is guessed: a URL that two programs could read in two ways is
 * refused. */
#include <arpa/inet.h>
#include <string.h>

#include "job_internal.h"

static bool in_set(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool scheme(struct str *s, bool *https)
{
    for (int secure = 0; secure < 2; secure++) {
        struct str word = secure ? STR("https://") : STR("http://");
        if (s->n >= word.n && str_ieq_ascii((struct str){ s->p, word.n }, word)) {
            *https = secure;
            s->p += word.n;
            s->n -= word.n;
            return true;
        }
    }
    return false;
}

/* The part of `s` before the first of `stops`. */
static struct str until(struct str s, const char *stops)
{
    size_t n = 0;
    while (n < s.n && !in_set(s.p[n], stops))
        n++;
    return (struct str){ s.p, n };
}

static bool port_ok(struct str s)
{
    int64_t port;
    if (s.n == 0)
        return true;
    s.p++;
    s.n--;
    return s.n > 0 && s.n <= 5 && alnum(s.p[0]) && str_to_i64(s, &port) && port >= 1 && port <= 65535;
}

/* Copies the host in lower case and says whether it is a literal address of this machine. Names, "localhost"
 * included, are what a resolver makes of them. */
static bool take_host(struct str s, bool bracketed, struct url *out)
{
    struct in6_addr six;
    struct in_addr four;
    if (s.n == 0 || s.n >= sizeof(out->host))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!alnum(c) && !in_set(c, bracketed ? ":." : "-._"))
            return false;
        out->host[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    out->host[s.n] = '\0';
    if (bracketed) {
        if (inet_pton(AF_INET6, out->host, &six) != 1)
            return false;
        out->loopback = IN6_IS_ADDR_LOOPBACK(&six);
    } else {
        out->loopback = inet_pton(AF_INET, out->host, &four) == 1 && (ntohl(four.s_addr) >> 24) == 127;
    }
    return true;
}

static enum url_trouble split_authority(struct str s, struct url *out)
{
    bool bracketed = s.n > 0 && s.p[0] == '[';
    struct str host = bracketed ? until((struct str){ s.p + 1, s.n - 1 }, "]") : until(s, ":");
    size_t used = host.n + (bracketed ? 2 : 0);
    if (used > s.n || !take_host(host, bracketed, out))
        return URL_HOST;
    struct str port = { s.p + used, s.n - used };
    if (port.n > 0 && port.p[0] != ':')
        return URL_HOST;
    return port_ok(port) ? URL_OK : URL_PORT;
}

enum url_trouble url_split(struct str s, struct url *out)
{
    struct str rest = s;
    *out = (struct url){ 0 };
    if (!scheme(&rest, &out->https))
        return URL_NO_SCHEME;
    struct str authority = until(rest, "/?#\\");
    if (authority.n > 0 && memchr(authority.p, '@', authority.n))
        return URL_USER;
    if (until(rest, "?#").n < rest.n)
        return URL_QUERY;
    enum url_trouble trouble = split_authority(authority, out);
    if (trouble != URL_OK)
        return trouble;
    for (size_t i = authority.n; i < rest.n; i++)
        if (!alnum(rest.p[i]) && !in_set(rest.p[i], "/-._~%!$&'()*+,;=:@"))
            return URL_PATH;
    out->body = s;
    while (out->body.n > 0 && out->body.p[out->body.n - 1] == '/')
        out->body.n--;
    return URL_OK;
}

bool url_allowed(const struct url *u, const char *const *insecure_hosts)
{
    if (u->https || u->loopback)
        return true;
    for (; insecure_hosts && *insecure_hosts; insecure_hosts++)
        if (str_ieq_ascii(str_of(*insecure_hosts), str_of(u->host)))
            return true;
    return false;
}

bool job_host(const char *url, char host[256], bool *loopback, bool *https)
{
    struct url u;
    if (url_split(str_of(url), &u) != URL_OK)
        return false;
    memcpy(host, u.host, sizeof(u.host));
    *loopback = u.loopback;
    *https = u.https;
    return true;
}

static bool take_address(const char *option, const char *url, struct job_address *out)
{
    bool loopback;
    out->option = option;
    out->url = url;
    return url[0] && job_host(url, out->host, &loopback, &out->https);
}

size_t job_addresses(const struct job *j, struct job_address out[JOB_ADDRESSES_MAX])
{
    const struct vendor *v = j->target.vendor;
    size_t n = take_address(NULL, j->target.url, &out[0]);
    for (size_t i = 0; i < v->n_options && i < JOB_OPTIONS_MAX; i++)
        if (v->options[i].type == OPT_URL)
            n += take_address(v->options[i].name, j->target.option[i].text, &out[n]);
    return n;
}
