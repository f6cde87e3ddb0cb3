#include "support/version.h"

#include <spokeshave/version.h>

namespace abacus {

const char* core_version() { return SPOKESHAVE_VERSION(); }

}  // namespace abacus
