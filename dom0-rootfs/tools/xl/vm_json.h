/* A VM as the JSON of `xl list -l` and `xl create -n`. */
#ifndef XL_VM_JSON_H
#define XL_VM_JSON_H

#include "json.h"
#include "libdom/libdom.h"

/* The configuration as one object; name as for json_open(). */
void vm_json(struct json *j, const char *name, const struct vm_config *cfg);

/* { "domid": …, "config": … } of a running domain. */
void vm_json_domain(struct json *j, uint32_t domid, const struct vm_config *cfg);

/* The same for a domain without a kept configuration: what the hypervisor knows. */
void vm_json_plain(struct json *j, const struct dom_info *info);

#endif
