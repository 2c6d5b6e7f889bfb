#include "options.h"

#include "emulator.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define USERS_MAX 2000000

enum {
    OPT_VENDOR = 1,
    OPT_USERS,
    OPT_SEED,
    OPT_STATE,
    OPT_DUMP,
    OPT_PORT,
    OPT_PORT_FILE,
    OPT_ACCESS,
    OPT_SECRET,
    OPT_SWITCH,
    OPT_LIST_SWITCHES,
    OPT_LIST_FAULTS,
    OPT_LIST_RULES,
    OPT_HELP
};

static const struct option known[] = {
    { "vendor", required_argument, NULL, OPT_VENDOR },
    { "users", required_argument, NULL, OPT_USERS },
    { "seed", required_argument, NULL, OPT_SEED },
    { "state", required_argument, NULL, OPT_STATE },
    { "dump-state", required_argument, NULL, OPT_DUMP },
    { "port", required_argument, NULL, OPT_PORT },
    { "port-file", required_argument, NULL, OPT_PORT_FILE },
    { "access-key", required_argument, NULL, OPT_ACCESS },
    { "secret-key", required_argument, NULL, OPT_SECRET },
    { "switch", required_argument, NULL, OPT_SWITCH },
    { "list-switches", no_argument, NULL, OPT_LIST_SWITCHES },
    { "list-faults", no_argument, NULL, OPT_LIST_FAULTS },
    { "list-rules", no_argument, NULL, OPT_LIST_RULES },
    { "help", no_argument, NULL, OPT_HELP },
    { NULL, 0, NULL, 0 },
};

static const char help[] =
    "usage: rollcall-sandbox --vendor NAME [options]\n"
    "Emulates a vendor's user API on 127.0.0.1, in memory, for tests and rehearsals.\n"
    "\n"
    "  --vendor NAME          whose API (below)\n"
    "  --users N              generate N users (default 2000)\n"
    "  --seed S               of the generated users, of faults by chance, of shuffling (default 7)\n"
    "  --state FILE           take the tenant from FILE instead\n"
    "  --dump-state FILE      write the tenant to FILE at the end\n"
    "  --port N               listen there (default 0: any free port)\n"
    "  --port-file FILE       write the port to FILE once connections are taken\n"
    "  --access-key KEY       the keys that are good (what they are: below)\n"
    "  --secret-key KEY\n"
    "  --switch NAME=VALUE    set a switch; may be said often\n"
    "  --list-switches        every switch with its default and values\n"
    "  --list-faults          kinds of faults, and the endpoints that can have them\n"
    "  --list-rules           what is recorded as bad behaviour of a client\n"
    "\n"
    "While it runs: GET /admin/state /admin/log?since=N /admin/violations /admin/stats /admin/switches,\n"
    "POST /admin/switch {\"name\": \"value\"}, /admin/user {\"UserId\": ..., fields} (scim: {\"id\": ..., attributes}),\n"
    "/admin/reset-log.\n"
    "SIGTERM or SIGINT ends it.\n"
    "\n";

static bool number(const char *text, uint64_t most, uint64_t *value)
{
    char *end;

    *value = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && *value <= most;
}

static const struct vendor *vendor_called(const char *name)
{
    for (size_t i = 0; vendors[i]; i++) {
        if (strcmp(vendors[i]->name, name) == 0)
            return vendors[i];
    }
    return NULL;
}

/* NULL, or what the value should have been. */
static const char *take(struct options *o, int option, const char *value)
{
    uint64_t n = 0;

    switch (option) {
    case OPT_VENDOR:
        o->vendor = vendor_called(value);
        return o->vendor ? NULL : "the name of a vendor (see --help)";
    case OPT_USERS:
        o->users = number(value, USERS_MAX, &n) ? (size_t)n : 0;
        return o->users ? NULL : "a number from 1 to 2000000";
    case OPT_SEED: return number(value, UINT64_MAX, &o->seed) ? NULL : "a number";
    case OPT_PORT:
        o->port = number(value, 65535, &n) ? (int)n : -1;
        return o->port >= 0 ? NULL : "a port number";
    case OPT_STATE: o->state = value; break;
    case OPT_DUMP: o->dump_state = value; break;
    case OPT_PORT_FILE: o->port_file = value; break;
    case OPT_ACCESS: o->access_key = value; break;
    case OPT_SECRET: o->secret_key = value; break;
    case OPT_SWITCH:
        if (!strchr(value, '=') || o->nswitches == OPTIONS_SWITCHES_MAX)
            return "NAME=VALUE";
        o->switches[o->nswitches++] = value;
        break;
    default: break;
    }
    return NULL;
}

