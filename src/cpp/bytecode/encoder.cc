#include "bytecode/encoder.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "bytecode/elements.h"
#include "bytecode/format.h"

namespace abacus {
namespace {

class Writer {
 public:
  void byte(std::uint8_t value) { out_ += static_cast<char>(value); }

  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) byte(static_cast<std::uint8_t>(value | 0x80));
    byte(static_cast<std::uint8_t>(value));
  }

  void text(std::string_view value) {
    varint(value.size());
    out_ += value;
  }

  void type(const TensorType& value) {
    byte(static_cast<std::uint8_t>(value.dtype()));
    varint(value.rank());
    for (std::int64_t size : value.shape()) varint(static_cast<std::uint64_t>(size));
  }

  void elements(const TensorView& value) {
    Tensor little_endian(value);
    to_or_from_little_endian(little_endian.bytes(), item_size(value.type().dtype()));
    const std::span<const std::byte> bytes = little_endian.bytes();
    out_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

  void instruction(const Instruction& value) {
    byte(static_cast<std::uint8_t>(value.op));
    for (Register operand : value.operands) varint(operand);
    varint(value.attributes.size());
    for (std::int64_t attribute : value.attributes) varint(static_cast<std::uint64_t>(attribute));
  }

  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace

std::string encode(const Program& program) {
  Writer writer;
  for (unsigned char c : kMagic) writer.byte(c);
  writer.varint(kFormatVersion);

  writer.varint(program.inputs.size());
  for (const Parameter& input : program.inputs) {
    writer.text(input.name);
    writer.type(input.type);
  }
  writer.varint(program.constants.size());
  for (const auto& constant : program.constants) {
    writer.type(constant->type());
    writer.elements(constant->view());
  }
  writer.varint(program.instructions.size());
  for (const Instruction& instruction : program.instructions) writer.instruction(instruction);

  writer.varint(program.outputs.size());
  for (const ProgramOutput& output : program.outputs) {
    writer.text(output.name);
    writer.varint(output.value);
  }
  return writer.take();
}

}  // namespace abacus
