/* Streaming JSON reader (yajl behind it): for listings that are never held whole. Depth and text sizes are
 * limited here because yajl does not limit them. For documents small enough to hold (jobs, small answers)
 * jansson is used instead. */
#ifndef ROLLCALL_BASE_JSONREAD_H
#define ROLLCALL_BASE_JSONREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rollcall/base/text.h"

#define JSON_DEPTH_MAX 64
#define JSON_TEXT_MAX (1024 * 1024) /* bytes of one string or number */

enum json_kind {
    JR_NULL,
    JR_FALSE,
    JR_TRUE,
    JR_NUMBER,
    JR_STRING,
    JR_OBJECT,
    JR_OBJECT_END,
    JR_ARRAY,
    JR_ARRAY_END,
    JR_KEY
};

/* Called for every token. `depth` counts open containers, the token's own excluded: the top value has depth
 * 0, members of a top object 1. `text` (keys, strings, numbers as written) is valid during the call only, and
 * always valid UTF-8: half a surrogate pair in an escape comes as U+FFFD (or "?"). Return false to stop the
 * parse (jsonread_* then give JR_STOPPED). */
typedef bool (*json_token_cb)(void *ctx, enum json_kind kind, unsigned depth, struct str text);

enum json_result { JR_OK, JR_STOPPED, JR_BAD };

struct jsonread;
struct jsonread *jsonread_new(json_token_cb cb, void *ctx);
void jsonread_free(struct jsonread *r);
/* Feeds bytes as they arrive; the same result again after the first that was not JR_OK. Bytes behind the top
 * value other than white space are JR_BAD; a byte order mark before it is skipped. Tokens of a long text may
 * come with a later call. */
enum json_result jsonread_bytes(struct jsonread *r, const char *p, size_t n);
/* The document has ended: JR_OK only when exactly one value was complete. */
enum json_result jsonread_end(struct jsonread *r);
/* Why it was bad, without quoting the input; "" otherwise. Borrowed. */
const char *jsonread_why(const struct jsonread *r);
uint64_t jsonread_offset(const struct jsonread *r); /* bytes consumed */

#endif
