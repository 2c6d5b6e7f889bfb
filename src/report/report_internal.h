/* What the files of report share: load.c (documents and safe reading of them), plan_text.c, summary.c, changes.c, audit.c, junit.c, canonical.c, runs.c. */
#ifndef ROLLCALL_REPORT_INTERNAL_H
#define ROLLCALL_REPORT_INTERNAL_H

#include <jansson.h>

#include "rollcall/report.h"

/* Reading a document that may be damaged: a missing or mistyped member reads as nothing, never as a crash. */
json_t *doc_at(const void *doc, const char *path);     /* "tenant.active"; NULL when there is none; borrowed */
int64_t doc_int(const void *doc, const char *path);    /* 0 when there is none */
const char *doc_text(const void *doc, const char *path); /* "" when there is none */
bool doc_true(const void *doc, const char *path);

/* Appends the text as a person may see it on a terminal. */
void put_text(struct buf *out, const char *text);
void put_str(struct buf *out, struct str text);
void put_count(struct buf *out, int64_t n);            /* 41,207 */

/* A stored change, taken apart. All borrowed from `root`. */
struct stored_change {
    json_t *root;
    uint32_t seq;
    enum change_kind kind;
    enum hold hold;
    enum outcome outcome;
    const char *user, *key, *reason, *why, *text; /* "" when there is none */
    int64_t line;
};
bool stored_change_read(const struct run_change *c, struct stored_change *out); /* false: damaged; `root` is then NULL */
void stored_change_deinit(struct stored_change *c);

/* Order and marks of kinds in views for people. */
extern const enum change_kind kinds_shown[CHANGE_KINDS];
extern const char *const kind_mark[CHANGE_KINDS];

#endif
