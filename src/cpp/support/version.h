// The version of the compiled code.
#pragma once

namespace abacus {

// The version of the wheel that contains the code, such as "3.12.0". It is valid as long as the code is loaded.
const char* core_version();

}  // namespace abacus
