/* The rejects file: the original bytes of a row and why it was refused, in a form that is a feed again. */
#include <string.h>

#include "feed_internal.h"

#define REASON_COLUMN "Reject reason"

static void add_quoted(struct buf *out, struct str s)
{
    buf_putc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            buf_putc(out, '"');
        buf_putc(out, s.p[i]);
    }
    buf_putc(out, '"');
}

static void add_reason(struct buf *out, const struct reject *r)
{
    struct buf text = BUF_INIT(4096);
    buf_puts(&text, reject_reason_name[r->reason]);
    if (r->column[0]) {
        buf_puts(&text, ": ");
        printable(&text, str_of(r->column), 0);
    }
    if (r->detail && r->detail[0])
        buf_printf(&text, ": %s", r->detail);
    add_quoted(out, buf_view(&text));
    buf_deinit(&text);
}

void feed_reject_line(struct buf *out, struct str row, char delimiter, const struct reject *r)
{
    size_t n = row.n;
    while (n && (row.p[n - 1] == '\n' || row.p[n - 1] == '\r'))
        n--;
    buf_add(out, row.p, n);
    buf_putc(out, delimiter ? delimiter : ',');
    if (r)
        add_reason(out, r);
    else
        add_quoted(out, STR(REASON_COLUMN));
    if (n < row.n && row.p[row.n - 1] == '\n')
        buf_add(out, row.p + n, row.n - n);
    else
        buf_putc(out, '\n');
}
