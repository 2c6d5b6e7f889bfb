#include "call.h"

#include "emulator.h"

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

static void __attribute__((format(printf, 3, 0)))
record(struct call *call, enum rule rule, const char *format, va_list args)
{
    struct buf text = {0};

    if (call->admin)
        return;
    buf_vprintf(&text, format, args);
    reqlog_violation(&call->sb->log, call->seq, rule_name(rule), buf_text(&text));
    buf_free(&text);
}

void call_violation(struct call *call, enum rule rule, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    record(call, rule, format, args);
    va_end(args);
}

bool call_refuse_body(struct call *call, enum rule rule, const char *format, ...)
{
    struct buf text = {0};
    va_list args;

    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    call_violation(call, rule, "%s", buf_text(&text));
    call->sb->vendor->problem(call, PROBLEM_BODY, buf_text(&text));
    buf_free(&text);
    return false;
}

void call_touch(struct call *call, struct user *u)
{
    struct log_entry *entry = reqlog_entry(&call->sb->log, call->seq);

    call->applied = true;
    if (entry)
        reqlog_touch(entry, u->number);
}
