/* Loading of job files: every file in jobs/good loads, every file in jobs/bad gives exactly the messages
 * beside it. */
#include <dirent.h>
#include <sys/types.h>

#include "test_job_bed.h"

#define FILES_MAX 100

struct names {
    char *v[FILES_MAX];
    size_t n;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct names jobs_in(const char *folder)
{
    struct names names = { .n = 0 };
    DIR *dir = opendir(bed_path(folder));
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        size_t n = strlen(e->d_name);
        if (n > 5 && strcmp(e->d_name + n - 5, ".json") == 0) {
            ck_assert_uint_lt(names.n, FILES_MAX);
            names.v[names.n++] = xstrdup(e->d_name);
        }
    }
    closedir(dir);
    qsort(names.v, names.n, sizeof(names.v[0]), by_name);
    return names;
}

static void names_free(struct names *names)
{
    while (names->n > 0)
        free(names->v[--names->n]);
}

/* The messages that stand in NAME.expect for NAME.json. */
static void read_expected(const char *name, struct buf *out)
{
    char expect[300];
    snprintf(expect, sizeof(expect), "bad/%.*s.expect", (int)(strlen(name) - 5), name);
    ck_assert_msg(file_read(bed_path(expect), 1 << 20, out) == 0, "cannot read %s", expect);
}

START_TEST(bad_jobs_give_exactly_these_messages)
{
    struct names names = jobs_in("bad");
    struct buf report = BUF_INIT(1 << 22);
    ck_assert_uint_gt(names.n, 20);
    ck_assert_int_eq(chdir(bed_path("bad")), 0);
    for (size_t i = 0; i < names.n; i++) {
        struct buf got = BUF_INIT(1 << 20), want = BUF_INIT(1 << 20);
        struct job *j = bed_load(names.v[i], &got);
        ck_assert_msg(j == NULL, "%s was loaded", names.v[i]);
        read_expected(names.v[i], &want);
        if (!str_eq(buf_view(&got), buf_view(&want)))
            buf_printf(&report, "\n%s gives:\n%s", names.v[i], got.p);
        ck_assert_msg(strstr(got.p, "hunter2") == NULL, "%s: a secret is repeated", names.v[i]);
        buf_deinit(&got);
        buf_deinit(&want);
    }
    if (report.n) /* too much for one message of check */
        fputs(report.p, stderr);
    ck_assert_msg(report.n == 0, "messages differ; what was given instead is on stderr");
    buf_deinit(&report);
    names_free(&names);
}
END_TEST

START_TEST(good_jobs_load)
{
    struct names names = jobs_in("good");
    ck_assert_uint_gt(names.n, 1);
    for (size_t i = 0; i < names.n; i++) {
        char path[300];
        struct buf messages = BUF_INIT(1 << 20);
        snprintf(path, sizeof(path), "good/%s", names.v[i]);
        struct job *j = bed_load(bed_path(path), &messages);
        ck_assert_msg(j != NULL, "%s", messages.p);
        job_free(j);
        buf_deinit(&messages);
    }
    names_free(&names);
}
END_TEST

static struct job *load_good(const char *name)
{
    struct buf messages = BUF_INIT(1 << 20);
    struct job *j = bed_load(bed_path(name), &messages);
    ck_assert_msg(j != NULL, "%s", messages.p);
    buf_deinit(&messages);
    return j;
}

static void assert_guard(const struct job_guard *g, int64_t number, double percent)
{
    ck_assert_int_eq(g->number, number);
    ck_assert_double_eq(g->percent, percent);
}

