#include "net_internal.h"

void head_clear(struct head *h)
{
    *h = (struct head){ .retry_seconds = -1 };
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

/* Whole seconds; a fraction, which some servers send, counts as a further second. */
static bool parse_seconds(struct str s, int64_t *out)
{
    const char *dot = s.n > 0 ? memchr(s.p, '.', s.n) : NULL;
    struct str whole = { s.p, dot ? (size_t)(dot - s.p) : s.n };
    if (!str_to_i64(whole, out) || *out < 0)
        return false;
    if (dot && *out < INT64_MAX)
        ++*out;
    return true;
}

/* Given twice, the longer wait counts. */
static void take_retry_after(struct head *h, struct str value)
{
    int64_t seconds;
    unix_us at;
    if (parse_seconds(value, &seconds)) {
        if (seconds > h->retry_seconds)
            h->retry_seconds = seconds;
    } else if (time_parse_http(value, &at) && at > h->retry_at) {
        h->retry_at = at;
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

static const struct field {
    const char *name;
    void (*take)(struct head *h, struct str value);
} fields[] = {
    { "content-type", take_content_type },         { "etag", take_etag },
    { "retry-after", take_retry_after },           { "date", take_date },
    { "content-encoding", take_content_encoding },
};

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

int64_t head_retry_after(const struct head *h, unix_us now)
{
    const int64_t limit = RETRY_AFTER_MAX_US;
    int64_t wait = -1;
    if (h->retry_seconds >= 0)
        wait = h->retry_seconds > limit / SECOND_US ? limit : h->retry_seconds * SECOND_US;
    if (h->retry_at != 0) {
        int64_t until = h->retry_at - (h->date != 0 ? h->date : now);
        until = until < 0 ? 0 : until > limit ? limit : until;
        if (until > wait)
            wait = until;
    }
    return wait;
}
