#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli_internal.h"

/* Views of a run in one shape, and the files they go to. */

struct file_sink {
    struct file_out out;
};

static void to_file(void *ctx, struct str text)
{
    file_out_write(&((struct file_sink *)ctx)->out, text.p, text.n);
}

int view_junit(struct ledger *l, const struct report_run *r, void (*write)(void *ctx, struct str text),
               void *ctx, char why[300])
{
    (void)why;
    return report_junit(l, r, write, ctx);
}

int view_canonical(struct ledger *l, const struct report_run *r, void (*write)(void *ctx, struct str text),
                   void *ctx, char why[300])
{
    (void)why;
    return report_canonical(l, r, write, ctx);
}

int write_view(struct ledger *l, const struct report_run *r, const char *path, view v)
{
    struct file_sink sink;
    char why[300] = "";
    if (!path)
        return EXIT_OK;
    int err = make_parents(path);
    if (err == 0)
        err = file_out_open(&sink.out, path);
    if (err == 0) {
        int made = v(l, r, to_file, &sink, why);
        if (made == 0 || made == -EBADMSG) /* whole, though a count in it is wrong */
            err = file_out_commit(&sink.out);
        else
            file_out_abort(&sink.out);
        if (err == 0 && made != 0) {
            say("'%s': %s", path, why[0] ? why : "could not be made from the ledger");
            return EXIT_INTERNAL;
        }
    }
    if (err != 0)
        say("cannot write '%s': %s", path, strerror(-err));
    return err ? EXIT_INTERNAL : EXIT_OK;
}

void text_view(struct ledger *l, const struct report_run *r, const struct report_style *style,
               struct buf *out)
{
    report_plan(r, style, out);
    if (r->run.state == RUN_PLANNED || r->run.state == RUN_HELD)
        return;
    buf_putc(out, '\n');
    report_summary(l, r, style, NULL, NULL, out);
}

int view_text(struct ledger *l, const struct report_run *r, void (*write)(void *ctx, struct str text),
              void *ctx, char why[300])
{
    struct buf out = BUF_INIT(TEXT_VIEW_MAX);
    (void)why;
    text_view(l, r, &(struct report_style){ 0 }, &out);
    write(ctx, buf_view(&out));
    buf_deinit(&out);
    return 0;
}
