#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_internal.h"

enum kind { FLAG, TEXT, LIST };

struct entry {
    const char *name; /* without the dashes; its twin in the environment is ROLLCALL_NAME */
    char letter;
    enum kind kind;
    unsigned verbs;
    size_t at;         /* offset in struct options */
    const char *value; /* what stands for the value in help */
    const char *help;
};

#define AT(field) offsetof(struct options, field)
#define V_RUNNING (V_CHECK | V_PLAN | V_APPLY | V_SYNC)

static const struct entry table[] = {
    { "offline", 0, FLAG, V_CHECK, AT(offline), NULL, "check job and feed without a call" },
    { "out", 'o', TEXT, V_PLAN | V_REPORT, AT(out), "FILE",
      "write it to FILE: the canonical plan, or the report" },
    { "detailed-exitcode", 0, FLAG, V_PLAN, AT(detailed_exitcode), NULL, "exit 2 when there are changes" },
    { "accept", 0, LIST, V_APPLY | V_SYNC, AT(accept), "KIND=COUNT",
      "let exactly COUNT changes of KIND through their guard, once" },
    { "sha256", 0, TEXT, V_APPLY, AT(sha256), "H", "apply only the plan with this SHA-256" },
    { "job", 0, TEXT, V_APPLY, AT(job), "JOB", "the job file, when it is not where the plan was made" },
    { "only", 0, TEXT, V_APPLY | V_SYNC, AT(only), "KEY", "nothing but the changes of one user" },
    { "first", 0, TEXT, V_APPLY | V_SYNC, AT(first), "N",
      "nothing but the first N users with changes (a canary)" },
    { "max-time", 0, TEXT, V_APPLY | V_SYNC, AT(max_time), "D", "stop resumably after D (90min, 2h)" },
    { "retry-refused", 0, FLAG, V_PLAN | V_SYNC, AT(retry_refused), NULL,
      "send again what the tenant accepted once and never showed" },
    { "last", 0, FLAG, V_SHOW | V_REPORT, AT(last), NULL, "the newest run" },
    { "user", 0, TEXT, V_SHOW, AT(user), "KEY", "everything about one person, step by step" },
    { "kind", 0, TEXT, V_SHOW, AT(kind), "KIND", "every change of a kind, or 'all'" },
    { "format", 'f', TEXT, V_REPORT, AT(format), "F",
      "json (the audit), junit, plan (the canonical document), text" },
    { "state", 0, TEXT, V_ALL, AT(state), "DIR",
      "state directory (default: $STATE_DIRECTORY, $XDG_STATE_HOME/rollcall)" },
    { "allow-host", 0, LIST, V_RUNNING, AT(allow_host), "HOST",
      "read secrets only to be sent to this host; may be repeated" },
    { "insecure-http", 0, LIST, V_RUNNING, AT(insecure_http), "HOST",
      "speak http to this host (test beds only)" },
    { "no-commands", 0, FLAG, V_RUNNING, AT(no_commands), NULL, "refuse cmd: secrets" },
    { "log-format", 0, TEXT, V_RUNNING, AT(log_format), "F", "text or json" },
    { "log-level", 0, TEXT, V_RUNNING, AT(log_level), "L", "error, warn, info, debug (default: warn)" },
    { "quiet", 'q', FLAG, V_RUNNING, AT(quiet), NULL, "no progress on stderr" },
    { "verbose", 'v', FLAG, V_RUNNING, AT(verbose), NULL, "the same as --log-level info" },
    { "no-color", 0, FLAG, V_ALL, AT(no_color), NULL, "no colour (NO_COLOR does the same)" },
    { "help", 'h', FLAG, V_ALL, AT(help), NULL, "this text" },
};

static void *field(struct options *o, const struct entry *e)
{
    return (char *)o + e->at;
}

static bool put(struct options *o, const struct entry *e, const char *value)
{
    if (e->kind == FLAG) {
        *(bool *)field(o, e) = true;
    } else if (e->kind == TEXT) {
        *(const char **)field(o, e) = value;
    } else {
        struct list *l = field(o, e);
        if (l->n == LIST_MAX)
            return false;
        l->v[l->n++] = value;
    }
    return true;
}

