#include "rollcall/base/err.h"

#include <stdlib.h>

#include "buf_internal.h"
#include "rollcall/base/mem.h"

static void err_deinit(struct err *e)
{
    free(e->file);
    free(e->path);
    free(e->text);
}

void errs_clear(struct errs *e)
{
    for (size_t i = 0; i < e->n; i++)
        err_deinit(&e->v[i]);
    e->n = e->total = 0;
}

void errs_deinit(struct errs *e)
{
    errs_clear(e);
    free(e->v);
    *e = ERRS_INIT;
}

bool errs_any(const struct errs *e)
{
    return e->total > 0;
}

void errs_add(struct errs *e, const char *file, unsigned long line, unsigned long column, const char *path,
              const char *fmt, ...)
{
    if (e->total++ >= ERRS_KEPT_MAX)
        return;
    struct buf text = BUF_INIT(ERR_TEXT_MAX);
    va_list args;
    va_start(args, fmt);
    buf_vprintf_cut(&text, fmt, args);
    va_end(args);

    e->v = xgrow(e->v, &e->cap, e->n + 1, sizeof(*e->v));
    e->v[e->n++] = (struct err){
        .file = file ? xstrdup(file) : NULL,
        .line = line,
        .column = column,
        .path = path ? xstrdup(path) : NULL,
        .text = buf_take(&text),
    };
}

void err_format(const struct err *e, struct buf *out)
{
    bool place = e->file || e->line;
    if (e->file)
        buf_puts(out, e->file);
    if (e->line) {
        buf_printf(out, e->file ? ":%lu" : "line %lu", e->line);
        if (e->column)
            buf_printf(out, e->file ? ":%lu" : ", column %lu", e->column);
    }
    if (place)
        buf_puts(out, ": ");
    if (e->path) {
        buf_puts(out, e->path);
        buf_puts(out, ": ");
    }
    buf_puts(out, e->text);
}

static int by_place(const void *pa, const void *pb)
{
    const struct err *a = *(const struct err *const *)pa, *b = *(const struct err *const *)pb;
    int order = str_cmp(str_of(a->file), str_of(b->file));
    if (order)
        return order;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return (a > b) - (a < b); /* as they were found */
}

void errs_format(const struct errs *e, struct buf *out)
{
    const struct err **sorted = xcalloc(e->n, sizeof(*sorted));
    for (size_t i = 0; i < e->n; i++)
        sorted[i] = &e->v[i];
    if (e->n)
        qsort(sorted, e->n, sizeof(*sorted), by_place);
    for (size_t i = 0; i < e->n; i++) {
        err_format(sorted[i], out);
        buf_putc(out, '\n');
    }
    free(sorted);
    if (e->total > e->n)
        buf_printf(out, "(+%zu more)\n", e->total - e->n);
}
