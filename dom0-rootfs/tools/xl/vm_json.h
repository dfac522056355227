/* A VM as the JSON of `xl list -l` and `xl create -n`. */
#ifndef XL_VM_JSON_H
#define XL_VM_JSON_H

#include "json.h"
#include "libdom/libdom.h"

/* One object { "domid": …, "config": … }; domid NULL: not running. */
void vm_json(struct json *j, const uint32_t *domid, const struct vm_config *cfg);

/* The same for a domain without a kept configuration: what the hypervisor knows. */
void vm_json_plain(struct json *j, const struct dom_info *info);

#endif
