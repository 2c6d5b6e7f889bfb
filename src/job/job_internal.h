/* The inside of job. How a job file becomes a struct job:
 *
 *   tree.c     the file's JSON as nodes that know where they stand
 *   rules.c    the table of every key: type, range, default, where its value goes. What the loader knows is
 *              exactly this table
 *   load.c     walks tree and table together; unknown keys, missing keys, defaults
 *   values.c   a reader per simple type of value
 *   feed.c, target.c, options.c, mapping.c, policy.c
 *              the keys that have rules of their own
 *   url.c      what an address may be
 *   secret.c   credential references, once the job is loaded
 *
 * A reader that finds a mistake notes it and goes on with something harmless, so that one load finds them
 * all. */
#ifndef JOB_INTERNAL_H
#define JOB_INTERNAL_H

#include <sys/stat.h>

#include "rollcall/job.h"

#define JOB_NODES_MAX 200000 /* values in one file */
#define JOB_TEXT_MAX 4096    /* bytes of a text that has no limit of its own */
#define JOB_NAME_MAX 100     /* bytes of "name" */
#define JOB_LIST_MAX 10000   /* entries of a list */
#define JOB_VALUES_MAX 50000 /* entries of a value map */
#define JOB_COUNT_MAX 1000000000

/* tree.c ------------------------------------------------------------------------------------------------- */

enum node_kind { NODE_NULL, NODE_BOOL, NODE_NUMBER, NODE_TEXT, NODE_OBJECT, NODE_ARRAY };

struct node {
    enum node_kind kind;
    struct str
        text;       /* NODE_TEXT; NODE_NUMBER as written; NODE_BOOL "true" or "false". With a NUL behind it */
    struct str key; /* of a member of an object; {NULL,0} otherwise. With a NUL behind it */
    uint32_t at;    /* offset of the value's first byte in the file */
    uint32_t key_at; /* of the key's first byte; the same as `at` when there is none */
    uint32_t index;  /* among its siblings */
    uint32_t n;      /* children */
    struct node *parent, *next;
    struct node *first, *last; /* children */
};

struct tree {
    struct str text; /* borrowed */
    struct node *root;
    size_t n; /* nodes */
};

struct tree_trouble {
    size_t at; /* offset */
    char text[200];
};

/* Nodes and their text live in `arena`. False: `trouble` says what is no JSON, and where, without quoting it.
 */
bool tree_parse(struct tree *t, struct str text, struct arena *arena, struct tree_trouble *trouble);
/* Line and column (in characters) of an offset, both 1-based. */
void tree_position(const struct tree *t, size_t at, unsigned long *line, unsigned long *column);
/* Appends "$.target.rate[0]". */
void node_path(const struct node *n, struct buf *out);
const struct node *node_member(const struct node *object,
                               const char *key); /* or NULL; `object` may be NULL */
const char *node_kind_text(enum node_kind k);    /* "a text" */
bool node_is_comment(const struct node *n);

/* rules.c ------------------------------------------------------------------------------------------------ */

struct loader;
struct jw;

enum rule_type {
    RULE_IGNORED, /* accepted, any text */
    RULE_OBJECT, /* has keys of its own in the table; `read`, when there is one, looks at the whole afterwards
                  */
    RULE_OWN,    /* `read` does it all */
    RULE_TEXT,   /* char *: a text, not empty, at most `max` bytes (0: JOB_TEXT_MAX) */
    RULE_PATH,   /* char *: a path, resolved against the job file's folder */
    RULE_WORD,   /* char *: one of `choices` */
    RULE_CHOICE, /* unsigned: index in `choices` */
    RULE_SWITCH, /* bool: one of two `choices`, true for the second */
    RULE_BOOL,   /* bool */
    RULE_INT,    /* int64_t, `min` to `max` */
    RULE_LIMIT,  /* int64_t, `min` to `max`, or "off": -1 */
    RULE_PERCENT, /* double, 0 to 100, or "off": -1 */
    RULE_SPAN,    /* int64_t microseconds from "30s", `min` to `max` */
    RULE_TYPES
};

enum rule_flag {
    RULE_REQUIRED = 1, /* when the object around it is there */
    RULE_POLICY = 2,   /* decides what is done: part of the policy hash */
};

struct rule {
    const char *path; /* "feed.proof.trailer"; "*" stands for an attribute's name */
    enum rule_type type;
    unsigned flags; /* rule_flag */
    size_t at;      /* offset of the value in struct job (below "attributes.*": in struct job_column) */
    const char
        *fallback; /* the default, as the job file would have it; NULL: none, or it depends on others */
    int64_t min, max;
    const char *const *choices; /* NULL-terminated */
    unsigned kinds;             /* RULE_OWN: what JSON values it takes, as bits (1 << enum node_kind) */
    /* `n` is NULL when the file does not have the key, or has something of the wrong kind that was reported
     * already. */
    void (*read)(struct loader *l, const struct rule *r, const struct node *n, void *at);
    /* With RULE_POLICY: the canonical form of what is not a simple value; of a RULE_OBJECT with all below it.
     */
    void (*write)(struct jw *w, const struct job *j);
};

size_t rules_count(void);
const struct rule *rules_at(size_t i);
/* The last part of the rule's path when it is directly below `prefix` ("" for the top), else NULL. */
const char *rule_key_below(const struct rule *r, const char *prefix);

