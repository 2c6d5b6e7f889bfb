/* The command line of rollcall-sandbox. */
#ifndef SANDBOX_OPTIONS_H
#define SANDBOX_OPTIONS_H

#include "text_util.h"

#include <stdbool.h>

#define OPTIONS_SWITCHES_MAX 256

struct vendor;

enum options_wish { WISH_SERVE, WISH_HELP, WISH_LIST_SWITCHES, WISH_LIST_FAULTS, WISH_LIST_RULES };

/* All texts are borrowed from argv. */
struct options {
    enum options_wish wish;
    const struct vendor *vendor;
    size_t users;
    uint64_t seed;
    const char *state, *dump_state, *port_file, *access_key, *secret_key;
    int port;
    const char *switches[OPTIONS_SWITCHES_MAX]; /* NAME=VALUE */
    size_t nswitches;
};

/* False: a mistake, said in *error. */
bool options_parse(int argc, char **argv, struct options *options, struct buf *error);

/* What --help and the listings print. */
void options_describe(const struct options *options, struct buf *out);

#endif
