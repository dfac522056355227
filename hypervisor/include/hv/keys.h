/*
 * Debug keys: one letter, one report on the log. Typed on the serial line when
 * it belongs to the hypervisor (Ctrl-A three times), or by XEN_SYSCTL_debug_keys.
 */
#ifndef HV_KEYS_H
#define HV_KEYS_H

/* In an interrupt window or a hypercall, no lock held. */
void keys_press(char key);

#endif
