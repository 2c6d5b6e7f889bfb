/* loop: binds the engine to libuv. It does the engine's actions and turns callbacks into events; it decides
 * nothing. */
#ifndef ROLLCALL_LOOP_H
#define ROLLCALL_LOOP_H

#include "rollcall/engine.h"

struct loop_options {
    const char *state_dir;    /* lease files and the spool live here */
    const char *rejects_path; /* NULL: no rejects file is written */
    /* Called now and then (4 times a second) and at each change of phase, for people; NULL: not wanted. */
    void (*progress)(void *ctx, const struct progress *p);
    void *ctx;
    const struct log *log;
};

/* Runs until the engine is done; SIGINT and SIGTERM end it resumably (no new calls), a second one ends the
 * process at once; SIGHUP and SIGPIPE are ignored. Returns the exit code (engine_result has the message);
 * `why` tells of trouble of the loop's own (the rejects file could not be written: exit 1). The loop is
 * closed with 0 handles left. */
int loop_run(struct engine *e, const struct engine_config *config, const struct loop_options *options,
             char why[400]);

#endif
