/* Plan scenarios: run_plan [--write] FOLDER|FILE... prints TAP, one test per file (of a folder: every
 * *.plan). --write puts what comes out into the files instead: read the difference before you commit it.
 *
 * A file has sections, each begun by its name and a colon; a line that begins with # is a comment.
 *
 *     schema:   an attribute per line: NAME TYPE (text, fold, guid, number, bool, set, ref, refs: the last to
 * the teams, set and refs parted by semicolons), then key, email, required, membership, secret, noupdate,
 * nocreate, noread; last: manager NAME. Without this section: EmployeeId text key; EmailAddress fold key
 * email; Department text; Team ref membership; manager EmployeeId options:  absent POLICY; guard KIND NUMBER
 * PERCENT (- is off, and the default here); accept KIND COUNT; off KIND; on KIND (all are but retire); unable
 * KIND (the target's); protect WHAT; own ID; rejects NUMBER PERCENT; trip plan; proof proven|whole|broken
 * all|looked-up|found|none; patterns; early-moves; stick USER ATTRIBUTE WANTED < SEEN (an earlier run found
 * it not to stick) teams:    ID NAME [< PARENT-ID] users:    a table with | between the cells: id, state
 * (active, inactive, gone, admin), manager (an id), attributes feed:     the same: status (Active,
 * Terminated, bad: a rejected row with readable keys, bad!: one without), manager, attributes expect:   the
 * plan in words, to the end of the file
 *
 * Every file is told in several orders, with other hash keys, and twice over: nothing of that may show. */
#include <dirent.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "scenario.h"

#define LINES_MAX 600

static unsigned long count_tests;
static bool any_failed;

static void result(bool good, const char *file, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void result(bool good, const char *file, const char *fmt, ...)
{
    const char *name = strrchr(file, '/');
    va_list ap;
    va_start(ap, fmt);
    printf("%sok %lu - %s", good ? "" : "not ", ++count_tests, name ? name + 1 : file);
    if (!good) {
        printf(": ");
        vprintf(fmt, ap);
    }
    printf("\n");
    va_end(ap);
    any_failed |= !good;
}

/* Differences ----------------------------------------------------------------------------------------------------------------- */

struct lines {
    struct str v[LINES_MAX];
    size_t n;
};

static void split(struct str text, struct lines *out)
{
    out->n = 0;
    for (size_t from = 0, i = 0; i <= text.n && out->n < LINES_MAX; i++) {
        if (i < text.n && text.p[i] != '\n')
            continue;
        struct str line = str_trim((struct str){ text.p + from, i - from });
        if (line.n && line.p[0] != '#')
            out->v[out->n++] = line;
        from = i + 1;
    }
}

static bool same_lines(const struct lines *a, const struct lines *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++)
        same = str_eq(a->v[i], b->v[i]);
    return same;
}

static bool holds(const struct lines *a, struct str line)
{
    for (size_t i = 0; i < a->n; i++)
        if (str_eq(a->v[i], line))
            return true;
    return false;
}

static void print_difference(const struct lines *expected, const struct lines *got)
{
    for (size_t i = 0; i < expected->n; i++)
        if (!holds(got, expected->v[i]))
            printf("# expected: %.*s\n", STR_ARG(expected->v[i]));
    for (size_t i = 0; i < got->n; i++)
        printf("# %s %.*s\n", holds(expected, got->v[i]) ? "     and:" : " but got:", STR_ARG(got->v[i]));
}

/* Tellings -------------------------------------------------------------------------------------------------------------------- */

static void told_deinit(struct told *t)
{
    buf_deinit(&t->text);
    buf_deinit(&t->document);
}

/* What must not show: the order of rows and users, hash keys, earlier plans. "moved": the rows stand in
 * another order in the file, so messages may name other lines, but the document is the same. */
static const struct variant {
    const char *name;
    struct telling telling;
} variants[] = {
    { "planned twice", { .twice = true, .key = { 1, 2 } } },
    { "rows reversed", { .reverse_rows = true, .key = { 1, 2 } } },
    { "users reversed", { .reverse_users = true, .key = { 1, 2 } } },
    { "another hash key", { .key = { 77, 1234567 } } },
    { "rows shuffled", { .shuffle = 1, .key = { 5, 6 } } },
    { "rows shuffled again", { .shuffle = 2, .key = { 7, 8 } } },
    { "rows shuffled a third time", { .shuffle = 3, .key = { 9, 10 } } },
    { "rows moved to the other end", { .reverse_rows = true, .number_as_told = true, .key = { 1, 2 } } },
    { "rows moved about", { .shuffle = 4, .number_as_told = true, .key = { 1, 2 } } },
};

