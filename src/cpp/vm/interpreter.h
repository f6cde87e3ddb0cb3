// Runs programs.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "bytecode/verifier.h"
#include "support/tensor.h"
#include "vm/thread_pool.h"

namespace abacus {

// Holds no state of a run: any number of threads may run one interpreter at the same time, each with its own pool.
class Interpreter {
 public:
  explicit Interpreter(VerifiedProgram program) : program_(std::move(program)) {}

  const VerifiedProgram& program() const { return program_; }

  // The outputs, in the program's order, for one tensor per input. Throws InputError if the inputs' number or types
  // differ from the program's, ExecutionError, and std::bad_alloc.
  std::vector<Tensor> run(std::span<const TensorView> inputs, ThreadPool& pool) const;

 private:
  void check_inputs(std::span<const TensorView> inputs) const;

  VerifiedProgram program_;
};

}  // namespace abacus
