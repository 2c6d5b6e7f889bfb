/* What base's own files need of mem.c and the door does not show. */
#ifndef BASE_MEM_INTERNAL_H
#define BASE_MEM_INTERNAL_H

/* One line on stderr and the end of the process; also for libraries that report that they got no memory. */
_Noreturn void out_of_memory(void);

#endif
