// The operations that a program is made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace abacus {

// The numbers are part of the bytecode format: add at the end.
enum class Op : std::uint8_t {
  kNegate = 0,
  kAbsolute,
  kRelu,
  kExp,
  kLog,
  kSqrt,
  kTanh,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kMinimum,
  kMaximum,
  kMatmul,
  kSum,
  kReduceMinimum,
  kReduceMaximum,
  kTranspose,
  kReshape,
  kBroadcast,
  kToF32,
  kToF64,
  kToI64,
};

// Operations of a kind share the rule for their result's type.
enum class OpKind : std::uint8_t {
  kUnary,       // element by element
  kFloatUnary,  // the same, on f32 and f64 only
  kBinary,      // element by element, broadcasting as NumPy does
  kMatmul,
  kReduction,  // one attribute: the axis; or none: all of them
  kTranspose,
  kReshape,    // the attributes are the new shape
  kBroadcast,  // the attributes are the new shape
  kCast,
};

struct OpInfo {
  Op op;
  std::string_view name;  // as in a source and in a listing
  OpKind kind;
};

const OpInfo& info(Op op);
std::optional<Op> op_from_name(std::string_view name);
std::optional<Op> op_from_code(std::uint8_t code);

// How many operands an operation takes.
std::size_t arity(Op op);

// The keyword that gives the operation's attributes in a source; empty if it has none.
std::string_view keyword(Op op);

// Whether the operands may change places without changing a bit of the result.
bool is_commutative(Op op);

}  // namespace abacus
