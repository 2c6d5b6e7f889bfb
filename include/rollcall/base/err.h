/* Errors that a person can mend. A function that reads what people write (job, feed, command line) adds every
 * mistake it finds to a caller-owned `struct errs` and goes on, so that all are seen in one go. */
#ifndef ROLLCALL_BASE_ERR_H
#define ROLLCALL_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

#include "rollcall/base/text.h"

#define ERR_TEXT_MAX 600
#define ERRS_KEPT_MAX 100 /* mistakes kept whole; further ones are only counted */

struct err {
    char *file;                 /* owned; NULL when the mistake is in no file */
    unsigned long line, column; /* 1-based; 0: not known */
    char *path;                 /* owned; JSON path such as $.target.rate[0]; NULL when there is none */
    char *text;                 /* owned; lower case, no full stop, at most ERR_TEXT_MAX bytes */
};

struct errs {
    struct err *v; /* owned */
    size_t n, cap;
    size_t total; /* also those not kept */
};

#define ERRS_INIT ((struct errs){ 0 })
void errs_deinit(struct errs *e);
void errs_clear(struct errs *e);
bool errs_any(const struct errs *e);

/* Adds one mistake. `file` and `path` may be NULL, line and column 0. The text is cut at ERR_TEXT_MAX on a
 * character boundary. */
void errs_add(struct errs *e, const char *file, unsigned long line, unsigned long column, const char *path,
              const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* Appends "file:line:column: path: text" (parts that are not known left out), without a line end. */
void err_format(const struct err *e, struct buf *out);
/* Appends every mistake, a line each, sorted by file and line, and "(+N more)" where some were not kept. */
void errs_format(const struct errs *e, struct buf *out);

#endif
