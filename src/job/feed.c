/* Keys about files: the job's name, the feed, the reports. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "job_internal.h"

static char *resolved(struct loader *l, struct str given)
{
    char *z = xmemdup(given.p, given.n);
    char *joined = path_join(l->job->dir, z);
    char *kept = keep(l, str_of(joined));
    free(joined);
    free(z);
    return kept;
}

static struct str file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return str_of(slash ? slash + 1 : path);
}

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return true;
    return false;
}

static bool usable_text(struct loader *l, const struct node *n, size_t max)
{
    if (n->text.n == 0)
        mistake(l, n, "this must not be empty");
    else if (n->text.n > max)
        mistake(l, n, "%zu bytes are more than the %zu allowed", n->text.n, max);
    else if (has_control(n->text))
        mistake(l, n, "control characters do not belong here");
    else
        return true;
    return false;
}

void read_name(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    struct str name = file_name(l->job->path);
    (void)r;
    if (name.n > 5 && str_eq((struct str){ name.p + name.n - 5, 5 }, STR(".json")))
        name.n -= 5;
    if (n && usable_text(l, n, JOB_NAME_MAX))
        name = n->text;
    *(char **)at = keep(l, name);
}

void read_feed_path(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    (void)r, (void)at;
    if (!n || !usable_text(l, n, JOB_TEXT_MAX))
        return;
    l->job->feed.given = keep(l, n->text);
    l->job->feed.path = str_is(n->text, "-") ? l->job->feed.given : resolved(l, n->text);
}

void read_delimiter(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    struct rule word = { .path = r->path, .type = RULE_WORD, .fallback = r->fallback, .choices = r->choices };
    char *chosen = NULL;
    bool tab = n && str_is(n->text, "\t"); /* the character itself will do, too */
    value_load(l, &word, tab ? NULL : n, &chosen);
    tab = tab || strcmp(chosen, "tab") == 0;
    *(char *)at = tab ? '\t' : strcmp(chosen, "auto") == 0 ? '\0' : chosen[0];
}

void write_delimiter(struct jw *w, const struct job *j)
{
    jw_int(w, j->feed.delimiter);
}

void read_proof(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    const struct node *trailer = node_member(n, "trailer"), *manifest = node_member(n, "manifest");
    (void)r, (void)at;
    if (!n)
        return;
    if (trailer && manifest)
        mistake(l, n, "either 'trailer' or 'manifest', not both");
    else if (!trailer && !manifest)
        mistake(l, n, "'trailer' or 'manifest' is missing");
    l->job->feed.proof = trailer ? JOB_PROOF_TRAILER : JOB_PROOF_MANIFEST;
}

/* Where the manifest lies is no policy, that there must be one is. */
void write_manifest(struct jw *w, const struct job *j)
{
    jw_bool(w, j->feed.manifest != NULL);
}

/* "{run}" is the only thing in braces that is replaced; "{date}" would end up in a file's name as it is. */
static bool braces_ok(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '{') {
            if (!str_starts((struct str){ s.p + i, s.n - i }, STR("{run}")))
                return false;
            i += 4;
        } else if (s.p[i] == '}') {
            return false;
        }
    }
    return true;
}

void read_report_path(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    (void)r;
    if (!n || !usable_text(l, n, JOB_TEXT_MAX))
        return;
    if (n->text.p[n->text.n - 1] == '/')
        mistake(l, n, "this must be a file, not a folder; end it with a name such as '{run}.json'");
    else if (!braces_ok(n->text))
        mistake(l, n, "'%s' has braces that mean nothing; only '{run}' is replaced, by the run's id",
                shown(l, n->text));
    else
        *(char **)at = resolved(l, n->text);
}

/* The parts of a path, one after the other; "." and doubled slashes are none. */
static struct str next_part(const char **path)
{
    for (;;) {
        const char *p = *path + strspn(*path, "/");
        size_t n = strcspn(p, "/");
        *path = p + n;
        if (n != 1 || *p != '.')
            return (struct str){ p, n };
    }
}

/* Two paths of one file: by what is there, or, while nothing is, by their text. */
static bool same_file(const char *a, const char *b)
{
    struct stat at, bt;
    struct str x, y;
    if (stat(a, &at) == 0 && stat(b, &bt) == 0)
        return at.st_dev == bt.st_dev && at.st_ino == bt.st_ino;
    if ((*a == '/') != (*b == '/'))
        return false;
    do {
        x = next_part(&a);
        y = next_part(&b);
    } while (x.n > 0 && str_eq(x, y));
    return x.n == 0 && y.n == 0;
}

/* A report must not be written over what the run was made from, nor over another report. */
void read_report(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    const struct job *j = l->job;
    const struct {
        const char *key, *path;
    } out[] = { { "audit", j->report.audit },
                { "rejects", j->report.rejects },
                { "junit", j->report.junit } };
    (void)r, (void)at;
    for (size_t i = 0; i < array_len(out); i++) {
        const struct node *where = node_member(n, out[i].key);
        if (!out[i].path)
            continue;
        if (j->feed.path && same_file(out[i].path, j->feed.path))
            mistake(l, where, "this is the feed itself, which would be overwritten");
        if (j->feed.manifest && same_file(out[i].path, j->feed.manifest))
            mistake(l, where, "this is the feed's manifest, which would be overwritten");
        if (same_file(out[i].path, j->path))
            mistake(l, where, "this is the job file itself, which would be overwritten");
        for (size_t k = 0; k < i; k++)
            if (out[k].path && same_file(out[i].path, out[k].path))
                mistake(l, where, "the same file as '%s': one would overwrite the other", out[k].key);
    }
}
