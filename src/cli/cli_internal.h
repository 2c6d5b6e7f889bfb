/* What the files of cli share: cli.c (verbs), options.c (tables, parsing, environment), setup.c (job,
 * secrets, state directory), verb_*.c, terminal.c (progress, log). */
#ifndef ROLLCALL_CLI_INTERNAL_H
#define ROLLCALL_CLI_INTERNAL_H

#include "rollcall/cli.h"
#include "rollcall/loop.h"
#include "rollcall/report.h"

#define ROLLCALL_VERSION "0.1.0"
#define LIST_MAX 32 /* times an option that may be repeated is taken */

struct list {
    const char *v[LIST_MAX + 1]; /* NULL-terminated; borrowed from argv or the environment's copy */
    size_t n;
};

/* Every option of every verb; what a verb does not take is refused when it is parsed. */
struct options {
    const char *state, *log_format, *log_level, *out, *sha256, *only, *first, *max_time, *user, *kind,
        *format, *job;
    struct list accept, allow_host, insecure_http;
    bool offline, detailed_exitcode, retry_refused, last, no_color, no_commands, quiet, verbose, help,
        version, steps;
    /* Taken from the texts above once all are parsed. */
    int64_t accept_count[CHANGE_KINDS], first_n, max_time_us;
    bool json_log;
    enum log_level level;
    struct arena environment; /* copies of what the environment said */
};

enum verb_bit {
    V_CHECK = 1,
    V_PLAN = 2,
    V_APPLY = 4,
    V_SYNC = 8,
    V_SHOW = 16,
    V_REPORT = 32,
    V_RUNS = 64,
    V_CONNECTORS = 128,
    V_ALL = 255
};

struct verb_entry {
    const char *name, *args, *help;
    unsigned bit;
    int least, most; /* operands; most -1: any number */
    int (*run)(const struct options *o, char **operand, int n);
};
extern const struct verb_entry verb_table[]; /* ended by a NULL name */

/* Parses argv behind the verb, then the environment (ROLLCALL_STATE for --state). Operands are moved to the
 * front of argv and counted in *n. 0, or EXIT_USAGE with everything that is wrong said on stderr. */
int options_parse(struct options *o, const struct verb_entry *verb, int argc, char **argv, int *n);
void options_deinit(struct options *o);
void options_help(const struct verb_entry *verb);

/* setup.c */
char *state_dir(const struct options *o); /* owned by the caller; NULL and a message when there is none */
struct ledger *open_ledger(const struct options *o, char **dir);
struct job *open_job(const struct options *o, const char *path);
int open_secrets(const struct options *o, const struct job *j, struct secret secret[CONN_CREDENTIALS_MAX]);
const struct connector *connector_of(const struct job *j);
void run_id_new(char out[RUN_ID_MAX]);
char *report_path(const char *pattern,
                  const char *run_id); /* "{run}" replaced; owned by the caller; NULL for NULL */
int make_parents(const char *path);

/* terminal.c */
bool stdout_colour(const struct options *o);
struct report_style style_of(const struct options *o);
void print_out(const struct buf *text);                               /* to stdout */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* a line for people, to stderr */
void say_errs(const struct errs *e);
struct log terminal_log(const struct options *o);
void progress_show(void *ctx, const struct progress *p); /* ctx: struct terminal_progress */
struct terminal_progress {
    bool bar; /* stderr is a terminal */
    bool quiet;
    enum phase phase; /* last one told */
    bool drawn;
};
void progress_end(struct terminal_progress *t);
bool stderr_bar(void); /* stderr is a terminal on which a line can be drawn again */

/* views.c: views of a run in one shape, and the files they go to */
typedef int (*view)(struct ledger *l, const struct report_run *r, void (*write)(void *ctx, struct str text),
                    void *ctx, char why[300]);
int view_junit(struct ledger *l, const struct report_run *r, void (*write)(void *ctx, struct str text),
               void *ctx, char why[300]);
int view_canonical(struct ledger *l, const struct report_run *r, void (*write)(void *ctx, struct str text),
                   void *ctx, char why[300]);
#define TEXT_VIEW_MAX ((size_t)16 * 1024 * 1024)
/* The plan, and behind it what became of it. */
void text_view(struct ledger *l, const struct report_run *r, const struct report_style *style,
               struct buf *out);
int view_text(struct ledger *l, const struct report_run *r, void (*write)(void *ctx, struct str text),
              void *ctx, char why[300]);
int write_view(struct ledger *l, const struct report_run *r, const char *path,
               view v); /* an exit code; NULL path: nothing */

/* verbs */
int verb_check(const struct options *o, char **operand, int n);
int verb_plan(const struct options *o, char **operand, int n);
int verb_apply(const struct options *o, char **operand, int n);
int verb_sync(const struct options *o, char **operand, int n);
int verb_show(const struct options *o, char **operand, int n);
int verb_report(const struct options *o, char **operand, int n);
int verb_runs(const struct options *o, char **operand, int n);
int verb_connectors(const struct options *o, char **operand, int n);

#endif
