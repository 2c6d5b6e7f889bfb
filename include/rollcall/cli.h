/* cli: verbs and options as tables, the terminal, files, the environment. The only room that prints, reads
 * the environment or decides the process's end. */
#ifndef ROLLCALL_CLI_H
#define ROLLCALL_CLI_H

/* The program. Returns the exit code (rollcall(1)). */
int cli_main(int argc, char **argv);

#endif
