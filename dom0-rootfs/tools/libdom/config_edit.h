/* Changing a configuration's text where the struct changed, and nowhere else. Pure. */
#ifndef LIBDOM_CONFIG_EDIT_H
#define LIBDOM_CONFIG_EDIT_H

#include "libdom/config.h"

/*
 * text, which says *from, becomes one that says *to, in *out (to be freed). from may
 * be NULL with an empty text. -EILSEQ: the text says it in a way that cannot be
 * changed key by key; -ENOMEM.
 */
int config_edit(const char *text, size_t len, const struct vm_config *from,
		const struct vm_config *to, char **out, size_t *out_len);

#endif
