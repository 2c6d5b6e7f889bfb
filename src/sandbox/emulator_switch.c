/* Setting switches: the tables know words and numbers, here are the ones with a life of their own. */
#include "emulator.h"

#include <stdio.h>
#include <string.h>

static bool known_endpoint(const struct sandbox *sb, const char *name, size_t len)
{
    static const char *const groups[] = { "*", "reads", "writes" };

    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (strlen(groups[i]) == len && strncmp(groups[i], name, len) == 0)
            return true;
    }
    for (size_t i = 0; i < sb->endpoints; i++) {
        const char *own = sb->vendor->endpoints[i].name;

        if (strlen(own) == len && strncmp(own, name, len) == 0)
            return true;
    }
    return false;
}

static const char *set_fault(struct sandbox *sb, const char *value)
{
    if (strcmp(value, "off") != 0 && !known_endpoint(sb, value, strcspn(value, ":")))
        return "no such endpoint (see --list-faults)";
    return faults_add(&sb->faults, value);
}

static const char *set_drop(struct sandbox *sb, const char *value)
{
    char fault[64];

    if (strcmp(value, "off") == 0)
        return NULL;
    snprintf(fault, sizeof(fault), "writes:%.20s:reset_after", value);
    return faults_add(&sb->faults, fault);
}

static const char *set_rate(struct limit *limit, char *text, size_t room, const char *value)
{
    if (strlen(value) >= room || !limit_parse(limit, value))
        return "not of the form 25/5s,10000/1d or off";
    snprintf(text, room, "%s", value);
    return NULL;
}

static const char *set_text(struct sandbox *sb, size_t i, const char *value)
{
    switch (i) {
    case SW_RATE: return set_rate(&sb->rate, sb->rate_text, sizeof(sb->rate_text), value);
    case SW_RATE_BULK: return set_rate(&sb->rate_bulk, sb->rate_bulk_text, sizeof(sb->rate_bulk_text), value);
    case SW_FAULT: return set_fault(sb, value);
    default: return set_drop(sb, value);
    }
}

static void take_effect(struct sandbox *sb)
{
    int64_t idle = switches_get(&sb->switches, SW_IDLE_CLOSE);

    sb->state.delay_us = (uint64_t)switches_get(&sb->switches, SW_VISIBLE_DELAY) * 1000;
    if (sb->server)
        http_server_idle(sb->server, idle == SWITCH_OFF ? 0 : (uint64_t)idle);
    if (sb->vendor->switched && sb->data)
        sb->vendor->switched(sb);
}

bool emulator_switch(struct sandbox *sb, const char *name, const char *value, struct buf *error)
{
    size_t i = switches_find(&sb->switches, name);
    const char *wrong = NULL;

    if (i == SWITCHES_MAX)
        wrong = "no such switch (see --list-switches)";
    else if (switches_def(&sb->switches, i)->kind == SWITCH_TEXT)
        wrong = set_text(sb, i, value);
    else if (!switches_set(&sb->switches, i, value))
        wrong = switches_def(&sb->switches, i)->values;
    if (wrong && error)
        buf_printf(error, "switch '%s=%s': %s%s", name, value, strchr(wrong, '|') ? "not of the form " : "",
                   wrong);
    if (!wrong)
        take_effect(sb);
    return !wrong;
}

void emulator_switch_text(struct sandbox *sb, size_t i, struct buf *out)
{
    if (i == SW_RATE) {
        buf_puts(out, sb->rate_text);
    } else if (i == SW_RATE_BULK) {
        buf_puts(out, sb->rate_bulk_text);
    } else if (i == SW_FAULT || i == SW_DROP_AFTER_APPLY) {
        for (size_t k = 0; k < sb->faults.count && i == SW_FAULT; k++)
            buf_printf(out, "%s%s", k ? " " : "", sb->faults.fault[k].text);
        if (!out->n)
            buf_puts(out, "off");
    } else {
        switches_text(&sb->switches, i, out);
    }
}
