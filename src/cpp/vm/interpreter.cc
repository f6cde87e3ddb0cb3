#include "vm/interpreter.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "support/error.h"
#include "support/text.h"
#include "vm/kernels.h"

namespace abacus {
namespace {

// The registers of one run. A result lives from its instruction to its last use.
class Registers {
 public:
  Registers(const VerifiedProgram& verified, std::span<const TensorView> inputs)
      : given_(inputs.begin(), inputs.end()), results_(verified.program().instructions.size()) {
    for (const auto& constant : verified.program().constants) given_.push_back(constant->view());
  }

  TensorView view(Register value) const {
    return value < given_.size() ? given_[value] : results_[value - given_.size()]->view();
  }

  void set_result(std::size_t instruction, Tensor value) { results_[instruction] = std::move(value); }
  void release(Register value) { results_[value - given_.size()].reset(); }

 private:
  std::vector<TensorView> given_;  // inputs, then constants
  std::vector<std::optional<Tensor>> results_;
};

}  // namespace

std::vector<Tensor> Interpreter::run(std::span<const TensorView> inputs, ThreadPool& pool) const {
  check_inputs(inputs);
  const Program& program = program_.program();
  Registers registers(program_, inputs);
  for (std::size_t i = 0; i < program.instructions.size(); ++i) {
    const Instruction& instruction = program.instructions[i];
    std::vector<TensorView> operands;
    for (Register operand : instruction.operands) operands.push_back(registers.view(operand));
    Tensor result(program_.types()[program_.first_result() + i]);
    run_kernel(instruction.op, operands, instruction.attributes, result, pool);
    registers.set_result(i, std::move(result));
    for (Register value : program_.dead_after(i)) registers.release(value);
  }
  // Copies, so that two outputs never share memory with each other or with an input.
  std::vector<Tensor> outputs;
  for (const ProgramOutput& output : program.outputs) outputs.emplace_back(registers.view(output.value));
  return outputs;
}

void Interpreter::check_inputs(std::span<const TensorView> inputs) const {
  const std::vector<Parameter>& wanted = program_.program().inputs;
  if (inputs.size() != wanted.size()) {
    throw InputError(concat("the program takes ", wanted.size(), " inputs, not ", inputs.size()));
  }
  std::vector<std::string> problems;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (inputs[i].type() == wanted[i].type) continue;
    problems.push_back(concat("input '", wanted[i].name, "' is ", wanted[i].type, ", not ", inputs[i].type()));
  }
  if (!problems.empty()) throw InputError(join(problems, "; "));
}

}  // namespace abacus
