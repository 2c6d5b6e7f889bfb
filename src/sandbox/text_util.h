/* Small helps around base's buffers and JSON writer. */
#ifndef SANDBOX_TEXT_UTIL_H
#define SANDBOX_TEXT_UTIL_H

#include "rollcall/base/jsonwrite.h"
#include "rollcall/base/mem.h"
#include "rollcall/base/text.h"

/* The largest answer: the state of two million users. */
#define ANSWER_MAX ((size_t)4 << 30)

/* Messages are cut there; clients can make them as long as their requests. */
#define MESSAGE_MAX 600

/* A buffer's content as a C string, also when nothing was written. */
static inline const char *buf_z(const struct buf *b)
{
    return b->n ? b->p : "";
}

/* A writer into out. */
static inline struct jw jw_into(struct buf *out)
{
    struct jw j;

    jw_init(&j, out, false);
    return j;
}

#endif
