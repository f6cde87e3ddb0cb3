// From bytes that nobody vouches for to a program.
#pragma once

#include <cstddef>
#include <span>

#include "bytecode/program.h"

namespace abacus {

// Reads what the bytes say; whether it makes sense is for the VerifiedProgram to say. Throws BytecodeError, with the
// place, for anything that the format does not allow. Needs no more memory than a small multiple of the input's size.
Program decode(std::span<const std::byte> bytes);

}  // namespace abacus
