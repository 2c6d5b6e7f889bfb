/* A run's documents, and safe reading of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report_internal.h"

#define DOCUMENT_MAX ((size_t)512 * 1024 * 1024)
#define DOCUMENT_VERSION 1

/* Documents ----------------------------------------------------------------------------------------------------------------------- */

static int parse_document(const struct buf *text, const char *id, const char *name, void **out, char why[300])
{
    json_error_t error;
    json_t *doc =
        json_loadb(text->p ? text->p : "", text->n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (!doc)
        snprintf(why, 300, "the %s of run '%s' is damaged; the run's changes may still be whole", name, id);
    else if (doc_int(doc, "version") != DOCUMENT_VERSION)
        snprintf(why, 300, "the %s of run '%s' is not of a version that this rollcall knows", name, id);
    else
        *out = doc;
    if (!*out)
        json_decref(doc);
    return *out ? 0 : -EINVAL;
}

static int load_document(struct ledger *l, const char *id, const char *name, void **out, char why[300])
{
    struct buf text = BUF_INIT(DOCUMENT_MAX);
    *out = NULL;
    int err = l->ops->run_text_get(l, id, name, &text);
    if (err == 0)
        err = parse_document(&text, id, name, out, why);
    buf_deinit(&text);
    return err;
}

static int load_overview(struct ledger *l, struct report_run *r, char why[300])
{
    if (r->run.pruned) {
        snprintf(why, 300,
                 "run '%s' is older than the retention: nothing but its line in 'rollcall runs' was kept",
                 r->run.id);
        return -ENOENT;
    }
    int err = load_document(l, r->run.id, "overview", &r->overview, why);
    if (err == -ENOENT)
        snprintf(why, 300, "run '%s' ended before its plan stood", r->run.id);
    return err;
}

/* While a run is at work its outcome is that of an earlier part of it, or of the plan: not what has become of
 * the run. */
static int load_outcome(struct ledger *l, struct report_run *r, char why[300])
{
    if (r->run.state == RUN_APPLYING)
        return 0;
    int err = load_document(l, r->run.id, "outcome", &r->outcome, why);
    return err == -ENOENT ? 0 : err;
}

static void no_run(const char *id, char why[300])
{
    struct buf shown = BUF_INIT(400);
    printable(&shown, str_of(id), 60);
    if (*id)
        snprintf(why, 300, "there is no run '%s' in this state directory; 'rollcall runs' lists them",
                 shown.p);
    else
        snprintf(why, 300, "there is no run yet");
    buf_deinit(&shown);
}

int report_load(struct ledger *l, const char *id, struct report_run *out, char why[300])
{
    *out = (struct report_run){ 0 };
    why[0] = '\0';
    int err = l->ops->run_get(l, id, &out->run);
    if (err == -ENOENT) {
        no_run(id, why);
        return err;
    }
    if (err == 0 && (unsigned)out->run.state >= RUN_STATES) {
        snprintf(why, 300, "the state of run '%s' is damaged", out->run.id);
        err = -EINVAL;
    }
    if (err == 0)
        err = load_overview(l, out, why);
    if (err == 0)
        err = load_outcome(l, out, why);
    if (err != 0 && !why[0])
        snprintf(why, 300, "the run cannot be read: %s", l->ops->error(l));
    if (err != 0)
        report_deinit(out);
    return err;
}

void report_deinit(struct report_run *r)
{
    json_decref(r->overview);
    json_decref(r->outcome);
    r->overview = r->outcome = NULL;
}

/* Members ------------------------------------------------------------------------------------------------------------------------- */

json_t *doc_at(const void *doc, const char *path)
{
    json_t *at = (json_t *)(uintptr_t)doc;
    while (at && *path) {
        char name[64];
        size_t n = strcspn(path, ".");
        if (n >= sizeof name)
            return NULL;
        memcpy(name, path, n);
        name[n] = '\0';
        at = json_object_get(at, name);
        path += n + (path[n] == '.');
    }
    return at;
}

int64_t doc_int(const void *doc, const char *path)
{
    return json_integer_value(doc_at(doc, path));
}

int64_t count_value(const json_t *value)
{
    int64_t n = json_integer_value(value);
    return n < 0 ? 0 : n > COUNT_MAX ? COUNT_MAX : n;
}

int64_t doc_count(const void *doc, const char *path)
{
    return count_value(doc_at(doc, path));
}

struct str text_value(const json_t *value)
{
    return json_is_string(value) ? (struct str){ json_string_value(value), json_string_length(value) }
                                 : (struct str){ "", 0 };
}

struct str doc_text(const void *doc, const char *path)
{
    return text_value(doc_at(doc, path));
}

bool doc_true(const void *doc, const char *path)
{
    return json_is_true(doc_at(doc, path));
}

json_t *doc_kind(const void *doc, const char *group, enum change_kind kind, const char *member)
{
    return json_object_get(json_object_get(doc_at(doc, group), change_kind_name[kind]), member);
}

/* Changes ------------------------------------------------------------------------------------------------------------------------- */

static json_t *whole_change(const struct run_change *c)
{
    json_error_t error;
    if ((unsigned)c->kind >= CHANGE_KINDS || (unsigned)c->hold >= HOLDS || (unsigned)c->outcome >= OUTCOMES)
        return NULL;
    json_t *root =
        json_loadb(c->json.p ? c->json.p : "", c->json.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    json_t *result = c->result.n ? json_loadb(c->result.p, c->result.n, JSON_ALLOW_NUL, &error) : NULL;
    if (!json_is_object(root) || (c->result.n && !json_is_object(result))) {
        json_decref(root);
        json_decref(result);
        return NULL;
    }
    if (result)
        json_object_set_new(root, "result", result);
    return root;
}

bool stored_change_read(const struct run_change *c, struct stored_change *out)
{
    *out = (struct stored_change){
        .root = whole_change(c), .seq = c->seq, .kind = c->kind, .hold = c->hold, .outcome = c->outcome
    };
    if (!out->root)
        return false;
    out->user = doc_text(out->root, "user");
    out->key = doc_text(out->root, "key");
    out->reason = doc_text(out->root, "reason");
    out->why = doc_text(out->root, "why");
    out->text = doc_text(out->root, "result.text");
    out->new_id = doc_text(out->root, "result.new_id");
    out->line = doc_count(out->root, "at.line");
    return true;
}

void stored_change_deinit(struct stored_change *c)
{
    json_decref(c->root);
    c->root = NULL;
}

struct str stored_change_name(const struct stored_change *c)
{
    return c->key.n ? c->key : c->user;
}

bool change_withheld(const struct run_change *c)
{
    return c->hold != HOLD_NONE && (c->outcome == OUTCOME_NONE || c->outcome == OUTCOME_WITHHELD);
}

bool outcome_is_bad(enum outcome o)
{
    return o == OUTCOME_FAILED || o == OUTCOME_STALE || o == OUTCOME_UNRESOLVED || o == OUTCOME_NOT_VISIBLE;
}
