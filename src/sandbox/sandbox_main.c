/* The program: options, tenant, signals, loop, and a clean end. */
#include "rollcall/sandbox.h"

#include "emulator.h"
#include "options.h"

#include "rollcall/base/file.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_DONE = 0, EXIT_INTERNAL = 1, EXIT_USAGE = 3 };

struct program {
    struct sandbox sb;
    uv_loop_t loop;
    uv_signal_t term, interrupt;
};

static int complain(const char *text)
{
    fprintf(stderr, "rollcall-sandbox: %s\n", text);
    return EXIT_INTERNAL;
}

/* Written beside and renamed, so that whoever waits for the file never reads half of it. */
static bool write_file(const char *path, const struct buf *content)
{
    struct file_out f;
    int e = file_out_open(&f, path);

    if (e == 0) {
        file_out_write(&f, content->p, content->n);
        e = file_out_commit(&f);
    }
    if (e != 0)
        fprintf(stderr, "rollcall-sandbox: cannot write '%s': %s\n", path, strerror(-e));
    return e == 0;
}

static bool load(struct sandbox *sb, const char *path, struct buf *error)
{
    json_error_t wrong;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &wrong);
    const char *vendor = json_string_value(json_object_get(root, "vendor"));
    bool good = false;

    if (!root)
        buf_printf(error, "cannot read state '%s': line %d: %s", path, wrong.line, wrong.text);
    else if (!vendor || strcmp(vendor, sb->vendor->name) != 0)
        buf_printf(error, "state '%s' is not one of vendor '%s'", path, sb->vendor->name);
    else
        good = sb->vendor->load(sb, root, error);
    json_decref(root);
    return good;
}

/* What is there from the start was always visible. */
static bool fill(struct sandbox *sb, const struct options *o, struct buf *error)
{
    uint64_t delay = sb->state.delay_us;
    bool good = true;

    sb->state.delay_us = 0;
    if (o->state)
        good = load(sb, o->state, error);
    else
        o->vendor->generate(sb, o->users, o->seed);
    sb->state.delay_us = delay;
    return good;
}

static bool prepare(struct sandbox *sb, const struct options *o, struct buf *error)
{
    emulator_init(sb, o->vendor, o->seed);
    if (o->access_key)
        sb->access_key = o->access_key;
    if (o->secret_key)
        sb->secret_key = o->secret_key;
    for (size_t i = 0; i < o->nswitches; i++) {
        const char *equals = strchr(o->switches[i], '=');
        char *name = xmemdup(o->switches[i], (size_t)(equals - o->switches[i]));
        bool good = emulator_switch(sb, name, equals + 1, error);

        free(name);
        if (!good)
            return false;
    }
    return fill(sb, o, error);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct program *p = handle->data;

    (void)number;
    http_server_close(p->sb.server);
    uv_close((uv_handle_t *)&p->term, NULL);
    uv_close((uv_handle_t *)&p->interrupt, NULL);
}

static void listen_for_signals(struct program *p)
{
    uv_signal_init(&p->loop, &p->term);
    uv_signal_init(&p->loop, &p->interrupt);
    p->term.data = p->interrupt.data = p;
    uv_signal_start(&p->term, on_signal, SIGTERM);
    uv_signal_start(&p->interrupt, on_signal, SIGINT);
}

static bool announce(const struct options *o, int port)
{
    struct buf text = BUF_INIT(ANSWER_MAX);
    bool good = true;

    buf_printf(&text, "%d\n", port);
    if (o->port_file)
        good = write_file(o->port_file, &text);
    buf_deinit(&text);
    printf("listening on http://127.0.0.1:%d\n", port);
    return fflush(stdout) == 0 && good;
}

/* What was accepted is applied, as a vendor that goes on living would do, before the state is written. */
static bool dump(struct sandbox *sb, const char *path)
{
    struct buf text = BUF_INIT(ANSWER_MAX);
    bool good;

    if (!path)
        return true;
    sb->vendor->settle(sb, UINT64_MAX);
    emulator_dump(sb, &text);
    good = write_file(path, &text);
    buf_deinit(&text);
    return good;
}

static int serve(struct program *p, const struct options *o)
{
    const char *error = "";
    int port = o->port, status = EXIT_DONE;

    /* A client that has gone makes a write fail; it must not end the program. */
    signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&p->loop);
    if (!emulator_listen(&p->sb, &p->loop, &port, &error)) {
        fprintf(stderr, "rollcall-sandbox: cannot listen on port %d: %s\n", o->port, error);
        status = EXIT_INTERNAL;
    } else {
        listen_for_signals(p);
        if (!announce(o, port)) {
            status = EXIT_INTERNAL;
            on_signal(&p->term, SIGTERM);
        }
    }
    uv_run(&p->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&p->loop) != 0)
        return complain("the loop did not close cleanly");
    return dump(&p->sb, o->dump_state) ? status : EXIT_INTERNAL;
}

int sandbox_main(int argc, char **argv)
{
    struct program *p;
    struct options o;
    struct buf text = BUF_INIT(ANSWER_MAX);
    int status = EXIT_USAGE;

    if (!options_parse(argc, argv, &o, &text)) {
        complain(buf_z(&text));
    } else if (o.wish != WISH_SERVE) {
        options_describe(&o, &text);
        fputs(buf_z(&text), stdout);
        status = EXIT_DONE;
    } else {
        p = xcalloc(1, sizeof(*p));
        if (prepare(&p->sb, &o, &text))
            status = serve(p, &o);
        else
            complain(buf_z(&text));
        emulator_free(&p->sb);
        free(p);
    }
    buf_deinit(&text);
    return status;
}
