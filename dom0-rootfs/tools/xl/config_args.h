/* A VM's configuration as commands take it: FILE [KEY=VALUE …], or -f FILE. */
#ifndef XL_CONFIG_ARGS_H
#define XL_CONFIG_ARGS_H

#include "cmd.h"

/*
 * Operands from first on. XL_OK and *cfg is to be freed; otherwise what is wrong was
 * said. -q (quiet) of args keeps warnings back.
 */
int config_args(const struct xl_args *args, unsigned int first, struct vm_config *cfg);

/* The whole file, to be freed, or NULL after saying why not. */
char *config_file(const char *path, size_t *len);
/* Prints "error: …", "warning: …" on stderr; ctx: bool *, true: errors only. */
void config_print(void *ctx, enum config_level level, const char *text);

#endif
