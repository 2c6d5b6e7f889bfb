/* Walks the file's tree and the table of rules together. */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job_internal.h"

#define SHOWN_COLUMNS 100 /* the names of SCIM's extensions begin with a URN of 60 */
#define PATH_MAX_BYTES 1000

unsigned long line_of(const struct loader *l, const struct node *n)
{
    unsigned long line, column;
    tree_position(l->tree, n->key_at, &line, &column);
    return line;
}

static void note(struct loader *l, const struct node *n, size_t at, const char *fmt, va_list args)
    __attribute__((format(printf, 4, 0)));
static void note(struct loader *l, const struct node *n, size_t at, const char *fmt, va_list args)
{
    char text[ERR_TEXT_MAX];
    unsigned long line = 0, column = 0;
    struct buf path = BUF_INIT(PATH_MAX_BYTES);
    vsnprintf(text, sizeof(text), fmt, args);
    /* Places of mistakes that nobody will see are not looked for: each costs a walk through the file. */
    if (l->errs->n < ERRS_KEPT_MAX) {
        tree_position(l->tree, at, &line, &column);
        node_path(n, &path);
    }
    errs_add(l->errs, l->job->path, line, column, path.n ? path.p : NULL, "%s", text);
    buf_deinit(&path);
}

void mistake(struct loader *l, const struct node *n, const char *fmt, ...)
{
    va_list args;
    if (!n)
        return;
    va_start(args, fmt);
    note(l, n, n->at, fmt, args);
    va_end(args);
}

void mistake_key(struct loader *l, const struct node *n, const char *fmt, ...)
{
    va_list args;
    if (!n)
        return;
    va_start(args, fmt);
    note(l, n, n->key_at, fmt, args);
    va_end(args);
}

const char *shown(struct loader *l, struct str s)
{
    struct buf b = BUF_INIT(JOB_TEXT_MAX);
    printable(&b, s, SHOWN_COLUMNS);
    const char *text = arena_z(&l->job->arena, buf_view(&b));
    buf_deinit(&b);
    return text;
}

const char *did_you_mean(struct loader *l, const char *candidate)
{
    struct buf b = BUF_INIT(JOB_TEXT_MAX);
    if (!candidate)
        return "";
    buf_printf(&b, "; did you mean '%s'?", shown(l, str_of(candidate)));
    const char *text = arena_z(&l->job->arena, buf_view(&b));
    buf_deinit(&b);
    return text;
}

bool expect(struct loader *l, const struct node *n, enum node_kind kind)
{
    if (n->kind == kind)
        return true;
    mistake(l, n, "this must be %s, not %s", node_kind_text(kind), node_kind_text(n->kind));
    return false;
}

char *keep(struct loader *l, struct str s)
{
    return arena_z(&l->job->arena, s);
}

/* Seen before -------------------------------------------------------------------------------------------- */

void seen_deinit(struct seen *s)
{
    table_deinit(&s->table);
    free(s->v);
}

const struct node *seen_before(struct seen *s, struct str canon, const struct node *n)
{
    static const struct hash_key key = {
        1, 2
    }; /* the job file is its operator's own: nobody writes it against us */
    uint64_t digest = hash64(&key, canon.p, canon.n);
    for (size_t it = table_find(&s->table, digest); it != TABLE_END; it = table_next(&s->table, it, digest))
        if (str_eq(s->v[table_value(&s->table, it)].canon, canon))
            return s->v[table_value(&s->table, it)].node;
    s->v = xgrow(s->v, &s->cap, s->n + 1, sizeof(*s->v));
    s->v[s->n] = (struct seen_entry){ canon, n };
    table_add(&s->table, digest, (uint32_t)s->n++);
    return NULL;
}

/* Objects ------------------------------------------------------------------------------------------------ */

static void check_repeated_keys(struct loader *l, const struct node *object)
{
    struct seen seen = { 0 };
    for (const struct node *n = object->first; n; n = n->next) {
        const struct node *first = node_is_comment(n) ? NULL : seen_before(&seen, n->key, n);
        if (first)
            mistake_key(l, n, "'%s' is there twice: first on line %lu", shown(l, n->key), line_of(l, first));
    }
    seen_deinit(&seen);
}

/* "known here: a, b, c". */
static void add_known(struct buf *out, const char *prefix)
{
    const char *comma = "known here: ";
    for (size_t i = 0; i < rules_count(); i++) {
        const char *key = rule_key_below(rules_at(i), prefix);
        if (!key)
            continue;
        buf_printf(out, "%s%s", comma, key);
        comma = ", ";
    }
}

static void unknown_key(struct loader *l, const struct node *n, const char *prefix)
{
    const char *known[64];
    size_t n_known = 0;
    struct buf list = BUF_INIT(ERR_TEXT_MAX);
    if (l->errs->n >= ERRS_KEPT_MAX) { /* will only be counted */
        mistake_key(l, n, "unknown key");
        return;
    }
    for (size_t i = 0; i < rules_count() && n_known < array_len(known); i++) {
        const char *key = rule_key_below(rules_at(i), prefix);
        if (key)
            known[n_known++] = key;
    }
    const char *close = suggest(n->key, known, n_known);
    add_known(&list, prefix);
    if (close)
        mistake_key(l, n, "unknown key '%s'%s", shown(l, n->key), did_you_mean(l, close));
    else
        mistake_key(l, n, "unknown key '%s'; %s", shown(l, n->key), list.p);
    buf_deinit(&list);
}