static bool same_under(const struct scenario *s, const struct variant *v, const struct told *base,
                       char why[200])
{
    struct told t;
    char sums[200];
    bool good = scenario_tell(s, &v->telling, &t, sums);
    if (!good)
        (void)snprintf(why, 200, "%s: %.150s", v->name, sums);
    else if (!str_eq(buf_view(&t.document), buf_view(&base->document)) || strcmp(t.sha256, base->sha256) != 0)
        (void)snprintf(why, 200, "%s: another document", v->name);
    else if (!v->telling.number_as_told && !str_eq(buf_view(&t.text), buf_view(&base->text)))
        (void)snprintf(why, 200, "%s: another plan", v->name);
    else
        *why = '\0';
    if (*why)
        printf("# %s\n%.*s", v->name, STR_ARG(buf_view(&t.text)));
    told_deinit(&t);
    return !*why;
}

static void check(const char *file, const struct scenario *s, const struct told *base)
{
    struct lines *expected = xmalloc(sizeof(*expected)), *got = xmalloc(sizeof(*got));
    char why[200] = "";
    split(s->expected, expected);
    split(buf_view(&base->text), got);
    bool good = same_lines(expected, got);
    if (!good)
        print_difference(expected, got);
    for (size_t i = 0; good && i < array_len(variants); i++)
        good = same_under(s, &variants[i], base, why);
    result(good, file, "%s", *why ? why : "the plan is another");
    free(expected);
    free(got);
}

static void rewrite(const char *file, struct str text, const struct scenario *s, const struct told *base)
{
    FILE *f = fopen(file, "w");
    bool good = f && fwrite(text.p, 1, s->expected_at, f) == s->expected_at &&
                fwrite(base->text.p, 1, base->text.n, f) == base->text.n;
    if (f && fclose(f) != 0)
        good = false;
    result(good, file, "cannot write");
}

static void run(const char *file, bool write)
{
    struct buf text = BUF_INIT(SCENARIO_TEXT_MAX);
    struct scenario *s = xcalloc(1, sizeof(*s));
    struct told base;
    char why[200];
    if (file_read(file, SCENARIO_TEXT_MAX, &text) != 0) {
        result(false, file, "cannot read");
    } else if (!scenario_read(s, buf_view(&text))) {
        result(false, file, "%s", s->error);
    } else {
        bool good = scenario_tell(s, &(struct telling){ .key = { 1, 2 } }, &base, why);
        if (!good)
            result(false, file, "%s", why);
        else if (write)
            rewrite(file, buf_view(&text), s, &base);
        else
            check(file, s, &base);
        told_deinit(&base);
    }
    scenario_deinit(s);
    free(s);
    buf_deinit(&text);
}

/* Files to run ----------------------------------------------------------------------------------------------------------------- */

struct files {
    char **v; /* owned, and each of it */
    size_t n, cap;
};

static void files_add(struct files *f, char *path)
{
    f->v = xgrow(f->v, &f->cap, f->n + 1, sizeof(*f->v));
    f->v[f->n++] = path;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void files_of(struct files *f, const char *path)
{
    struct stat st;
    DIR *dir = stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? opendir(path) : NULL;
    if (!dir) {
        files_add(f, xstrdup(path));
        return;
    }
    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        const char *end = strrchr(e->d_name, '.');
        if (end && strcmp(end, ".plan") == 0)
            files_add(f, path_join(path, e->d_name));
    }
    (void)closedir(dir);
    if (f->n)
        qsort(f->v, f->n, sizeof(*f->v), by_name);
}

int main(int argc, char **argv)
{
    bool write = argc > 1 && strcmp(argv[1], "--write") == 0;
    struct files files = { .n = 0 };
    for (int i = 1 + write; i < argc; i++)
        files_of(&files, argv[i]);
    printf("1..%zu\n", files.n);
    for (size_t i = 0; i < files.n; i++) {
        run(files.v[i], write);
        free(files.v[i]);
    }
    free(files.v);
    return any_failed || !count_tests; /* no scenario at all is a mistake */
}
