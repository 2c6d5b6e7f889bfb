/* The vendor's own options: by its table, and by its own judgement of what fits what. */
#include <assert.h>
#include <string.h>

#include "job_internal.h"

#define OPTION_SPAN_MAX (30 * DAY_US)

static struct rule option_rule(const struct option *o)
{
    static const enum rule_type types[] = {
        [OPT_TEXT] = RULE_TEXT, [OPT_BOOL] = RULE_BOOL,     [OPT_INT] = RULE_INT,
        [OPT_SPAN] = RULE_SPAN, [OPT_CHOICE] = RULE_CHOICE, [OPT_URL] = RULE_TEXT,
    };
    struct rule r = {
        .path = o->name, .type = types[o->type], .fallback = o->fallback, .choices = o->choices
    };
    if (o->type == OPT_INT) {
        bool ranged = o->min < o->max;
        r.min = ranged ? o->min : 0;
        r.max = ranged ? o->max : JOB_COUNT_MAX;
    } else if (o->type == OPT_SPAN) {
        r.max = OPTION_SPAN_MAX;
    }
    return r;
}

static void load_option(struct loader *l, const struct option *o, const struct node *given,
                        struct option_value *out)
{
    struct rule r = option_rule(o);
    const struct node *n = given ? fitting(l, &r, given) : NULL;
    char *text = keep(l, str_of(o->fallback));
    struct url url;
    bool truth = false;
    unsigned index = 0;
    switch (o->type) {
    case OPT_TEXT:
        /* Unlike a text of ours it may be empty. */
        out->text = text;
        if (n && n->text.n > 0)
            value_load(l, &r, n, &text);
        out->text = n ? (n->text.n > 0 ? text : "") : out->text;
        break;
    case OPT_URL:
        out->text = text;
        if (n)
            out->text = n->text.n > 0 && load_url(l, n, &url) ? keep(l, n->text) : "";
        break;
    case OPT_BOOL:
        value_load(l, &r, n, &truth);
        out->number = truth;
        break;
    case OPT_INT:
    case OPT_SPAN: value_load(l, &r, n, &out->number); break;
    case OPT_CHOICE:
        value_load(l, &r, n, &index);
        out->number = index;
        out->text = o->choices[index];
        break;
    }
}

static void unknown_option(struct loader *l, const struct vendor *v, const struct node *n)
{
    const char *names[JOB_OPTIONS_MAX];
    size_t count = v->n_options < JOB_OPTIONS_MAX ? v->n_options : JOB_OPTIONS_MAX;
    for (size_t i = 0; i < count; i++)
        names[i] = v->options[i].name;
    const char *close = suggest(n->key, names, count);
    if (close)
        mistake_key(l, n, "%s has no option '%s'%s", v->name, shown(l, n->key), did_you_mean(l, close));
    else
        mistake_key(l, n, "%s has no option '%s'; see them with: rollcall connectors %s", v->name,
                    shown(l, n->key), v->name);
}

/* What the vendor says of options and credentials together; its text names what it is about. What the file
 * does not have is told at the object that should have it. */
static void say_judged(void *ctx, const char *where, const char *text)
{
    struct loader *l = ctx;
    const char *dot = strchr(where, '.'), *name = dot ? dot + 1 : where;
    const struct node *target = target_node(l);
    const struct node *group =
        node_member(target, str_starts(str_of(where), STR("credentials.")) ? "credentials" : "options");
    const struct node *value = node_member(group, name);
    struct buf safe = BUF_INIT(8 * ERR_TEXT_MAX);
    printable(&safe, str_of(text), ERR_TEXT_MAX); /* it may quote the file */
    mistake(l, value ? value : group ? group : target, "%.*s", STR_ARG(buf_view(&safe)));
    buf_deinit(&safe);
}

static void judge(struct loader *l, const struct vendor *v)
{
    bool given[JOB_CREDENTIALS_MAX];
    for (size_t i = 0; i < JOB_CREDENTIALS_MAX; i++)
        given[i] = l->job->target.credential[i] != NULL;
    v->check(l->job->target.option, given, say_judged, l);
}

void read_options(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    const struct vendor *v = l->job->target.vendor;
    struct seen seen = { 0 };
    size_t before = l->errs->total;
    (void)r, (void)at;
    if (!v)
        return;
    assert(v->n_options <= JOB_OPTIONS_MAX);
    for (const struct node *m = n ? n->first : NULL; m; m = m->next) {
        char *name = keep(l, m->key);
        const struct node *first = node_is_comment(m) ? NULL : seen_before(&seen, m->key, m);
        if (first)
            mistake_key(l, m, "'%s' is there twice: first on line %lu", shown(l, m->key), line_of(l, first));
        else if (!node_is_comment(m) && vendor_option(v, name) < 0)
            unknown_option(l, v, m);
    }
    seen_deinit(&seen);
    for (size_t i = 0; i < v->n_options; i++)
        load_option(l, &v->options[i], node_member(n, v->options[i].name), &l->job->target.option[i]);
    /* An option that could not be read has its default, which the file did not ask for: nothing can be said
     * of what fits it. */
    if (v->check && l->errs->total == before)
        judge(l, v);
}

static bool text_option(const struct option *o)
{
    return o->type == OPT_TEXT || o->type == OPT_CHOICE || o->type == OPT_URL;
}

void write_options(struct jw *w, const struct job *j)
{
    const struct vendor *v = j->target.vendor;
    bool written[JOB_OPTIONS_MAX] = { false };
    jw_object(w);
    for (size_t round = 0; round < v->n_options; round++) {
        size_t next = v->n_options;
        for (size_t i = 0; i < v->n_options; i++)
            if (!written[i] &&
                (next == v->n_options || strcmp(v->options[i].name, v->options[next].name) < 0))
                next = i;
        written[next] = true;
        jw_key(w, v->options[next].name);
        if (text_option(&v->options[next]))
            jw_z(w, j->target.option[next].text);
        else
            jw_int(w, j->target.option[next].number);
    }
    jw_end_object(w);
}
