#include "net_internal.h"

void head_clear(struct head *h)
{
    static const struct told nothing = { .span_us = -1 };
    *h = (struct head){ .retry = nothing, .hint = nothing, .reset = nothing };
}

static char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Without parameters: a charset other than UTF-8 would show in the body anyway. */
static void take_content_type(struct head *h, struct str value)
{
    size_t n = 0;
    while (n < value.n && value.p[n] != ';')
        n++;
    value = str_trim((struct str){ value.p, n });
    if (value.n >= sizeof(h->content_type))
        value.n = 0;
    for (size_t i = 0; i < value.n; i++)
        h->content_type[i] = ascii_lower(value.p[i]);
    h->content_type[value.n] = '\0';
}

/* A tag cut short would match the wrong thing, so one that does not fit is no tag. */
static void take_etag(struct head *h, struct str value)
{
    size_t n = value.n < sizeof(h->etag) ? value.n : 0;
    if (n > 0)
        memcpy(h->etag, value.p, n);
    h->etag[n] = '\0';
}

/* A whole number; a fraction, which some servers send, counts as a further one. */
static bool parse_count(struct str s, int64_t *out)
{
    const char *dot = s.n > 0 ? memchr(s.p, '.', s.n) : NULL;
    struct str whole = { s.p, dot ? (size_t)(dot - s.p) : s.n };
    if (!str_to_i64(whole, out) || *out < 0)
        return false;
    if (dot && *out < INT64_MAX)
        ++*out;
    return true;
}

static int64_t capped(int64_t count, int64_t unit_us)
{
    return count > RETRY_AFTER_MAX_US / unit_us ? RETRY_AFTER_MAX_US : count * unit_us;
}

/* Given twice, the longer wait counts. */
static void told_span(struct told *t, int64_t us)
{
    if (us > t->span_us)
        t->span_us = us;
}

static void told_moment(struct told *t, unix_us at)
{
    if (at > t->at)
        t->at = at;
}

/* Seconds, or a date (RFC 9110 10.2.3). */
static void take_seconds_or_date(struct told *t, struct str value)
{
    int64_t seconds;
    unix_us at;
    if (parse_count(value, &seconds))
        told_span(t, capped(seconds, SECOND_US));
    else if (time_parse_http(value, &at))
        told_moment(t, at);
}

static void take_retry_after(struct head *h, struct str value)
{
    take_seconds_or_date(&h->retry, value);
}

static void take_hint(struct head *h, struct str value)
{
    take_seconds_or_date(&h->hint, value);
}

static void take_hint_ms(struct head *h, struct str value)
{
    int64_t ms;
    if (parse_count(value, &ms))
        told_span(&h->hint, capped(ms, 1000));
}

/* The same name means seconds to wait, a moment in seconds or one in milliseconds since 1970; no wait is as
 * long as 30 years, and no moment as early as 2001, so the size tells them apart. */
static void take_reset(struct head *h, struct str value)
{
    const int64_t seconds_from = INT64_C(1000000000), ms_from = INT64_C(1000000000000);
    int64_t count;
    if (!parse_count(value, &count))
        return;
    if (count <= seconds_from)
        told_span(&h->reset, capped(count, SECOND_US));
    else if (count <= ms_from)
        told_moment(&h->reset, count * SECOND_US);
    else
        told_moment(&h->reset, count > INT64_MAX / 2000 ? INT64_MAX / 2 : count * 1000);
}

/* The part of `s` before the next `stop` outside quotation marks; `s` is what follows. */
static struct str next_part(struct str *s, char stop)
{
    bool quoted = false;
    size_t n = 0;
    for (; n < s->n && (quoted || s->p[n] != stop); n++)
        quoted = quoted != (s->p[n] == '"');
    struct str part = { s->p, n };
    *s = n < s->n ? (struct str){ s->p + n + 1, s->n - n - 1 } : (struct str){ 0 };
    return str_trim(part);
}

/* The number behind `name` in "t=120". */
static void parameter(struct str part, struct str name, int64_t *out)
{
    int64_t count;
    if (str_starts(part, name) && parse_count((struct str){ part.p + name.n, part.n - name.n }, &count))
        *out = count;
}

/* `"hour";r=0;t=120, "day";r=5000;t=3600`: seconds until each policy's window begins anew; what one with
 * something left says is no reason to wait. Earlier: `limit=100, remaining=0, reset=120`. */
static void take_rate_limit(struct head *h, struct str value)
{
    while (value.n > 0) {
        struct str item = next_part(&value, ',');
        int64_t left = 0, wait = -1;
        while (item.n > 0) {
            struct str part = next_part(&item, ';');
            parameter(part, STR("r="), &left);
            parameter(part, STR("t="), &wait);
            parameter(part, STR("reset="), &wait);
        }
        if (wait >= 0 && left == 0)
            told_span(&h->reset, capped(wait, SECOND_US));
    }
}

static void take_date(struct head *h, struct str value)
{
    unix_us at;
    if (time_parse_http(value, &at))
        h->date = at;
}

static void take_content_encoding(struct head *h, struct str value)
{
    if (value.n > 0 && !str_ieq_ascii(value, STR("identity")))
        h->encoded = true;
}

/* clang-format off */
static const struct field {
    const char *name;
    void (*take)(struct head *h, struct str value);
} fields[] = {
    { "content-type", take_content_type },
    { "content-encoding", take_content_encoding },
    { "date", take_date },
    { "etag", take_etag },
    { "retry-after", take_retry_after },    /* RFC 9110 10.2.3 */
    { "x-retry-after", take_hint },         /* the same before it was allowed with 429 */
    { "retry-after-ms", take_hint_ms },     /* Azure: milliseconds */
    { "x-ms-retry-after-ms", take_hint_ms },/* Azure Cosmos DB: milliseconds */
    { "ratelimit", take_rate_limit },       /* draft-ietf-httpapi-ratelimit-headers-10, 4: r= and t= */
    { "ratelimit-reset", take_reset },      /* the same draft up to -06, 3.3: seconds */
    { "x-ratelimit-reset", take_reset },    /* GitHub: seconds since 1970; others: seconds, or milliseconds */
    { "x-rate-limit-reset", take_reset },   /* Okta, X: seconds since 1970 */
};
/* clang-format on */

void head_line(struct head *h, struct str line)
{
    const char *colon = line.n > 0 ? memchr(line.p, ':', line.n) : NULL;
    if (!colon)
        return;
    struct str name = { line.p, (size_t)(colon - line.p) };
    struct str value = str_trim((struct str){ colon + 1, line.n - name.n - 1 });
    for (size_t i = 0; i < array_len(fields); i++) {
        if (str_ieq_ascii(name, str_of(fields[i].name))) {
            fields[i].take(h, value);
            return;
        }
    }
}

static int64_t told_wait(const struct told *t, unix_us now)
{
    const int64_t limit = RETRY_AFTER_MAX_US;
    int64_t wait = t->span_us;
    if (t->at != 0) {
        int64_t until = t->at - now;
        until = until < 0 ? 0 : until > limit ? limit : until;
        if (until > wait)
            wait = until;
    }
    return wait;
}

int64_t head_retry_after(const struct head *h, int status, unix_us now)
{
    if (h->date != 0)
        now = h->date;
    int64_t wait = told_wait(&h->retry, now);
    if (wait >= 0 || (status != 429 && status != 503))
        return wait;
    wait = told_wait(&h->hint, now);
    /* Some tell with every answer when the window ends: only of one refused for its rate is that the wait. */
    return wait >= 0 || status != 429 ? wait : told_wait(&h->reset, now);
}
