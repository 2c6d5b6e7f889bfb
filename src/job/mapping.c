/* Keys that say what a person of the feed is: attributes, match keys, manager, status, and who is protected.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job_internal.h"

#define CANON_MAX (16 * JOB_TEXT_MAX)

/* Value maps --------------------------------------------------------------------------------------------- */

static bool too_long(struct loader *l, const struct node *n)
{
    size_t chars = attr_chars(n->text);
    if (!l->attr || l->attr->max_chars == 0 || chars <= l->attr->max_chars)
        return false;
    mistake(l, n, "%zu characters are more than the %u that '%s' takes", chars, l->attr->max_chars,
            l->attr->name);
    return true;
}

static bool canon_value(struct loader *l, struct str s, struct str *out)
{
    struct buf form = BUF_INIT(CANON_MAX);
    bool good = l->attr ? attr_canon(l->attr, s, &form) : canon_exact(s, &form);
    *out = arena_str(&l->job->arena, buf_view(&form));
    buf_deinit(&form);
    return good;
}

/* One pair. The keys are compared as the feed's cells are: in the attribute's canonical form. */
static bool load_pair(struct loader *l, const struct node *n, struct seen *seen, struct job_value *out)
{
    struct str canon;
    if (!expect(l, n, NODE_TEXT) || too_long(l, n))
        return false;
    if (str_trim(n->key).n == 0) {
        mistake_key(l, n, "a blank cell is not a value; \"default\" says what it stands for");
        return false;
    }
    if (n->key.n > JOB_TEXT_MAX || n->text.n > JOB_TEXT_MAX || !canon_value(l, n->key, &canon)) {
        mistake_key(l, n, "a value must not have more than %d bytes", JOB_TEXT_MAX);
        return false;
    }
    const struct node *first = seen_before(seen, canon, n);
    if (first) {
        mistake_key(l, n, "'%s' is the same value as '%s' on line %lu", shown(l, n->key),
                    shown(l, first->key), line_of(l, first));
        return false;
    }
    *out = (struct job_value){ keep(l, n->key), keep(l, n->text) };
    return true;
}

void read_values(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    struct job_column *column = at;
    struct seen seen = { 0 };
    (void)r;
    if (!n)
        return;
    if (n->n > JOB_VALUES_MAX) {
        mistake(l, n, "%u values are more than the %d allowed", (unsigned)n->n, JOB_VALUES_MAX);
        return;
    }
    column->values = arena_zalloc(&l->job->arena, (n->n + 1) * sizeof(*column->values));
    for (const struct node *m = n->first; m; m = m->next)
        if (!node_is_comment(m) && load_pair(l, m, &seen, &column->values[column->n_values]))
            column->n_values++;
    if (seen.n == 0 && n->n == 0)
        mistake(l, n, "there are no values; write them as \"in the feed\": \"in the tenant\"");
    seen_deinit(&seen);
}

static bool has_several(const struct attr *a)
{
    return a->type == ATTR_SET || a->type == ATTR_REFS;
}

/* Only what can have several values has something that parts them. */
void read_separator(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    const struct rule word = { .path = r->path, .type = RULE_WORD, .choices = r->choices };
    char *chosen = NULL;
    if (!n)
        return;
    if (l->attr && !has_several(l->attr)) {
        mistake_key(l, n, "'%s' has one value; there is nothing to part", l->attr->name);
        return;
    }
    bool tab = str_is(n->text, "\t"); /* the character itself will do, too */
    if (!tab)
        value_load(l, &word, n, &chosen);
    if (tab || chosen)
        *(char *)at = tab || strcmp(chosen, "tab") == 0 ? '\t' : chosen[0];
}

static void check_column(struct loader *l, const struct node *n)
{
    const struct node *unknown = node_member(n, "unknown"), *fallback = node_member(n, "default");
    if (unknown && !node_member(n, "values"))
        mistake_key(l, unknown,
                    "'unknown' says what happens to values that \"values\" does not have, "
                    "and there is no \"values\"");
    if (fallback && fallback->kind == NODE_TEXT)
        too_long(l, fallback);
}

/* Attributes --------------------------------------------------------------------------------------------- */

/* What the vendor knows under this name; with an unknown connector every name will do, so that the other
 * mistakes are found. */
