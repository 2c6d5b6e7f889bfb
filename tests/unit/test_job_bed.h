/* What the tests of job share: two invented vendors, and loading of files and of texts. */
#ifndef TEST_JOB_BED_H
#define TEST_JOB_BED_H

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job_internal.h"
#include "unit.h"

static const struct attr acme_attrs[] = {
    { .name = "FirstName", .flags = ATTR_READ | ATTR_CREATE | ATTR_UPDATE | ATTR_REQUIRED, .max_chars = 40 },
    { .name = "Email", .type = ATTR_FOLD, .flags = ATTR_READ | ATTR_CREATE | ATTR_REQUIRED },
    { .name = "Department",
      .type = ATTR_FOLD,
      .flags = ATTR_READ | ATTR_CREATE | ATTR_UPDATE,
      .max_chars = 12 },
    { .name = "Team", .type = ATTR_REF, .flags = ATTR_READ | ATTR_CREATE | ATTR_UPDATE | ATTR_MEMBERSHIP },
    { .name = "Badge", .flags = ATTR_READ | ATTR_UPDATE },
    { .name = "Pin", .flags = ATTR_CREATE | ATTR_SECRET },
    { .name = "Token", .flags = ATTR_READ | ATTR_UPDATE | ATTR_SECRET },
    { .name = "Locker", .flags = ATTR_CREATE | ATTR_UPDATE },
    { .name = "Shadow", .flags = 0 },
    { .name = "Skills", .type = ATTR_SET, .flags = ATTR_READ | ATTR_UPDATE },
    { .name = "Groups", .type = ATTR_REFS, .flags = ATTR_READ | ATTR_CREATE | ATTR_UPDATE | ATTR_MEMBERSHIP },
};

static const char *const acme_methods[] = { "get", "post", NULL };

static const struct option acme_options[] = {
    { "page_size", OPT_INT, "100", NULL, 1, 1000, "users in a page" },
    { "greeting", OPT_TEXT, "hello", NULL, 0, 0, "first words" },
    { "notify", OPT_BOOL, "false", NULL, 0, 0, "send a mail" },
    { "wait", OPT_SPAN, "5s", NULL, 0, 0, "between two pages" },
    { "method", OPT_CHOICE, "get", acme_methods, 0, 0, "of the call that deactivates" },
};

static const struct credential acme_credentials[] = {
    { "key", "access key", false },
    { "secret", "secret key", false },
    { "otp", "one-time seed", true },
};

static inline bool acme_custom(struct str name, struct attr *out)
{
    if (!str_starts(name, STR("x_")) || name.n >= ATTR_NAME_MAX)
        return false;
    *out = (struct attr){ .flags = ATTR_READ | ATTR_CREATE | ATTR_UPDATE | ATTR_CUSTOM };
    memcpy(out->name, name.p, name.n);
    return true;
}

static const struct vendor acme = {
    .name = "acme",
    .title = "Acme",
    .attrs = acme_attrs,
    .n_attrs = sizeof(acme_attrs) / sizeof(acme_attrs[0]),
    .custom_attr = acme_custom,
    .options = acme_options,
    .n_options = sizeof(acme_options) / sizeof(acme_options[0]),
    .credentials = acme_credentials,
    .n_credentials = sizeof(acme_credentials) / sizeof(acme_credentials[0]),
    .kinds = (1U << CHANGE_KINDS) - 1 - (1U << CHANGE_RETIRE),
    .default_rate = "10/5s, 1000/1d",
    .default_bulk_rate = "5/5s",
    .default_concurrency = 3,
};

/* The same under another name. */
static const struct vendor acme2 = {
    .name = "acme2",
    .title = "Acme II",
    .attrs = acme_attrs,
    .n_attrs = sizeof(acme_attrs) / sizeof(acme_attrs[0]),
    .custom_attr = acme_custom,
    .options = acme_options,
    .n_options = sizeof(acme_options) / sizeof(acme_options[0]),
    .credentials = acme_credentials,
    .n_credentials = sizeof(acme_credentials) / sizeof(acme_credentials[0]),
    .kinds = (1U << CHANGE_KINDS) - 1 - (1U << CHANGE_RETIRE),
    .default_rate = "10/5s, 1000/1d",
};

