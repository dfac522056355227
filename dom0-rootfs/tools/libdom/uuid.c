/* Random uuids: RFC 4122, version 4. */
#include <errno.h>
#include <sys/random.h>

#include "libdom/internal.h"

int uuid_fill(struct vm_config *cfg, struct dom_error *err)
{
	if (cfg->has_uuid)
		return 0;
	if (getrandom(cfg->uuid, sizeof(cfg->uuid), 0) != sizeof(cfg->uuid))
		return dom_fail_errno(err, -EIO, "%s: no random uuid", cfg->name);
	cfg->uuid[6] = (uint8_t)((cfg->uuid[6] & 0x0f) | 0x40);
	cfg->uuid[8] = (uint8_t)((cfg->uuid[8] & 0x3f) | 0x80);
	cfg->has_uuid = true;
	return 0;
}
