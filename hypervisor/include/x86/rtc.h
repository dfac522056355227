/* The machine's clock, and the clocks that others are measured with. */
#ifndef X86_RTC_H
#define X86_RTC_H

#include <stdint.h>

/* Seconds since 1970 UTC; 0 when the clock holds no date. */
uint64_t rtc_read(void);

/*
 * Frequencies of TSC and local APIC timer in kHz, against the PM timer, else
 * HPET, else PIT. Panics when none of them runs.
 */
void clock_calibrate(uint64_t *tsc, uint64_t *lapic);

#endif