static const struct attr *find_attr(struct loader *l, const struct node *n, struct attr *out)
{
    const struct vendor *v = l->job->target.vendor;
    if (n->key.n >= ATTR_NAME_MAX) {
        mistake_key(l, n, "an attribute's name has at most %d bytes", ATTR_NAME_MAX - 1);
        return NULL;
    }
    if (v && vendor_attr(v, n->key, out)) {
        if (!(out->flags & (ATTR_READ | ATTR_CREATE | ATTR_UPDATE)))
            mistake_key(l, n, "'%s' can neither be read nor written by %s; leave it out", out->name, v->name);
        return out;
    }
    *out = (struct attr){ .flags = ATTR_READ | ATTR_CREATE | ATTR_UPDATE };
    if (n->key.n > 0)
        memcpy(out->name, n->key.p, n->key.n);
    if (!v && n->key.n > 0)
        return out;
    const char *close = v ? vendor_attr_suggest(v, n->key) : NULL;
    if (v && !close)
        mistake_key(l, n, "%s has no user attribute '%s'; see them with: rollcall connectors %s", v->name,
                    shown(l, n->key), v->name);
    else
        mistake_key(l, n, "%s has no user attribute '%s'%s", v ? v->name : "the tenant", shown(l, n->key),
                    did_you_mean(l, close));
    return NULL;
}

static void load_column(struct loader *l, const struct node *n, struct job_column *out)
{
    if (n->kind == NODE_OBJECT) {
        load_object(l, n, "attributes.*", out);
        check_column(l, n);
    } else if (n->kind != NODE_TEXT) {
        mistake(l, n, "this must be a column's name or an object {...}, not %s", node_kind_text(n->kind));
    } else if (n->text.n == 0 || n->text.n > JOB_TEXT_MAX) {
        mistake(l, n, "this must be the name of a feed column");
    } else {
        out->column = keep(l, n->text);
    }
}

static void load_attribute(struct loader *l, const struct node *n, struct seen *seen)
{
    struct schema *s = &l->job->schema;
    struct attr attr;
    struct job_column column = { 0 };
    struct buf fold = BUF_INIT(CANON_MAX);
    const struct attr *found = find_attr(l, n, &attr);
    l->attr = found;
    load_column(l, n, &column);
    l->attr = NULL;
    if (found && found->type == ATTR_REFS && !found->separator && !column.separator)
        column.separator = ';';
    canon_fold(found ? str_of(found->name) : n->key, &fold);
    const struct node *first = seen_before(seen, arena_str(&l->job->arena, buf_view(&fold)), n);
    buf_deinit(&fold);
    if (first && found)
        mistake_key(l, n, "'%s' is there twice: first on line %lu", shown(l, n->key), line_of(l, first));
    else if (found && s->n < SCHEMA_MAX) {
        l->job->column[s->n] = column;
        s->attr[s->n++] = *found;
    }
}

void read_attributes(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    struct seen seen = { 0 };
    (void)r, (void)at;
    if (!n)
        return;
    for (const struct node *m = n->first; m; m = m->next)
        if (!node_is_comment(m))
            load_attribute(l, m, &seen);
    if (seen.n == 0)
        mistake(l, n, "no attribute is mapped; write them as \"attribute\": \"feed column\"");
    if (seen.n > SCHEMA_MAX)
        mistake(l, n, "%zu attributes are more than the %d that one job can map", seen.n, SCHEMA_MAX);
    seen_deinit(&seen);
}

static int compare_pairs(const void *a, const void *b)
{
    return strcmp(((const struct job_value *)a)->from, ((const struct job_value *)b)->from);
}

static void write_column(struct jw *w, const struct job_column *c, const char *key)
{
    struct job_value *sorted = xmalloc((c->n_values + 1) * sizeof(*sorted));
    for (size_t i = 0; i < c->n_values; i++)
        sorted[i] = c->values[i];
    qsort(sorted, c->n_values, sizeof(*sorted), compare_pairs);
    jw_object(w);
    jw_kz(w, "column", c->column);
    jw_kz(w, "default", c->fallback);
    if (key)
        jw_kz(w, "key", key);
    if (c->separator) {
        const char text[2] = { c->separator, '\0' };
        jw_kz(w, "separator", text);
    }
    jw_kbool(w, "strict", c->values_strict);
    jw_key(w, "values");
    jw_object(w);
    for (size_t i = 0; i < c->n_values; i++)
        jw_kz(w, sorted[i].from, sorted[i].to);
    jw_end_object(w);
    jw_end_object(w);
    free(sorted);
}

