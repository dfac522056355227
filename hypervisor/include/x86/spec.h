/* Barriers against speculation between guests: x86/spec.c. */
#ifndef X86_SPEC_H
#define X86_SPEC_H

/* Once at boot: chooses and prints. */
void spec_init(void);
/* This CPU is about to run another domain than before. */
void spec_switch_domain(void);

#endif
