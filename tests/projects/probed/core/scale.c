#include "measure/scale.h"

long scale_by_two(long value) { return 2 * value; }
