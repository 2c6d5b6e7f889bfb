/* The inside of feed, in the order in which bytes pass: cutter (bytes -> records), fields (record -> cells,
 * libcsv), columns (header -> cells), mapper (cells -> person), proof (is the file whole?). feed.c drives
 * them. */
#ifndef FEED_INTERNAL_H
#define FEED_INTERNAL_H

#include <csv.h>

#include "rollcall/feed.h"

/* cutter ---------------------------------------------------------------------------------------------- */

/* One record: one physical line, or several when a quoted field has line ends in it. */
struct record {
    struct str bytes; /* without the line end at its end; one more byte behind it may be read. Borrowed until
                         the next cutter call */
    struct place at;
    bool ended;        /* has a line end */
    const char *stray; /* NULL, or what is wrong with its quoting, for people */
    uint64_t stray_line;
    size_t stray_column; /* byte in that line, 1-based */
};

struct cutter {
    char delimiter;     /* 0: not known yet, any of FEED_DELIMITERS counts */
    struct buf held;    /* the beginning of a record that has not ended yet */
    size_t line_start;  /* of its last physical line, in `held` */
    struct place at;    /* of the record being cut */
    uint64_t lines;     /* line ends passed */
    bool open;          /* a quoted field goes on */
    uint64_t open_line; /* where its quote stands */
    bool delivered;     /* `held` was handed out as a record */
};

#define FEED_DELIMITERS ",;\t|"

enum cut {
    CUT_RECORD,
    CUT_MORE /* all bytes taken, no record */,
    CUT_TOO_LONG /* FEED_ROW_MAX passed; nothing more comes */
};

void cutter_init(struct cutter *c);
void cutter_deinit(struct cutter *c);
/* Takes bytes from *p, *n until a record is complete. Blank lines are passed over. */
enum cut cutter_next(struct cutter *c, const char **p, size_t *n, struct record *out);
/* What is left at the end of the file: CUT_MORE when nothing. `c->open` then says that its quote was never
 * closed. */
enum cut cutter_last(struct cutter *c, struct record *out);

/* fields ---------------------------------------------------------------------------------------------- */

#define NO_CELL UINT16_MAX

/* Cells of one record: of its columns, those that somebody wants. */
struct fields {
    struct csv_parser csv;
    char delimiter;
    const uint16_t *map; /* cell by column; NULL: every column is the cell of its number. Borrowed */
    size_t n_cells;      /* with a map */
    struct str cell[FEED_COLUMNS_MAX]; /* {NULL,0}: blank, or the record ended before it; valid until the next
                                          split */
    size_t n;                          /* fields of the record, also beyond FEED_COLUMNS_MAX */
    size_t rows;                       /* records that libcsv saw in it */
    bool too_long;                     /* a field passed FEED_FIELD_MAX */
    char *text;                        /* owned: copies of cells */
    size_t text_n, text_cap;
};

void fields_init(struct fields *f, char delimiter);
void fields_deinit(struct fields *f);
/* The record is well-quoted. False when libcsv does not see exactly one record in it. */
bool fields_split(struct fields *f, const struct record *r);
/* The same through libcsv whatever the record looks like; the two must not differ. */
bool fields_split_libcsv(struct fields *f, const struct record *r);

/* Walks the fields of well-quoted bytes as they stand there, quotes included; *pos starts with 0. False
 * behind the last. */
bool raw_field(struct str record, char delimiter, size_t *pos, struct str *raw);

/* columns --------------------------------------------------------------------------------------------- */

#define CELLS_MAX (SCHEMA_MAX + 4) /* attributes, manager, status, the two of a trailer */

struct columns {
    struct buf bytes; /* as read, without line end */
    struct arena arena;
    const char *name[FEED_COLUMNS_MAX]; /* in the arena */
    size_t n;                           /* columns */
    uint16_t cell[FEED_COLUMNS_MAX];    /* by column */
    uint16_t column[CELLS_MAX];         /* by cell */
    size_t n_cells;
};

