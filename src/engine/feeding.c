#include <stdlib.h>
#include <string.h>

#include "engine_internal.h"

/* Mapping ------------------------------------------------------------------------------------------------------------------------- */

static size_t mapped_values(const struct job *j)
{
    size_t n = j->manager.n_values;
    for (size_t i = 0; i < j->schema.n; i++)
        n += j->column[i].n_values;
    return n;
}

static struct mapped_column map_column(const struct job_column *c, struct mapped_value **next)
{
    struct mapped_column out = { .column = c->column,
                                 .values = *next,
                                 .n_values = c->n_values,
                                 .values_strict = c->values_strict,
                                 .fallback = c->fallback,
                                 .separator = c->separator };
    for (size_t i = 0; i < c->n_values; i++)
        *(*next)++ = (struct mapped_value){ c->values[i].from, c->values[i].to };
    return out;
}

static void make_mapping(struct engine *e)
{
    const struct job *j = e->cfg.job;
    e->mapped = xcalloc(mapped_values(j) + 1, sizeof *e->mapped);
    struct mapped_value *next = e->mapped;
    e->mapping = (struct mapping){ .schema = &e->schema, .manager = e->schema.manager };
    for (size_t i = 0; i < j->schema.n; i++)
        e->mapping.attr[i] = map_column(&j->column[i], &next);
    if (e->schema.manager)
        e->mapping.manager_column = map_column(&j->manager, &next);
    e->mapping.status_column = j->status.column;
    e->mapping.status_active = (const char *const *)j->status.active;
    e->mapping.n_active = j->status.n_active;
    e->mapping.status_leaver = (const char *const *)j->status.leaver;
    e->mapping.n_leaver = j->status.n_leaver;
}

static bool person_read(void *ctx, const struct person *p)
{
    struct engine *e = ctx;
    if (e->feed_pass == FEED_KEYS)
        lookups_of_person(e, &e->wanted, p);
    else if (e->plan)
        plan_row(e->plan, p);
    return true;
}

static bool row_rejected(void *ctx, const struct reject *r, const struct person *known)
{
    struct engine *e = ctx;
    if (e->plan)
        plan_reject(e->plan, r, known);
    return true;
}

static bool feed_options(struct engine *e, struct feed_options *o)
{
    const struct job *j = e->cfg.job;
    *o = (struct feed_options){
        .name = j->feed.given, .delimiter = j->feed.delimiter, .manifest_rows = -1, .manifest_bytes = -1
    };
    if (j->feed.proof == JOB_PROOF_TRAILER) {
        o->proof = FEED_PROOF_TRAILER;
        o->trailer_column = j->feed.trailer_column;
        o->trailer_value = j->feed.trailer_value;
        o->trailer_count = j->feed.trailer_count;
    } else if (j->feed.proof == JOB_PROOF_MANIFEST) {
        char why[200];
        o->proof = FEED_PROOF_MANIFEST;
        if (e->cfg.manifest_error || !feed_manifest(e->cfg.manifest, o, why)) {
            engine_fail(e, EXIT_FEED, "the manifest of feed '%s' cannot be used: %s; nothing was written",
                        j->feed.given, e->cfg.manifest_error ? e->cfg.manifest_error : why);
            return false;
        }
    }
    return true;
}

static bool open_feed(struct engine *e)
{
    struct feed_options o;
    feed_free(e->feed);
    e->feed = NULL;
    if (!feed_options(e, &o))
        return false;
    e->feed = feed_new(&o, &e->mapping, &e->hash, person_read, row_rejected, e);
    return true;
}

bool feeding_setup(struct engine *e)
{
    make_mapping(e);
    return true;
}

/* Reading ------------------------------------------------------------------------------------------------------------------------- */

/* The header is read and judged before the first call to the tenant; where users are looked up the feed is
 * read for their keys before, and again for the plan. */
void feeding_begin(struct engine *e, enum feed_pass pass)
{
    if (!open_feed(e))
        return;
    e->feed_pass = pass;
    e->feed_open = true;
    sha256_abort(&e->rows_sha);
    sha256_init(&e->rows_sha);
    engine_action(e, &(struct action){ .kind = ACT_READ_FEED });
}

void feeding_bytes(struct engine *e, const char *p, size_t n)
{
    if (!e->feed_open)
        return;
    if (e->look_up && e->feed_pass == FEED_ROWS)
        sha256_add(&e->rows_sha, p, n);
    bool go_on = feed_bytes(e->feed, p, n, e->cfg.errs);
    if (go_on && !(e->feed_pass == FEED_HEADER && feed_header(e->feed).n > 0))
        return;
    e->feed_open = false;
    engine_action(e, &(struct action){ .kind = ACT_STOP_FEED });
}

static void header_judged(struct engine *e)
{
    if (errs_any(e->cfg.errs))
        engine_fail(e, EXIT_FEED, "feed '%s' does not fit the job; nothing was sent", e->cfg.job->feed.given);
    else if (feed_header(e->feed).n == 0)
        engine_fail(e, EXIT_FEED, "feed '%s' has no header line; nothing was sent", e->cfg.job->feed.given);
    else
        engine_enter(e, PHASE_TENANT);
}

static void checked(struct engine *e)
{
    const struct feed_summary *s = feed_summary(e->feed);
    if (s->proof == FEED_BROKEN)
        engine_note(e, EXIT_FEED, "feed broken: %.120s", s->broken);
    else if ((int64_t)s->rejected > e->cfg.job->rejects_ok)
        engine_note_count(e, EXIT_FAILURES, s->rejected, "row", "rows", " rejected");
    engine_enter(e, PHASE_DONE);
}

/* Whom the first pass has not seen was not looked up: the second must be of the same bytes. */
static bool as_the_keys(struct engine *e)
{
    unsigned char digest[SHA256_BYTES];
    char hex[SHA256_HEX];
    if (!e->look_up || e->cfg.verb == VERB_CHECK)
        return true;
    sha256_end(&e->rows_sha, digest);
    sha256_hex(digest, hex);
    sha256_init(&e->rows_sha);
    return e->keys_unchanged && strcmp(hex, e->keys_sha256) == 0;
}

static void keys_read(struct engine *e, bool unchanged)
{
    e->keys_unchanged = unchanged;
    memcpy(e->keys_sha256, feed_summary(e->feed)->sha256, SHA256_HEX);
    engine_look_up(e);
}

void feeding_end(struct engine *e, bool unchanged, const char *error)
{
    e->feed_open = false;
    if (error) {
        engine_fail(e, EXIT_FEED, "cannot read feed '%s': %s", e->cfg.job->feed.path, error);
        return;
    }
    if (e->stopping)
        return;
    if (e->feed_pass == FEED_HEADER) {
        header_judged(e);
        return;
    }
    if (e->feed_pass == FEED_ROWS)
        unchanged = as_the_keys(e) && unchanged;
    feed_end(e->feed, unchanged, NULL, e->cfg.errs);
    e->feed_ended = e->feed_pass == FEED_ROWS;
    if (errs_any(e->cfg.errs))
        engine_fail(e, EXIT_FEED, "feed '%s' does not fit the job; nothing was written",
                    e->cfg.job->feed.given);
    else if (e->feed_pass == FEED_KEYS)
        keys_read(e, unchanged);
    else if (e->cfg.verb == VERB_CHECK)
        checked(e);
    else
        engine_enter(e, PHASE_PLAN);
}
