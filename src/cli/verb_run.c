#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_internal.h"

/* check, plan, sync, apply: everything that runs the engine. */

struct session {
    const struct options *o;
    struct job *job;
    struct ledger *ledger;
    char *state;
    struct secret secret[CONN_CREDENTIALS_MAX];
    struct errs errs;
    struct buf manifest;
    struct log log;
    struct engine_config config;
    struct engine *engine;
    char *rejects, *audit, *junit; /* owned paths */
    bool told; /* the person at the terminal has seen the summary, which says how the run ended */
};

static void session_deinit(struct session *s)
{
    engine_free(s->engine);
    for (size_t i = 0; i < CONN_CREDENTIALS_MAX; i++)
        secret_deinit(&s->secret[i]);
    errs_deinit(&s->errs);
    buf_deinit(&s->manifest);
    if (s->ledger)
        s->ledger->ops->free(s->ledger);
    job_free(s->job);
    free(s->state);
    free(s->rejects);
    free(s->audit);
    free(s->junit);
}

/* Before the engine ----------------------------------------------------------------------------------------------------------------- */

static void read_manifest(struct session *s, char why[200])
{
    buf_init(&s->manifest, 64 * 1024);
    if (s->job->feed.proof != JOB_PROOF_MANIFEST)
        return;
    int err = file_read(s->job->feed.manifest, 64 * 1024, &s->manifest);
    if (err != 0) {
        snprintf(why, 200, "'%s': %s", s->job->feed.manifest, strerror(-err));
        s->config.manifest_error = why;
    }
    s->config.manifest = buf_view(&s->manifest);
}

/* The path goes into the ledger, and apply may be said in another folder. Links are kept: where they lead may
 * change, what the job says is hashed. */
static void make_path_absolute(struct job *j)
{
    char here[PATH_MAX];
    if (j->path[0] == '/' || !getcwd(here, sizeof here))
        return;
    char *whole = path_join(here, j->path);
    j->path = arena_z(&j->arena, str_of(whole));
    free(whole);
}

static void configure(struct session *s, enum verb verb)
{
    make_path_absolute(s->job);
    const struct options *o = s->o;
    struct engine_config *c = &s->config;
    c->job = s->job;
    c->connector = connector_of(s->job);
    for (size_t i = 0; i < CONN_CREDENTIALS_MAX; i++)
        c->credential[i] = s->secret[i].p ? &s->secret[i] : NULL;
    c->ledger = s->ledger;
    c->verb = verb;
    memcpy(c->accept, o->accept_count, sizeof c->accept);
    c->only = o->only;
    c->first = o->first_n;
    c->max_time_us = o->max_time_us;
    c->plan_file_sha256 = o->sha256;
    c->detailed_exitcode = o->detailed_exitcode;
    c->retry_refused = o->retry_refused;
    c->offline = o->offline;
    c->user_agent = "rollcall/" ROLLCALL_VERSION;
    c->seed = rng_os();
    c->log = &s->log;
    c->errs = &s->errs;
    s->rejects =
        verb == VERB_PLAN || verb == VERB_SYNC ? report_path(s->job->report.rejects, c->run_id) : NULL;
    s->audit = report_path(s->job->report.audit, c->run_id);
    s->junit = report_path(s->job->report.junit, c->run_id);
}

/* After the engine ------------------------------------------------------------------------------------------------------------------ */

static int report_run_of(struct session *s, enum verb verb)
{
    struct report_run r;
    struct buf out = BUF_INIT(TEXT_VIEW_MAX);
    char why[300];
    struct report_style style = style_of(s->o);
    int code = EXIT_OK;
    if (report_load(s->ledger, s->config.run_id, &r, why) != 0) {
        say("%s", why);
        return EXIT_INTERNAL;
    }
    if (verb == VERB_PLAN) {
        report_plan(&r, &style, &out);
        code = write_view(s->ledger, &r, s->o->out, view_canonical);
    } else {
        code = write_view(s->ledger, &r, s->audit, report_audit);
        code = exit_first(code, write_view(s->ledger, &r, s->junit, view_junit));
        report_plan_line(&r, &out);
        report_summary(s->ledger, &r, &style, s->rejects, s->audit, &out);
    }
    print_out(&out);
    s->told = verb != VERB_PLAN && isatty(STDOUT_FILENO);
    buf_deinit(&out);
    report_deinit(&r);
    return code;
}

