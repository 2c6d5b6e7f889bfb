/* Answers to writes -> what became of each step. What an answer means whatever the call is answer.c's; here
 * is what it means for what was wanted, and how far a failure reaches. A 200 whose body shows a mapped value
 * otherwise is no refusal: services rewrite what they store, and the read back tells. */
#include <string.h>

#include "scim_write.h"

void settle_refused(struct settlement *out, const char *text)
{
    *out = (struct settlement){
        .settled = SETTLED_REFUSED, .blast = BLAST_STEP, .again = AGAIN_NO, .wait_us = -1
    };
    say_text(out->text, sizeof(out->text), "%s", text);
}

/* Faults ------------------------------------------------------------------------------------------ */

/* What is to be done about each. A write that is not harmless to repeat may have been done although the
 * service failed over it. */
struct meaning {
    enum settled settled;
    enum again again;
};

static struct meaning meaning_of(enum fault fault, bool repeats)
{
    switch (fault) {
    case FAULT_THROTTLED: return (struct meaning){ SETTLED_NOT_DONE, AGAIN_THROTTLED };
    case FAULT_PASSING: return (struct meaning){ repeats ? SETTLED_NOT_DONE : SETTLED_UNKNOWN, AGAIN_LATER };
    case FAULT_STALE: return (struct meaning){ SETTLED_STALE, AGAIN_LATER };
    case FAULT_NOT_SENT: return (struct meaning){ SETTLED_NOT_DONE, AGAIN_LATER };
    case FAULT_LOST: return (struct meaning){ SETTLED_UNKNOWN, AGAIN_LATER };
    case FAULT_LOGIN: return (struct meaning){ SETTLED_NOT_DONE, AGAIN_NO };
    default: return (struct meaning){ SETTLED_REFUSED, AGAIN_NO };
    }
}

/* A conflict of which nothing more is said can be that of two writes at once (RFC 7644 3.12): a second try,
 * or a fifth, tells. */
void settle_fault(struct conn *c, enum writing writing, bool several, bool repeats, int status,
                  const struct judged *j, struct settlement *out)
{
    struct meaning m = meaning_of(j->fault, repeats);
    *out = (struct settlement){ .settled = m.settled, .again = m.again, .wait_us = -1 };
    out->blast = several ? BLAST_CALL : BLAST_STEP;
    say_text(out->text, sizeof(out->text), "%s", j->text);
    if (j->fault == FAULT_GONE && writing == WRITE_DELETE) {
        *out = (struct settlement){ .settled = SETTLED_DONE, .wait_us = -1 };
    } else if (j->fault == FAULT_GONE && writing == WRITE_USER) {
        settle_refused(out, "the user is gone");
    } else if (j->fault == FAULT_STALE && writing == WRITE_CREATE) {
        out->settled = SETTLED_REFUSED;
        out->again = AGAIN_NO;
    } else if (status == 409 && writing != WRITE_CREATE && !j->type[0]) {
        out->settled = SETTLED_NOT_DONE;
        out->again = AGAIN_LATER;
    } else if (j->fault == FAULT_THROTTLED) {
        out->blast = BLAST_TENANT;
        out->wait_us = j->wait_us;
    } else if (j->fault == FAULT_PASSING && status == 503) {
        out->blast = BLAST_TENANT;
    } else if (j->fault == FAULT_LOGIN && scim_can_login(c)) {
        scim_token_refused(c);
        out->again = AGAIN_LOGIN;
    } else if (j->fault == FAULT_LOGIN) {
        out->blast = BLAST_RUN;
    }
}

/* Success ----------------------------------------------------------------------------------------- */

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Without a query and slashes at the end. */
static struct str bare_location(struct str url)
{
    const char *query = url.n ? memchr(url.p, '?', url.n) : NULL;
    url.n = query ? (size_t)(query - url.p) : url.n;
    while (url.n > 0 && url.p[url.n - 1] == '/')
        url.n--;
    return url;
}

/* Cuts the last segment off; `url` keeps what stands before its slash. */
static struct str last_segment(struct str *url)
{
    size_t from = url->n;
    while (from > 0 && url->p[from - 1] != '/')
        from--;
    struct str last = { url->n > 0 ? url->p + from : NULL, url->n - from };
    url->n = from > 0 ? from - 1 : 0;
    return last;
}

/* The last segment of ".../Users/a%40b": false when it is too long to be an id, or none. */
static bool id_of_location(struct str url, char out[SCIM_ID_MAX])
{
    size_t n = 0;
    url = bare_location(url);
    struct str s = last_segment(&url);
    for (size_t i = 0; i < s.n; i++) {
        bool escaped = s.p[i] == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0;
        if (n + 1 >= SCIM_ID_MAX)
            return false;
        out[n++] = escaped ? (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2])) : s.p[i];
        i += escaped ? 2 : 0;
    }
    out[n] = '\0';
    return url.n > 0 && n > 0 && strlen(out) == n && utf8_valid(str_of(out));
}

bool location_names(struct str url, const char *collection, struct str id)
{
    char text[SCIM_ID_MAX];
    if (!id_of_location(url, text) || !str_is(id, text))
        return false;
    url = bare_location(url);
    last_segment(&url);
    return str_ieq_ascii(last_segment(&url), str_of(collection));
}