void columns_init(struct columns *h);
void columns_deinit(struct columns *h);
/* Reads the header record; *delimiter is found when it is 0. Every mistake is added to `errs`; false when
 * there was one, `why` then has the first. */
bool columns_read(struct columns *h, const struct feed_options *o, const struct mapping *m,
                  const struct record *r, char *delimiter, struct errs *errs, char why[400]);
/* Cell of a wanted column; NO_CELL when `name` is NULL or not there. */
uint16_t columns_cell(const struct columns *h, const char *name);
/* What a file that is no UTF-8 text begins with: a text for people, or NULL. */
const char *not_text(struct str bytes);

/* mapper ---------------------------------------------------------------------------------------------- */

struct value_rule {
    struct str from; /* canonical form; in the arena */
    struct value to;
};

/* How one cell becomes a value. */
struct rule {
    const struct attr *attr; /* borrowed, or in the arena: with the column's own separator */
    bool split;              /* that separator becomes line ends in what is sent */
    const char *column;      /* borrowed; NULL: no column, always the fallback */
    uint16_t cell;
    struct value_rule *values; /* in the arena, sorted by `from` */
    size_t n_values;
    bool strict;
    struct value fallback;
};

struct status_word {
    struct str shown; /* as the job has it, trimmed */
    struct str canon;
    enum person_state state;
};

struct mapper {
    const struct mapping *mapping; /* borrowed */
    struct hash_key key;
    struct arena arena;
    struct rule rule[SCHEMA_MAX + 1]; /* by slot; the manager's behind the last slot */
    size_t n_rules;
    uint16_t status_cell;
    struct status_word *words;
    size_t n_words;
    struct buf text; /* lengths, canonical forms and all else that the digest covers, of the current row */
    struct buf scratch;
    struct arena row; /* of the current row: what is sent in another form than it came */
    struct person person;
};

/* What is wrong with a row: reason, column and a text for people. */
struct verdict {
    enum reject_reason reason; /* REJECT_NONE: nothing */
    const char *column;        /* borrowed; NULL: none */
    bool keys_known;
    struct buf detail;
};

void mapper_init(struct mapper *m, const struct mapping *mapping, const struct hash_key *key);
void mapper_deinit(struct mapper *m);
void mapper_columns(struct mapper *m, const struct columns *h);
/* The row's person in m->person, valid until the next call; or what is wrong. Cells are valid UTF-8. */
void mapper_row(struct mapper *m, const struct str *cell, struct verdict *out);
/* Only the keys, of cells that may be anything. True when every key cell can be read and at least one has a
 * value: m->person then has the keys and nothing else. */
bool mapper_keys(struct mapper *m, const struct str *cell);

/* proof ----------------------------------------------------------------------------------------------- */

struct trailer {
    const char *value; /* borrowed; NULL: there is none */
    uint16_t cell, count_cell;
    uint64_t line;      /* of the last one seen; 0: none yet */
    uint64_t rows;      /* records before it */
    uint64_t after;     /* line of the first record behind a trailer; 0: none */
    int64_t said;       /* its count; -1: none that is a number */
    char said_text[64]; /* the count as it stands there, printable */
};

/* Is the record a trailer? Then it is noted. */
bool trailer_take(struct trailer *t, const struct fields *f, const struct place *at, uint64_t rows);
/* A record that is none. */
void trailer_row(struct trailer *t, const struct place *at);

/* Does everything the manifest names hold? What does not goes to `why`. `rows` are all records. */
bool manifest_holds(const struct feed_options *o, const struct feed_summary *s, uint64_t rows, char why[400]);
void manifest_how(const struct feed_options *o, char out[120]);
bool trailer_holds(const struct trailer *t, uint64_t cut_line, uint64_t rows, char why[400]);

/* Appends 'text' in single quotes, printable and cut. */
void quoted_value(struct buf *out, struct str s);

#endif
