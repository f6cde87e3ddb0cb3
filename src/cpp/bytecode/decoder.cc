#include "bytecode/decoder.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bytecode/elements.h"
#include "bytecode/format.h"
#include "support/error.h"
#include "support/text.h"

namespace abacus {
namespace {

// Reads the format's parts one after the other. Every byte that is read goes through take().
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  void magic() {
    const std::size_t size = std::min(kMagic.size(), remaining());
    const std::span<const std::byte> found = take(size, "the magic number");
    const bool matches =
        std::equal(found.begin(), found.end(), kMagic.begin(), kMagic.end(),
                   [](std::byte a, unsigned char b) { return std::to_integer<unsigned char>(a) == b; });
    if (!matches) throw BytecodeError("this is not Abacus bytecode: it does not begin with the magic number");
  }

  void version() {
    const std::uint64_t found = varint("the format version");
    if (found == kFormatVersion) return;
    throw BytecodeError(concat("the bytecode has format version ", found, ", and this runtime reads only version ",
                               kFormatVersion, ": compile the program again with the compiler of this release"));
  }

  // As many of something as the input says, each of which `read` reads and no shorter than a byte.
  template <typename Read>
  auto many(const char* what, Read read) {
    const std::uint64_t count = varint(what);
    if (count > remaining()) fail(concat("more ", what, " are announced than bytes are left"));
    std::vector<decltype(read())> items;  // not reserved: an item in memory is larger than one byte
    for (std::uint64_t i = 0; i < count; ++i) items.push_back(read());
    return items;
  }

  std::string name() {
    const std::uint64_t size = varint("a name's length");
    const std::span<const std::byte> bytes = take(size, "a name");
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  TensorType type() {
    const std::size_t start = position_;
    const std::uint8_t code = byte("an element type");
    const std::optional<DType> dtype = dtype_from_code(code);
    if (!dtype) fail_at(start, concat("there is no element type ", int{code}));
    Shape shape = many("dimensions", [this] { return signed_varint("a dimension"); });
    try {
      return {*dtype, std::move(shape)};
    } catch (const TypeError& error) {
      fail_at(start, error.what());
    }
  }

  std::shared_ptr<const Tensor> constant() {
    TensorType declared = type();
    // The bytes are there before memory is taken for them.
    const std::span<const std::byte> elements = take(declared.byte_size(), "a constant's elements");
    auto tensor = std::make_shared<Tensor>(std::move(declared));
    std::copy(elements.begin(), elements.end(), tensor->bytes().begin());
    to_or_from_little_endian(tensor->bytes(), item_size(tensor->type().dtype()));
    return tensor;
  }

  Instruction instruction() {
    const std::size_t start = position_;
    const std::uint8_t code = byte("an operation");
    const std::optional<Op> op = op_from_code(code);
    if (!op) fail_at(start, concat("there is no operation ", int{code}));
    Instruction instruction = {*op, {}, {}};
    for (std::size_t i = 0; i < arity(*op); ++i) instruction.operands.push_back(register_number());
    instruction.attributes = many("attributes", [this] { return signed_varint("an attribute"); });
    return instruction;
  }

  Register register_number() {
    const std::size_t start = position_;
    const std::uint64_t value = varint("a register");
    if (value > std::numeric_limits<Register>::max()) fail_at(start, "this register does not exist");
    return static_cast<Register>(value);
  }

  void end() {
    if (remaining() != 0) fail(concat(remaining(), " bytes follow the program's end"));
  }

 private:
  std::size_t remaining() const { return bytes_.size() - position_; }

  [[noreturn]] static void fail_at(std::size_t position, std::string_view reason) {
    throw BytecodeError(concat("invalid bytecode at byte ", position, ": ", reason));
  }
  [[noreturn]] void fail(std::string_view reason) const { fail_at(position_, reason); }

  std::span<const std::byte> take(std::uint64_t size, std::string_view what) {
    if (size > remaining()) fail(concat("the bytecode ends within ", what));
    const auto taken = bytes_.subspan(position_, static_cast<std::size_t>(size));
    position_ += taken.size();
    return taken;
  }

  std::uint8_t byte(std::string_view what) { return std::to_integer<std::uint8_t>(take(1, what)[0]); }

  std::uint64_t varint(std::string_view what) {
    const std::size_t start = position_;
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t next = byte(what);
      const std::uint64_t bits = next & 0x7F;
      if (shift == 63 && bits > 1) break;
      value |= bits << shift;
      if ((next & 0x80) != 0) continue;
      if (next == 0 && shift != 0) fail_at(start, concat(what, " is encoded in more bytes than it needs"));
      return value;
    }
    fail_at(start, concat(what, " does not fit in 64 bits"));
  }

  std::int64_t signed_varint(std::string_view what) {
    const std::size_t start = position_;
    const std::uint64_t value = varint(what);
    if (value > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) fail_at(start, concat(what, " is too large"));
    return static_cast<std::int64_t>(value);
  }

  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
};

}  // namespace

Program decode(std::span<const std::byte> bytes) {
  Reader reader(bytes);
  reader.magic();
  reader.version();
  Program program;
  program.inputs = reader.many("inputs", [&] {
    std::string name = reader.name();
    return Parameter{std::move(name), reader.type()};
  });
  program.constants = reader.many("constants", [&] { return reader.constant(); });
  program.instructions = reader.many("instructions", [&] { return reader.instruction(); });
  program.outputs = reader.many("outputs", [&] {
    std::string name = reader.name();
    return ProgramOutput{std::move(name), reader.register_number()};
  });
  reader.end();
  return program;
}

}  // namespace abacus
