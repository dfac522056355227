/* Release build: no assertions, freed memory is left as it is. */
#include <hv/lib.h>

const bool hv_debug = false;
