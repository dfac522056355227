/* Which devices the log goes to: console=com1,com2,vga; default com1,vga. */
#ifndef X86_CONSOLE_H
#define X86_CONSOLE_H

#include <stdbool.h>

/* Is @name in the console= list? */
bool console_wanted(const char *name);

#endif
