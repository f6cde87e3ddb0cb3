// The type of an operation's result: one rule for the compiler and for the verifier of bytecode.
#pragma once

#include <cstdint>
#include <span>

#include "ops/op.h"
#include "support/type.h"

namespace abacus {

// Throws TypeError where the operation does not fit. Trusts nothing: neither the number of operands nor the attributes.
TensorType infer_type(Op op, std::span<const TensorType> operands, std::span<const std::int64_t> attributes);

}  // namespace abacus
