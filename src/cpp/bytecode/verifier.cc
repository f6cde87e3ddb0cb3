#include "bytecode/verifier.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ops/inference.h"
#include "support/error.h"
#include "support/text.h"

namespace abacus {
namespace {

// No instruction frees it: it is an output's, or an input or a constant.
constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

[[noreturn]] void refuse(const auto&... reason) { throw BytecodeError(concat("invalid program: ", reason...)); }

}  // namespace

VerifiedProgram::VerifiedProgram(Program program) : program_(std::move(program)) {
  check_names();
  infer_types();
  check_outputs();
  find_last_uses();
  check_live_bytes();
}

void VerifiedProgram::check_names() const {
  std::set<std::string_view> seen;
  const auto check = [&](std::string_view name) {
    if (!is_identifier(name)) refuse("the name of an input or output is not an identifier");
    if (!seen.insert(name).second) refuse("the name '", name, "' is there twice");
  };
  for (const Parameter& input : program_.inputs) check(input.name);
  for (const ProgramOutput& output : program_.outputs) check(output.name);
}

void VerifiedProgram::infer_types() {
  for (const Parameter& input : program_.inputs) types_.push_back(input.type);
  for (const auto& constant : program_.constants) types_.push_back(constant->type());
  for (std::size_t i = 0; i < program_.instructions.size(); ++i) {
    const Instruction& instruction = program_.instructions[i];
    std::vector<TensorType> operands;
    for (Register operand : instruction.operands) {
      if (operand >= types_.size()) refuse("instruction ", i, " uses register ", operand, " before it is defined");
      operands.push_back(types_[operand]);
    }
    try {
      types_.push_back(infer_type(instruction.op, operands, instruction.attributes));
    } catch (const TypeError& error) {
      refuse("instruction ", i, ": ", error.what());
    }
  }
}

void VerifiedProgram::check_outputs() const {
  if (program_.outputs.empty()) refuse("there is no output");
  for (const ProgramOutput& output : program_.outputs) {
    if (output.value >= types_.size())
      refuse("output '", output.name, "' is register ", output.value, ", which does not exist");
  }
}

void VerifiedProgram::find_last_uses() {
  std::vector<std::size_t> last_use(types_.size(), kNever);
  for (std::size_t i = 0; i < program_.instructions.size(); ++i) {
    last_use[first_result() + i] = i;
    for (Register operand : program_.instructions[i].operands) {
      if (operand >= first_result()) last_use[operand] = i;
    }
  }
  for (const ProgramOutput& output : program_.outputs) last_use[output.value] = kNever;
  dead_after_.resize(program_.instructions.size());
  for (Register value = first_result(); value < types_.size(); ++value) {
    if (last_use[value] != kNever) dead_after_[last_use[value]].push_back(value);
  }
}

void VerifiedProgram::check_live_bytes() const {
  std::uint64_t live = 0;
  const auto add = [&](Register value) {
    live += types_[value].byte_size();
    if (live > kMaxLiveBytes) refuse("it needs more than ", kMaxLiveBytes, " bytes for its results");
  };
  for (const ProgramOutput& output : program_.outputs) add(output.value);
  for (std::size_t i = 0; i < program_.instructions.size(); ++i) {
    add(static_cast<Register>(first_result() + i));
    for (Register value : dead_after_[i]) live -= types_[value].byte_size();
  }
}

}  // namespace abacus
