// What each operation does.
#pragma once

#include <cstdint>
#include <span>

#include "ops/op.h"
#include "support/tensor.h"
#include "vm/thread_pool.h"

namespace abacus {

// Writes the operation's result into `result`, whose type is the one that infer_type gives and whose elements are zero.
//
// Each element of the result is computed by one thread in a fixed order, so the number of threads changes no bit.
// Integers wrap around; a division by zero among them is an ExecutionError. A NaN operand gives a NaN.
void run_kernel(Op op, std::span<const TensorView> operands, std::span<const std::int64_t> attributes, Tensor& result,
                ThreadPool& pool);

}  // namespace abacus