/* load.c ------------------------------------------------------------------------------------------------- */

struct loader {
    struct job *job;                   /* being filled */
    const struct job_context *context; /* borrowed */
    struct errs *errs;                 /* borrowed */
    const struct tree *tree;           /* borrowed */
    const struct node *root;
    struct attr any;         /* stands in for an attribute while the connector is not known */
    const struct attr *attr; /* whose mapping is being read */
};

/* Notes a mistake about a value, about a key, or about something missing in an object. Nothing happens when
 * `n` is NULL. */
void mistake(struct loader *l, const struct node *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void mistake_key(struct loader *l, const struct node *n, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A piece of the file safe to show, at most 60 columns. Lives as long as the job. */
const char *shown(struct loader *l, struct str s);
/* "; did you mean 'x'?" or "". */
const char *did_you_mean(struct loader *l, const char *candidate);
/* Notes the mistake and returns false unless `n` is of that kind. */
bool expect(struct loader *l, const struct node *n, enum node_kind kind);
/* `n` when it is of a kind that the rule takes (or NULL); else notes the mistake and returns NULL. */
const struct node *fitting(struct loader *l, const struct rule *r, const struct node *n);
char *keep(struct loader *l, struct str s);

/* Reads the members of `object` (NULL: only defaults) by the rules below `prefix`; values go to `base` +
 * offset. */
void load_object(struct loader *l, const struct node *object, const char *prefix, void *base);

/* Finds things named twice. `canon` must outlive it. */
struct seen_entry {
    struct str canon;
    const struct node *node;
};
struct seen {
    struct table table;
    struct seen_entry *v; /* owned */
    size_t n, cap;
};
void seen_deinit(struct seen *s);
const struct node *seen_before(struct seen *s, struct str canon,
                               const struct node *n); /* the first one, or NULL when this is it */
unsigned long line_of(const struct loader *l, const struct node *n);

/* values.c ----------------------------------------------------------------------------------------------- */

/* A simple value, or the rule's default when `n` is NULL. */
void value_load(struct loader *l, const struct rule *r, const struct node *n, void *at);
/* What kinds of JSON values a rule takes, as bits (1 << enum node_kind). */
unsigned rule_kinds(const struct rule *r);
const char *rule_wanted(const struct rule *r); /* the same for people; NULL where the kinds say it all */
/* Writes the value in canonical form. */
void value_write(const struct rule *r, const void *at, struct jw *w);
/* A list of different texts, none of them empty. `canon` gives the form in which they are compared. */
struct texts {
    char **v;
    const struct node **node;
    size_t n;
};
bool texts_load(struct loader *l, const struct node *n, size_t max,
                bool (*canon)(struct str s, struct buf *out), struct texts *out);
bool canon_exact(struct str s, struct buf *out);
bool canon_fold(struct str s, struct buf *out); /* blanks at both ends and case do not count */

/* url.c -------------------------------------------------------------------------------------------------- */

enum url_trouble { URL_OK, URL_NO_SCHEME, URL_USER, URL_QUERY, URL_HOST, URL_PORT, URL_PATH };
struct url {
    bool https, loopback;
    char host[256];  /* lower case, no brackets */
    struct str body; /* the URL without slashes at its end */
};
enum url_trouble url_split(struct str s, struct url *out);
/* https, this machine, or a host that the operator named; `insecure_hosts` NULL-terminated or NULL. */
bool url_allowed(const struct url *u, const char *const *insecure_hosts);

/* target.c ----------------------------------------------------------------------------------------------- */

const struct node *target_node(const struct loader *l); /* NULL: the file has none */
/* An address that secrets are sent to. False, and the mistake noted, when it may not be one. */
bool load_url(struct loader *l, const struct node *n, struct url *out);

/* Readers and writers of single keys --------------------------------------------------------------------- */

typedef void rule_read(struct loader *l, const struct rule *r, const struct node *n, void *at);
typedef void rule_write(struct jw *w, const struct job *j);

rule_read read_name, read_feed_path, read_delimiter, read_proof;
rule_write write_delimiter, write_manifest;
rule_read read_connector, read_url, read_credentials, read_options, read_rate, read_concurrency,
    read_quota_day;
rule_write write_connector, write_url, write_options;
rule_read read_attributes, read_values, read_separator, read_match, read_manager_key, read_manager,
    read_status, read_active, read_leaver;
rule_write write_attributes, write_match, write_manager, write_status;
rule_read read_actions, read_protected, read_report, read_report_path;
rule_write write_protected;

/* secret_file.c: opens the file of a secret. -1: errno says why, or `unsafe`: it is a link, and somebody else
 * can change where it leads. */
int secret_open(const char *path, bool *unsafe);
const char *secret_file_trouble(int fd); /* why an open file is no place for a secret; NULL: it is one */
bool owned_by_us(const struct stat *st); /* or by root */

/* secret.c */
#define COMMAND_ARGS_MAX 32
struct command {
    const char *argv[COMMAND_ARGS_MAX + 1]; /* NULL-terminated; text lives in the arena given */
};
/* What is wrong with the JSON array of a command, or NULL. Never quotes it. */
const char *command_parse(struct str json, struct arena *arena, struct command *out);

/* policy.c */
void policy_hash(const struct job *j, char out[SHA256_HEX]);
void policy_write(const struct job *j, struct buf *out); /* the canonical document that is hashed */

#endif
