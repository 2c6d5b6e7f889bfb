#include <stdio.h>
#include <string.h>

#include "cli_internal.h"

#define NAME_COLUMN 24

/* What each connector can do, from the code's own tables: README's and the manual's tables are made of this.
 */

static void list_kinds(struct buf *out, unsigned kinds)
{
    for (size_t k = 0; k < CHANGE_KINDS; k++)
        if (kinds & (1u << k))
            buf_printf(out, " %s", change_kind_name[k]);
}

static void summary(struct buf *out, const struct vendor *v)
{
    buf_printf(out, "%-12s %s\n             does:", v->name, v->title);
    list_kinds(out, v->kinds);
    buf_printf(out, "\n             hosts: %s\n             docs: %s\n", v->hosts, v->docs);
}

static const char *access_of(const struct attr *a)
{
    if (!(a->flags & ATTR_READ))
        return "write-only";
    if (a->flags & ATTR_UPDATE)
        return a->flags & ATTR_CREATE ? "read, create, update" : "read, update (a joiner: by a second call)";
    return a->flags & ATTR_CREATE ? "read, create" : "read";
}

/* Names of SCIM's extensions are long: those that do not fit have a line of their own. */
static void name_column(struct buf *out, const char *name)
{
    if (strlen(name) <= NAME_COLUMN)
        buf_printf(out, "  %-*s ", NAME_COLUMN, name);
    else
        buf_printf(out, "  %s\n  %*s ", name, NAME_COLUMN, "");
}

static void attributes(struct buf *out, const struct vendor *v)
{
    buf_puts(out, "\nattributes\n");
    for (size_t i = 0; i < v->n_attrs; i++) {
        name_column(out, v->attrs[i].name);
        buf_printf(out, "%s%s%s\n", access_of(&v->attrs[i]),
                   v->attrs[i].flags & ATTR_REQUIRED ? ", required to create" : "",
                   v->attrs[i].flags & ATTR_MEMBERSHIP ? ", membership" : "");
    }
    if (v->custom_attr)
        buf_puts(out, "  and the tenant's own custom attributes\n");
}

static void options(struct buf *out, const struct vendor *v)
{
    buf_puts(out, "\ntarget options\n");
    for (size_t i = 0; i < v->n_options; i++) {
        const struct option *o = &v->options[i];
        buf_printf(out, "  %-24s %s\n  %24s default: %s", o->name, o->help, "",
                   o->fallback && o->fallback[0] ? o->fallback : "none");
        if (o->type == OPT_URL)
            buf_puts(out, "; an address: https, its host compared with --allow-host");
        for (size_t k = 0; o->choices && o->choices[k]; k++)
            buf_printf(out, "%s%s", k ? ", " : "; one of ", o->choices[k]);
        buf_putc(out, '\n');
    }
}

static void calls(struct buf *out, const struct vendor *v)
{
    buf_puts(out, "\ncalls\n");
    for (size_t i = 0; i < v->n_endpoints; i++) {
        const struct endpoint *e = &v->endpoints[i];
        buf_printf(out, "  %-36s %-6s", e->name, e->write ? "write" : "read");
        if (e->batch > 1)
            buf_printf(out, " up to %u a call", e->batch);
        buf_putc(out, '\n');
    }
    buf_printf(out, "\ncredentials\n");
    for (size_t i = 0; i < v->n_credentials; i++) {
        bool may = v->credentials[i].optional && !v->check; /* else its help says when it is needed */
        buf_printf(out, "  %-24s %s%s\n", v->credentials[i].name, v->credentials[i].help,
                   may ? " (optional)" : "");
    }
    buf_printf(out, "\nrate when the job says none: %s\n", v->default_rate);
}

int verb_connectors(const struct options *o, char **operand, int n)
{
    struct buf out = BUF_INIT(1024 * 1024);
    (void)o;
    const struct connector *one = n ? connector_named(operand[0]) : NULL;
    if (n && !one) {
        say("there is no connector '%s'; 'rollcall connectors' lists them", operand[0]);
        return EXIT_USAGE;
    }
    for (size_t i = 0; connectors[i]; i++)
        if (!one || one == connectors[i])
            summary(&out, &connectors[i]->vendor);
    if (one) {
        attributes(&out, &one->vendor);
        options(&out, &one->vendor);
        calls(&out, &one->vendor);
    }
    print_out(&out);
    buf_deinit(&out);
    return EXIT_OK;
}