void write_attributes(struct jw *w, const struct job *j)
{
    const struct schema *s = &j->schema;
    bool written[SCHEMA_MAX] = { false };
    jw_object(w);
    for (size_t round = 0; round < s->n; round++) {
        size_t next = s->n;
        for (size_t i = 0; i < s->n; i++)
            if (!written[i] && (next == s->n || strcmp(s->attr[i].name, s->attr[next].name) < 0))
                next = i;
        written[next] = true;
        jw_key(w, s->attr[next].name);
        write_column(w, &j->column[next], NULL);
    }
    jw_end_object(w);
}

/* Match keys --------------------------------------------------------------------------------------------- */

static int mapped_slot(const struct loader *l, struct str name)
{
    struct attr attr;
    int slot = schema_slot(&l->job->schema, name);
    if (slot < 0 && l->job->target.vendor && vendor_attr(l->job->target.vendor, name, &attr))
        slot = schema_slot(&l->job->schema, str_of(attr.name));
    return slot;
}

static const char *suggest_mapped(const struct loader *l, struct str name)
{
    const char *names[SCHEMA_MAX];
    for (size_t i = 0; i < l->job->schema.n; i++)
        names[i] = l->job->schema.attr[i].name;
    return suggest(name, names, l->job->schema.n);
}

static void load_key(struct loader *l, const struct node *n)
{
    struct schema *s = &l->job->schema;
    int slot = mapped_slot(l, n->text);
    if (slot < 0) {
        /* Without any mapping the one mistake about that is enough. */
        if (s->n > 0)
            mistake(l, n, "'%s' is not mapped: a match key must be one of \"attributes\"%s",
                    shown(l, n->text), did_you_mean(l, suggest_mapped(l, n->text)));
        return;
    }
    const struct attr *a = &s->attr[slot];
    if (!(a->flags & ATTR_READ) || a->flags & ATTR_SECRET)
        mistake(l, n, "'%s' cannot be a match key: the tenant does not show its values", a->name);
    else if (has_several(a) || a->type == ATTR_BOOL)
        mistake(l, n, "'%s' cannot be a match key: its values do not name one user", a->name);
    if (s->n_keys < KEYS_MAX)
        s->key[s->n_keys++] = (uint8_t)slot;
}

void read_match(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    struct texts keys;
    (void)r, (void)at;
    if (!n)
        return;
    if (n->n == 0)
        mistake(
            l, n,
            "at least one match key is needed: the attribute that names one user, such as the employee id");
    texts_load(l, n, KEYS_MAX, canon_fold, &keys);
    for (size_t i = 0; i < keys.n; i++)
        load_key(l, keys.node[i]);
}

void write_match(struct jw *w, const struct job *j)
{
    jw_array(w);
    for (size_t i = 0; i < j->schema.n_keys; i++)
        jw_z(w, j->schema.attr[j->schema.key[i]].name);
    jw_end_array(w);
}

/* Manager ------------------------------------------------------------------------------------------------ */

void read_manager_key(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    struct schema *s = &l->job->schema;
    int slot = n ? mapped_slot(l, n->text) : -1;
    (void)r, (void)at;
    if (s->n_keys == 0)
        return;
    s->manager_key = s->key[0];
    if (n && (slot < 0 || !schema_is_key(s, (size_t)slot))) {
        const char *names[KEYS_MAX];
        for (size_t i = 0; i < s->n_keys; i++)
            names[i] = s->attr[s->key[i]].name;
        mistake(l, n, "'%s' is not a match key: managers are found by one of \"match\"%s", shown(l, n->text),
                did_you_mean(l, suggest(n->text, names, s->n_keys)));
    } else if (n) {
        s->manager_key = (uint8_t)slot;
    }
    l->attr = &s->attr[s->manager_key];
}

void read_manager(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    const struct vendor *v = l->job->target.vendor;
    (void)r, (void)at;
    if (n) {
        l->job->schema.manager = true;
        check_column(l, n);
        if (v && !(v->kinds & 1U << CHANGE_MANAGER))
            mistake_key(l, n, "%s has no managers; leave this out", v->name);
    }
    l->attr = NULL;
}

void write_manager(struct jw *w, const struct job *j)
{
    if (j->schema.manager)
        write_column(w, &j->manager, j->schema.attr[j->schema.manager_key].name);
    else
        jw_null(w);
}

/* Status ------------------------------------------------------------------------------------------------- */