START_TEST(defaults)
{
    struct job *j = load_good("good/minimal.json");
    ck_assert_str_eq(j->name, "minimal");
    ck_assert_str_eq(j->feed.given, "people.csv");
    ck_assert_msg(strstr(j->feed.path, "/tests/unit/jobs/good/people.csv") != NULL, "%s", j->feed.path);
    ck_assert_str_eq(j->feed.encoding, "utf-8");
    ck_assert_int_eq(j->feed.delimiter, 0);
    ck_assert_int_eq(j->feed.proof, JOB_PROOF_NONE);
    ck_assert_ptr_null(j->feed.trailer_column);
    ck_assert_ptr_null(j->feed.manifest);
    ck_assert_ptr_eq(j->target.vendor, &acme);
    ck_assert_str_eq(j->target.url, "https://api.example.com");
    ck_assert_str_eq(j->target.credential[0], "env:ACME_KEY");
    ck_assert_str_eq(j->target.credential[1], "env:ACME_SECRET");
    ck_assert_ptr_null(j->target.credential[2]);
    ck_assert_uint_eq(j->target.rate.n, 2);
    ck_assert_uint_eq(j->target.rate.v[1].calls, 1000);
    ck_assert_uint_eq(j->target.bulk_rate.n, 1);
    ck_assert_uint_eq(j->target.concurrency, 3);
    ck_assert_str_eq(j->target.pace, "safe");
    ck_assert_ptr_null(j->target.ca_file);
    ck_assert_int_eq(j->target.max_pause_us, 5 * MINUTE_US);
    ck_assert_str_eq(j->target.quota_day, "+00:00");
    ck_assert_int_eq(j->target.option[0].number, 100);
    ck_assert_str_eq(j->target.option[1].text, "hello");
    ck_assert_int_eq(j->target.option[2].number, 0);
    ck_assert_int_eq(j->target.option[3].number, 5 * SECOND_US);
    ck_assert_int_eq(j->target.option[4].number, 0);
    ck_assert_str_eq(j->target.option[4].text, "get");
    ck_assert(!j->schema.manager);
    ck_assert_ptr_null(j->manager.column);
    ck_assert_ptr_null(j->status.column);
    job_free(j);
}
END_TEST

/* What parts several values: the column's own, or a semicolon for references; none for what has one value. */
START_TEST(separators)
{
    struct job *j = load_good("good/separator.json");
    static const char want[] = { 0, 0, '\t', '|' };
    for (size_t i = 0; i < sizeof(want); i++)
        ck_assert_int_eq(j->column[i].separator, want[i]);
    ck_assert_int_eq(j->schema.attr[3].separator, 0);
    job_free(j);
    struct buf messages = BUF_INIT(10000);
    j = bed_load_text(STR("{\"feed\": {\"path\": \"p.csv\"}, \"target\": {\"connector\": \"acme\","
                          "\"url\": \"https://a.example.com\", \"credentials\": {\"key\": \"env:K\","
                          "\"secret\": \"env:S\"}}, \"attributes\": {\"Email\": \"E\", \"FirstName\": \"F\","
                          "\"Groups\": \"G\", \"Skills\": {\"column\": \"S\"}}, \"match\": [\"Email\"]}"),
                      &messages);
    ck_assert_msg(j != NULL, "%s", messages.p);
    ck_assert_int_eq(j->column[2].separator, ';');
    ck_assert_int_eq(j->column[3].separator, 0);
    job_free(j);
    buf_deinit(&messages);
}
END_TEST

/* design: guards, section "A run" */
START_TEST(policy_defaults)
{
    struct job *j = load_good("good/minimal.json");
    ck_assert_int_eq(j->absent, JOB_ABSENT_REPORT);
    for (size_t kind = 0; kind < CHANGE_KINDS; kind++)
        ck_assert_int_eq(j->action[kind], kind != CHANGE_RETIRE);
    assert_guard(&j->guard[CHANGE_CREATE], 200, 20);
    assert_guard(&j->guard[CHANGE_ACTIVATE], 50, 10);
    assert_guard(&j->guard[CHANGE_UPDATE], 1000, 50);
    assert_guard(&j->guard[CHANGE_MANAGER], 500, 25);
    assert_guard(&j->guard[CHANGE_MEMBERSHIP], 500, 25);
    assert_guard(&j->guard[CHANGE_DEACTIVATE], 25, 5);
    assert_guard(&j->guard[CHANGE_RETIRE], 25, 5);
    assert_guard(&j->rejects, 1000, 10);
    ck_assert(!j->trip_plan);
    ck_assert_uint_eq(j->n_protected, 0);
    ck_assert_int_eq(j->rejects_ok, 0);
    ck_assert_int_eq(j->failures_ok, 0);
    ck_assert_int_eq(j->plan_ttl_us, 24 * HOUR_US);
    ck_assert_int_eq(j->settle_us, 30 * SECOND_US);
    ck_assert_int_eq(j->visible_us, 2 * MINUTE_US);
    ck_assert_ptr_null(j->report.audit);
    ck_assert_ptr_null(j->report.rejects);
    ck_assert_ptr_null(j->report.junit);
    job_free(j);
}
END_TEST

