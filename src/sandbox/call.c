#include "call.h"

#include "emulator.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int64_t call_switch(const struct call *call, size_t i)
{
    return switches_get(&call->sb->switches, i);
}

const char *call_param(const struct call *call, const char *name)
{
    bool any_case = call_switch(call, SW_CASE) == 0;

    for (size_t i = 0; i < call->nparams; i++) {
        const char *own = call->params[i].name;

        if (any_case ? text_same(own, name) : strcmp(own, name) == 0)
            return call->params[i].value;
    }
    return NULL;
}

static void record(struct call *call, enum rule rule, const char *text)
{
    if (!call->admin)
        reqlog_violation(&call->sb->log, call->seq, rule_name(rule), text);
}

void call_violation(struct call *call, enum rule rule, const char *format, ...)
{
    char text[MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    record(call, rule, text);
}

bool call_refuse_body(struct call *call, enum rule rule, const char *format, ...)
{
    char text[MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    record(call, rule, text);
    call->sb->vendor->problem(call, PROBLEM_BODY, text);
    return false;
}

void call_touch(struct call *call, struct user *u)
{
    struct log_entry *entry = reqlog_entry(&call->sb->log, call->seq);

    call->applied = true;
    if (entry)
        reqlog_touch(entry, u->number);
}
