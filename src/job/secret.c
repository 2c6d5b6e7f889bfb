/* Credential references become secrets: from the environment, from a file that nobody else can read, from a
 * command. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job_internal.h"

#define SECRET_MAX ((size_t)16 * 1024)
#define WHY_MAX 300

static bool refuse(char why[WHY_MAX], const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(char why[WHY_MAX], const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(why, WHY_MAX, fmt, args);
    va_end(args);
    return false;
}

/* One line of text: anything else is a file that was named by mistake, and would break the header it is sent
 * in. */
static bool take(struct str text, const char *reference, struct secret *out, char why[WHY_MAX])
{
    if (text.n > 0 && text.p[text.n - 1] == '\n')
        text.n--;
    if (text.n > 0 && text.p[text.n - 1] == '\r')
        text.n--;
    if (text.n == 0)
        return refuse(why, "%s is empty", reference);
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
            return refuse(why, "%s must hold the secret alone, on one line", reference);
    secret_set(out, text);
    return true;
}

static bool from_env(const char *name, const char *reference, const struct job_secret_ops *ops,
                     struct secret *out, char why[WHY_MAX])
{
    const char *value = ops->env ? ops->env(ops->ctx, name) : NULL;
    if (!value)
        return refuse(why, "%s: the environment variable is not set", reference);
    return take(str_of(value), reference, out, why);
}

/* Files -------------------------------------------------------------------------------------------------- */

static bool read_secret(int fd, const char *reference, struct secret *out, char why[WHY_MAX])
{
    char *text = xmalloc(SECRET_MAX + 1); /* never grown: no copy is left behind */
    size_t n = 0;
    ssize_t got;
    bool good;
    while ((got = read(fd, text + n, SECRET_MAX + 1 - n)) != 0) {
        if (got < 0 && errno != EINTR)
            break;
        n += got > 0 ? (size_t)got : 0;
    }
    if (got < 0)
        good = refuse(why, "cannot read %s: %s", reference, strerror(errno));
    else if (n > SECRET_MAX)
        good = refuse(why, "%s is larger than 16 KiB: this is no secret", reference);
    else
        good = take((struct str){ text, n }, reference, out, why);
    explicit_bzero(text, SECRET_MAX + 1);
    free(text);
    return good;
}

static bool from_file(const struct job *j, const char *name, const char *reference, struct secret *out,
                      char why[WHY_MAX])
{
    char *path = path_join(j->dir, name);
    bool unsafe;
    int fd = secret_open(path, &unsafe);
    int error = errno;
    free(path);
    if (fd < 0 && unsafe)
        return refuse(why,
                      "%s is a symbolic link, and others can change where it leads; name the file itself",
                      reference);
    if (fd < 0)
        return refuse(why, "cannot read %s: %s", reference, strerror(error));
    const char *trouble = secret_file_trouble(fd);
    bool good = trouble ? refuse(why, "%s %s", reference, trouble) : read_secret(fd, reference, out, why);
    close(fd);
    return good;
}

/* Commands ----------------------------------------------------------------------------------------------- */

const char *command_parse(struct str json, struct arena *arena, struct command *out)
{
    struct tree tree;
    struct tree_trouble trouble;
    size_t n = 0;
    if (!tree_parse(&tree, json, arena, &trouble) || tree.root->kind != NODE_ARRAY)
        return "behind 'cmd:' stands a JSON array: [\"/absolute/path\", \"argument\"]";
    if (tree.root->n == 0 || tree.root->n > COMMAND_ARGS_MAX)
        return "a command has 1 to 32 parts";
    for (const struct node *e = tree.root->first; e; e = e->next) {
        if (e->kind != NODE_TEXT)
            return "every part of a command must be a text";
        out->argv[n++] = e->text.p;
    }
    out->argv[n] = NULL;
    if (out->argv[0][0] != '/')
        return "a command begins with the absolute path of its program: it is not looked for";
    return NULL;
}

/* Whoever can write the file, or replace it in its folder, would run commands as us. */
static bool writable_by_others(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return true;
    return !owned_by_us(&st) || st.st_mode & (S_IWGRP | S_IWOTH);
}

static bool job_writable_by_others(const struct job *j)
{
    return writable_by_others(j->path) || writable_by_others(j->dir);
}

static bool run_command(const struct command *command, const struct job_secret_ops *ops, struct secret *out,
                        char why[WHY_MAX])
{
    struct buf text = BUF_INIT(SECRET_MAX);
    bool good = ops->run(ops->ctx, command->argv, &text, why);
    if (good && text.full)
        good = refuse(why, "the command '%s' printed more than 16 KiB: this is no secret", command->argv[0]);
    else if (good)
        good = take(buf_view(&text), "what the command printed", out, why);
    if (text.p)
        explicit_bzero(text.p, text.cap);
    buf_deinit(&text);
    return good;
}

static bool from_command(const struct job *j, const char *json, const struct job_secret_ops *ops,
                         struct secret *out, char why[WHY_MAX])
{
    struct arena arena = ARENA_INIT;
    struct command command;
    const char *trouble = command_parse(str_of(json), &arena, &command);
    bool good = false;
    if (trouble)
        refuse(why, "%s", trouble);
    else if (!ops->run)
        refuse(why, "the job gets a credential from a command, and commands are switched off");
    else if (job_writable_by_others(j))
        refuse(why,
               "'%s' or its folder can be changed by others, so no command of it is run; "
               "protect them with: chmod go-w",
               j->path);
    else
        good = run_command(&command, ops, out, why);
    arena_deinit(&arena);
    return good;
}

bool job_secret(const struct job *j, const char *reference, const struct job_secret_ops *ops,
                struct secret *out, char why[300])
{
    struct buf shown_as = BUF_INIT(WHY_MAX);
    bool good;
    why[0] = '\0';
    if (strncmp(reference, "cmd:", 4) == 0)
        return from_command(j, reference + 4, ops, out, why);
    buf_putc(&shown_as, '\'');
    printable(&shown_as, str_of(reference), 100);
    buf_putc(&shown_as, '\'');
    if (strncmp(reference, "env:", 4) == 0)
        good = from_env(reference + 4, shown_as.p, ops, out, why);
    else if (strncmp(reference, "file:", 5) == 0)
        good = from_file(j, reference + 5, shown_as.p, out, why);
    else
        good = refuse(why, "a credential must be a reference: \"env:NAME\", \"file:PATH\" or a command");
    buf_deinit(&shown_as);
    return good;
}
