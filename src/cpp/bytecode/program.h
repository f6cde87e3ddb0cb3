// A program for the runtime, in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ops/op.h"
#include "support/tensor.h"
#include "support/type.h"

namespace abacus {

// Each value has a register of its own, written once: first the inputs', then the constants', then one for the result
// of each instruction.
using Register = std::uint32_t;

struct Instruction {
  Op op;
  std::vector<Register> operands;
  std::vector<std::int64_t> attributes;
};

struct ProgramOutput {
  std::string name;
  Register value;
};

// What a program says. Whether that makes sense is known once it is a VerifiedProgram.
struct Program {
  std::vector<Parameter> inputs;
  std::vector<std::shared_ptr<const Tensor>> constants;
  std::vector<Instruction> instructions;
  std::vector<ProgramOutput> outputs;
};

}  // namespace abacus
