/* Reads the objects of a request's body strictly: known keys, right types, nothing missing. */
#ifndef SANDBOX_BODY_H
#define SANDBOX_BODY_H

#include "call.h"

enum body_type {
    BODY_STRING = 1,
    BODY_INT = 2,
    BODY_BOOL = 4,
    BODY_NULL = 8,
    BODY_OBJECT = 16,
    BODY_ARRAY = 32,
};

struct body_key {
    const char *name;
    unsigned types;
    bool needed;
};

/*
 * Looks up `count` keys in object; found[i] is borrowed or NULL. Anything wrong is answered and recorded:
 * then false. Keys in another case are taken when the switch `case` allows it, and recorded.
 */
bool body_read(struct call *call, const json_t *object, const char *where, const struct body_key *keys,
               size_t count, json_t **found);

/* Is the value of one of these types? Otherwise answered and recorded. */
bool body_typed(struct call *call, const json_t *value, unsigned types, const char *where, const char *name);

#endif
