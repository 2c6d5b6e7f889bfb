/* The roster's life: reads enter users, look-ups find them. */
#include "rollcall/roster.h"

#include <assert.h>
#include <string.h>

#include "roster_internal.h"

/* A read that holds more keeps its memory, a shorter one is copied to others of its size: a listing of
 * everybody would otherwise stand there twice for a moment, and a million look-ups would leave a million half
 * empty blocks. */
#define KEEP_MIN ((size_t)512 * 1024)

const char *const roster_proof_name[ROSTER_PROOFS] = {
    [PROOF_NONE] = "none",
    [PROOF_FOUND] = "found",
    [PROOF_LOOKED_UP] = "looked-up",
    [PROOF_ALL] = "all",
};

struct roster *roster_new(const struct schema *schema, const struct hash_key *key)
{
    struct roster *r = xcalloc(1, sizeof(*r));
    r->schema = schema;
    r->key = *key;
    buf_init(&r->packed, ROSTER_USER_MAX);
    buf_init(&r->canon, ATTR_CANON_MAX);
    for (size_t i = 0; i < schema->n_keys; i++)
        r->wanted[schema->key[i]] = true;
    if (schema->manager)
        r->wanted[schema->manager_key] = true;
    return r;
}

static void release_read(struct read *read)
{
    arena_deinit(&read->arena);
    free(read->user);
    read->user = NULL;
    read->cap = 0;
}

void roster_free(struct roster *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_reads; i++)
        release_read(&r->read[i]);
    free(r->read);
    for (size_t i = 0; i < r->n_kept; i++)
        arena_deinit(&r->kept[i]);
    free(r->kept);
    arena_deinit(&r->arena);
    free(r->user);
    buf_deinit(&r->packed);
    buf_deinit(&r->canon);
    free(r->manager);
    free(r->mark);
    table_deinit(&r->by_id);
    for (size_t slot = 0; slot < SCHEMA_MAX; slot++) {
        if (!r->index[slot])
            continue;
        table_deinit(&r->index[slot]->first);
        free(r->index[slot]->next);
        free(r->index[slot]);
    }
    free(r);
}

unsigned roster_read_begin(struct roster *r)
{
    assert(!r->sealed && r->n_reads < UINT32_MAX);
    r->read = xgrow(r->read, &r->reads_cap, r->n_reads + 1, sizeof(*r->read));
    r->read[r->n_reads] = (struct read){ .state = READ_OPEN };
    return (unsigned)r->n_reads++;
}

static struct read *open_read(struct roster *r, unsigned number)
{
    assert(number < r->n_reads && r->read[number].state == READ_OPEN);
    return &r->read[number];
}

bool roster_add(struct roster *r, unsigned number, const struct user *u)
{
    struct read *read = open_read(r, number);
    if (read->count == NO_USER - 1 || !record_pack(r->schema, u, &r->canon, &r->packed)) {
        read->refused = true;
        return false;
    }
    unsigned char *rec = arena_bytes(&read->arena, r->packed.n);
    memcpy(rec, r->packed.p, r->packed.n);
    read->user = xgrow(read->user, &read->cap, (size_t)read->count + 1, sizeof(*read->user));
    read->user[read->count++] = rec;
    return true;
}

/* Moves the records of a short read to the others'. */
static void copy_records(struct roster *r, struct read *read)
{
    for (uint32_t i = 0; i < read->count; i++) {
        size_t n = record_size(read->user[i]);
        unsigned char *copy = arena_bytes(&r->arena, n);
        memcpy(copy, read->user[i], n);
        read->user[i] = copy;
    }
}

static void keep_arena(struct roster *r, struct read *read)
{
    r->kept = xgrow(r->kept, &r->kept_cap, r->n_kept + 1, sizeof(*r->kept));
    r->kept[r->n_kept++] = read->arena;
    read->arena = ARENA_INIT;
}

static void take_users(struct roster *r, struct read *read)
{
    if (read->arena.used >= KEEP_MIN)
        keep_arena(r, read);
    else
        copy_records(r, read);
    if (!r->n) { /* the first read, which may be everybody: no second array of the same size */
        free(r->user);
        r->user = read->user;
        r->cap = read->cap;
        read->user = NULL;
    } else if (read->count) {
        r->user = xgrow(r->user, &r->cap, r->n + read->count, sizeof(*r->user));
        memcpy(r->user + r->n, read->user, read->count * sizeof(*r->user));
    }
    r->n += read->count;
}

bool roster_read_end(struct roster *r, unsigned number, bool good)
{
    struct read *read = open_read(r, number);
    assert(!r->sealed);
    good = good && !read->refused && r->n + read->count < NO_USER;
    if (good)
        take_users(r, read);
    else
        read->count = 0;
    read->state = good ? READ_GOOD : READ_STRUCK;
    release_read(read);
    return good;
}

size_t roster_read_count(const struct roster *r, unsigned number)
{
    assert(number < r->n_reads);
    return r->read[number].count;
}

void roster_index(struct roster *r, size_t slot)
{
    assert(!r->sealed && slot < r->schema->n);
    r->wanted[slot] = true;
}

void roster_merge_repeats(struct roster *r)
{
    assert(!r->sealed);
    r->merge_repeats = true;
}
