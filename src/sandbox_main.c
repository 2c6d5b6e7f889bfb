/* The emulator's main: everything is in the sandbox room. */
#include "rollcall/sandbox.h"

int main(int argc, char **argv)
{
    return sandbox_main(argc, argv);
}