static void check_keys(struct loader *l, const struct node *object, const char *prefix)
{
    check_repeated_keys(l, object);
    for (const struct node *n = object->first; n; n = n->next) {
        bool known = node_is_comment(n);
        for (size_t i = 0; i < rules_count() && !known; i++) {
            const char *key = rule_key_below(rules_at(i), prefix);
            known = key && str_is(n->key, key);
        }
        if (!known)
            unknown_key(l, n, prefix);
    }
}

static void say_wanted(struct loader *l, const struct rule *r, const struct node *n)
{
    unsigned kinds = rule_kinds(r);
    char wanted[100] = "";
    for (unsigned k = 0; k <= NODE_ARRAY; k++) {
        size_t used = strlen(wanted);
        if (kinds & 1U << k)
            snprintf(wanted + used, sizeof(wanted) - used, "%s%s", used ? " or " : "",
                     node_kind_text((enum node_kind)k));
    }
    mistake(l, n, "this must be %s, not %s", rule_wanted(r) ? rule_wanted(r) : wanted,
            node_kind_text(n->kind));
}

const struct node *fitting(struct loader *l, const struct rule *r, const struct node *n)
{
    if (!n || rule_kinds(r) & 1U << n->kind)
        return n;
    say_wanted(l, r, n);
    return NULL;
}

static void load_rule(struct loader *l, const struct rule *r, const struct node *object, void *base)
{
    const char *dot = strrchr(r->path, '.');
    const char *key = dot ? dot + 1 : r->path;
    const struct node *given = node_member(object, key);
    const struct node *n = fitting(l, r, given);
    void *at = (char *)base + r->at;
    if (object && !given && r->flags & RULE_REQUIRED)
        mistake(l, object, "'%s' is missing", key);
    if (r->type == RULE_OBJECT)
        load_object(l, n, r->path, base);
    else if (r->type != RULE_OWN && r->type != RULE_IGNORED)
        value_load(l, r, n, at);
    if (r->read)
        r->read(l, r, n, at);
}

/* The recursion is as deep as the table's paths, not as the file. */
void load_object(struct loader *l, const struct node *object, const char *prefix, void *base)
{
    if (object)
        check_keys(l, object, prefix);
    for (size_t i = 0; i < rules_count(); i++)
        if (rule_key_below(rules_at(i), prefix))
            load_rule(l, rules_at(i), object, base);
}

/* The file ----------------------------------------------------------------------------------------------- */

static struct job *new_job(const char *path)
{
    struct job *j = xcalloc(1, sizeof(*j));
    char *dir = path_dir(path);
    j->path = arena_z(&j->arena, str_of(path));
    j->dir = arena_z(&j->arena, str_of(dir));
    free(dir);
    return j;
}

void job_free(struct job *j)
{
    if (!j)
        return;
    arena_deinit(&j->arena);
    free(j);
}

static void digest_file(struct job *j, struct str text)
{
    unsigned char digest[SHA256_BYTES];
    sha256_of(text, digest);
    sha256_hex(digest, j->file_sha256);
}

/* Retirements stand in for deactivations: a guard that somebody has set for these holds for those too, unless
 * they have one of their own. */
static void follow_deactivate(struct loader *l)
{
    const struct node *guards = node_member(l->root, "guards"),
                      *own = guards ? node_member(guards, "retire") : NULL;
    struct job_guard *retire = &l->job->guard[CHANGE_RETIRE];
    if (!own || !node_member(own, "number"))
        retire->number = l->job->guard[CHANGE_DEACTIVATE].number;
    if (!own || !node_member(own, "percent"))
        retire->percent = l->job->guard[CHANGE_DEACTIVATE].percent;
}

static void load_text(struct job *j, struct str text, const struct job_context *context, struct errs *errs)
{
    struct arena nodes = ARENA_INIT;
    struct tree tree;
    struct tree_trouble trouble;
    struct loader l = { .job = j, .context = context, .errs = errs, .tree = &tree };
    digest_file(j, text);
    if (!tree_parse(&tree, text, &nodes, &trouble)) {
        unsigned long line, column;
        tree_position(&tree, trouble.at, &line, &column);
        errs_add(errs, j->path, line, column, NULL, "%s", trouble.text);
    } else if (expect(&l, tree.root, NODE_OBJECT)) {
        l.root = tree.root;
        load_object(&l, tree.root, "", j);
        follow_deactivate(&l);
    }
    arena_deinit(&nodes);
}

static bool read_text(const char *path, struct buf *text, struct errs *errs)
{
    int error = file_read(path, JOB_FILE_MAX, text);
    if (error == 0)
        return true;
    if (error == -EFBIG)
        errs_add(errs, path, 0, 0, NULL, "larger than 4 MiB: this is no job file");
    else
        errs_add(errs, path, 0, 0, NULL, "cannot read the job file: %s", strerror(-error));
    return false;
}

struct job *job_load(const char *path, const struct job_context *context, struct errs *errs)
{
    struct buf text = BUF_INIT(JOB_FILE_MAX + 1);
    size_t before = errs->total;
    struct job *j = new_job(path);
    if (read_text(path, &text, errs))
        load_text(j, buf_view(&text), context, errs);
    buf_deinit(&text);
    if (errs->total != before) {
        job_free(j);
        return NULL;
    }
    policy_hash(j, j->policy_sha256);
    return j;
}