static struct job *job_with_guards(const char *guards)
{
    struct buf text = BUF_INIT(10000), messages = BUF_INIT(10000);
    buf_printf(&text,
               "{\"feed\": {\"path\": \"p.csv\"}, \"target\": {\"connector\": \"acme\","
               "\"url\": \"https://a.example.com\", \"credentials\": {\"key\": \"env:K\","
               "\"secret\": \"env:S\"}}, \"attributes\": {\"Email\": \"E\", \"FirstName\": \"F\"},"
               "\"match\": [\"Email\"], \"guards\": {%s}}",
               guards);
    struct job *j = bed_load_text(buf_view(&text), &messages);
    ck_assert_msg(j != NULL, "%s", messages.p);
    buf_deinit(&text);
    buf_deinit(&messages);
    return j;
}

/* Whoever has made deactivations hard has not made deletions easy by it. */
START_TEST(retirements_are_guarded_as_deactivations)
{
    struct job *j = job_with_guards("\"deactivate\": {\"number\": 3, \"percent\": 1}");
    assert_guard(&j->guard[CHANGE_RETIRE], 3, 1);
    job_free(j);
    j = job_with_guards("\"deactivate\": {\"number\": 3, \"percent\": 1}, \"retire\": {\"percent\": 2}");
    assert_guard(&j->guard[CHANGE_RETIRE], 3, 2);
    job_free(j);
    j = job_with_guards("\"retire\": {\"number\": \"off\", \"percent\": \"off\"}");
    assert_guard(&j->guard[CHANGE_RETIRE], -1, -1);
    assert_guard(&j->guard[CHANGE_DEACTIVATE], 25, 5);
    job_free(j);
}
END_TEST

START_TEST(every_key_of_feed_and_target)
{
    struct job *j = load_good("good/full.json");
    ck_assert_str_eq(j->name, "nightly");
    ck_assert_str_eq(j->feed.given, "feeds/people.csv");
    ck_assert_int_eq(j->feed.delimiter, ';');
    ck_assert_int_eq(j->feed.proof, JOB_PROOF_TRAILER);
    ck_assert_str_eq(j->feed.trailer_column, "Employee ID");
    ck_assert_str_eq(j->feed.trailer_value, "TRAILER");
    ck_assert_str_eq(j->feed.trailer_count, "First Name");
    ck_assert_str_eq(j->target.url, "https://API.example.com:8443/v2");
    ck_assert_str_eq(j->target.credential[1], "file:secrets/acme");
    ck_assert_str_eq(j->target.credential[2], "cmd:[\"/usr/bin/vault\",\"read\",\"acme otp\"]");
    ck_assert_uint_eq(j->target.rate.n, 2);
    ck_assert_uint_eq(j->target.rate.v[0].calls, 25);
    ck_assert_int_eq(j->target.rate.v[1].span_us, DAY_US);
    ck_assert_uint_eq(j->target.bulk_rate.v[0].calls, 1);
    ck_assert_uint_eq(j->target.concurrency, 8);
    ck_assert_str_eq(j->target.pace, "tight");
    ck_assert_int_eq(j->target.max_pause_us, 10 * MINUTE_US);
    ck_assert_str_eq(j->target.quota_day, "+05:30");
    ck_assert_str_eq(j->target.ca_file, "/etc/ssl/acme.pem");
    ck_assert_int_eq(j->target.option[0].number, 500);
    ck_assert_str_eq(j->target.option[1].text, "");
    ck_assert_int_eq(j->target.option[2].number, 1);
    ck_assert_int_eq(j->target.option[3].number, 250000);
    ck_assert_int_eq(j->target.option[4].number, 1);
    ck_assert_str_eq(j->target.option[4].text, "post");
    job_free(j);
}
END_TEST

