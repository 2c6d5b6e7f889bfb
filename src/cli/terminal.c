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

#define ERASE "\r\x1b[K" /* back to the line's beginning, and nothing on it */

/* Log ------------------------------------------------------------------------------------------------------------------------------- */

static const char *const level_name[] = { "error", "warn", "info", "debug" };

static void log_as_text(void *ctx, enum log_level level, const char *event, const struct log_field *f,
                        size_t n)
{
    struct buf out = BUF_INIT(64 * 1024);
    char now[32];
    (void)ctx;
    /* A progress bar may stand there: the next one is drawn below. */
    buf_printf(&out, "%s%s %s %s", stderr_bar() ? ERASE : "", time_rfc3339(now, clock_unix(), true),
               level_name[level], event);
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

#define BAR_WIDE 26
#define BAR_NARROW 12
#define WAIT_TOLD_US (6 * SECOND_US) /* shorter waits are the pace's ordinary breath */
#define PART_MAX 80

/* What is going on, for where there is no terminal to draw on: a line each. */
static const char *const phase_line[PHASES] = {
    [PHASE_TENANT] = "asking the target who we are, and what attributes and teams it has",
    [PHASE_ROSTER] = "listing the users",
    [PHASE_FEED] = "reading the rows",
    [PHASE_PLAN] = "comparing",
    [PHASE_APPLY] = "sending the changes",
    [PHASE_READ_BACK] = "looking whether the target shows them",
};

bool stderr_bar(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;
}

/* Columns that may be written without the terminal going to the next line. */
static size_t bar_columns(void)
{
    struct winsize w;
    size_t columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
    return columns - 1;
}

/* The parts of the line behind the bar. Each is shown whole or not at all; when there is no room for all, the
 * last of `dropped` goes first. */
enum part { COUNTS, PACE, THROTTLED, WAITING, LEFT, PARTS };
static const enum part dropped[PARTS] = { COUNTS, LEFT, WAITING, THROTTLED, PACE };

static void fill_counts(char text[PART_MAX], const struct progress *p)
{
    static const char *const unit[PHASES] = { [PHASE_ROSTER] = "call", [PHASE_FEED] = "row" };
    char done[28], total[28];
    text_count(done, (int64_t)p->done);
    if (p->total)
        snprintf(text, PART_MAX, "%s/%s", done, text_count(total, (int64_t)p->total));
    else if (p->done && unit[p->phase])
        snprintf(text, PART_MAX, "%s %s%s", done, unit[p->phase], p->done == 1 ? "" : "s");
}

static void fill_parts(char part[PARTS][PART_MAX], const struct progress *p)
{
    char span[32];
    fill_counts(part[COUNTS], p);
    if (p->allowed > 0 && p->phase != PHASE_FEED && p->rate > 0)
        snprintf(part[PACE], PART_MAX, "%.1f calls/s of %.1f allowed", p->rate, p->allowed);
    if (p->throttled)
        snprintf(part[THROTTLED], PART_MAX, "%llu throttled", (unsigned long long)p->throttled);
    if (p->paused && (p->rate <= 0 || p->wait_us > WAIT_TOLD_US))
        snprintf(part[WAITING], PART_MAX, "waiting %s for %s", time_span(span, p->wait_us),
                 p->throttled ? "the tenant" : "the rate window");
    if (p->left_us >= 0)
        snprintf(part[LEFT], PART_MAX, "%s left", time_span(span, p->left_us));
}

static void add_parts(struct buf *line, size_t columns, const struct progress *p)
{
    char part[PARTS][PART_MAX] = { "" };
    fill_parts(part, p);
    size_t used = utf8_width(buf_view(line));
    for (size_t i = 0; i < PARTS; i++) {
        char *text = part[dropped[i]];
        size_t wide = *text ? strlen(text) + 3 : 0;
        if (used + wide > columns)
            *text = '\0';
        else
            used += wide;
    }
    for (size_t i = 0, any = 0; i < PARTS; i++) {
        if (*part[i])
            buf_printf(line, "%s%s", any ? "   " : " ", part[i]);
        any |= *part[i] != '\0';
    }
}

static void add_bar(struct buf *line, size_t columns, const struct progress *p)
{
    size_t wide = columns >= 99 ? BAR_WIDE : columns >= 59 ? BAR_NARROW : 0;
    if (!p->total || !wide)
        return;
    uint64_t done = p->done < p->total ? p->done : p->total;
    size_t filled = (size_t)((double)done / (double)p->total * (double)wide);
    buf_putc(line, '[');
    for (size_t i = 0; i < wide; i++)
        buf_putc(line, i < filled ? '=' : i == filled ? '>' : ' ');
    buf_putc(line, ']');
}

#define PHASE_NAME 10

static void draw_bar(const struct progress *p)
{
    struct buf line = BUF_INIT(4096);
    size_t columns = bar_columns();
    if (columns > PHASE_NAME) {
        add_bar(&line, columns, p);
        add_parts(&line, columns - PHASE_NAME, p);
    }
    fprintf(stderr, ERASE "%-*.*s%s", PHASE_NAME, (int)columns, phase_name[p->phase], line.p ? line.p : "");
    buf_deinit(&line);
}

static void say_phase(const struct progress *p)
{
    char total[28], span[32], more[120] = "";
    if (!phase_line[p->phase])
        return;
    if (p->phase == PHASE_APPLY && p->total)
        snprintf(more, sizeof more, ": %s step%s%s%s", text_count(total, (int64_t)p->total),
                 p->total == 1 ? "" : "s", p->left_us > 0 ? ", about " : "",
                 p->left_us > 0 ? time_span(span, p->left_us) : "");
    say("%s: %s%s", phase_name[p->phase], phase_line[p->phase], more);
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
        say_phase(p);
    }
    t->phase = p->phase;
}

void progress_end(struct terminal_progress *t)
{
    if (t->drawn)
        fputs(ERASE, stderr);
    t->drawn = false;
}
