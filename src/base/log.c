#include "rollcall/base/log.h"

#include "buf_internal.h"

#define LOG_TEXT_MAX 4096

static bool wanted(const struct log *log, enum log_level level)
{
    return log && log->write && level <= log->level;
}

void log_event(const struct log *log, enum log_level level, const char *event, const struct log_field *fields,
               size_t n)
{
    if (wanted(log, level))
        log->write(log->ctx, level, event, fields, n);
}

void log_text(const struct log *log, enum log_level level, const char *event, const char *fmt, ...)
{
    if (!wanted(log, level))
        return;
    struct buf text = BUF_INIT(LOG_TEXT_MAX);
    va_list args;
    va_start(args, fmt);
    buf_vprintf_cut(&text, fmt, args);
    va_end(args);
    struct log_field field = { "text", buf_view(&text) };
    log_event(log, level, event, &field, 1);
    buf_deinit(&text);
}
