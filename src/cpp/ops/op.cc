#include "ops/op.h"

#include <algorithm>
#include <array>

namespace abacus {
namespace {

constexpr std::array<OpInfo, 23> kOps = {{
    {Op::kNegate, "neg", OpKind::kUnary},
    {Op::kAbsolute, "abs", OpKind::kUnary},
    {Op::kRelu, "relu", OpKind::kUnary},
    {Op::kExp, "exp", OpKind::kFloatUnary},
    {Op::kLog, "log", OpKind::kFloatUnary},
    {Op::kSqrt, "sqrt", OpKind::kFloatUnary},
    {Op::kTanh, "tanh", OpKind::kFloatUnary},
    {Op::kAdd, "add", OpKind::kBinary},
    {Op::kSubtract, "sub", OpKind::kBinary},
    {Op::kMultiply, "mul", OpKind::kBinary},
    {Op::kDivide, "div", OpKind::kBinary},
    {Op::kMinimum, "min", OpKind::kBinary},
    {Op::kMaximum, "max", OpKind::kBinary},
    {Op::kMatmul, "matmul", OpKind::kMatmul},
    {Op::kSum, "sum", OpKind::kReduction},
    {Op::kReduceMinimum, "reduce_min", OpKind::kReduction},
    {Op::kReduceMaximum, "reduce_max", OpKind::kReduction},
    {Op::kTranspose, "transpose", OpKind::kTranspose},
    {Op::kReshape, "reshape", OpKind::kReshape},
    {Op::kBroadcast, "broadcast", OpKind::kBroadcast},
    {Op::kToF32, "f32", OpKind::kCast},
    {Op::kToF64, "f64", OpKind::kCast},
    {Op::kToI64, "i64", OpKind::kCast},
}};

constexpr bool each_is_at_its_code() {
  for (std::size_t code = 0; code < kOps.size(); ++code) {
    if (static_cast<std::size_t>(kOps[code].op) != code) return false;
  }
  return true;
}
static_assert(each_is_at_its_code());

}  // namespace

const OpInfo& info(Op op) { return kOps.at(static_cast<std::size_t>(op)); }

std::optional<Op> op_from_name(std::string_view name) {
  const auto found = std::find_if(kOps.begin(), kOps.end(), [&](const OpInfo& op) { return op.name == name; });
  if (found == kOps.end()) return std::nullopt;
  return found->op;
}

std::optional<Op> op_from_code(std::uint8_t code) {
  if (code >= kOps.size()) return std::nullopt;
  return static_cast<Op>(code);
}

std::size_t arity(Op op) {
  const OpKind kind = info(op).kind;
  return kind == OpKind::kBinary || kind == OpKind::kMatmul ? 2 : 1;
}

std::string_view keyword(Op op) {
  switch (info(op).kind) {
    case OpKind::kReduction:
      return "axis";
    case OpKind::kReshape:
    case OpKind::kBroadcast:
      return "shape";
    default:
      return "";
  }
}

// Not so the minimum and the maximum: -0.0 and 0.0 are equal, and the first one wins.
bool is_commutative(Op op) { return op == Op::kAdd || op == Op::kMultiply; }

}  // namespace abacus