static bool is_set(struct options *o, const struct entry *e)
{
    if (e->kind == FLAG)
        return *(bool *)field(o, e);
    if (e->kind == TEXT)
        return *(const char **)field(o, e) != NULL;
    return ((struct list *)field(o, e))->n > 0;
}

static const struct entry *entry_of(const char *name, size_t n, char letter)
{
    for (size_t i = 0; i < array_len(table); i++)
        if (letter ? table[i].letter == letter
                   : strlen(table[i].name) == n && memcmp(table[i].name, name, n) == 0)
            return &table[i];
    return NULL;
}

static const char *closest(const char *word, unsigned bit)
{
    const char *names[array_len(table)];
    size_t n = 0;
    for (size_t i = 0; i < array_len(table); i++)
        if (table[i].verbs & bit)
            names[n++] = table[i].name;
    return suggest(str_of(word), names, n);
}

/* One argument that starts with a dash. Returns how many arguments it took, 0 when it is wrong. */
static int take(struct options *o, const struct verb_entry *verb, int argc, char **argv)
{
    const char *arg = argv[0];
    bool longform = arg[1] == '-';
    const char *name = longform ? arg + 2 : arg + 1, *equals = longform ? strchr(name, '=') : NULL;
    size_t n = equals ? (size_t)(equals - name) : strlen(name);
    const struct entry *e = longform ? entry_of(name, n, 0) : n == 1 ? entry_of(NULL, 0, name[0]) : NULL;
    if (!e || !(e->verbs & verb->bit)) {
        const char *near = longform ? closest(name, verb->bit) : NULL;
        say("'%s' takes no option '%s'%s%s%s", verb->name, arg, near ? "; did you mean '--" : "",
            near ? near : "", near ? "'?" : "");
        return 0;
    }
    if (e->kind == FLAG && equals) {
        say("'--%s' takes no value", e->name);
        return 0;
    }
    if (e->kind != FLAG && !equals && argc < 2) {
        say("'--%s' needs a value: --%s %s", e->name, e->name, e->value);
        return 0;
    }
    const char *value = equals ? equals + 1 : e->kind == FLAG ? NULL : argv[1];
    if (!put(o, e, value)) {
        say("'--%s' is given more than %d times", e->name, LIST_MAX);
        return 0;
    }
    return e->kind == FLAG || equals ? 1 : 2;
}

static void twin_name(const struct entry *e, char out[64])
{
    snprintf(out, 64, "ROLLCALL_%s", e->name);
    for (char *p = out; *p; p++)
        *p = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
}

/* Lists in the environment are split at commas. */
static void put_list(struct options *o, const struct entry *e, char *text)
{
    while (text && *text) {
        char *comma = strchr(text, ',');
        if (comma)
            *comma = '\0';
        put(o, e, text);
        text = comma ? comma + 1 : NULL;
    }
}

void options_deinit(struct options *o)
{
    arena_deinit(&o->environment);
}

static void from_environment(struct options *o, const struct verb_entry *verb)
{
    for (size_t i = 0; i < array_len(table); i++) {
        char name[64];
        twin_name(&table[i], name);
        const char *value = getenv(name);
        size_t end = strlen(name);
        if (!value && table[i].kind == LIST && end + 1 < sizeof name) { /* ROLLCALL_ALLOW_HOSTS, too */
            memcpy(name + end, "S", 2);
            value = getenv(name);
        }
        if (!(table[i].verbs & verb->bit) || !value || !*value || is_set(o, &table[i]) ||
            table[i].at == AT(help))
            continue;
        char *copy = arena_z(&o->environment, str_of(value));
        if (table[i].kind == LIST)
            put_list(o, &table[i], copy);
        else if (table[i].kind == TEXT || strcmp(copy, "0") != 0)
            put(o, &table[i], copy);
    }
}

/* What the texts mean ------------------------------------------------------------------------------------------------------------- */

