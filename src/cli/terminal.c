#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli_internal.h"

/* stdout is data, stderr is for people. --------------------------------------------------------------------------------------------- */

bool stdout_colour(const struct options *o)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return !o->no_color && !(no && *no) && isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0;
}

struct report_style style_of(const struct options *o)
{
    struct winsize w;
    struct report_style s = { .colour = stdout_colour(o) };
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= 60)
        s.width = w.ws_col < 140 ? w.ws_col : 140;
    return s;
}

void print_out(const struct buf *text)
{
    fwrite(text->p, 1, text->n, stdout);
}

void say(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

void say_errs(const struct errs *e)
{
    struct buf out = BUF_INIT(1024 * 1024);
    errs_format(e, &out);
    fwrite(out.p, 1, out.n, stderr);
    buf_deinit(&out);
}

/* Log ------------------------------------------------------------------------------------------------------------------------------- */

static const char *const level_name[] = { "error", "warn", "info", "debug" };

static void log_as_text(void *ctx, enum log_level level, const char *event, const struct log_field *f,
                        size_t n)
{
    struct buf out = BUF_INIT(64 * 1024);
    char now[32];
    (void)ctx;
    buf_printf(&out, "%s %s %s", time_rfc3339(now, clock_unix(), true), level_name[level], event);
    for (size_t i = 0; i < n; i++) {
        buf_printf(&out, " %s=", f[i].name);
        printable(&out, f[i].value, 1000);
    }
    buf_putc(&out, '\n');
    fwrite(out.p, 1, out.n, stderr);
    buf_deinit(&out);
}

static void log_as_json(void *ctx, enum log_level level, const char *event, const struct log_field *f,
                        size_t n)
{
    struct buf out = BUF_INIT(64 * 1024);
    struct jw w;
    char now[32];
    (void)ctx;
    jw_init(&w, &out, false);
    jw_object(&w);
    jw_kz(&w, "time", time_rfc3339(now, clock_unix(), true));
    jw_kz(&w, "level", level_name[level]);
    jw_kz(&w, "event", event);
    for (size_t i = 0; i < n; i++)
        jw_kstr(&w, f[i].name, f[i].value);
    jw_end_object(&w);
    buf_putc(&out, '\n');
    fwrite(out.p, 1, out.n, stderr);
    buf_deinit(&out);
}

struct log terminal_log(const struct options *o)
{
    return (struct log){ .level = o->level, .write = o->json_log ? log_as_json : log_as_text };
}

/* Progress -------------------------------------------------------------------------------------------------------------------------- */

#define BAR_WIDTH 26

static void draw_counts(struct buf *out, const struct progress *p)
{
    char done[28], total[28], left[32];
    text_count(done, (int64_t)p->done);
    if (p->total)
        buf_printf(out, " %s/%s", done, text_count(total, (int64_t)p->total));
    else if (p->done)
        buf_printf(out, " %s", done);
    if (p->allowed > 0)
        buf_printf(out, "   %.1f calls/s of %.1f allowed", p->rate, p->allowed);
    if (p->throttled)
        buf_printf(out, "   %llu throttled", (unsigned long long)p->throttled);
    if (p->paused)
        buf_puts(out, "   waiting for the rate window");
    else if (p->left_us >= 0)
        buf_printf(out, "   %s left", time_span(left, p->left_us));
}

static void draw_bar(const struct progress *p)
{
    struct buf out = BUF_INIT(4096);
    buf_printf(&out, "\r\x1b[K%-10s ", phase_name[p->phase]);
    if (p->total) {
        size_t filled = (size_t)(p->done * BAR_WIDTH / p->total);
        filled = filled > BAR_WIDTH ? BAR_WIDTH : filled;
        buf_putc(&out, '[');
        for (size_t i = 0; i < BAR_WIDTH; i++)
            buf_putc(&out, i < filled ? '=' : i == filled ? '>' : ' ');
        buf_putc(&out, ']');
    }
    draw_counts(&out, p);
    fwrite(out.p, 1, out.n, stderr);
    buf_deinit(&out);
}

void progress_show(void *ctx, const struct progress *p)
{
    struct terminal_progress *t = ctx;
    if (t->quiet || p->phase == PHASE_START || p->phase == PHASE_DONE)
        return;
    if (t->bar) {
        draw_bar(p);
        t->drawn = true;
    } else if (p->phase != t->phase) {
        say("%s ...", phase_name[p->phase]);
    }
    t->phase = p->phase;
}

void progress_end(struct terminal_progress *t)
{
    if (t->drawn)
        fputs("\r\x1b[K", stderr);
    t->drawn = false;
}