START_TEST(every_key_of_the_mapping)
{
    static const char *const names[] = { "x_employee", "Email", "FirstName", "Department", "Team" };
    struct job *j = load_good("good/full.json");
    ck_assert_uint_eq(j->schema.n, array_len(names));
    for (size_t i = 0; i < array_len(names); i++)
        ck_assert_str_eq(j->schema.attr[i].name, names[i]);
    ck_assert_str_eq(j->column[0].column, "Employee ID");
    ck_assert_uint_eq(j->column[0].n_values, 0);
    ck_assert_str_eq(j->column[3].column, "Dept");
    ck_assert_uint_eq(j->column[3].n_values, 2);
    ck_assert_str_eq(j->column[3].values[1].from, "Eng");
    ck_assert_str_eq(j->column[3].values[1].to, "Engineering");
    ck_assert(j->column[3].values_strict);
    ck_assert_str_eq(j->column[3].fallback, "Sales");
    ck_assert(!j->column[4].values_strict);
    ck_assert_uint_eq(j->schema.n_keys, 2);
    ck_assert_uint_eq(j->schema.key[0], 0);
    ck_assert_uint_eq(j->schema.key[1], 1);
    ck_assert(j->schema.manager);
    ck_assert_uint_eq(j->schema.manager_key, 1);
    ck_assert_str_eq(j->manager.column, "Manager");
    ck_assert_str_eq(j->manager.values[0].to, "");
    ck_assert_str_eq(j->manager.fallback, "boss@example.com");
    ck_assert_str_eq(j->status.column, "Status");
    ck_assert_uint_eq(j->status.n_active, 2);
    ck_assert_str_eq(j->status.active[1], "On leave");
    ck_assert_uint_eq(j->status.n_leaver, 1);
    ck_assert_str_eq(j->status.leaver[0], "Terminated");
    job_free(j);
}
END_TEST

START_TEST(every_key_of_the_policy)
{
    struct job *j = load_good("good/full.json");
    ck_assert_int_eq(j->absent, JOB_ABSENT_DEACTIVATE);
    ck_assert(j->action[CHANGE_CREATE] && !j->action[CHANGE_ACTIVATE] && j->action[CHANGE_UPDATE] &&
              j->action[CHANGE_MANAGER]);
    ck_assert(!j->action[CHANGE_MEMBERSHIP] && j->action[CHANGE_DEACTIVATE] && !j->action[CHANGE_RETIRE]);
    assert_guard(&j->guard[CHANGE_CREATE], 10, 1);
    assert_guard(&j->guard[CHANGE_ACTIVATE], 11, 2.5);
    assert_guard(&j->guard[CHANGE_UPDATE], -1, 99.5);
    assert_guard(&j->guard[CHANGE_MANAGER], 12, -1);
    assert_guard(&j->guard[CHANGE_MEMBERSHIP], 13, 0);
    assert_guard(&j->guard[CHANGE_DEACTIVATE], 0, 100);
    assert_guard(&j->guard[CHANGE_RETIRE], 1, 1);
    assert_guard(&j->rejects, 5, 0.5);
    ck_assert(j->trip_plan);
    ck_assert_uint_eq(j->n_protected, 2);
    ck_assert_str_eq(j->protected_keys[1], "root@example.com");
    ck_assert_int_eq(j->rejects_ok, 3);
    ck_assert_int_eq(j->failures_ok, 1);
    ck_assert_int_eq(j->plan_ttl_us, 12 * HOUR_US);
    ck_assert_int_eq(j->settle_us, 45 * SECOND_US);
    ck_assert_int_eq(j->visible_us, 5 * MINUTE_US);
    ck_assert_msg(strstr(j->report.audit, "/good/audit/{run}.json") != NULL, "%s", j->report.audit);
    ck_assert_str_eq(j->report.rejects, "/var/rejects/{run}.csv");
    job_free(j);
}
END_TEST

START_TEST(files_that_cannot_be_read)
{
    struct buf messages = BUF_INIT(1 << 20);
    ck_assert_ptr_null(bed_load("/nonexistent/job.json", &messages));
    ck_assert_str_eq(messages.p,
                     "/nonexistent/job.json: cannot read the job file: No such file or directory\n");
    buf_clear(&messages);
    ck_assert_ptr_null(bed_load("/", &messages));
    ck_assert_msg(strstr(messages.p, "/: cannot read the job file: ") == messages.p, "%s", messages.p);
    buf_deinit(&messages);
}
END_TEST