static void load_statuses(struct loader *l, const struct node *n, char ***out, size_t *count)
{
    struct texts texts;
    if (!n)
        return;
    if (n->n == 0)
        mistake(l, n, "this list must not be empty: a row whose status is in neither list is rejected");
    texts_load(l, n, JOB_LIST_MAX, canon_fold, &texts);
    *out = texts.v;
    *count = texts.n;
}

void read_active(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    (void)r, (void)at;
    load_statuses(l, n, &l->job->status.active, &l->job->status.n_active);
}

void read_leaver(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    (void)r, (void)at;
    load_statuses(l, n, &l->job->status.leaver, &l->job->status.n_leaver);
}

/* Each list has been checked in itself; here only what stands in both. */
void read_status(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    const struct node *lists[] = { node_member(n, "active"), node_member(n, "leaver") };
    struct seen seen = { 0 };
    (void)r, (void)at;
    for (size_t i = 0; i < array_len(lists); i++) {
        for (const struct node *e = lists[i] ? lists[i]->first : NULL; e; e = e->next) {
            struct buf fold = BUF_INIT(CANON_MAX);
            if (e->kind != NODE_TEXT || e->text.n > JOB_TEXT_MAX)
                continue;
            canon_fold(e->text, &fold);
            const struct node *first = seen_before(&seen, arena_str(&l->job->arena, buf_view(&fold)), e);
            if (first && first->parent != e->parent)
                mistake(l, e, "'%s' is in both lists: a person is active or a leaver", shown(l, e->text));
            buf_deinit(&fold);
        }
    }
    seen_deinit(&seen);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The order of such a list means nothing, so it must not change the policy's hash. */
static void write_sorted(struct jw *w, char *const *v, size_t n)
{
    char **sorted = xmalloc((n + 1) * sizeof(*sorted));
    for (size_t i = 0; i < n; i++)
        sorted[i] = v[i];
    qsort(sorted, n, sizeof(*sorted), compare_texts);
    jw_array(w);
    for (size_t i = 0; i < n; i++)
        jw_z(w, sorted[i]);
    jw_end_array(w);
    free(sorted);
}

void write_status(struct jw *w, const struct job *j)
{
    jw_object(w);
    jw_key(w, "active");
    write_sorted(w, j->status.active, j->status.n_active);
    jw_kz(w, "column", j->status.column);
    jw_key(w, "leaver");
    write_sorted(w, j->status.leaver, j->status.n_leaver);
    jw_end_object(w);
}

/* Actions and protection --------------------------------------------------------------------------------- */

static void check_required(struct loader *l, const struct vendor *v)
{
    const struct node *attributes = node_member(l->root, "attributes");
    struct buf list = BUF_INIT(ERR_TEXT_MAX);
    if (!attributes || attributes->kind != NODE_OBJECT || l->job->schema.n == 0)
        return;
    for (size_t i = 0; i < v->n_attrs; i++)
        if (v->attrs[i].flags & ATTR_REQUIRED && schema_slot(&l->job->schema, str_of(v->attrs[i].name)) < 0)
            buf_printf(&list, "%s'%s'", list.n ? ", " : "", v->attrs[i].name);
    if (list.n)
        mistake_key(l, attributes,
                    "%s cannot create a user without %s; map a column, "
                    "or switch creating off with \"actions\": {\"create\": false}",
                    v->name, list.p);
    buf_deinit(&list);
}

void read_actions(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    const struct vendor *v = l->job->target.vendor;
    (void)r, (void)at;
    if (!v)
        return;
    for (size_t kind = 0; kind < CHANGE_KINDS; kind++) {
        const struct node *given = node_member(n, change_kind_name[kind]);
        if (given && given->kind == NODE_BOOL && str_is(given->text, "true") && !(v->kinds & 1U << kind))
            mistake(l, given, "%s cannot do this: there is no such call", v->name);
    }
    if (l->job->action[CHANGE_CREATE] && v->kinds & 1U << CHANGE_CREATE)
        check_required(l, v);
}

void read_protected(struct loader *l, const struct rule *r, const struct node *n, void *at)
{
    struct texts texts;
    (void)r, (void)at;
    if (!n)
        return;
    texts_load(l, n, JOB_LIST_MAX, canon_exact, &texts);
    l->job->protected_keys = texts.v;
    l->job->n_protected = texts.n;
}

void write_protected(struct jw *w, const struct job *j)
{
    write_sorted(w, j->protected_keys, j->n_protected);
}
