/*
 * Constants for assembly: compiled, never linked; build.mk turns
 * each VALUE line into a #define in <asm_offsets.h>.
 */
#include <x86/platform.h>

#define VALUE(name, v) asm volatile("@@" #name " %0@@" : : "i"(v))

void asm_offsets(void);

void asm_offsets(void)
{
	VALUE(STACK_SIZE, STACK_SIZE);
}