bool options_parse(int argc, char **argv, struct options *o, struct buf *error)
{
    int option, which = 0;

    *o = (struct options){ .users = 2000, .seed = 7 };
    optind = 1;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", known, &which)) != -1) {
        const char *wrong;

        if (option == '?' || option == ':') {
            buf_printf(error, "%s '%s'; see --help",
                       option == ':' ? "a value is missing behind" : "unknown option", argv[optind - 1]);
            return false;
        }
        if (option >= OPT_LIST_SWITCHES)
            o->wish = option == OPT_HELP            ? WISH_HELP
                      : option == OPT_LIST_SWITCHES ? WISH_LIST_SWITCHES
                      : option == OPT_LIST_FAULTS   ? WISH_LIST_FAULTS
                                                    : WISH_LIST_RULES;
        wrong = take(o, option, optarg);
        if (wrong) {
            buf_printf(error, "--%s '%s' is not %s", known[which].name, optarg, wrong);
            return false;
        }
    }
    if (optind < argc)
        buf_printf(error, "unexpected argument '%s'; see --help", argv[optind]);
    else if (!o->vendor && o->wish == WISH_SERVE)
        buf_puts(error, "--vendor is needed; see --help");
    return error->n == 0;
}

static void list_switches(const struct vendor *vendor, struct buf *out)
{
    struct switches s;

    switches_init(&s, vendor->switches);
    buf_printf(out, "%-18s %-9s %-32s %s\n", "SWITCH", "DEFAULT", "VALUES", "MEANING");
    for (size_t i = 0; switches_def(&s, i); i++) {
        const struct switch_def *d = switches_def(&s, i);

        buf_printf(out, "%-18s %-9s %-32s %s\n", d->name,
                   i == SW_RATE && vendor->rate ? vendor->rate : d->normal, d->values, d->about);
    }
}

static void list_faults(const struct vendor *vendor, struct buf *out)
{
    static const char *const phases[] = { "before", "after", "page" };

    buf_puts(
        out,
        "--switch fault=ENDPOINT:NTH:KIND[:ARG]\n"
        "NTH: 3 (third call from now), 3+ (from it on), 3-5, every3, p0.05 (by chance), * (every call)\n\n");
    buf_printf(out, "%-12s %-18s %-7s %s\n", "KIND", "PHASE", "ARG", "MEANING");
    for (int i = 0; i < FAULT_KINDS; i++) {
        const struct fault_def *d = fault_def((enum fault_kind)i);
        struct buf phase = BUF_INIT(ANSWER_MAX);

        buf_printf(&phase, "%s%s", phases[d->phase], d->either ? " (or other)" : "");
        buf_printf(out, "%-12s %-18s %-7llu %s\n", d->name, buf_z(&phase), (unsigned long long)d->arg,
                   d->about);
        buf_deinit(&phase);
    }
    buf_puts(
        out,
        "\nPHASE: before, nothing is applied; after, it is. KIND_before and KIND_after choose between them.\n"
        "ENDPOINT: *, reads, writes, or one of\n");
    for (size_t i = 0; vendor->endpoints[i].name; i++)
        buf_printf(out, "  %-16s %s\n", vendor->endpoints[i].name, vendor->endpoints[i].path);
}

static void describe_vendor(const struct vendor *v, struct buf *out)
{
    buf_printf(out, "vendor %-14s %s; keys %s %s\n", v->name, v->about, v->access_key, v->secret_key);
    if (v->keys_about)
        buf_printf(out, "%21s %s\n", "", v->keys_about);
}

void options_describe(const struct options *o, struct buf *out)
{
    const struct vendor *vendor = o->vendor ? o->vendor : vendors[0];

    switch (o->wish) {
    case WISH_LIST_SWITCHES: list_switches(vendor, out); break;
    case WISH_LIST_FAULTS: list_faults(vendor, out); break;
    case WISH_LIST_RULES: rules_list(out); break;
    case WISH_HELP:
    case WISH_SERVE:
        buf_puts(out, help);
        for (size_t i = 0; vendors[i]; i++)
            describe_vendor(vendors[i], out);
        break;
    }
}