static bool parse_accept(struct options *o, const char *text)
{
    const char *equals = strchr(text, '=');
    struct str kind = { text, equals ? (size_t)(equals - text) : strlen(text) };
    int64_t count;
    for (size_t k = 0; equals && k < CHANGE_KINDS; k++)
        if (str_is(kind, change_kind_name[k]) && str_to_i64(str_of(equals + 1), &count) && count >= 0) {
            o->accept_count[k] = count;
            return true;
        }
    say("--accept '%s': say KIND=COUNT, as in deactivate=57", text);
    return false;
}

static bool parse_level(struct options *o)
{
    static const char *const names[] = { "error", "warn", "info", "debug" };
    o->level = o->verbose ? LOG_INFO : LOG_WARN;
    if (!o->log_level)
        return true;
    for (size_t i = 0; i < array_len(names); i++)
        if (strcmp(o->log_level, names[i]) == 0) {
            o->level = (enum log_level)i;
            return true;
        }
    say("--log-level '%s': one of error, warn, info, debug", o->log_level);
    return false;
}

static bool parse_numbers(struct options *o)
{
    bool good = true;
    if (o->first && (!str_to_i64(str_of(o->first), &o->first_n) || o->first_n < 1)) {
        say("--first '%s': a number of users, at least 1", o->first);
        good = false;
    }
    if (o->only && !*o->only) { /* a script's variable that is not set must not mean everybody */
        say("--only '': the key of one user");
        good = false;
    }
    if (o->max_time && (!time_parse_span(str_of(o->max_time), &o->max_time_us) || o->max_time_us == 0)) {
        say("--max-time '%s': a time such as 90min or 2h", o->max_time);
        good = false;
    }
    if (o->log_format && strcmp(o->log_format, "text") != 0 && strcmp(o->log_format, "json") != 0) {
        say("--log-format '%s': text or json", o->log_format);
        good = false;
    }
    o->json_log = o->log_format && strcmp(o->log_format, "json") == 0;
    return good;
}

static bool interpret(struct options *o)
{
    bool good = true;
    o->first_n = -1;
    for (size_t k = 0; k < CHANGE_KINDS; k++)
        o->accept_count[k] = -1;
    for (size_t i = 0; i < o->accept.n; i++)
        good &= parse_accept(o, o->accept.v[i]);
    good &= parse_level(o);
    good &= parse_numbers(o);
    return good;
}

int options_parse(struct options *o, const struct verb_entry *verb, int argc, char **argv, int *n)
{
    bool good = true, only_operands = false;
    *o = (struct options){ 0 };
    *n = 0;
    for (int i = 0; i < argc;) {
        if (only_operands || argv[i][0] != '-' || argv[i][1] == '\0') {
            argv[(*n)++] = argv[i++];
        } else if (strcmp(argv[i], "--") == 0) {
            only_operands = true;
            i++;
        } else {
            int took = take(o, verb, argc - i, argv + i);
            good &= took > 0;
            i += took > 0 ? took : 1;
        }
    }
    from_environment(o, verb);
    good &= interpret(o);
    if (good && !o->help && (*n < verb->least || (verb->most >= 0 && *n > verb->most))) {
        say("usage: rollcall %s %s", verb->name, verb->args);
        good = false;
    }
    return good ? 0 : EXIT_USAGE;
}

void options_help(const struct verb_entry *verb)
{
    struct buf out = BUF_INIT(64 * 1024);
    buf_printf(&out, "usage: rollcall %s %s\n\n%s\n\n", verb->name, verb->args, verb->help);
    for (size_t i = 0; i < array_len(table); i++) {
        char left[64];
        if (!(table[i].verbs & verb->bit))
            continue;
        snprintf(left, sizeof left, "%s--%s%s%s",
                 table[i].letter ? (char[]){ '-', table[i].letter, ',', ' ', 0 } : "    ", table[i].name,
                 table[i].value ? " " : "", table[i].value ? table[i].value : "");
        buf_printf(&out, "  %-28s %s\n", left, table[i].help);
    }
    buf_puts(
        &out,
        "\nEvery option has a twin in the environment: --log-level is ROLLCALL_LOG_LEVEL. Exit codes: rollcall(1).\n");
    print_out(&out);
    buf_deinit(&out);
}