/* Reads and updates, no more. */
static const struct vendor modest = {
    .name = "modest",
    .title = "Modest",
    .attrs = acme_attrs,
    .n_attrs = sizeof(acme_attrs) / sizeof(acme_attrs[0]),
    .kinds = 1U << CHANGE_UPDATE,
    .default_rate = "1/1s",
};

/* Two ways to log in, of which the vendor itself says what each needs. */
static const char *const gate_ways[] = { "key", "token", NULL };
static const struct option gate_options[] = {
    { "way", OPT_CHOICE, "key", gate_ways, 0, 0, "to log in" },
    { "token_url", OPT_URL, "", NULL, 0, 0, "where tokens are given" },
    { "other_url", OPT_URL, "https://other.example.com/x/", NULL, 0, 0, "another" },
    { "size", OPT_INT, "5", NULL, 1, 9, "of a page" },
};

static const struct credential gate_credentials[] = { { "key", "access key", true },
                                                      { "secret", "of a client", true } };

static inline void gate_check(const struct option_value *options, const bool *given,
                              void (*say)(void *ctx, const char *where, const char *text), void *ctx)
{
    bool token = options[0].number == 1;
    if (token && !options[1].text[0])
        say(ctx, "options.token_url", "'token_url' is needed");
    if (options[1].text[0] && options[3].number == 7)
        say(ctx, "options.size", "no \"7\"\x1b[31m here");
    if (!given[token])
        say(ctx, token ? "credentials.secret" : "credentials.key",
            token ? "'secret' is needed" : "'key' is needed");
    if (given[!token])
        say(ctx, token ? "credentials.key" : "credentials.secret", "not used this way");
}

static const struct vendor gate = {
    .name = "gate",
    .title = "Gate",
    .attrs = acme_attrs,
    .n_attrs = sizeof(acme_attrs) / sizeof(acme_attrs[0]),
    .options = gate_options,
    .n_options = sizeof(gate_options) / sizeof(gate_options[0]),
    .credentials = gate_credentials,
    .n_credentials = sizeof(gate_credentials) / sizeof(gate_credentials[0]),
    .kinds = 1U << CHANGE_UPDATE,
    .default_rate = "1/1s",
    .check = gate_check,
};

static const struct vendor *const bed_vendors[] = { &acme, &acme2, &modest, &gate, NULL };
static const char *const bed_insecure[] = { "testbed.example.com", NULL };
static const struct job_context bed_context = { .vendors = bed_vendors, .insecure_hosts = bed_insecure };

/* A path below tests/unit/jobs; lives until the next call. */
static inline const char *bed_path(const char *name)
{
    static char path[4096];
    const char *root = getenv("SOURCE_ROOT");
    ck_assert_msg(root != NULL, "SOURCE_ROOT is not set: run this through meson test");
    snprintf(path, sizeof(path), "%s/tests/unit/jobs/%s", root, name);
    return path;
}

static inline struct job *bed_load(const char *path, struct buf *messages)
{
    struct errs errs = ERRS_INIT;
    struct job *j = job_load(path, &bed_context, &errs);
    ck_assert_msg((j == NULL) == errs_any(&errs), "a job comes without mistakes, and mistakes without a job");
    errs_format(&errs, messages);
    errs_deinit(&errs);
    return j;
}

/* Loads a text from a file of its own in a new folder, which is removed again. */
static inline struct job *bed_load_text(struct str text, struct buf *messages)
{
    char dir[] = "/tmp/test-job-XXXXXX", path[sizeof(dir) + 16];
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/job.json", dir);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(text.p, 1, text.n, f), text.n);
    fclose(f);
    struct job *j = bed_load(path, messages);
    unlink(path);
    rmdir(dir);
    return j;
}

#endif
