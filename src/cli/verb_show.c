#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_internal.h"

/* show, report, runs: what the ledger has. */

static int with_run(const struct options *o, const char *id,
                    int (*view_it)(const struct options *o, struct ledger *l, const struct report_run *r))
{
    char *dir, why[300] = "";
    struct report_run r;
    struct ledger *l = open_ledger(o, &dir);
    if (!l)
        return EXIT_INTERNAL;
    int code = EXIT_OK, err = report_load(l, id ? id : "", &r, why);
    if (err == 0) {
        code = view_it(o, l, &r);
        report_deinit(&r);
    } else {
        say("%s", why[0] ? why : "there is no such run; 'rollcall runs' lists them");
        code = EXIT_USAGE;
    }
    l->ops->free(l);
    free(dir);
    return code;
}

static bool kind_named(const char *name, enum change_kind *out)
{
    for (size_t k = 0; k < CHANGE_KINDS; k++)
        if (strcmp(name, change_kind_name[k]) == 0) {
            *out = (enum change_kind)k;
            return true;
        }
    *out = CHANGE_KINDS;
    return strcmp(name, "all") == 0;
}

/* `ctx`: a size_t that counts the bytes, or NULL. */
static void to_stdout(void *ctx, struct str text)
{
    if (ctx)
        *(size_t *)ctx += text.n;
    fwrite(text.p, 1, text.n, stdout);
}

static int show_changes(const struct options *o, struct ledger *l, const struct report_run *r)
{
    struct report_choice choice = { .kind = CHANGE_KINDS, .user = o->user, .steps = o->user != NULL };
    if (o->kind && !kind_named(o->kind, &choice.kind)) {
        say("--kind '%s': create, activate, update, manager, membership, deactivate, retire or all", o->kind);
        return EXIT_USAGE;
    }
    size_t said = 0;
    if (report_changes(l, r, &choice, to_stdout, &said) == 0) {
        if (said == 0)
            say("run %s has no change of kind '%s'", r->run.id, o->kind ? o->kind : "all");
        return EXIT_OK;
    }
    say("the changes of run %s cannot be read: %s", r->run.id, l->ops->error(l));
    return EXIT_INTERNAL;
}

static int show_it(const struct options *o, struct ledger *l, const struct report_run *r)
{
    struct report_style style = style_of(o);
    struct buf out = BUF_INIT(TEXT_VIEW_MAX);
    if (o->user || o->kind)
        return show_changes(o, l, r);
    text_view(l, r, &style, &out);
    print_out(&out);
    buf_deinit(&out);
    return EXIT_OK;
}

int verb_show(const struct options *o, char **operand, int n)
{
    return with_run(o, n ? operand[0] : NULL, show_it);
}

static const struct {
    const char *name;
    view view;
} formats[] = {
    { "json", report_audit }, { "junit", view_junit }, { "plan", view_canonical }, { "text", view_text }
};

static int report_it(const struct options *o, struct ledger *l, const struct report_run *r)
{
    const char *name = o->format ? o->format : "json";
    char why[300] = "";
    for (size_t i = 0; i < array_len(formats); i++) {
        if (strcmp(formats[i].name, name) != 0)
            continue;
        if (o->out)
            return write_view(l, r, o->out, formats[i].view);
        if (formats[i].view(l, r, to_stdout, NULL, why) == 0)
            return EXIT_OK;
        say("%s", why[0] ? why : "the report could not be made from the ledger");
        return EXIT_INTERNAL;
    }
    say("--format '%s': json, junit, plan or text", name);
    return EXIT_USAGE;
}

int verb_report(const struct options *o, char **operand, int n)
{
    return with_run(o, n ? operand[0] : NULL, report_it);
}

int verb_runs(const struct options *o, char **operand, int n)
{
    char *dir;
    struct buf out = BUF_INIT(256 * 1024 * 1024);
    (void)operand;
    (void)n;
    struct ledger *l = open_ledger(o, &dir);
    if (!l)
        return EXIT_INTERNAL;
    int err = report_runs(l, &out);
    if (err != 0)
        say("the runs cannot be listed: %s", l->ops->error(l));
    print_out(&out);
    buf_deinit(&out);
    l->ops->free(l);
    free(dir);
    return err ? EXIT_INTERNAL : EXIT_OK;
}
