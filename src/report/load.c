#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report_internal.h"

#define DOCUMENT_MAX (512 * 1024 * 1024)

const enum change_kind kinds_shown[CHANGE_KINDS] = { CHANGE_CREATE, CHANGE_UPDATE, CHANGE_MANAGER, CHANGE_MEMBERSHIP, CHANGE_ACTIVATE, CHANGE_DEACTIVATE, CHANGE_RETIRE };
const char *const kind_mark[CHANGE_KINDS] = {
    [CHANGE_CREATE] = "+", [CHANGE_ACTIVATE] = "^", [CHANGE_UPDATE] = "~", [CHANGE_MANAGER] = ">", [CHANGE_MEMBERSHIP] = ">", [CHANGE_DEACTIVATE] = "-", [CHANGE_RETIRE] = "x",
};

/* Documents ----------------------------------------------------------------------------------------------------------------------- */

static int load_document(struct ledger *l, const char *id, const char *name, void **out, char why[300])
{
    struct buf text = BUF_INIT(DOCUMENT_MAX);
    json_error_t error;
    int err = l->ops->run_text_get(l, id, name, &text);
    *out = NULL;
    if (err == 0 && !(*out = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &error))) {
        snprintf(why, 300, "the %s of run %s is damaged: %s", name, id, error.text);
        err = -EINVAL;
    }
    buf_deinit(&text);
    return err;
}

int report_load(struct ledger *l, const char *id, struct report_run *out, char why[300])
{
    *out = (struct report_run){ 0 };
    why[0] = '\0';
    int err = l->ops->run_get(l, id, &out->run);
    if (err == -ENOENT) {
        if (*id)
            snprintf(why, 300, "there is no run '%s'; 'rollcall runs' lists them", id);
        else
            snprintf(why, 300, "there is no run yet");
        return err;
    }
    if (err == 0)
        err = load_document(l, out->run.id, "overview", &out->overview, why);
    if (err == 0) {
        err = load_document(l, out->run.id, "outcome", &out->outcome, why);
        err = err == -ENOENT ? 0 : err; /* the run has not ended, or died before it could */
    }
    if (err != 0) {
        report_deinit(out);
        if (!why[0])
            snprintf(why, 300, "run %s cannot be read: %s", id, l->ops->error(l));
    }
    return err;
}

void report_deinit(struct report_run *r)
{
    json_decref(r->overview);
    json_decref(r->outcome);
    r->overview = r->outcome = NULL;
}

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

const char *doc_text(const void *doc, const char *path)
{
    const char *text = json_string_value(doc_at(doc, path));
    return text ? text : "";
}

bool doc_true(const void *doc, const char *path)
{
    return json_is_true(doc_at(doc, path));
}

/* Text ---------------------------------------------------------------------------------------------------------------------------- */

void put_text(struct buf *out, const char *text)
{
    printable(out, str_of(text), 0);
}

void put_str(struct buf *out, struct str text)
{
    printable(out, text, 0);
}

void put_count(struct buf *out, int64_t n)
{
    char text[28];
    buf_puts(out, text_count(text, n));
}

/* Changes ------------------------------------------------------------------------------------------------------------------------- */

bool stored_change_read(const struct run_change *c, struct stored_change *out)
{
    json_error_t error;
    *out = (struct stored_change){ .root = json_loadb(c->json.p, c->json.n, JSON_REJECT_DUPLICATES, &error), .seq = c->seq, .kind = c->kind, .hold = c->hold, .outcome = c->outcome };
    if (!json_is_object(out->root) || (unsigned)c->kind >= CHANGE_KINDS || (unsigned)c->hold >= HOLDS || (unsigned)c->outcome >= OUTCOMES) {
        stored_change_deinit(out);
        return false;
    }
    if (c->result.n > 0) {
        json_t *result = json_loadb(c->result.p, c->result.n, 0, &error);
        if (result)
            json_object_set_new(out->root, "result", result);
    }
    out->user = doc_text(out->root, "user");
    out->key = doc_text(out->root, "key");
    out->reason = doc_text(out->root, "reason");
    out->why = doc_text(out->root, "why");
    out->text = doc_text(out->root, "result.text");
    out->line = doc_int(out->root, "at.line");
    return true;
}

void stored_change_deinit(struct stored_change *c)
{
    json_decref(c->root);
    c->root = NULL;
}
