/* xl vm-list: UUID, number and name of each domain. */
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"

static int run(struct xl *xl, const struct xl_args *args)
{
	char uuid[DOM_UUID_TEXT_SIZE];
	struct dom_info *list;
	size_t n;

	(void)args;
	if (xl_domains(xl, &list, &n))
		return XL_FAILED;
	printf("UUID                                  ID    name\n");
	for (size_t i = 0; i < n; i++) {
		dom_uuid_text(list[i].uuid, uuid);
		printf("%s  %u    %-30s\n", uuid, list[i].domid, xl_name(&list[i]));
	}
	free(list);
	return XL_OK;
}

const struct xl_cmd cmd_vm_list = {
	.name = "vm-list",
	.usage = "",
	.summary = "List domains with their UUIDs",
	.run = run,
};
