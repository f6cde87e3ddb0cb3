// From a program to its bytes.
#pragma once

#include <string>

#include "bytecode/program.h"

namespace abacus {

std::string encode(const Program& program);

}  // namespace abacus
