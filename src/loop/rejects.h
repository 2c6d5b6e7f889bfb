/* The rejects file: the header and the original bytes of every rejected row, with the reason as one more
 * column; can be fed again once mended. */
#ifndef ROLLCALL_LOOP_REJECTS_H
#define ROLLCALL_LOOP_REJECTS_H

#include "rollcall/engine.h"
#include "rollcall/feed_reader.h"

/* Written even when no row was rejected (then: the header alone), so that an older night's file does not
 * stand for this one. 0, or -errno and `why`. */
int rejects_write(const struct engine *e, struct feed_reader *reader, const char *path, char why[400]);

#endif
