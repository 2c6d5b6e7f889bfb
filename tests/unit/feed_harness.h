/* Runs a feed over bytes in memory and writes down what came out, a line per row:
 *
 *     3 active id=E1 mail=a@example.com/A@example.com name=Ann manager=E2
 *     4 rejected fields keys 0 column '' : 3 fields, the header has 5
 *
 * (line, state, slots with canonical form and, where it differs, the form to send). */
#ifndef FEED_HARNESS_H
#define FEED_HARNESS_H

#include <inttypes.h>
#include <stdio.h>

#include "rollcall/feed.h"
#include "unit.h"

struct harness {
    struct schema schema;
    struct mapping mapping;
    struct feed_options options;
    const char *active[4], *leaver[4];
    bool places;      /* also write offset and length */
    size_t chunk;     /* bytes at a time; 0: all */
    size_t split;     /* first chunk; 0: as `chunk` */
    uint64_t stop_at; /* a callback returns false at this line */
    /* Results. */
    struct buf out;
    struct feed_summary summary;
    struct errs errs;
    char header[256];
    uint64_t digest[64]; /* of the first persons */
    size_t n_persons;
    uint64_t person_rows, reject_rows;
    bool quiet; /* counts only */
};

static const struct hash_key harness_key = { 11, 22 };

static inline void harness_attr(struct harness *h, const char *name, enum attr_type type, const char *column)
{
    size_t slot = h->schema.n++;
    snprintf(h->schema.attr[slot].name, ATTR_NAME_MAX, "%s", name);
    h->schema.attr[slot].type = type;
    h->schema.attr[slot].flags = ATTR_READ | ATTR_CREATE | ATTR_UPDATE;
    h->mapping.attr[slot] = (struct mapped_column){ .column = column };
}

/* id (key), mail (key, folded), name, manager, status. */
static inline void harness_init(struct harness *h)
{
    memset(h, 0, sizeof(*h));
    harness_attr(h, "id", ATTR_TEXT, "ID");
    harness_attr(h, "mail", ATTR_FOLD, "Email");
    harness_attr(h, "name", ATTR_TEXT, "Name");
    h->schema.n_keys = 2;
    h->schema.key[0] = 0;
    h->schema.key[1] = 1;
    h->schema.manager = true;
    h->mapping.schema = &h->schema;
    h->mapping.manager = true;
    h->mapping.manager_column.column = "Manager";
    h->mapping.status_column = "Status";
    h->active[0] = "Active";
    h->active[1] = "On leave";
    h->leaver[0] = "Terminated";
    h->mapping.status_active = h->active;
    h->mapping.n_active = 2;
    h->mapping.status_leaver = h->leaver;
    h->mapping.n_leaver = 1;
    h->options.name = "hr.csv";
    h->options.manifest_rows = h->options.manifest_bytes = -1;
    buf_init(&h->out, SIZE_MAX);
}

static inline void harness_trailer(struct harness *h)
{
    h->options.proof = FEED_PROOF_TRAILER;
    h->options.trailer_column = "ID";
    h->options.trailer_value = "TRAILER";
    h->options.trailer_count = "Email";
}

static inline void harness_deinit(struct harness *h)
{
    buf_deinit(&h->out);
    errs_deinit(&h->errs);
}

static inline void harness_place(struct harness *h, const struct place *at)
{
    buf_printf(&h->out, "%" PRIu64, at->line);
    if (h->places)
        buf_printf(&h->out, " [%" PRIu64 "+%" PRIu32 "]", at->offset, at->length);
}

static inline void harness_value(struct harness *h, const char *name, const struct value *v)
{
    if (!v->canon.n) {
        ck_assert_msg(!v->canon.p && !v->send.p && !v->send.n, "a blank value of %s is not {NULL,0}", name);
        return;
    }
    buf_printf(&h->out, " %s=%.*s", name, STR_ARG(v->canon));
    if (!str_eq(v->canon, v->send))
        buf_printf(&h->out, "/%.*s", STR_ARG(v->send));
}

static inline void harness_keys(struct harness *h, const struct person *p)
{
    for (size_t i = 0; i < h->schema.n; i++)
        harness_value(h, h->schema.attr[i].name, &p->value[i]);
    harness_value(h, "manager", &p->manager);
}

static inline bool harness_person(void *ctx, const struct person *p)
{
    struct harness *h = ctx;
    h->person_rows++;
    if (h->n_persons < 64)
        h->digest[h->n_persons++] = p->digest;
    if (!h->quiet) {
        harness_place(h, &p->at);
        buf_printf(&h->out, " %s", p->state == PERSON_ACTIVE ? "active" : "leaver");
        harness_keys(h, p);
        buf_putc(&h->out, '\n');
    }
    return p->at.line != h->stop_at;
}

static inline bool harness_reject(void *ctx, const struct reject *r, const struct person *known)
{
    struct harness *h = ctx;
    h->reject_rows++;
    ck_assert_msg(r->keys_known == (known != NULL), "keys_known and the known keys disagree");
    if (!h->quiet) {
        harness_place(h, &r->at);
        buf_printf(&h->out, " rejected %s '%s': %s", reject_reason_name[r->reason], r->column, r->detail);
        if (known) {
            buf_puts(&h->out, "; known");
            harness_keys(h, known);
        }
        buf_putc(&h->out, '\n');
    }
    return r->at.line != h->stop_at;
}

/* Reads `text`; the file stayed the same unless `changed`. */
static inline void harness_read(struct harness *h, struct str text, bool changed)
{
    buf_clear(&h->out);
    errs_clear(&h->errs);
    h->n_persons = 0;
    h->person_rows = h->reject_rows = 0;
    struct feed *f = feed_new(&h->options, &h->mapping, &harness_key, harness_person, harness_reject, h);
    size_t at = 0;
    bool more = true;
    while (at < text.n && more) {
        size_t n = at == 0 && h->split ? h->split : h->chunk ? h->chunk : text.n;
        n = n < text.n - at ? n : text.n - at;
        /* A copy of its own, so that a sanitizer sees whoever looks beyond the chunk or keeps pointers into
         * it. */
        char *piece = xmemdup(text.p + at, n);
        more = feed_bytes(f, piece, n, &h->errs);
        free(piece);
        at += n;
    }
    feed_end(f, !changed, NULL, &h->errs);
    h->summary = *feed_summary(f);
    snprintf(h->header, sizeof(h->header), "%.*s", STR_ARG(feed_header(f)));
    feed_free(f);
    ck_assert_uint_eq(h->reject_rows, h->summary.rejected);
    if (h->summary.proof != FEED_BROKEN) {
        ck_assert_uint_eq(h->person_rows + h->reject_rows, h->summary.rows);
        ck_assert_uint_eq(h->summary.bytes, text.n);
        ck_assert_str_eq(h->summary.broken, "");
    } else {
        ck_assert_str_ne(h->summary.broken, "");
        ck_assert_str_eq(h->summary.how, "");
    }
}

#define READ(h, z) harness_read((h), STR(z), false)
#define assert_out(h, want) assert_str(buf_view(&(h)->out), want)

static inline void harness_assert_errs(struct harness *h, const char *want)
{
    struct buf text = BUF_INIT(SIZE_MAX);
    errs_format(&h->errs, &text);
    ck_assert_str_eq(text.n ? text.p : "", want);
    buf_deinit(&text);
}

#endif
