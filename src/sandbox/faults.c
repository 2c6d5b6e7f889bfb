#include "faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct fault_def defs[FAULT_KINDS] = {
    [FAULT_STATUS] = { "status", FAULT_BEFORE, true, 503, "status ARG without a body" },
    [FAULT_TEXT] = { "text", FAULT_BEFORE, true, 500, "status ARG with a line of plain text" },
    [FAULT_HTML] = { "html", FAULT_BEFORE, true, 502,
                     "status ARG with an HTML page, as a proxy in front would answer" },
    [FAULT_RESET] = { "reset", FAULT_BEFORE, true, 0, "connection reset (RST) without an answer" },
    [FAULT_HANGUP] = { "hangup", FAULT_BEFORE, true, 0, "connection closed (FIN) without an answer" },
    [FAULT_TRUNCATE] = { "truncate", FAULT_AFTER, false, 20,
                         "body cut after ARG bytes, though Content-Length promises all" },
    [FAULT_GARBAGE] = { "garbage", FAULT_AFTER, true, 200,
                        "status ARG, a body that is no JSON under a JSON type" },
    [FAULT_EMPTY200] = { "empty200", FAULT_AFTER, true, 200, "status ARG with an empty body" },
    [FAULT_SLOW] = { "slow", FAULT_AFTER, false, 1000, "answer sent at ARG bytes per second" },
    [FAULT_DELAY] = { "delay", FAULT_AFTER, true, 1000,
                      "ARG ms pass; with _before they pass before it is applied" },
    [FAULT_PAGE_DROP] = { "page_drop", FAULT_PAGE, false, 0,
                          "page without its users, which are counted in the total" },
    [FAULT_PAGE_REPEAT] = { "page_repeat", FAULT_PAGE, false, 0, "the page before this one once more" },
    [FAULT_PAGE_EMPTY] = { "page_empty", FAULT_PAGE, false, 0, "an empty page and a total of nothing" },
    [FAULT_PAGE_CUT] = { "page_cut", FAULT_PAGE, false, 50,
                         "the first ARG percent of the page's users, as good JSON" },
    [FAULT_ERROR200] = { "error200", FAULT_BEFORE, true, 0, "the vendor's error body under 200" },
    [FAULT_ERROR500] = { "error500", FAULT_BEFORE, true, 0, "the vendor's error body, as the switches say" },
    [FAULT_THROTTLE] = { "throttle", FAULT_BEFORE, false, 0, "refused as if over the rate limit" },
    [FAULT_RANDOM] = { "random", FAULT_BEFORE, false, 0,
                       "one of the faults of the way: status, html, reset, truncate, slow, delay" },
};

/* What `random` chooses from. */
static const struct fault_hit mixed[] = {
    { FAULT_HTML, FAULT_BEFORE, 500, "html" },       { FAULT_HTML, FAULT_AFTER, 502, "html" },
    { FAULT_STATUS, FAULT_BEFORE, 502, "status" },   { FAULT_STATUS, FAULT_AFTER, 503, "status" },
    { FAULT_RESET, FAULT_BEFORE, 0, "reset" },       { FAULT_RESET, FAULT_AFTER, 0, "reset" },
    { FAULT_TRUNCATE, FAULT_AFTER, 20, "truncate" }, { FAULT_HANGUP, FAULT_AFTER, 0, "hangup" },
    { FAULT_DELAY, FAULT_AFTER, 200, "delay" },      { FAULT_DELAY, FAULT_BEFORE, 200, "delay" },
};

const struct fault_def *fault_def(enum fault_kind kind)
{
    return &defs[kind];
}

static bool parse_number(const char *text, uint64_t *value, const char **end)
{
    char *stop;

    if (*text < '0' || *text > '9')
        return false;
    *value = strtoull(text, &stop, 10);
    *end = stop;
    return *value < (1ull << 40);
}

static bool parse_nth(const char *text, struct fault *f)
{
    const char *p;

    f->from = 1;
    f->to = UINT64_MAX;
    f->every = 1;
    f->millionths = 1000000;
    if (strcmp(text, "*") == 0)
        return true;
    if (strncmp(text, "every", 5) == 0) {
        f->from = 0;
        return parse_number(text + 5, &f->every, &p) && f->every && !*p;
    }
    if (*text == 'p') {
        char *end;
        double chance = strtod(text + 1, &end);

        f->millionths = chance >= 0 && chance <= 1 ? (uint32_t)(chance * 1000000) : 0;
        return end != text + 1 && !*end && chance >= 0 && chance <= 1;
    }
    if (!parse_number(text, &f->from, &p) || !f->from)
        return false;
    if (!*p)
        f->to = f->from;
    else if (*p == '-')
        return parse_number(p + 1, &f->to, &p) && f->to >= f->from && !*p;
    return !*p || strcmp(p, "+") == 0;
}

