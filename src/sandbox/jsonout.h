/*
 * Writes JSON straight into a buffer: listings of a hundred thousand users are answered in one go, and a tree of json_t
 * for them would cost more than the sandbox itself.
 *
 * The caller keeps begin and end in pairs; commas are set by the writer.
 */
#ifndef SANDBOX_JSONOUT_H
#define SANDBOX_JSONOUT_H

#include "buf.h"

#include <stdbool.h>

struct jsonout {
    struct buf *out; /* borrowed */
    bool comma;      /* the next value or key needs one in front */
};

void jo_object(struct jsonout *j);
void jo_object_end(struct jsonout *j);
void jo_array(struct jsonout *j);
void jo_array_end(struct jsonout *j);
void jo_key(struct jsonout *j, const char *key);
void jo_text(struct jsonout *j, const char *text);
void jo_text_n(struct jsonout *j, const char *text, size_t len);
void jo_int(struct jsonout *j, int64_t value);
void jo_bool(struct jsonout *j, bool value);
void jo_null(struct jsonout *j);

/* Bytes that are JSON already. */
void jo_raw(struct jsonout *j, const char *text, size_t len);

/* A key with its value. NULL text is null. */
void jo_pair(struct jsonout *j, const char *key, const char *text);
void jo_pair_int(struct jsonout *j, const char *key, int64_t value);
void jo_pair_bool(struct jsonout *j, const char *key, bool value);

#endif
