/* Debug build: assertions are checked and freed memory is filled with junk. */
#include <hv/lib.h>

const bool hv_debug = true;
