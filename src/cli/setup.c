#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli_internal.h"

#define COMMAND_OUTPUT_MAX (64 * 1024)
#define COMMAND_TIME_MS 30000

/* State directory ----------------------------------------------------------------------------------------------------------------- */

char *state_dir(const struct options *o)
{
    const char *systemd = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (o->state)
        return xstrdup(o->state);
    if (systemd && *systemd)
        return xstrdup(systemd);
    if (xdg && xdg[0] == '/')
        return path_join(xdg, "rollcall");
    if (home && home[0] == '/')
        return path_join(home, ".local/state/rollcall");
    say("no state directory: say --state DIR, or set STATE_DIRECTORY, XDG_STATE_HOME or HOME");
    return NULL;
}

int make_parents(const char *path)
{
    char *copy = xstrdup(path);
    int r = 0;
    for (char *slash = strchr(copy + 1, '/'); slash && r == 0; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST)
            r = -errno;
        *slash = '/';
    }
    free(copy);
    return r;
}

struct ledger *open_ledger(const struct options *o, char **dir)
{
    char why[400];
    *dir = state_dir(o);
    if (!*dir)
        return NULL;
    make_parents(*dir); /* what is wrong with it, ledger_open says */
    struct ledger *l = ledger_open(*dir, why);
    if (!l) {
        say("%s", why);
        free(*dir);
        *dir = NULL;
    }
    return l;
}

/* Job ------------------------------------------------------------------------------------------------------------------------------ */

const struct connector *connector_of(const struct job *j)
{
    return connector_named(j->target.vendor->name);
}

struct job *open_job(const struct options *o, const char *path)
{
    const struct vendor *vendors[16] = { NULL };
    for (size_t i = 0; connectors[i] && i + 1 < array_len(vendors); i++)
        vendors[i] = &connectors[i]->vendor;
    struct errs errs = ERRS_INIT;
    struct job *j = job_load(path, &(struct job_context){ vendors, o->insecure_http.v }, &errs);
    if (!j) {
        say_errs(&errs);
        say("%zu mistake%s; nothing was read or sent", errs.total, errs.total == 1 ? "" : "s");
    }
    errs_deinit(&errs);
    return j;
}

/* Secrets -------------------------------------------------------------------------------------------------------------------------- */

static const char *look_up(void *ctx, const char *name)
{
    (void)ctx;
    return getenv(name);
}

/* Reads the command's output until it ends, it is too much, or its time is up. */
static bool read_output(int fd, struct buf *out, char why[300])
{
    char chunk[4096];
    int64_t until = clock_mono() + COMMAND_TIME_MS * INT64_C(1000);
    for (;;) {
        int64_t left = (until - clock_mono()) / 1000;
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0) {
            snprintf(why, 300, "it gave no answer within %d s", COMMAND_TIME_MS / 1000);
            return false;
        }
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n == 0)
            return true;
        if (n > 0)
            buf_add(out, chunk, (size_t)n);
        if ((n < 0 && errno != EINTR) || out->full || out->n > COMMAND_OUTPUT_MAX) {
            snprintf(why, 300, "its output cannot be read, or is too long");
            return false;
        }
    }
}

static bool run_command(void *ctx, const char *const *argv, struct buf *out, char why[300])
{
    int pipes[2], status = -1;
    pid_t pid;
    (void)ctx;
    if (pipe2(pipes, O_CLOEXEC) != 0) {
        snprintf(why, 300, "%s", strerror(errno));
        return false;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
    int err = posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipes[1]);
    bool good = err == 0 && read_output(pipes[0], out, why);
    close(pipes[0]);
    if (err != 0) {
        snprintf(why, 300, "it cannot be run: %s", strerror(err));
        return false;
    }
    if (!good)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (good && !(WIFEXITED(status) && WEXITSTATUS(status) == 0)) {
        snprintf(why, 300, "it failed (status %d)", WIFEXITED(status) ? WEXITSTATUS(status) : 128);
        good = false;
    }
    return good;
}

static bool is_listed(const struct list *hosts, const char *host)
{
    for (size_t i = 0; i < hosts->n; i++)
        if (str_ieq_ascii(str_of(hosts->v[i]), str_of(host)))
            return true;
    return false;
}

/* Every host that a secret could be sent to is compared before any secret is read. */
static bool hosts_allowed(const struct options *o, const struct job *j)
{
    struct job_address address[JOB_ADDRESSES_MAX];
    size_t n = job_addresses(j, address);
    bool good = true;
    for (size_t i = 0; o->allow_host.n > 0 && i < n; i++) {
        if (is_listed(&o->allow_host, address[i].host))
            continue;
        if (address[i].option)
            say("%s: the host of the option '%s' ('%s') is not one of --allow-host; no secret was read",
                j->path, address[i].option, address[i].host);
        else
            say("%s: the target's host ('%s') is not one of --allow-host; no secret was read", j->path,
                address[i].host);
        good = false;
    }
    return good;
}

int open_secrets(const struct options *o, const struct job *j, struct secret secret[CONN_CREDENTIALS_MAX])
{
    struct job_secret_ops ops = { look_up, o->no_commands ? NULL : run_command, NULL };
    int code = hosts_allowed(o, j) ? 0 : EXIT_USAGE;
    for (size_t i = 0; code != EXIT_USAGE && i < j->target.vendor->n_credentials && i < CONN_CREDENTIALS_MAX;
         i++) {
        char why[300];
        if (!j->target.credential[i] || job_secret(j, j->target.credential[i], &ops, &secret[i], why))
            continue;
        say("%s: credential '%s': %s", j->path, j->target.vendor->credentials[i].name, why);
        code = EXIT_TARGET;
    }
    return code;
}

/* Names ---------------------------------------------------------------------------------------------------------------------------- */

/* "20261121-0310-k7q2": sorts by time, and can be said on the telephone. */
void run_id_new(char out[RUN_ID_MAX])
{
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
    char t[32];
    uint64_t r = rng_os();
    time_rfc3339(t, clock_unix(), false);
    snprintf(out, RUN_ID_MAX, "%.4s%.2s%.2s-%.2s%.2s-", t, t + 5, t + 8, t + 11, t + 14);
    size_t n = strlen(out);
    for (size_t i = 0; i < 4; i++, r /= sizeof letters - 1)
        out[n + i] = letters[r % (sizeof letters - 1)];
    out[n + 4] = '\0';
}

char *report_path(const char *pattern, const char *run_id)
{
    if (!pattern)
        return NULL;
    const char *hole = strstr(pattern, "{run}");
    struct buf out = BUF_INIT(8192);
    if (hole) {
        buf_add(&out, pattern, (size_t)(hole - pattern));
        buf_puts(&out, run_id);
        buf_puts(&out, hole + 5);
    } else {
        buf_puts(&out, pattern);
    }
    return buf_take(&out);
}
