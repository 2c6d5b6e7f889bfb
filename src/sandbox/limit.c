#include "limit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    uint64_t us;
} units[] = {
    { "us", 1 },          { "ms", 1000 },         { "s", 1000000 },
    { "m", 60000000ull }, { "h", 3600000000ull }, { "d", 86400000000ull },
};

static bool number(const char **p, uint64_t *value)
{
    char *end;

    if (**p < '0' || **p > '9')
        return false;
    *value = strtoull(*p, &end, 10);
    *p = end;
    return *value > 0 && *value < (1ull << 40);
}

static bool parse_window(const char *text, struct limit_window *w)
{
    const char *p = text;
    uint64_t span;

    if (!number(&p, &w->calls) || *p++ != '/')
        return false;
    if (*p >= '0' && *p <= '9') {
        if (!number(&p, &span))
            return false;
    } else {
        span = 1;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(p, units[i].name) == 0 && span <= (1ull << 62) / units[i].us) {
            w->span_us = span * units[i].us;
            snprintf(w->text, sizeof(w->text), "%s", text);
            return true;
        }
    }
    return false;
}

bool limit_parse(struct limit *limit, const char *text)
{
    struct limit fresh = { 0 };

    if (strcmp(text, "off") != 0) {
        for (const char *p = text;; p++) {
            size_t n = strcspn(p, ",");
            char one[32];

            if (n >= sizeof(one) || fresh.windows == LIMIT_WINDOWS_MAX)
                return false;
            memcpy(one, p, n);
            one[n] = '\0';
            if (!parse_window(one, &fresh.window[fresh.windows++]))
                return false;
            p += n;
            if (!*p)
                break;
        }
    }
    limit_free(limit);
    *limit = fresh;
    return true;
}

static void forget_old(struct limit_window *w, uint64_t now)
{
    while (w->count && w->ring[w->first].us + w->span_us <= now) {
        w->taken -= w->ring[w->first].taken;
        w->first = (w->first + 1) % w->size;
        w->count--;
    }
    if (now / w->span_us * w->span_us > w->fixed_from) {
        w->fixed_from = now / w->span_us * w->span_us;
        w->fixed_calls = 0;
    }
}

const struct limit_window *limit_refuses(struct limit *limit, const struct limit_rules *rules, uint64_t now)
{
    const struct limit_window *refusing = NULL;

    for (size_t i = 0; i < limit->windows; i++) {
        struct limit_window *w = &limit->window[i];
        uint64_t held;

        forget_old(w, now);
        held = rules->fixed ? w->fixed_calls : rules->count_refused ? w->count : w->taken;
        if (rules->enforce && held >= w->calls) {
            w->refused++;
            if (!refusing)
                refusing = w;
        }
    }
    return refusing;
}

static void remember(struct limit_window *w, uint64_t now, bool taken)
{
    if (w->count == w->size) {
        size_t size = w->size ? w->size * 2 : 64;
        struct limit_arrival *ring;

        if (size > LIMIT_KEPT_MAX)
            return;
        ring = xrealloc(NULL, size, sizeof(*ring));
        for (size_t i = 0; i < w->count; i++)
            ring[i] = w->ring[(w->first + i) % w->size];
        free(w->ring);
        w->ring = ring;
        w->size = size;
        w->first = 0;
    }
    w->ring[(w->first + w->count++) % w->size] = (struct limit_arrival){ now, taken };
    w->taken += taken;
}

void limit_count(struct limit *limit, const struct limit_rules *rules, uint64_t now, bool taken)
{
    for (size_t i = 0; i < limit->windows; i++) {
        struct limit_window *w = &limit->window[i];

        forget_old(w, now);
        remember(w, now, taken);
        if (taken || rules->count_refused)
            w->fixed_calls++;
        if (w->count > w->most)
            w->most = w->count;
        if (w->taken > w->most_taken)
            w->most_taken = w->taken;
    }
}

void limit_report(const struct limit *limit, struct jw *j)
{
    jw_array(j);
    for (size_t i = 0; i < limit->windows; i++) {
        const struct limit_window *w = &limit->window[i];

        jw_object(j);
        jw_kz(j, "window", w->text);
        jw_kint(j, "limit", (int64_t)w->calls);
        jw_kint(j, "most", (int64_t)w->most);
        jw_kint(j, "most_taken", (int64_t)w->most_taken);
        jw_kint(j, "refused", (int64_t)w->refused);
        jw_end_object(j);
    }
    jw_end_array(j);
}

void limit_reset(struct limit *limit)
{
    for (size_t i = 0; i < limit->windows; i++) {
        struct limit_window *w = &limit->window[i];

        w->most = w->count;
        w->most_taken = w->taken;
        w->refused = 0;
    }
}

void limit_free(struct limit *limit)
{
    for (size_t i = 0; i < limit->windows; i++)
        free(limit->window[i].ring);
    *limit = (struct limit){ 0 };
}