static void new_id(const json_t *body, struct str location, struct settlement *out)
{
    struct str id = json_member(body, "id");
    bool fits = id.n < sizeof(out->new_id) && (id.n == 0 || !memchr(id.p, '\0', id.n));
    if (location.n == 0)
        location = json_member(json_object_get(body, "meta"), "location");
    if (id.n > 0 && fits) {
        say_cut(out->new_id, sizeof(out->new_id), id);
        return;
    }
    if (id.n == 0 && id_of_location(location, out->new_id))
        return;
    *out = (struct settlement){ .settled = SETTLED_UNKNOWN, .again = AGAIN_LATER, .wait_us = -1 };
    say_text(out->text, sizeof(out->text), "%s",
             fits ? "created, but the answer names no id" : "created, but the id is longer than 79 bytes");
}

/* What was said of the user before no longer holds. */
static void remember(struct conn *c, struct str user, const json_t *body, struct str version)
{
    struct str shown = json_member(json_object_get(body, "meta"), "version");
    if (scim_uses_if_match(c) && user.n > 0)
        versions_put(&c->versions, user, shown.n > 0 ? shown : version);
}

static void written(struct conn *c, const struct written *x, struct settlement *out)
{
    *out = (struct settlement){ .settled = SETTLED_DONE, .wait_us = -1 };
    if (x->writing == WRITE_CREATE)
        new_id(x->body, x->location, out);
    if (x->writing != WRITE_MEMBER)
        remember(c, x->writing == WRITE_CREATE ? str_of(out->new_id) : x->user, x->body, x->version);
}

/* Calls ------------------------------------------------------------------------------------------- */

/* To remove a member who is none is refused by some ("noTarget"), and by some as not found. It is what was
 * wanted; the read back makes sure. */
static bool already_out(const struct task *w, enum writing writing, const struct judged *j)
{
    return writing == WRITE_MEMBER && !w->add &&
           (j->fault == FAULT_GONE ||
            (j->fault == FAULT_REFUSED && str_ieq_ascii(str_of(j->type), STR("noTarget"))));
}

void settle_judged(struct conn *c, const struct written *x, const struct judged *j, struct settlement *out)
{
    if (j->fault == FAULT_NONE) {
        written(c, x, out);
    } else if (!x->several && already_out(x->task, x->writing, j)) {
        *out = (struct settlement){ .settled = SETTLED_DONE, .wait_us = -1 };
    } else {
        settle_fault(c, x->writing, x->several, x->repeats, x->status, j, out);
        if (x->writing != WRITE_MEMBER && x->user.n > 0 && scim_uses_if_match(c))
            versions_put(&c->versions, x->user, (struct str){ 0 });
    }
}

/* Whether a call that the service failed over may be sent again without looking. */
static bool all_repeat(const struct step *const *steps, size_t n)
{
    bool repeats = true;
    for (size_t i = 0; repeats && i < n; i++) {
        struct task w;
        task_read(&w, steps[i]);
        repeats = scim_writing(steps[i]) != WRITE_CREATE && patch_repeats(&w);
        task_free(&w);
    }
    return repeats;
}

static void settle_one_call(struct conn *c, const struct step *const *steps, size_t n, const struct answer *a,
                            const json_t *root, struct settlement *out)
{
    struct task w;
    struct judged j;
    struct settlement all;
    task_read(&w, steps[0]);
    enum writing writing = scim_writing(steps[0]);
    const struct written x = {
        .writing = writing,
        .several = n > 1,
        .repeats = steps[0]->endpoint == CALL_PUT || all_repeat(steps, n),
        .status = a->status,
        .user = steps[0]->user,
        .body = root,
        .version = a->etag,
        .task = &w,
    };
    scim_judge(c, a, root, &j);
    settle_judged(c, &x, &j, &all);
    if (step_left_out(steps[0], &w) && writing == WRITE_USER)
        settle_refused(&all, "not sent: the new manager is not there");
    for (size_t i = 0; i < n; i++)
        out[i] = all;
    task_free(&w);
}

static void settle_bulk(struct conn *c, const struct step *const *steps, size_t n, const struct answer *a,
                        const json_t *root, struct settlement *out)
{
    struct judged j;
    struct settlement all;
    scim_judge(c, a, root, &j);
    if (j.fault == FAULT_NONE && json_is_array(json_object_get(root, "Operations"))) {
        bulk_settle(c, steps, n, root, out);
        return;
    }
    if (j.fault == FAULT_NONE) {
        all = (struct settlement){ .settled = SETTLED_UNKNOWN, .again = AGAIN_LATER, .wait_us = -1 };
        say_text(all.text, sizeof(all.text), "the answer does not say what was done");
    } else if (a->status == 404 || a->status == 405 || a->status == 501) {
        /* Halves would fare no better. */
        all = (struct settlement){ .settled = SETTLED_NOT_DONE, .blast = BLAST_RUN, .wait_us = -1 };
        say_text(
            all.text, sizeof(all.text),
            "POST /Bulk: %s: the service says that it has Bulk, and has not; set the option 'bulk' to 'off'",
            j.text);
    } else {
        settle_fault(c, WRITE_CREATE, n > 1, all_repeat(steps, n), a->status, &j, &all);
    }
    for (size_t i = 0; i < n; i++) {
        struct task w;
        out[i] = all;
        task_read(&w, steps[i]);
        if (step_left_out(steps[i], &w))
            settle_refused(&out[i], "not sent: the new manager is not there");
        task_free(&w);
    }
}

void scim_settle(struct conn *c, const struct step *const *steps, size_t n, const struct answer *a,
                 struct settlement *out)
{
    json_t *root = a->body.n > 0 && a->body.n <= ANSWER_BODY_MAX
                       ? json_loadb(a->body.p, a->body.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL)
                       : NULL;
    if (steps[0]->endpoint == CALL_BULK)
        settle_bulk(c, steps, n, a, root, out);
    else
        settle_one_call(c, steps, n, a, root, out);
    json_decref(root);
}
