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
        err = file_out_commit(&sink.out);
        if (err == 0 && made != 0) {
            say("'%s': %s", path, why[0] ? why : "could not be made from the ledger");
            return EXIT_INTERNAL;
        }
    }
    if (err != 0)
        say("cannot write '%s': %s", path, strerror(-err));
    return err ? EXIT_INTERNAL : EXIT_OK;
}

int view_text(struct ledger *l, const struct report_run *r, void (*write)(void *ctx, struct str text),
              void *ctx, char why[300])
{
    struct buf out = BUF_INIT(16 * 1024 * 1024);
    (void)why;
    report_plan(r, &(struct report_style){ 0 }, &out);
    if (r->outcome)
        report_summary(l, r, &(struct report_style){ 0 }, NULL, NULL, &out);
    write(ctx, buf_view(&out));
    buf_deinit(&out);
    return 0;
}
