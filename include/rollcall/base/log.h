/* Log lines. Rooms log through a sink they are given; only cli owns one that writes. A line is made of an
 * event name and fields; no field may hold a secret, and every text value passes printable() in the writing
 * sink. */
#ifndef ROLLCALL_BASE_LOG_H
#define ROLLCALL_BASE_LOG_H

#include "rollcall/base/text.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log_field {
    const char *name;
    struct str value; /* borrowed */
};

/* A sink; `write` NULL swallows everything. */
struct log {
    enum log_level level; /* lines above it are dropped */
    void (*write)(void *ctx, enum log_level level, const char *event, const struct log_field *fields,
                  size_t n);
    void *ctx; /* borrowed */
};

void log_event(const struct log *log, enum log_level level, const char *event, const struct log_field *fields,
               size_t n);
/* One field "text", formatted. */
void log_text(const struct log *log, enum log_level level, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A secret and where it may appear: its bytes are wiped on deinit and kept out of core files and swap where
 * the system allows. secret_scrub() appends `in` to `out` with each secret replaced by "***", also where some
 * of its bytes are percent-encoded or escaped as in JSON; it comes before printable(), whose escapes it does
 * not know. */
struct secret {
    char *p; /* owned, page-aligned, NUL-terminated; NULL when empty */
    size_t n, mapped;
};

void secret_set(struct secret *s, struct str value);
void secret_deinit(struct secret *s);
void secret_scrub(const struct secret *const *secrets, size_t n, struct str in, struct buf *out);

#endif
