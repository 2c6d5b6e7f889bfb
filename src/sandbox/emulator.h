/* The emulator as a whole: a server, one vendor, its tenant, and what was asked to go wrong. */
#ifndef SANDBOX_EMULATOR_H
#define SANDBOX_EMULATOR_H

#include "call.h"
#include "limit.h"

struct endpoint_count {
    uint64_t calls, throttled, refused, applied, faults;
};

struct sandbox {
    const struct vendor *vendor;         /* borrowed */
    void *data;                          /* the vendor's */
    const char *access_key, *secret_key; /* borrowed */
    struct http_server *server;          /* owned by the loop */
    struct switches switches;
    struct limit rate, rate_bulk;
    char rate_text[128], rate_bulk_text[128];
    struct faults faults;
    struct rng rng; /* chance of faults, order of ties */
    struct state state;
    struct reqlog log;
    struct endpoint_count *counts; /* owned, one per endpoint of the vendor */
    size_t endpoints;
    uint64_t calls, unknown_calls, bad_keys;
    json_t *creates; /* owned: e-mail: number of creates applied */
};

/* An emulator without users; the vendor's generate or load comes next. */
void emulator_init(struct sandbox *sb, const struct vendor *vendor, uint64_t seed);
void emulator_free(struct sandbox *sb);

/* Listens; see http_server_new(). */
bool emulator_listen(struct sandbox *sb, uv_loop_t *loop, int *port, const char **error);

/* Sets a switch by name. False with a sentence in *error. */
bool emulator_switch(struct sandbox *sb, const char *name, const char *value, struct buf *error);

/* The value of a switch as text. */
void emulator_switch_text(struct sandbox *sb, size_t i, struct buf *out);

/* The whole state in the form that --state reads. */
void emulator_dump(struct sandbox *sb, struct buf *out);

/* A create was applied. */
void emulator_created(struct sandbox *sb, const char *email);

extern const struct endpoint admin_endpoints[];

/* The vendors that can be emulated; ends with NULL. */
extern const struct vendor *const vendors[];
extern const struct vendor vendor_leadsquared;
extern const struct vendor vendor_scim;

#endif
