// Bytecode for people.
#pragma once

#include <string>

#include "bytecode/verifier.h"

namespace abacus {

// One line for each input, constant, instruction and output.
std::string to_listing(const VerifiedProgram& verified);

}  // namespace abacus
