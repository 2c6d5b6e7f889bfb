#include "switches.h"

#include <stdlib.h>
#include <string.h>

static const struct switch_def core_defs[SW_CORE_COUNT] = {
    [SW_RATE] = { "rate", SWITCH_TEXT, "25/5s", "off|N/SPAN,...",
                  "calls that all endpoints may get per span; several windows joined by commas" },
    [SW_RATE_BULK] = { "rate_bulk", SWITCH_TEXT, "off", "off|N/SPAN,...",
                       "further windows for the bulk endpoints (they count in `rate` as well)" },
    [SW_RATE_WINDOW] = { "rate_window", SWITCH_WORD, "sliding", "sliding|fixed", "how windows move" },
    [SW_RATE_REFUSED] = { "rate_refused", SWITCH_WORD, "free", "free|counted",
                          "whether refused calls take up room in the windows" },
    [SW_RATE_ENFORCED] = { "rate_enforced", SWITCH_WORD, "yes", "yes|no",
                           "no: the windows are measured, nothing is refused" },
    [SW_LATENCY] = { "latency", SWITCH_NUMBER, "0", "MS",
                     "delay of every answer (what was asked is applied at once)" },
    [SW_VISIBLE_DELAY] = { "visible_delay", SWITCH_NUMBER, "0", "MS",
                           "writes show in reads that much later" },
    [SW_IDLE_CLOSE] = { "idle_close", SWITCH_NUMBER, "off", "off|MS",
                        "kept connections without a request for so long are closed" },
    [SW_CASE] = { "case", SWITCH_WORD, "any", "any|strict",
                  "whether body keys and query parameters are taken in any case" },
    [SW_FAULT] = { "fault", SWITCH_TEXT, "off", "off|ENDPOINT:NTH:KIND[:ARG]",
                   "adds a fault (see --list-faults); off removes all" },
    [SW_DROP_AFTER_APPLY] = { "drop_after_apply", SWITCH_TEXT, "off", "off|N",
                              "the N-th write from now is applied, its answer is lost (a reset_after)" },
};

void switches_init(struct switches *s, const struct switch_def *vendor)
{
    *s = (struct switches){ .core = core_defs, .cores = SW_CORE_COUNT, .vendor = vendor };
    while (vendor[s->vendors].name && s->cores + s->vendors < SWITCHES_MAX)
        s->vendors++;
    for (size_t i = 0; switches_def(s, i); i++) {
        if (switches_def(s, i)->kind != SWITCH_TEXT)
            switches_set(s, i, switches_def(s, i)->normal);
    }
}

const struct switch_def *switches_def(const struct switches *s, size_t i)
{
    if (i < s->cores)
        return &s->core[i];
    return i < s->cores + s->vendors ? &s->vendor[i - s->cores] : NULL;
}

size_t switches_find(const struct switches *s, const char *name)
{
    for (size_t i = 0; switches_def(s, i); i++) {
        if (strcmp(switches_def(s, i)->name, name) == 0)
            return i;
    }
    return SWITCHES_MAX;
}

static bool set_word(int64_t *value, const char *words, const char *word)
{
    int64_t index = 0;

    for (const char *p = words;; p++, index++) {
        size_t n = strcspn(p, "|");

        if (n == strlen(word) && strncmp(p, word, n) == 0) {
            *value = index;
            return true;
        }
        p += n;
        if (!*p)
            return false;
    }
}

static bool set_number(int64_t *value, const char *values, const char *text)
{
    char *end;
    long long n;

    if (strcmp(text, "off") == 0 && strncmp(values, "off|", 4) == 0) {
        *value = SWITCH_OFF;
        return true;
    }
    n = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || n > 1000000000000ll)
        return false;
    *value = n;
    return true;
}

bool switches_set(struct switches *s, size_t i, const char *value)
{
    const struct switch_def *def = switches_def(s, i);

    if (def->kind == SWITCH_WORD)
        return set_word(&s->value[i], def->values, value);
    return def->kind == SWITCH_NUMBER && set_number(&s->value[i], def->values, value);
}

int64_t switches_get(const struct switches *s, size_t i)
{
    return s->value[i];
}

void switches_text(const struct switches *s, size_t i, struct buf *out)
{
    const struct switch_def *def = switches_def(s, i);

    if (def->kind == SWITCH_WORD) {
        const char *p = def->values;

        for (int64_t n = s->value[i]; n > 0; n--)
            p += strcspn(p, "|") + 1;
        buf_add(out, p, strcspn(p, "|"));
    } else if (s->value[i] == SWITCH_OFF) {
        buf_puts(out, "off");
    } else {
        buf_printf(out, "%lld", (long long)s->value[i]);
    }
}
