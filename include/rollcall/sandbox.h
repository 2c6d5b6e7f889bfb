/*
 * The sandbox: an emulator of the vendors' user APIs, for tests, demos and rehearsals.
 *
 * It is a program of its own (`rollcall-sandbox`) and shares no code with the connectors, so that a
 * misreading of a vendor's documentation on one side shows up as a disagreement between the two instead of
 * agreeing with itself. Whatever that documentation leaves open is a switch; whatever can go wrong on the way
 * is a fault that can be asked for.
 *
 * It listens on 127.0.0.1 only, keeps everything in memory and trusts whoever can reach its admin paths: it
 * is a test bed and must never be put in front of real data.
 */
#ifndef ROLLCALL_SANDBOX_H
#define ROLLCALL_SANDBOX_H

/*
 * Runs the program: reads the command line, serves until SIGTERM or SIGINT, writes the state where
 * --dump-state asks for it.
 *
 * argv is borrowed and not changed. One line, `listening on http://127.0.0.1:PORT`, goes to stdout as soon as
 * connections are taken; everything else that people should read goes to stderr.
 *
 * Returns the exit code: 0 after a clean end (and for --help and the listings), 3 for a mistake on the
 * command line or in the state file, 1 when the socket or a file failed, or when the loop did not close
 * cleanly.
 */
int sandbox_main(int argc, char **argv);

#endif
