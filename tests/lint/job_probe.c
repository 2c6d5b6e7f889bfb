/* Shows the tests beside it what the program itself knows: `job_probe keys` prints the loader's table and the
 * connectors' tables as JSON, `job_probe load FILE` loads a job with the real connectors and prints its
 * mistakes. */
#include <stdio.h>
#include <string.h>

#include "job_internal.h"
#include "rollcall/connector.h"

#define CONNECTORS_MAX 32

static void write_kinds(struct jw *w, unsigned kinds)
{
    static const char *const names[] = { "null", "boolean", "number", "string", "object", "array" };
    jw_key(w, "kinds");
    jw_array(w);
    for (size_t i = 0; i < array_len(names); i++)
        if (kinds & 1U << i)
            jw_z(w, names[i]);
    jw_end_array(w);
}

static void write_choices(struct jw *w, const char *const *choices)
{
    jw_key(w, "choices");
    jw_array(w);
    for (size_t i = 0; choices && choices[i]; i++)
        jw_z(w, choices[i]);
    jw_end_array(w);
}

static void write_rule(struct jw *w, const struct rule *r)
{
    static const char *const types[RULE_TYPES] = { "ignored", "object",  "own",    "text", "path",
                                                   "word",    "choice",  "switch", "bool", "int",
                                                   "limit",   "percent", "span" };
    jw_object(w);
    jw_kz(w, "path", r->path);
    jw_kz(w, "type", types[r->type]);
    write_kinds(w, rule_kinds(r));
    jw_kbool(w, "required", r->flags & RULE_REQUIRED);
    jw_kz(w, "default", r->fallback);
    jw_kint(w, "min", r->min);
    jw_kint(w, "max", r->max);
    write_choices(w, r->choices);
    jw_end_object(w);
}

static void write_option(struct jw *w, const struct option *o)
{
    static const char *const types[] = {
        [OPT_TEXT] = "text", [OPT_BOOL] = "bool",     [OPT_INT] = "int",
        [OPT_SPAN] = "span", [OPT_CHOICE] = "choice", [OPT_URL] = "url",
    };
    jw_object(w);
    jw_kz(w, "name", o->name);
    jw_kz(w, "type", types[o->type]);
    jw_kz(w, "default", o->fallback);
    jw_kint(w, "min", o->min);
    jw_kint(w, "max", o->max);
    write_choices(w, o->choices);
    jw_end_object(w);
}

static void write_vendor(struct jw *w, const struct vendor *v)
{
    jw_object(w);
    jw_kz(w, "name", v->name);
    jw_key(w, "options");
    jw_array(w);
    for (size_t i = 0; i < v->n_options; i++)
        write_option(w, &v->options[i]);
    jw_end_array(w);
    jw_key(w, "credentials");
    jw_array(w);
    for (size_t i = 0; i < v->n_credentials; i++) {
        jw_object(w);
        jw_kz(w, "name", v->credentials[i].name);
        jw_kbool(w, "optional", v->credentials[i].optional);
        jw_end_object(w);
    }
    jw_end_array(w);
    jw_end_object(w);
}

static int print_keys(void)
{
    struct buf out = BUF_INIT(1 << 20);
    struct jw w;
    jw_init(&w, &out, false);
    jw_object(&w);
    jw_key(&w, "rules");
    jw_array(&w);
    for (size_t i = 0; i < rules_count(); i++)
        write_rule(&w, rules_at(i));
    jw_end_array(&w);
    jw_key(&w, "connectors");
    jw_array(&w);
    for (size_t i = 0; connectors[i]; i++)
        write_vendor(&w, &connectors[i]->vendor);
    jw_end_array(&w);
    jw_end_object(&w);
    puts(out.p);
    buf_deinit(&out);
    return 0;
}

static int load(const char *path)
{
    const struct vendor *vendors[CONNECTORS_MAX + 1] = { NULL };
    struct job_context context = { .vendors = vendors };
    struct errs errs = ERRS_INIT;
    struct buf out = BUF_INIT(1 << 20);
    for (size_t i = 0; connectors[i] && i < CONNECTORS_MAX; i++)
        vendors[i] = &connectors[i]->vendor;
    struct job *j = job_load(path, &context, &errs);
    errs_format(&errs, &out);
    if (out.n)
        fputs(out.p, stdout);
    bool good = j != NULL;
    job_free(j);
    errs_deinit(&errs);
    buf_deinit(&out);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "keys") == 0)
        return print_keys();
    if (argc == 3 && strcmp(argv[1], "load") == 0)
        return load(argv[2]);
    fputs("usage: job_probe keys | load FILE\n", stderr);
    return 2;
}
