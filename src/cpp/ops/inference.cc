#include "ops/inference.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <utility>

#include "support/error.h"
#include "support/text.h"

namespace abacus {
namespace {

using Types = std::span<const TensorType>;
using Attributes = std::span<const std::int64_t>;

[[noreturn]] void refuse(Op op, const auto&... reason) { throw TypeError(concat(info(op).name, ": ", reason...)); }

void require_same_dtype(Op op, Types operands) {
  if (operands[0].dtype() == operands[1].dtype()) return;
  refuse(op, operands[0], " and ", operands[1], " differ in their elements: convert one, as in ",
         name(operands[0].dtype()), "(...)");
}

// The shape of two tensors that are stretched to fit each other, aligned at the innermost dimension.
TensorType infer_binary(Op op, Types operands) {
  require_same_dtype(op, operands);
  const bool left_is_longer = operands[0].rank() >= operands[1].rank();
  Shape shape = operands[left_is_longer ? 0 : 1].shape();
  const Shape& shorter = operands[left_is_longer ? 1 : 0].shape();
  const std::size_t lead = shape.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    std::int64_t& size = shape[lead + i];
    if (size != shorter[i] && size != 1 && shorter[i] != 1) {
      refuse(op, "the shapes of ", operands[0], " and ", operands[1], " do not broadcast");
    }
    size = std::max(size, shorter[i]);
  }
  return {operands[0].dtype(), std::move(shape)};
}

TensorType infer_matmul(Op op, Types operands) {
  require_same_dtype(op, operands);
  const Shape& left = operands[0].shape();
  const Shape& right = operands[1].shape();
  if (left.size() != 2 || right.size() != 2) {
    refuse(op, "needs two matrices, not ", operands[0], " and ", operands[1]);
  }
  if (left[1] != right[0]) {
    refuse(op, "the inner sizes of ", operands[0], " and ", operands[1], " differ");
  }
  return {operands[0].dtype(), {left[0], right[1]}};
}

TensorType infer_reduction(Op op, const TensorType& operand, Attributes axes) {
  if (axes.empty()) return {operand.dtype(), {}};
  if (axes.size() != 1) refuse(op, "takes at most one axis");
  const std::int64_t axis = axes[0];
  if (axis < 0 || axis >= static_cast<std::int64_t>(operand.rank())) {
    refuse(op, operand, " has no axis ", axis);
  }
  Shape shape = operand.shape();
  shape.erase(shape.begin() + axis);
  return {operand.dtype(), std::move(shape)};
}

TensorType infer_reshape(Op op, const TensorType& operand, Attributes shape) {
  TensorType result(operand.dtype(), Shape(shape.begin(), shape.end()));
  if (result.element_count() != operand.element_count()) {
    refuse(op, operand, " has ", operand.element_count(), " elements and ", result, " has ", result.element_count());
  }
  return result;
}

TensorType infer_broadcast(Op op, const TensorType& operand, Attributes shape) {
  TensorType result(operand.dtype(), Shape(shape.begin(), shape.end()));
  const Shape& from = operand.shape();
  const bool fits = from.size() <= shape.size() && std::equal(from.rbegin(), from.rend(), result.shape().rbegin(),
                                                              [](std::int64_t old_size, std::int64_t size) {
                                                                return old_size == size || old_size == 1;
                                                              });
  if (!fits) refuse(op, operand, " does not broadcast to ", result);
  return result;
}

DType cast_target(Op op) { return op == Op::kToF32 ? DType::kF32 : op == Op::kToF64 ? DType::kF64 : DType::kI64; }

}  // namespace

TensorType infer_type(Op op, Types operands, Attributes attributes) {
  if (operands.size() != arity(op)) refuse(op, "takes ", arity(op), " operands, not ", operands.size());
  if (!attributes.empty() && keyword(op).empty()) refuse(op, "takes no attributes");
  const TensorType& first = operands[0];
  switch (info(op).kind) {
    case OpKind::kFloatUnary:
      if (first.dtype() == DType::kI64) refuse(op, "needs f32 or f64, not ", first);
      return first;
    case OpKind::kUnary:
      return first;
    case OpKind::kBinary:
      return infer_binary(op, operands);
    case OpKind::kMatmul:
      return infer_matmul(op, operands);
    case OpKind::kReduction:
      return infer_reduction(op, first, attributes);
    case OpKind::kTranspose:
      return {first.dtype(), Shape(first.shape().rbegin(), first.shape().rend())};
    case OpKind::kReshape:
      return infer_reshape(op, first, attributes);
    case OpKind::kBroadcast:
      return infer_broadcast(op, first, attributes);
    case OpKind::kCast:
      return {cast_target(op), first.shape()};
  }
  throw std::logic_error("not an operation");
}

}  // namespace abacus
