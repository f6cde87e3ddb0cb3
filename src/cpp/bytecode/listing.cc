#include "bytecode/listing.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "bytecode/format.h"
#include "support/text.h"

namespace abacus {
namespace {

constexpr std::size_t kMostElements = 8;

// The first elements in order, whatever the shape.
std::string elements_text(const TensorView& tensor) {
  return visit_dtype(tensor.type().dtype(), [&]<typename T>(std::type_identity<T>) {
    const std::span<const T> values = tensor.values<T>();
    std::vector<std::string> shown;
    for (T value : values.first(std::min(values.size(), kMostElements))) shown.push_back(number_text(value));
    if (values.size() > kMostElements) shown.push_back("...");
    return join(shown, ", ");
  });
}

void write_instruction(std::ostream& out, const Instruction& instruction) {
  out << info(instruction.op).name << " %" << join(instruction.operands, ", %");
  if (keyword(instruction.op).empty() || (instruction.attributes.empty() && keyword(instruction.op) == "axis")) return;
  out << ", " << keyword(instruction.op) << "=[" << join(instruction.attributes, ", ") << "]";
}

}  // namespace

std::string to_listing(const VerifiedProgram& verified) {
  const Program& program = verified.program();
  std::ostringstream out;
  out << "; abacus bytecode, format " << kFormatVersion << "\n";
  Register next = 0;
  for (const Parameter& input : program.inputs) {
    out << "%" << next++ << ": " << input.type << " = input " << input.name << "\n";
  }
  for (const auto& constant : program.constants) {
    out << "%" << next++ << ": " << constant->type() << " = constant " << elements_text(constant->view()) << "\n";
  }
  for (const Instruction& instruction : program.instructions) {
    out << "%" << next << ": " << verified.types()[next] << " = ";
    write_instruction(out, instruction);
    out << "\n";
    ++next;
  }
  for (const ProgramOutput& output : program.outputs) out << "output " << output.name << " = %" << output.value << "\n";
  return out.str();
}

}  // namespace abacus
