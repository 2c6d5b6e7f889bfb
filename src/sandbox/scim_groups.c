/* Groups and their members. */
#include "scim.h"

#include <stdlib.h>
#include <string.h>

struct scim_group *scim_group(struct sandbox *sb, const char *id)
{
    const struct scim *scim = sb->data;

    for (size_t i = 0; i < scim->ngroups; i++) {
        if (!scim->groups[i]->gone && strcmp(scim->groups[i]->id, id) == 0)
            return scim->groups[i];
    }
    return NULL;
}

struct scim_group *scim_group_add(struct sandbox *sb, const char *id, const char *display,
                                  const char *external, unix_us when)
{
    struct scim *scim = sb->data;
    struct scim_group *g = xcalloc(1, sizeof(*g));

    g->id = xstrdup(id);
    g->display = xstrdup(display);
    g->external = xstrdup(external);
    g->created = g->modified = when;
    g->version = 1;
    scim->groups = xrealloc(scim->groups, scim->ngroups + 1, sizeof(struct scim_group *));
    scim->groups[scim->ngroups++] = g;
    scim->changes++;
    return g;
}

void scim_group_free(struct scim_group *g)
{
    while (g) {
        struct scim_group *before = g->before;

        free(g->id);
        free(g->display);
        free(g->external);
        free(g->members.id);
        textmap_free(&g->members.place);
        free(g);
        g = before;
    }
}

struct scim_group *scim_group_copy(const struct scim_group *g)
{
    struct scim_group *copy = xcalloc(1, sizeof(*copy));

    *copy = *g;
    copy->id = xstrdup(g->id);
    copy->display = xstrdup(g->display);
    copy->external = xstrdup(g->external);
    copy->before = NULL;
    copy->members = (struct scim_members){ .count = 0 };
    for (size_t i = 0; i < g->members.count; i++) {
        struct scim_members *m = &copy->members;

        m->id = xgrow(m->id, &m->size, m->count + 1, sizeof(*m->id));
        textmap_put(&m->place, g->members.id[i], (uint32_t)m->count);
        m->id[m->count++] = g->members.id[i];
    }
    return copy;
}

void scim_group_restore(struct scim_group *g, struct scim_group *copy)
{
    struct scim_group *before = g->before, held = *g;
    uint64_t until = g->before_until_us;

    *g = *copy;
    g->before = before;
    g->before_until_us = until;
    *copy = held;
    copy->before = NULL;
    scim_group_free(copy);
}

void scim_group_begin(struct sandbox *sb, struct scim_group *g, uint64_t now)
{
    struct scim *scim = sb->data;

    scim->changes++;
    g->version++;
    g->modified = clock_unix();
    if (!sb->state.delay_us || (g->before && now < g->before_until_us))
        return; /* reads go on seeing the oldest */
    scim_group_free(g->before);
    g->before = scim_group_copy(g);
    g->before_until_us = now + sb->state.delay_us;
    if (g->before_until_us > sb->state.visible_until)
        sb->state.visible_until = g->before_until_us;
}

const struct scim_group *scim_group_seen(const struct call *call, struct scim_group *g)
{
    if (g->before && call->now < g->before_until_us)
        return g->before->gone ? NULL : g->before;
    return g->gone ? NULL : g;
}

/* ---- members ---- */

bool scim_member_is(const struct scim_group *g, const char *id)
{
    return textmap_get(&g->members.place, id) != TEXTMAP_NONE;
}

/* The same text for as long as the tenant lives. */
static const char *kept(struct sandbox *sb, const char *id)
{
    struct scim *scim = sb->data;
    const struct user *u = state_by_id(&sb->state, id);

    return u ? u->f[S_ID] : arena_z(&scim->arena, str_of(id));
}

void scim_member_add(struct sandbox *sb, struct scim_group *g, const char *id)
{
    struct scim_members *m = &g->members;

    if (scim_member_is(g, id))
        return;
    m->id = xgrow(m->id, &m->size, m->count + 1, sizeof(*m->id));
    m->id[m->count] = kept(sb, id);
    textmap_put(&m->place, m->id[m->count], (uint32_t)m->count);
    m->count++;
    g->edits++;
}

/* The last one takes its place: members have no order. */
void scim_member_remove(struct scim_group *g, const char *id)
{
    struct scim_members *m = &g->members;
    uint32_t place = textmap_get(&m->place, id);

    if (place == TEXTMAP_NONE)
        return;
    textmap_remove(&m->place, id);
    m->id[place] = m->id[--m->count];
    if (place < m->count)
        textmap_put(&m->place, m->id[place], place);
    g->edits++;
}

/* ---- showing ---- */

static void member_text(const struct call *call, const char *id, struct jw *j)
{
    struct user *u = scim_user(call->sb, id);
    const struct scim_group *g = u ? NULL : scim_group(call->sb, id);
    struct buf location = BUF_INIT(ANSWER_MAX);

    jw_object(j);
    jw_kz(j, "value", id);
    scim_location(call, g ? "Groups" : "Users", id, &location);
    jw_kz(j, "$ref", buf_z(&location));
    buf_deinit(&location);
    if (u || g)
        jw_kz(j, "display", u ? u->f[S_DISPLAY] : g->display);
    jw_kz(j, "type", g ? "Group" : "User");
    jw_end_object(j);
}

static void group_meta(const struct call *call, const struct scim_group *g, struct jw *j)
{
    struct buf location = BUF_INIT(ANSWER_MAX);
    char time[32];

    jw_key(j, "meta");
    jw_object(j);
    jw_kz(j, "resourceType", "Group");
    jw_kz(j, "created", time_rfc3339(time, g->created, true));
    jw_kz(j, "lastModified", time_rfc3339(time, g->modified, true));
    scim_location(call, "Groups", g->id, &location);
    jw_kz(j, "location", buf_z(&location));
    buf_deinit(&location);
    if (call_switch(call, SW_ETAG) == 0) {
        scim_etag(g->version, time);
        jw_kz(j, "version", time);
    }
    jw_end_object(j);
}

void scim_group_text(const struct call *call, const struct scim_group *g, bool members, struct buf *out)
{
    struct jw j = jw_into(out);

    jw_object(&j);
    jw_key(&j, "schemas");
    jw_array(&j);
    jw_z(&j, SCIM_GROUP);
    jw_end_array(&j);
    jw_kz(&j, "id", g->id);
    group_meta(call, g, &j);
    jw_kz(&j, "displayName", g->display);
    if (*g->external)
        jw_kz(&j, "externalId", g->external);
    if (members) {
        jw_key(&j, "members");
        jw_array(&j);
        for (size_t i = 0; i < g->members.count; i++)
            member_text(call, g->members.id[i], &j);
        jw_end_array(&j);
    }
    jw_end_object(&j);
}
