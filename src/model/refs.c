/* Things of the tenant by id, name and path. */
#include "model_internal.h"

#define REF_TEXT_MAX ((size_t)64 * 1024) /* canonical bytes of an id, a name or a path */

/* Tables want a keyed digest so that no input can be written against them; these names are the tenant's own,
 * any key will do. */
static const struct hash_key refs_key = { UINT64_C(0x726f6c6c63616c6c), UINT64_C(0x7265667365666572) };

static uint64_t digest_of(enum ref_kind kind, struct str s)
{
    return hash64(&refs_key, s.p, s.n) + (uint64_t)kind;
}

void refs_init(struct refs *r)
{
    *r = (struct refs){ .arena = ARENA_INIT, .by_id = TABLE_INIT, .by_last = TABLE_INIT };
}

void refs_deinit(struct refs *r)
{
    free(r->v);
    free(r->path);
    arena_deinit(&r->arena);
    table_deinit(&r->by_id);
    table_deinit(&r->by_last);
    refs_init(r);
}

/* A name or path as paths are compared: case folded, the parts between slashes trimmed, '/' between them. */
static bool canon_path(struct str s, struct buf *out)
{
    struct buf part = BUF_INIT(REF_TEXT_MAX);
    bool good = true;
    if (!s.p) /* no name at all */
        s = STR("");
    for (size_t from = 0, i = 0; good && i <= s.n; i++) {
        if (i < s.n && s.p[i] != '/')
            continue;
        buf_clear(&part);
        good = canon_as(ATTR_FOLD, (struct str){ s.p + from, i - from }, &part) && !part.full;
        if (from)
            buf_putc(out, '/');
        buf_str(out, buf_view(&part));
        from = i + 1;
    }
    buf_deinit(&part);
    return good && !out->full;
}

static struct str last_part(struct str path)
{
    size_t from = path.n;
    if (!path.p)
        return path;
    while (from && path.p[from - 1] != '/')
        from--;
    return (struct str){ path.p + from, path.n - from };
}

static const struct ref *by_canonical_id(const struct refs *r, enum ref_kind kind, struct str id)
{
    uint64_t digest = digest_of(kind, id);
    for (size_t it = table_find(&r->by_id, digest); it != TABLE_END; it = table_next(&r->by_id, it, digest)) {
        const struct ref *ref = &r->v[table_value(&r->by_id, it)];
        if (ref->kind == kind && str_eq(ref->id, id))
            return ref;
    }
    return NULL;
}

const struct ref *refs_by_id(const struct refs *r, enum ref_kind kind, struct str id)
{
    struct buf canon = BUF_INIT(REF_TEXT_MAX);
    const struct ref *found = NULL;
    if (canon_as(ATTR_GUID, id, &canon) && canon.n && !canon.full)
        found = by_canonical_id(r, kind, buf_view(&canon));
    buf_deinit(&canon);
    return found;
}

static void add_entry(struct refs *r, const struct ref *ref, struct str path)
{
    uint32_t at = (uint32_t)r->n;
    r->v = xgrow(r->v, &r->cap, r->n + 1, sizeof(*r->v));
    r->path = xgrow(r->path, &r->path_cap, r->n + 1, sizeof(*r->path));
    r->v[at] = *ref;
    r->path[at] = path;
    r->n++;
    table_add(&r->by_id, digest_of(ref->kind, ref->id), at);
    table_add(&r->by_last, digest_of(ref->kind, last_part(path)), at);
}

bool refs_add(struct refs *r, enum ref_kind kind, struct str id, struct str name, struct str parent_id)
{
    struct buf canon = BUF_INIT(REF_TEXT_MAX), parent = BUF_INIT(REF_TEXT_MAX), path = BUF_INIT(REF_TEXT_MAX);
    bool good = r->n < TABLE_NONE && canon_as(ATTR_GUID, id, &canon) &&
                canon_as(ATTR_GUID, parent_id, &parent) && canon_path(name, &path) && canon.n &&
                !canon.full && !parent.full;
    if (good && !by_canonical_id(r, kind, buf_view(&canon))) {
        struct ref ref = {
            .kind = kind,
            .id = arena_str(&r->arena, buf_view(&canon)),
            .send = arena_str(&r->arena, id),
            .name = arena_str(&r->arena, name),
            .parent = arena_str(&r->arena, buf_view(&parent)),
        };
        add_entry(r, &ref, arena_str(&r->arena, buf_view(&path)));
    }
    buf_deinit(&canon);
    buf_deinit(&parent);
    buf_deinit(&path);
    return good;
}

/* `path` without `end` and the slash before it; false where it does not end so. What is left is empty when
 * `end` was all. */
static bool strip_end(struct str *path, struct str end)
{
    if (end.n == 0 || path->n < end.n || !str_eq((struct str){ path->p + path->n - end.n, end.n }, end))
        return false;
    path->n -= end.n;
    if (path->n == 0)
        return true;
    return path->p[--path->n] == '/' && path->n > 0;
}

/* The entry's own name at the end of the path, its parent's before it, and so on until the path is used up.
 * Depth is limited because parents are what the tenant says: they may go in a circle. */
static bool path_fits(const struct refs *r, const struct ref *ref, struct str path)
{
    for (unsigned depth = 0; ref && depth < REF_DEPTH_MAX; depth++) {
        if (!strip_end(&path, r->path[ref - r->v]))
            return false;
        if (path.n == 0)
            return true;
        ref = ref->parent.n ? by_canonical_id(r, ref->kind, ref->parent) : NULL;
    }
    return false;
}

/* Adds the entries that `path` may mean to *found; false at the second one. */
static bool find_by_path(const struct refs *r, enum ref_kind kind, struct str path, const struct ref **found)
{
    uint64_t digest = digest_of(kind, last_part(path));
    for (size_t it = table_find(&r->by_last, digest); it != TABLE_END;
         it = table_next(&r->by_last, it, digest)) {
        const struct ref *ref = &r->v[table_value(&r->by_last, it)];
        if (ref->kind != kind || ref == *found || !path_fits(r, ref, path))
            continue;
        if (*found)
            return false;
        *found = ref;
    }
    return true;
}

enum ref_found refs_find(const struct refs *r, enum ref_kind kind, struct str name_or_id,
                         const struct ref **out)
{
    struct buf path = BUF_INIT(REF_TEXT_MAX);
    struct str wanted = attr_trim(name_or_id);
    *out = NULL;
    if (!wanted.n)
        return REF_UNKNOWN;
    const struct ref *found = refs_by_id(r, kind, wanted);
    bool one = !canon_path(wanted, &path) || find_by_path(r, kind, buf_view(&path), &found);
    buf_deinit(&path);
    if (!one)
        return REF_AMBIGUOUS;
    *out = found;
    return found ? REF_OK : REF_UNKNOWN;
}

const char *refs_suggest(const struct refs *r, enum ref_kind kind, struct str name)
{
    const char **names = xcalloc(r->n, sizeof(*names));
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        if (r->v[i].kind == kind && r->v[i].name.n)
            names[n++] = r->v[i].name.p;
    const char *close = suggest(attr_trim(name), names, n);
    free(names);
    return close;
}
