#include "rejects.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int write_rows(struct file_out *out, const struct engine *e, struct feed_reader *reader)
{
    const struct plan *p = engine_plan(e);
    char delimiter = engine_feed(e)->delimiter;
    struct buf line = BUF_INIT(2 * FEED_ROW_MAX + 4096);
    int r = 0;
    feed_reject_line(&line, engine_feed_header(e), delimiter, NULL);
    file_out_write(out, line.p, line.n);
    for (size_t i = 0; r == 0 && i < plan_rejects(p); i++) {
        const struct reject *reject = plan_reject_at(p, i);
        char *bytes = xmalloc((size_t)reject->at.length + 1);
        r = feed_reader_again(reader, reject->at.offset, bytes, reject->at.length);
        buf_clear(&line);
        if (r == 0) {
            feed_reject_line(&line, (struct str){ bytes, reject->at.length }, delimiter, reject);
            file_out_write(out, line.p, line.n);
        }
        free(bytes);
    }
    buf_deinit(&line);
    return r;
}

int rejects_write(const struct engine *e, struct feed_reader *reader, const char *path, char why[400])
{
    if (!engine_feed(e) || !engine_plan(e))
        return 0;
    struct file_out out;
    int r = file_out_open(&out, path);
    if (r == 0) {
        r = write_rows(&out, e, reader);
        if (r == 0)
            r = file_out_commit(&out);
        else
            file_out_abort(&out);
    }
    if (r != 0)
        snprintf(why, 400, "cannot write the rejects file '%s': %s", path, strerror(-r));
    return r;
}