static bool parse_kind(const char *text, struct fault_hit *hit)
{
    for (size_t i = 0; i < FAULT_KINDS; i++) {
        size_t n = strlen(defs[i].name);
        const char *rest = text + n;

        if (strncmp(text, defs[i].name, n) != 0)
            continue;
        if (*rest && !(defs[i].either && (strcmp(rest, "_before") == 0 || strcmp(rest, "_after") == 0)))
            continue;
        *hit = (struct fault_hit){ (enum fault_kind)i, defs[i].phase, defs[i].arg, defs[i].name };
        if (*rest)
            hit->phase = rest[1] == 'b' ? FAULT_BEFORE : FAULT_AFTER;
        return true;
    }
    return false;
}

static const char *parse(const char *text, struct fault *f)
{
    char copy[sizeof(f->text)], *part[4] = { 0 }, *p = copy;
    size_t parts = 0;
    const char *end;

    if (strlen(text) >= sizeof(copy))
        return "too long";
    snprintf(f->text, sizeof(f->text), "%s", text);
    snprintf(copy, sizeof(copy), "%s", text);
    while (p && parts < 4) {
        part[parts++] = p;
        p = strchr(p, ':');
        if (p)
            *p++ = '\0';
    }
    if (p || parts < 3)
        return "not of the form ENDPOINT:NTH:KIND[:ARG]";
    if (strlen(part[0]) >= sizeof(f->endpoint))
        return "no such endpoint";
    snprintf(f->endpoint, sizeof(f->endpoint), "%s", part[0]);
    if (!parse_nth(part[1], f))
        return "NTH is none of 3, 3+, 3-5, every3, p0.05, *";
    if (!parse_kind(part[2], &f->hit))
        return "no such kind of fault (see --list-faults)";
    if (part[3] && (!parse_number(part[3], &f->hit.arg, &end) || *end))
        return "ARG is no number";
    return NULL;
}

const char *faults_add(struct faults *faults, const char *text)
{
    struct fault f = { .seen = 0 };
    const char *wrong;

    if (strcmp(text, "off") == 0) {
        faults->count = 0;
        return NULL;
    }
    if (faults->count == FAULTS_MAX)
        return "there are 64 faults already";
    wrong = parse(text, &f);
    if (!wrong)
        faults->fault[faults->count++] = f;
    return wrong;
}

static bool matches(const struct fault *f, const char *endpoint, bool writes)
{
    if (strcmp(f->endpoint, "*") == 0)
        return true;
    if (strcmp(f->endpoint, "reads") == 0)
        return !writes;
    if (strcmp(f->endpoint, "writes") == 0)
        return writes;
    return strcmp(f->endpoint, endpoint) == 0;
}

/* True once in a while: parts out of a million. */
static bool by_chance(struct rng *rng, uint32_t millionths)
{
    return rng_below(rng, 1000000) < millionths;
}

bool faults_fire(struct faults *faults, struct rng *rng, const char *endpoint, bool writes,
                 struct fault_hit *hit)
{
    bool fired = false;

    for (size_t i = 0; i < faults->count; i++) {
        struct fault *f = &faults->fault[i];

        if (!matches(f, endpoint, writes))
            continue;
        f->seen++;
        if (fired || f->seen < f->from || f->seen > f->to || f->seen % f->every != 0)
            continue;
        if (f->millionths < 1000000 && !by_chance(rng, f->millionths))
            continue;
        f->fired++;
        fired = true;
        *hit = f->hit;
    }
    if (fired && hit->kind == FAULT_RANDOM)
        *hit = mixed[rng_below(rng, sizeof(mixed) / sizeof(mixed[0]))];
    return fired;
}

void faults_report(const struct faults *faults, struct jw *j)
{
    jw_array(j);
    for (size_t i = 0; i < faults->count; i++) {
        jw_object(j);
        jw_kz(j, "fault", faults->fault[i].text);
        jw_kint(j, "seen", (int64_t)faults->fault[i].seen);
        jw_kint(j, "fired", (int64_t)faults->fault[i].fired);
        jw_end_object(j);
    }
    jw_end_array(j);
}
