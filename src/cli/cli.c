#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_internal.h"

const struct verb_entry verb_table[] = {
    { "check", "JOB", "All that can be known of a job without writing: the job file, the feed, the target.",
      V_CHECK, 1, 1, verb_check },
    { "plan", "JOB",
      "What would be done, for people; stored as a run that 'apply' can carry out as it was reviewed.",
      V_PLAN, 1, 1, verb_plan },
    { "apply", "RUN", "Carries out a stored plan, or finishes an interrupted run.", V_APPLY, 1, 1,
      verb_apply },
    { "sync", "JOB...",
      "Plans, guards, applies and reads back: the nightly verb. Several jobs go one after the other.", V_SYNC,
      1, -1, verb_sync },
    { "show", "[RUN]",
      "A plan and what became of it; --user KEY explains one person, --kind KIND lists changes.", V_SHOW, 0,
      1, verb_show },
    { "report", "[RUN]", "A run for machines.", V_REPORT, 0, 1, verb_report },
    { "runs", "", "History, the newest first.", V_RUNS, 0, 0, verb_runs },
    { "connectors", "[NAME]", "What each system can do: attributes, options, calls.", V_CONNECTORS, 0, 1,
      verb_connectors },
    { NULL, NULL, NULL, 0, 0, 0, NULL },
};

static void usage(struct buf *out)
{
    buf_puts(
        out,
        "rollcall makes the users of a SaaS tenant agree with an HR feed, and proves what it did.\n\nusage: rollcall VERB ...\n\n");
    for (const struct verb_entry *v = verb_table; v->name; v++)
        buf_printf(out, "  %-11s%-8s %s\n", v->name, v->args, v->help);
    buf_puts(out,
             "\n'rollcall VERB --help' has the options. The manual, rollcall-job(5), has a first job.\n");
}

static const struct verb_entry *verb_named(const char *name)
{
    for (const struct verb_entry *v = verb_table; v->name; v++)
        if (strcmp(v->name, name) == 0)
            return v;
    return NULL;
}

static int unknown_verb(const char *name)
{
    const char *names[16];
    size_t n = 0;
    for (const struct verb_entry *v = verb_table; v->name && n < array_len(names); v++)
        names[n++] = v->name;
    const char *near = suggest(str_of(name), names, n);
    say("there is no verb '%s'%s%s%s; 'rollcall --help' lists them", name, near ? "; did you mean '" : "",
        near ? near : "", near ? "'" : "");
    return EXIT_USAGE;
}

static int general(const char *arg)
{
    struct buf out = BUF_INIT(16 * 1024);
    bool version = strcmp(arg, "--version") == 0;
    if (version)
        buf_puts(&out, "rollcall " ROLLCALL_VERSION "\n");
    else
        usage(&out);
    print_out(&out);
    buf_deinit(&out);
    return EXIT_OK;
}

/* Files of ours are nobody else's, what is in memory does not go to disk in a core, a full disk is an error
 * and not a signal, and no file we open becomes somebody's standard output. */
static void be_discreet(void)
{
    umask(077);
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    signal(SIGXFSZ, SIG_IGN);
    for (int fd = open("/dev/null", O_RDWR); fd >= 0; fd = open("/dev/null", O_RDWR))
        if (fd > STDERR_FILENO) {
            close(fd);
            break;
        }
}

int cli_main(int argc, char **argv)
{
    be_discreet();
    if (argc < 2) {
        struct buf out = BUF_INIT(16 * 1024);
        usage(&out);
        fputs(out.p, stderr);
        buf_deinit(&out);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0 ||
        strcmp(argv[1], "--version") == 0)
        return general(argv[1]);
    const struct verb_entry *verb = verb_named(argv[1]);
    if (!verb)
        return unknown_verb(argv[1]);
    struct options o;
    int n, code = options_parse(&o, verb, argc - 2, argv + 2, &n);
    if (code == 0 && o.help)
        options_help(verb);
    else if (code == 0)
        code = verb->run(&o, argv + 2, n);
    options_deinit(&o);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        say("standard output cannot be written");
        code = exit_first(code, EXIT_INTERNAL);
    }
    return code;
}