START_TEST(files_that_are_too_large)
{
    struct buf text = BUF_INIT(JOB_FILE_MAX + 10), messages = BUF_INIT(1 << 20);
    buf_puts(&text, "{}");
    while (text.n <= JOB_FILE_MAX)
        buf_putc(&text, ' ');
    ck_assert_ptr_null(bed_load_text(buf_view(&text), &messages));
    ck_assert_ptr_nonnull(strstr(messages.p, "job.json: larger than 4 MiB"));
    buf_deinit(&text);
    buf_deinit(&messages);
}
END_TEST

/* Limits of the tree: nothing in a file makes the loader slow or large. */
START_TEST(files_with_too_many_values)
{
    struct buf text = BUF_INIT(JOB_FILE_MAX), messages = BUF_INIT(1 << 20);
    buf_puts(&text, "[1");
    for (size_t i = 0; i < JOB_NODES_MAX; i++)
        buf_puts(&text, ",1");
    buf_puts(&text, "]");
    ck_assert_ptr_null(bed_load_text(buf_view(&text), &messages));
    ck_assert_ptr_nonnull(strstr(messages.p, "the file has more than 200,000 values"));
    buf_clear(&messages);
    buf_clear(&text);
    for (size_t i = 0; i < 100; i++)
        buf_puts(&text, "{\"a\":");
    ck_assert_ptr_null(bed_load_text(buf_view(&text), &messages));
    ck_assert_ptr_nonnull(strstr(messages.p, "nested more than 64 deep"));
    buf_deinit(&text);
    buf_deinit(&messages);
}
END_TEST

START_TEST(a_flood_of_mistakes_is_counted)
{
    struct buf text = BUF_INIT(JOB_FILE_MAX);
    struct errs errs = ERRS_INIT;
    char dir[] = "/tmp/test-job-XXXXXX", path[64];
    buf_puts(&text, "{");
    for (int i = 0; i < 50000; i++)
        buf_printf(&text, "%s\"k%d\": 1", i ? "," : "", i);
    buf_puts(&text, "}");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/job.json", dir);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fwrite(text.p, 1, text.n, f);
    fclose(f);
    ck_assert_ptr_null(job_load(path, &bed_context, &errs));
    ck_assert_uint_eq(errs.n, ERRS_KEPT_MAX);
    ck_assert_uint_eq(errs.total, 50000 + 4); /* feed, target, attributes, match are missing as well */
    unlink(path);
    rmdir(dir);
    errs_deinit(&errs);
    buf_deinit(&text);
}
END_TEST

/* A job that was cut off while it was copied never loads, wherever the cut is. */
START_TEST(a_cut_job_never_loads)
{
    struct buf text = BUF_INIT(1 << 20), messages = BUF_INIT(1 << 20);
    ck_assert_int_eq(file_read(bed_path("good/full.json"), 1 << 20, &text), 0);
    for (size_t n = 0; n + 1 < text.n; n++) {
        struct job *j = bed_load_text((struct str){ text.p, n }, &messages);
        ck_assert_msg(j == NULL, "loaded with %zu of %zu bytes", n, text.n);
        buf_clear(&messages);
    }
    buf_deinit(&text);
    buf_deinit(&messages);
}
END_TEST

/* Whatever byte is damaged: no crash, and either a job or messages. Every fourth byte; the kinds of damage go
 * round. */
START_TEST(damaged_jobs)
{
    static const char damage[] = { '"', '{', ']', ',', '\\', '\0', '\xff', '9', 'e' };
    struct buf text = BUF_INIT(1 << 20), messages = BUF_INIT(1 << 20);
    ck_assert_int_eq(file_read(bed_path("good/full.json"), 1 << 20, &text), 0);
    for (size_t i = 0; i < text.n; i += 4) {
        char was = text.p[i];
        text.p[i] = damage[i % sizeof(damage)];
        job_free(bed_load_text(buf_view(&text), &messages));
        buf_clear(&messages);
        text.p[i] = was;
    }
    buf_deinit(&text);
    buf_deinit(&messages);
}
END_TEST

UNIT("job", bad_jobs_give_exactly_these_messages, good_jobs_load, defaults, policy_defaults,
     retirements_are_guarded_as_deactivations, separators, every_key_of_feed_and_target,
     every_key_of_the_mapping, every_key_of_the_policy, files_that_cannot_be_read, files_that_are_too_large,
     files_with_too_many_values, a_flood_of_mistakes_is_counted, a_cut_job_never_loads, damaged_jobs)
