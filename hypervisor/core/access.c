/*
 * The access table (hv/access.h): for each operation, who may do it. This is
 * the only place where a permission is decided.
 */
#include <hv/access.h>
#include <hv/domain.h>
#include <hv/lib.h>

/* Who may: any of the marked. */
struct rule {
	bool self;	/* a domain on itself */
	bool control;	/* the control domain, on anything */
	bool hardware;	/* the hardware domain */
	bool debug;	/* everybody, in debug builds */
};

static const struct rule rules[] = {
	[ACCESS_SELF]		= {.self = true},
	[ACCESS_CONTROL]	= {.control = true},
	[ACCESS_DOMAIN_CONTROL]	= {.control = true},
	[ACCESS_TARGET]		= {.self = true, .control = true},
	[ACCESS_FOREIGN_MAP]	= {.control = true},
	[ACCESS_HARDWARE]	= {.hardware = true},
	[ACCESS_CONSOLE_WRITE]	= {.control = true, .debug = true},
	[ACCESS_CONSOLE_READ]	= {.control = true},
};

int access_check(const struct domain *s, enum access_op op, const struct domain *t)
{
	const struct rule *r;

	if ((unsigned int)op >= ARRAY_SIZE(rules))
		return -EPERM;
	r = &rules[op];
	if ((r->self && s == t) || (r->control && s->control) ||
	    (r->hardware && s->hardware) || (r->debug && hv_debug))
		return 0;
	return -EPERM;
}
