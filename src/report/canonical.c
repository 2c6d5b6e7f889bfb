/* The canonical plan document: head, a line per change, tail; exactly the bytes whose SHA-256 is the plan's.
 * Stored changes carry their place in the feed as a first member, which the canonical form leaves out. */
#include <errno.h>
#include <string.h>

#include "report_internal.h"

#define HEAD_MAX ((size_t)512 * 1024 * 1024)

struct lines {
    report_write write;
    void *ctx;
    bool bad;
};

static bool write_change(void *ctx, const struct run_change *c)
{
    const struct str place = STR("{\"at\":{");
    struct lines *l = ctx;
    const char *end = str_starts(c->json, place) ? memchr(c->json.p, '}', c->json.n) : NULL;
    size_t skip = end ? (size_t)(end - c->json.p) + 2 : 0; /* the brace and the comma behind it */
    if (!end || skip >= c->json.n || end[1] != ',') {
        l->bad = true;
        return false;
    }
    l->write(l->ctx, STR("{"));
    l->write(l->ctx, (struct str){ c->json.p + skip, c->json.n - skip });
    l->write(l->ctx, STR("\n"));
    return true;
}

static int write_text(struct ledger *l, const char *id, const char *name, struct lines *lines)
{
    struct buf text = BUF_INIT(HEAD_MAX);
    int err = l->ops->run_text_get(l, id, name, &text);
    if (err == 0 && text.n)
        lines->write(lines->ctx, buf_view(&text));
    buf_deinit(&text);
    return err;
}

int report_canonical(struct ledger *l, const struct report_run *r, report_write write, void *ctx)
{
    struct lines lines = { write, ctx, false };
    int err = write_text(l, r->run.id, "head", &lines);
    if (err == 0)
        err = l->ops->change_each(l, r->run.id, write_change, &lines);
    if (err == 0 && !lines.bad)
        err = write_text(l, r->run.id, "tail", &lines);
    return lines.bad ? -EBADMSG : err;
}
