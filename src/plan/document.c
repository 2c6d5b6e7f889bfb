/* The canonical document of a plan: what is hashed, reviewed and carried to another machine. A header line, a
 * line per change, a line per ambiguous row, a line per value that does not stick. No line numbers, times or
 * run ids: the same facts give the same bytes. */
#include <jansson.h>
#include <string.h>

#include "plan_internal.h"

#define FORMAT "rollcall-plan-1"
#define LINE_MAX_BYTES                                                                                       \
    ((size_t)1024 * 1024 *                                                                                   \
     1024) /* a row of 4 MiB against a user as large, every byte escaped, stays far below */
#define HEADER_MAX ((size_t)4 * 1024 * 1024)
#define NAMES_MAX 16

static_assert(HOLDS <= NAMES_MAX && USER_FATES <= NAMES_MAX && CHANGE_KINDS <= NAMES_MAX,
              "tables of counts fit");

/* An object of counts, its members in ascending order of their names. */
static void write_counts(struct jw *w, const char *key, const char *const *name, const uint64_t *count,
                         size_t n)
{
    size_t order[NAMES_MAX];
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        for (; at > 0 && strcmp(name[order[at - 1]], name[i]) > 0; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    jw_key(w, key);
    jw_object(w);
    for (size_t i = 0; i < n; i++)
        jw_kint(w, name[order[i]], (int64_t)count[order[i]]);
    jw_end_object(w);
}

static void write_names(struct jw *w, const char *key, const struct schema *s, const uint8_t *slot, size_t n)
{
    jw_key(w, key);
    jw_array(w);
    for (size_t i = 0; i < n; i++)
        jw_z(w, s->attr[slot ? slot[i] : i].name);
    jw_end_array(w);
}

static void write_header(const struct plan *p, const struct plan_header *h, struct buf *out)
{
    const struct plan_counts *c = &p->counts;
    struct jw w;
    jw_init(&w, out, true);
    jw_object(&w);
    jw_kint(&w, "ambiguous", (int64_t)p->n_ambs);
    jw_kint(&w, "changes", (int64_t)p->n_drafts);
    jw_kz(&w, "connector", h->connector);
    jw_key(&w, "counts");
    jw_object(&w);
    write_counts(&w, "changes", change_kind_name, c->change, CHANGE_KINDS);
    write_counts(&w, "held", change_kind_name, c->held, CHANGE_KINDS);
    write_counts(&w, "holds", hold_name, c->hold, HOLDS);
    write_counts(&w, "rows", row_fate_name, c->row, ROW_FATES);
    write_counts(&w, "users", user_fate_name, c->user, USER_FATES);
    jw_end_object(&w);
    jw_kint(&w, "does_not_stick", (int64_t)p->n_unstuck);
    jw_kbool(&w, "early_moves_from_leavers", p->opt->early_moves_from_leavers);
    jw_kz(&w, "feed_proof", h->feed_proof);
    jw_kz(&w, "feed_sha256", h->feed_sha256);
    jw_kz(&w, "format", FORMAT);
    write_names(&w, "keys", p->schema, p->schema->key, p->schema->n_keys);
    jw_kz(&w, "policy_sha256", h->policy_sha256);
    jw_kz(&w, "roster_proof", h->roster_proof);
    write_names(&w, "schema", p->schema, NULL, p->schema->n);
    jw_kz(&w, "tenant", h->tenant);
    jw_end_object(&w);
}

static void write_ambiguous(const struct plan_ambiguous *a, struct buf *out)
{
    struct jw w;
    jw_init(&w, out, true);
    jw_object(&w);
    jw_kstr(&w, "ambiguous", a->text);
    jw_kstr(&w, "key", a->key);
    jw_end_object(&w);
}

/* Without the day: when it was found is no part of what is to be done. */
static void write_unstuck(const struct plan *p, const struct plan_unstuck *u, struct buf *out)
{
    struct jw w;
    jw_init(&w, out, true);
    jw_object(&w);
    jw_kz(&w, "does_not_stick", p->schema->attr[u->slot].name);
    jw_kstr(&w, "key", u->key);
    jw_kstr(&w, "seen", u->seen);
    jw_kstr(&w, "user", roster_id(p->roster, u->user));
    jw_kstr(&w, "wanted", u->wanted);
    jw_end_object(&w);
}

struct line {
    struct buf buf;
    struct sha256 sha;
    void (*write)(void *ctx, struct str bytes);
    void *ctx;
};

static void line_end(struct line *l)
{
    buf_putc(&l->buf, '\n');
    assert(!l->buf.full);
    struct str bytes = buf_view(&l->buf);
    sha256_add(&l->sha, bytes.p, bytes.n);
    if (l->write)
        l->write(l->ctx, bytes);
    buf_clear(&l->buf);
}

void plan_write(const struct plan *p, const struct plan_header *h, void (*write)(void *ctx, struct str bytes),
                void *ctx, char sha256[SHA256_HEX])
{
    assert(p->ended);
    struct line l = { .buf = BUF_INIT(LINE_MAX_BYTES), .write = write, .ctx = ctx };
    unsigned char digest[SHA256_BYTES];
    sha256_init(&l.sha);
    write_header(p, h, &l.buf);
    line_end(&l);
    for (size_t i = 0; i < p->n_drafts; i++) {
        change_write(&p->drafts[i]->c, p->schema, false, &l.buf);
        line_end(&l);
    }
    for (size_t i = 0; i < p->n_ambs; i++) {
        write_ambiguous(&p->ambiguous[i], &l.buf);
        line_end(&l);
    }
    for (size_t i = 0; i < p->n_unstuck; i++) {
        write_unstuck(p, &p->unstuck[i], &l.buf);
        line_end(&l);
    }
    sha256_end(&l.sha, digest);
    sha256_hex(digest, sha256);
    buf_deinit(&l.buf);
}

/* Reading it back ------------------------------------------------------------------------------------------------------------- */

static bool read_text(const json_t *o, const char *key, char *out, size_t size)
{
    const json_t *v = json_object_get(o, key);
    size_t n = json_is_string(v) ? json_string_length(v) : size;
    if (n >= size || memchr(json_string_value(v), '\0', n))
        return false;
    memcpy(out, json_string_value(v), n + 1);
    return true;
}

static bool same_names(const json_t *names, const struct schema *s, const uint8_t *slot, size_t n)
{
    if (!json_is_array(names) || json_array_size(names) != n)
        return false;
    for (size_t i = 0; i < n; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        if (!name || strcmp(name, s->attr[slot ? slot[i] : i].name) != 0)
            return false;
    }
    return true;
}

static bool read_header(const json_t *o, const struct schema *s, struct plan_header_read *out)
{
    char format[32];
    const json_t *changes = json_object_get(o, "changes");
    if (!read_text(o, "format", format, sizeof(format)) || strcmp(format, FORMAT) != 0)
        return false;
    if (!json_is_integer(changes) || json_integer_value(changes) < 0)
        return false;
    out->changes = (uint64_t)json_integer_value(changes);
    return read_text(o, "connector", out->connector, sizeof(out->connector)) &&
           read_text(o, "tenant", out->tenant, sizeof(out->tenant)) &&
           read_text(o, "feed_sha256", out->feed_sha256, sizeof(out->feed_sha256)) &&
           read_text(o, "policy_sha256", out->policy_sha256, sizeof(out->policy_sha256)) &&
           same_names(json_object_get(o, "schema"), s, NULL, s->n) &&
           same_names(json_object_get(o, "keys"), s, s->key, s->n_keys);
}

bool plan_read_header(struct str line, const struct schema *s, struct plan_header_read *out)
{
    *out = (struct plan_header_read){ .changes = 0 };
    if (!line.n || line.n > HEADER_MAX)
        return false;
    json_t *o = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
    bool good = json_is_object(o) && read_header(o, s, out);
    json_decref(o);
    return good;
}
