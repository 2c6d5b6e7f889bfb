/* A plan scenario: a text file with the facts (schema, options, teams, users, rows) and what has to come of
 * them. README in run_plan.c. */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "rollcall/plan.h"

#define CELLS_MAX 40
#define ROWS_MAX 400
#define STICKS_MAX 16
#define SCENARIO_TEXT_MAX ((size_t)1024 * 1024)

struct table_text {
    struct str head[CELLS_MAX];
    size_t n_head;
    struct str cell[ROWS_MAX][CELLS_MAX];
    size_t n;
};

struct scenario {
    struct schema schema;
    struct plan_options options;
    struct plan_proof proof;
    struct refs refs;
    struct table_text users, rows;
    struct str expected;
    size_t expected_at; /* offset of the line behind "expect:" */
    bool patterns;
    const char *protected_keys[16];
    struct {
        struct str user, attribute, wanted, seen;
    } stick[STICKS_MAX];
    size_t n_sticks;
    struct arena arena;
    char error[300];
};

/* Reads `text` (which must outlive it). False: scenario.error says why. */
bool scenario_read(struct scenario *s, struct str text);
void scenario_deinit(struct scenario *s);

/* In which order and with which secrets the same facts are told. */
struct telling {
    bool reverse_rows, reverse_users;
    bool number_as_told; /* lines are counted in the order of telling, as in a file with its rows moved */
    uint64_t shuffle;    /* 0: not */
    struct hash_key key;
    bool twice; /* the roster was used for a plan before */
};

struct told {
    struct buf text;     /* for people, compared with `expected` */
    struct buf document; /* canonical */
    char sha256[SHA256_HEX];
};

/* False: the sums do not agree, *why says which. */
bool scenario_tell(const struct scenario *s, const struct telling *t, struct told *out, char why[200]);

#endif
