/* Machine checks and unexplained NMIs: x86/mce.c. */
#ifndef X86_MCE_H
#define X86_MCE_H

/* On each CPU: tells of old errors, switches all banks on. */
void mce_cpu_init(void);
/* Prints the banks of this CPU that hold an error; for panic() by a machine check. */
void mce_show(void);
/* From the NMI handler, anywhere: notes it. */
void mce_unknown_nmi(void);
unsigned int mce_nmi_count(void);
/* In an interrupt window: tells of NMIs that were noted, now and then. */
void mce_report_nmis(void);

#endif
