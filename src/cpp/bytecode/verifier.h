// Programs that are safe to run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bytecode/program.h"

namespace abacus {

// A program that has been checked: each operand is defined before it is used, each operation fits its operands, names
// are identifiers and each is there once, there is an output, and a run needs a bounded amount of memory.
class VerifiedProgram {
 public:
  // The results that are alive at one time and copies of all outputs may need this many bytes together.
  static constexpr std::uint64_t kMaxLiveBytes = std::uint64_t{1} << 32;

  // Throws BytecodeError.
  explicit VerifiedProgram(Program program);

  const Program& program() const { return program_; }

  // Of every register.
  const std::vector<TensorType>& types() const { return types_; }

  // The register that takes the result of the first instruction.
  Register first_result() const { return static_cast<Register>(types_.size() - program_.instructions.size()); }

  // The results that nothing needs once the instruction with this index has run.
  const std::vector<Register>& dead_after(std::size_t instruction) const { return dead_after_[instruction]; }

 private:
  void check_names() const;
  void infer_types();
  void check_outputs() const;
  void find_last_uses();
  void check_live_bytes() const;

  Program program_;
  std::vector<TensorType> types_;
  std::vector<std::vector<Register>> dead_after_;
};

}  // namespace abacus
