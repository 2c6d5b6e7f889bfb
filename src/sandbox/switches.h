/*
 * Switches: every open question about a vendor, and every knob of the emulator, has a name, a default and
 * values.
 *
 * The core's table comes first, the vendor's goes on where it ends; both are plain data. A switch is either
 * one of some words, or a number (with `off` for none where the table says so), or text that somebody else
 * understands (the rate, the faults).
 */
#ifndef SANDBOX_SWITCHES_H
#define SANDBOX_SWITCHES_H

#include "text_util.h"

#include <stdbool.h>
#include <stdint.h>

#define SWITCHES_MAX 96
#define SWITCH_OFF (-1)

enum switch_kind {
    SWITCH_WORD,   /* value: index among the words of `values` */
    SWITCH_NUMBER, /* value: the number, or SWITCH_OFF */
    SWITCH_TEXT,   /* not kept here */
};

struct switch_def {
    const char *name;
    enum switch_kind kind;
    const char *normal; /* default, as one would write it */
    const char *values; /* words joined by '|'; for a number "off|N" or "N"; for text its form */
    const char *about;
};

/* Switches of the core, in the order of their table. */
enum core_switch {
    SW_RATE,
    SW_RATE_BULK,
    SW_RATE_WINDOW,
    SW_RATE_REFUSED,
    SW_RATE_ENFORCED,
    SW_LATENCY,
    SW_VISIBLE_DELAY,
    SW_IDLE_CLOSE,
    SW_CASE,
    SW_FAULT,
    SW_DROP_AFTER_APPLY,
    SW_CORE_COUNT,
};

enum { RATE_SLIDING, RATE_FIXED };

struct switches {
    const struct switch_def *core, *vendor; /* borrowed; vendor ends with a NULL name */
    size_t cores, vendors;
    int64_t value[SWITCHES_MAX];
};

void switches_init(struct switches *s, const struct switch_def *vendor);

/* The definition of number i, NULL past the end. */
const struct switch_def *switches_def(const struct switches *s, size_t i);

/* Number of the switch called name, or SWITCHES_MAX. */
size_t switches_find(const struct switches *s, const char *name);

/* Sets a WORD or NUMBER switch. False: the value is none of its values. */
bool switches_set(struct switches *s, size_t i, const char *value);

int64_t switches_get(const struct switches *s, size_t i);

/* The current value of a WORD or NUMBER switch as one would write it. */
void switches_text(const struct switches *s, size_t i, struct buf *out);

#endif
