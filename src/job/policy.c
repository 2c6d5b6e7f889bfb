/* The policy part of a job in canonical form: everything that decides what is done, defaults filled in, order
 * and places of files left out. A stored plan is only applied while its job still has the same policy. */
#include <stdlib.h>
#include <string.h>

#include "job_internal.h"

#define POLICY_MAX (64 * (size_t)1024 * 1024)
#define POLICY_DEPTH 8

static int compare_rules(const void *a, const void *b)
{
    return strcmp((*(const struct rule *const *)a)->path, (*(const struct rule *const *)b)->path);
}

/* Policy rules by path. Bytewise order of dotted paths is member order at every level: no key has a character
 * below '.'. */
static size_t sorted_rules(const struct rule **out)
{
    size_t n = 0;
    for (size_t i = 0; i < rules_count(); i++)
        if (rules_at(i)->flags & RULE_POLICY)
            out[n++] = rules_at(i);
    qsort(out, n, sizeof(*out), compare_rules);
    return n;
}

/* The open objects, as parts of a path. */
struct way {
    struct str part[POLICY_DEPTH];
    size_t n;
};

static struct way way_of(const char *path)
{
    struct way way = { .n = 0 };
    for (const char *p = path; way.n < POLICY_DEPTH;) {
        const char *dot = strchr(p, '.');
        way.part[way.n++] = dot ? (struct str){ p, (size_t)(dot - p) } : str_of(p);
        if (!dot)
            break;
        p = dot + 1;
    }
    return way;
}

/* Closes and opens objects until those around the last part of `to` are open. */
static void walk(struct jw *w, struct way *open, const struct way *to)
{
    size_t same = 0;
    while (same < open->n && same + 1 < to->n && str_eq(open->part[same], to->part[same]))
        same++;
    for (; open->n > same; open->n--)
        jw_end_object(w);
    for (; open->n + 1 < to->n; open->n++) {
        open->part[open->n] = to->part[open->n];
        jw_keystr(w, to->part[open->n]);
        jw_object(w);
    }
}

void policy_write(const struct job *j, struct buf *out)
{
    const struct rule **rules = xmalloc(rules_count() * sizeof(*rules));
    size_t n = sorted_rules(rules);
    struct way open = { .n = 0 };
    struct jw w;
    jw_init(&w, out, true);
    jw_object(&w);
    for (size_t i = 0; i < n; i++) {
        struct way to = way_of(rules[i]->path);
        walk(&w, &open, &to);
        jw_keystr(&w, to.part[to.n - 1]);
        if (rules[i]->write)
            rules[i]->write(&w, j);
        else
            value_write(rules[i], (const char *)j + rules[i]->at, &w);
    }
    for (; open.n > 0; open.n--)
        jw_end_object(&w);
    jw_end_object(&w);
    free(rules);
}

void policy_hash(const struct job *j, char out[SHA256_HEX])
{
    struct buf text = BUF_INIT(POLICY_MAX);
    unsigned char digest[SHA256_BYTES];
    policy_write(j, &text);
    sha256_of(buf_view(&text), digest);
    sha256_hex(digest, out);
    buf_deinit(&text);
}
