/* What the files of report share. load.c: documents, and safe reading of them; text.c: text for people;
 * plan_text.c and withheld.c: the plan; summary.c, changes.c, runs.c: other views for people; audit.c with
 * sums.c, junit.c, canonical.c: views for machines. */
#ifndef ROLLCALL_REPORT_INTERNAL_H
#define ROLLCALL_REPORT_INTERNAL_H

#include <jansson.h>

#include "rollcall/report.h"

/* load.c -------------------------------------------------------------------------------------------------------------------------- */

/* Reading a document that may be damaged: a missing or mistyped member reads as nothing, never as a crash.
 * All borrowed from the document. Paths are names joined by dots. */
json_t *doc_at(const void *doc, const char *path); /* NULL when there is none */
int64_t doc_int(const void *doc, const char *path);
/* A number that counts something, within limits that can be reckoned with: 0 to COUNT_MAX, whatever stands
 * there. */
#define COUNT_MAX INT64_C(1000000000000000)
int64_t doc_count(const void *doc, const char *path);
int64_t count_value(const json_t *value);
struct str doc_text(const void *doc, const char *path); /* no text when there is none; may hold NULs */
bool doc_true(const void *doc, const char *path);
struct str text_value(const json_t *value);

/* A member of a kind's object: doc_kind(o, "changes", CHANGE_CREATE, "planned"). */
json_t *doc_kind(const void *doc, const char *group, enum change_kind kind, const char *member);

/* A stored change, taken apart. All borrowed from `root`. */
struct stored_change {
    json_t *root; /* owned */
    uint32_t seq;
    enum change_kind kind;
    enum hold hold;
    enum outcome outcome;
    struct str user, key, reason, why, text; /* empty when there is none */
    struct str new_id;
    int64_t line;
};
bool stored_change_read(const struct run_change *c,
                        struct stored_change *out); /* false: damaged, `root` NULL */
void stored_change_deinit(struct stored_change *c);
struct str stored_change_name(const struct stored_change *c); /* the key, or else the id */

/* Held, and not let through by an --accept afterwards. */
bool change_withheld(const struct run_change *c);
/* Not as it should be: somebody has to look. */
bool outcome_is_bad(enum outcome o);

/* text.c -------------------------------------------------------------------------------------------------------------------------- */

/* Order and marks of kinds in views for people, and their words. */
extern const enum change_kind kinds_shown[CHANGE_KINDS];
extern const char *const kind_mark[CHANGE_KINDS];
extern const char *const kind_plural[CHANGE_KINDS]; /* "updates" */
extern const char *const hold_words[HOLDS];         /* "unknown manager" */
extern const char *const outcome_words[OUTCOMES];   /* "not visible" */

/* A value from feed or tenant, as a person may see it on a terminal. */
void put_text(struct buf *out, struct str text);
/* A text that was made for people and has its values escaped already: made safe all the same, but its
 * backslashes are not doubled. */
void put_shown(struct buf *out, struct str text);
void put_line(struct buf *out, const char *before, struct str shown); /* the same, as a line */
/* put_shown() for a pattern of an attribute that a URN names, without the URN's long middle: what tells it
 * from others stands at its end. */
void put_brief(struct buf *out, struct str pattern);
/* What has passed put_shown(), in at most so many columns. A pattern ("NAME 'BEFORE' -> 'AFTER'") is
 * shortened inside its values, so that both can still be seen. */
void put_cut(struct buf *out, struct str shown, size_t columns);
void put_pattern(struct buf *out, struct str shown, size_t columns);
void put_spaces(struct buf *out, size_t n);
void put_count(struct buf *out, int64_t n);                                      /* 41,207 */
void put_counted(struct buf *out, int64_t n, const char *one, const char *many); /* 1 user, 2 users */
void put_hold(struct buf *out, enum hold hold, struct str why);                  /* its word and why */
struct str hold_why(enum hold hold, struct str why); /* without the hold's own word in front */

/* withheld.c ---------------------------------------------------------------------------------------------------------------------- */

#define LABEL 10 /* columns of the words at the left of the plan */

struct page {
    const struct report_run *r;
    const struct report_style *style;
    struct buf *out;
    /* Columns of patterns and of their counts: as wide as they need to be, and no wider than the terminal. */
    size_t pattern, count;
    bool counted; /* a count has said what it counts */
};

/* The patterns of a kind, a line each; the first goes behind what stands on the line. */
void page_patterns(struct page *p, enum change_kind k, size_t indent);

bool guard_stops(const struct report_run *r, enum change_kind k); /* tripped, and nobody has accepted it */
void page_withheld(struct page *p);
void page_ambiguous(struct page *p);
void page_rejected(struct page *p);
void page_absent(struct page *p);
void page_unstuck(struct page *p);
void put_unstuck(const void *overview, struct buf *out); /* its first line */

#endif