/* check has no report: what it found in the feed is said here, whatever the exit code makes of it. */
static void say_feed(const struct session *s)
{
    const struct feed_summary *f = engine_feed(s->engine);
    char rows[28], rejected[28];
    if (!f)
        return;
    text_count(rows, (int64_t)f->rows);
    text_count(rejected, (int64_t)f->rejected);
    say("feed '%s': %s rows, %s rejected, %s%s%s", s->job->feed.given, rows, rejected,
        f->proof == FEED_BROKEN ? "broken: " : feed_proof_name[f->proof],
        f->proof == FEED_PROVEN  ? " by "
        : f->proof == FEED_WHOLE ? ": "
                                 : "",
        f->proof == FEED_BROKEN ? f->broken : f->how);
    if (f->rejected > 0)
        say("which rows, and why:  rollcall plan %s", s->job->path);
}

static void say_end(const struct session *s, int code)
{
    const struct engine_result *r = engine_result(s->engine);
    if (errs_any(&s->errs))
        say_errs(&s->errs);
    if (r->message[0] && !s->told)
        say("%s   exit %d", r->message, code);
    if (r->resumable && !s->told)
        say("nothing is lost; go on with:  rollcall apply %s", s->config.run_id);
}

static int run_engine(struct session *s, enum verb verb)
{
    struct terminal_progress t = { .bar = stderr_bar(),
                                   .quiet = s->o->quiet || s->o->json_log,
                                   .phase = PHASES };
    char why[400] = "";
    s->engine = engine_new(&s->config);
    struct loop_options lo = { .state_dir = s->state,
                               .rejects_path = s->rejects,
                               .progress = progress_show,
                               .ctx = &t,
                               .log = &s->log };
    if (s->rejects)
        make_parents(s->rejects);
    int code = loop_run(s->engine, &s->config, &lo, why);
    progress_end(&t);
    if (why[0])
        say("%s", why);
    if (verb == VERB_CHECK)
        say_feed(s);
    else if (engine_result(s->engine)->recorded)
        code = exit_first(code, report_run_of(s, verb));
    say_end(s, code);
    return code;
}

/* `stopped` (may be NULL): whoever asked wants nothing further either. */
static int run_verb(const struct options *o, const char *job_path, const char *run_id, enum verb verb,
                    bool *stopped)
{
    struct session s = { .o = o, .log = terminal_log(o) };
    char why[200];
    int code = EXIT_USAGE;
    if (run_id)
        snprintf(s.config.run_id, sizeof s.config.run_id, "%s", run_id);
    else
        run_id_new(s.config.run_id);
    if ((s.job = open_job(o, job_path))) {
        code = o->offline ? EXIT_OK : open_secrets(o, s.job, s.secret);
        if (code == EXIT_OK && !(s.ledger = open_ledger(o, &s.state)))
            code = EXIT_INTERNAL;
    }
    if (code == EXIT_OK) {
        read_manifest(&s, why);
        configure(&s, verb);
        code = run_engine(&s, verb);
        if (stopped)
            *stopped = engine_result(s.engine)->stopped;
    }
    session_deinit(&s);
    return code;
}

/* Verbs ----------------------------------------------------------------------------------------------------------------------------- */

int verb_check(const struct options *o, char **operand, int n)
{
    (void)n;
    int code = run_verb(o, operand[0], NULL, VERB_CHECK, NULL);
    if (code == EXIT_OK)
        say("%s: nothing is wrong with it%s", operand[0],
            o->offline ? " as far as can be seen without a call" : "");
    return code;
}

int verb_plan(const struct options *o, char **operand, int n)
{
    (void)n;
    return run_verb(o, operand[0], NULL, VERB_PLAN, NULL);
}

int verb_sync(const struct options *o, char **operand, int n)
{
    int code = EXIT_OK;
    bool stopped = false;
    for (int i = 0; i < n && !stopped; i++)
        code = exit_first(code, run_verb(o, operand[i], NULL, VERB_SYNC, &stopped));
    return code;
}

/* Where the plan's job file lies stands in the run. */
static int job_of_run(const struct options *o, const char *id, char path[4096])
{
    char *dir;
    struct run r;
    struct ledger *l = open_ledger(o, &dir);
    if (!l)
        return EXIT_INTERNAL;
    int err = l->ops->run_get(l, id, &r);
    if (err == 0)
        snprintf(path, 4096, "%s", r.job_path);
    l->ops->free(l);
    free(dir);
    if (err != 0)
        say("there is no run '%s' in this state directory; 'rollcall runs' lists them", id);
    return err ? EXIT_USAGE : EXIT_OK;
}

int verb_apply(const struct options *o, char **operand, int n)
{
    char path[4096];
    (void)n;
    if (!*operand[0]) { /* to the ledger that is the newest run: a slip must not apply it */
        say("apply '': which run? 'rollcall runs' lists them");
        return EXIT_USAGE;
    }
    int code = job_of_run(o, operand[0], path);
    return code ? code : run_verb(o, o->job ? o->job : path, operand[0], VERB_APPLY, NULL);
}
