/* Calls on one resource: reading it, and changing it by the method that was used. */
#include "scim.h"

#include <stdlib.h>
#include <string.h>

static void say_version(struct call *call, uint64_t version)
{
    char etag[32];

    if (call_switch(call, SW_ETAG) != 0)
        return;
    scim_etag(version, etag);
    buf_printf(&call->headers, "ETag: %s\r\n", etag);
}

static void show_user(struct call *call, struct user *u, const char *const *f)
{
    struct buf text = BUF_INIT(ANSWER_MAX);
    struct scim_wish wish;

    scim_wish_read(call, scim_user_family, &wish);
    scim_user_text(call, f, &text);
    scim_show(&wish, &text, &call->out);
    say_version(call, strtoull(f[S_VERSION], NULL, 10));
    u->behind_back = false;
    scim_wish_free(&wish);
    buf_deinit(&text);
}

static void show_group(struct call *call, const struct scim_group *g)
{
    struct buf text = BUF_INIT(ANSWER_MAX);
    struct scim_wish wish;

    scim_wish_read(call, scim_group_family, &wish);
    scim_group_text(call, g, true, &text);
    scim_show(&wish, &text, &call->out);
    say_version(call, g->version);
    scim_wish_free(&wish);
    buf_deinit(&text);
}

void scim_users_get(struct call *call)
{
    struct user *u = state_by_id(&call->sb->state, call->id);
    const char *const *f = u ? scim_seen(call, u) : NULL;

    scim_check_id(call, call->id_sent);
    if (f)
        show_user(call, u, f);
    else
        scim_refuse(call, 404, NULL, "Resource %s not found", call->id);
}

static bool no_groups(struct call *call)
{
    return call_switch(call, SW_GROUPS) == 1 && !scim_refuse(call, 404, NULL, "There are no groups here");
}

void scim_groups_get(struct call *call)
{
    const struct scim *scim = scim_of(call);
    const struct scim_group *g = NULL;

    scim_check_id(call, call->id_sent);
    if (no_groups(call))
        return;
    for (size_t i = 0; i < scim->ngroups && !g; i++) {
        if (strcmp(scim->groups[i]->id, call->id) == 0)
            g = scim_group_seen(call, scim->groups[i]);
    }
    if (g)
        show_group(call, g);
    else
        scim_refuse(call, 404, NULL, "Resource %s not found", call->id);
}

/* What is answered to a write that was done: the resource as it is, whatever reads show. */
static void answer(struct call *call, const struct scim_op *op, const struct scim_result *r)
{
    struct user *u;
    bool behind_back;

    call->status = r->status;
    if (r->status == 201) {
        buf_puts(&call->headers, "Location: ");
        scim_location(call, op->group ? "Groups" : "Users", r->id, &call->headers);
        buf_puts(&call->headers, "\r\n");
    }
    if (op->method == DELETE)
        return;
    if (op->group) {
        if (r->status != 204)
            show_group(call, scim_group(call->sb, r->id));
        return;
    }
    u = scim_user(call->sb, r->id);
    behind_back = u->behind_back;
    if (r->status != 204)
        show_user(call, u, u->f);
    else
        say_version(call, strtoull(u->f[S_VERSION], NULL, 10));
    u->behind_back = behind_back && r->status == 204;
}

static void change(struct call *call, bool group)
{
    struct scim_op op = {
        .method = call->endpoint->methods, .group = group, .id = call->id, .data = call->body
    };
    struct scim_result r;

    scim_check_id(call, call->id_sent);
    op.version = http_header(call->x, "If-Match");
    if (group)
        scim_write_group(call, &op, &r);
    else
        scim_write_user(call, &op, &r);
    if (r.written)
        answer(call, &op, &r);
    else
        scim_refuse(call, r.status, r.type, "%s", r.detail);
}

void scim_users_change(struct call *call)
{
    change(call, false);
}

void scim_groups_change(struct call *call)
{
    if (!no_groups(call))
        change(call, true);
}

void scim_report(struct sandbox *sb, struct jw *j)
{
    const struct scim *scim = sb->data;
    int64_t groups = 0;

    for (size_t i = 0; i < scim->ngroups; i++)
        groups += !scim->groups[i]->gone;
    jw_kint(j, "groups", groups);
    jw_kint(j, "tokens", (int64_t)scim->tokens);
}
