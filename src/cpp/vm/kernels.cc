#include "vm/kernels.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/error.h"

namespace abacus {
namespace {

// Few enough elements to balance the threads' loads, enough to be worth waking one.
constexpr std::int64_t kGrain = 16 * 1024;

// The grain for a loop whose iterations each cost as much as `cost` elements.
std::int64_t grain_for(std::int64_t cost) {
  return std::max<std::int64_t>(kGrain / std::max<std::int64_t>(cost, 1), 1);
}

// Applies `operation` to the bits of two's complement numbers, where overflow is defined.
template <typename T, typename Operation>
T wrapping(T a, T b, Operation operation) {
  if constexpr (std::is_integral_v<T>) {
    using Unsigned = std::make_unsigned_t<T>;
    return static_cast<T>(operation(static_cast<Unsigned>(a), static_cast<Unsigned>(b)));
  } else {
    return operation(a, b);
  }
}

// The functions on elements are objects and no function templates, so that a loop knows which of them it calls.

constexpr auto add = []<typename T>(T a, T b) -> T { return wrapping(a, b, std::plus<>()); };

constexpr auto multiply = []<typename T>(T a, T b) -> T { return wrapping(a, b, std::multiplies<>()); };

constexpr auto subtract = []<typename T>(T a, T b) -> T { return wrapping(a, b, std::minus<>()); };

constexpr auto negate = []<typename T>(T a) -> T {
  if constexpr (std::is_integral_v<T>) return subtract(T{0}, a);
  return -a;  // not 0 - a, which loses the sign of a zero
};

constexpr auto absolute = []<typename T>(T a) -> T {
  if constexpr (std::is_integral_v<T>) return a < 0 ? negate(a) : a;
  return std::fabs(a);
};

// Rounds towards zero where the numbers are integers.
constexpr auto divide = []<typename T>(T a, T b) -> T {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0) throw ExecutionError("div: an integer is divided by zero");
    if (b == -1) return negate(a);  // the least integer has no positive counterpart, and the processor would trap
  }
  return a / b;
};

constexpr auto is_nan = []<typename T>(T a) -> bool { return a != a; };

constexpr auto minimum = []<typename T>(T a, T b) -> T { return is_nan(a) || a <= b ? a : b; };

constexpr auto maximum = []<typename T>(T a, T b) -> T { return is_nan(a) || a >= b ? a : b; };

// The nearest number of the target type; what is too large for an integer becomes the largest, NaN becomes 0.
template <typename To, typename From>
To cast(From a) {
  if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    const From limit = -static_cast<From>(std::numeric_limits<To>::min());  // exact, unlike the maximum
    if (is_nan(a)) return 0;
    if (a >= limit) return std::numeric_limits<To>::max();
    if (a < -limit) return std::numeric_limits<To>::min();
  }
  return static_cast<To>(a);
}

using Strides = std::vector<std::int64_t>;

// In elements, from the outermost dimension to the innermost.
Strides row_major_strides(const Shape& shape) {
  Strides strides(shape.size());
  std::int64_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0; stride *= shape[i]) strides[i] = stride;
  return strides;
}

// The strides that walk a tensor of shape `from` as if it were stretched to `to`: none along what is repeated.
Strides broadcast_strides(const Shape& from, const Shape& to) {
  const Strides own = row_major_strides(from);
  const std::size_t lead = to.size() - from.size();
  Strides strides(to.size(), 0);
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (from[i] != 1) strides[lead + i] = own[i];
  }
  return strides;
}

// Walks a tensor in the row-major order of another shape.
class Cursor {
 public:
  // `shape` must outlive the cursor. `start` is the place in the row-major order to begin at.
  Cursor(const Shape& shape, Strides strides, std::int64_t start)
      : shape_(shape), strides_(std::move(strides)), index_(shape.size()) {
    for (std::size_t i = shape.size(); i-- > 0; start /= shape[i]) {
      index_[i] = start % shape[i];
      offset_ += index_[i] * strides_[i];
    }
  }

  std::size_t offset() const { return static_cast<std::size_t>(offset_); }

  void advance() {
    for (std::size_t i = shape_.size(); i-- > 0;) {
      offset_ += strides_[i];
      if (++index_[i] < shape_[i]) return;
      offset_ -= index_[i] * strides_[i];
      index_[i] = 0;
    }
  }

 private:
  const Shape& shape_;
  Strides strides_;
  std::vector<std::int64_t> index_;
  std::int64_t offset_ = 0;
};

template <typename To, typename From, typename Function>
void map(const TensorView& operand, Tensor& result, ThreadPool& pool, Function function) {
  const std::span<const From> in = operand.values<From>();
  const std::span<To> out = result.values<To>();
  pool.parallel_for(result.type().element_count(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    std::transform(in.begin() + begin, in.begin() + end, out.begin() + begin, function);
  });
}

template <typename T, typename Function>
void zip(std::span<const TensorView> operands, Tensor& result, ThreadPool& pool, Function function) {
  const std::span<const T> left = operands[0].values<T>();
  const std::span<const T> right = operands[1].values<T>();
  const std::span<T> out = result.values<T>();
  const Shape& shape = result.type().shape();
  pool.parallel_for(result.type().element_count(), kGrain, [&](std::int64_t begin, std::int64_t end) {
    if (left.size() == out.size() && right.size() == out.size()) {
      std::transform(left.begin() + begin, left.begin() + end, right.begin() + begin, out.begin() + begin, function);
      return;
    }
    Cursor a(shape, broadcast_strides(operands[0].type().shape(), shape), begin);
    Cursor b(shape, broadcast_strides(operands[1].type().shape(), shape), begin);
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i, a.advance(), b.advance()) {
      out[i] = function(left[a.offset()], right[b.offset()]);
    }
  });
}

// Reads the operand with these strides in the order of the result.
void gather(const TensorView& operand, const Strides& strides, Tensor& result, ThreadPool& pool) {
  visit_dtype(operand.type().dtype(), [&]<typename T>(std::type_identity<T>) {
    const std::span<const T> in = operand.values<T>();
    const std::span<T> out = result.values<T>();
    pool.parallel_for(result.type().element_count(), kGrain, [&](std::int64_t begin, std::int64_t end) {
      Cursor cursor(result.type().shape(), strides, begin);
      for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i, cursor.advance()) {
        out[i] = in[cursor.offset()];
      }
    });
  });
}

// Reduces along one axis, or along all as if they were one.
template <typename T, typename Function>
void reduce(const TensorView& operand, std::span<const std::int64_t> attributes, Tensor& result, ThreadPool& pool,
            Function function) {
  const Shape& shape = operand.type().shape();
  const std::int64_t extent =
      attributes.empty() ? operand.type().element_count() : shape[static_cast<std::size_t>(attributes[0])];
  const std::int64_t stride =
      attributes.empty() ? 1 : row_major_strides(shape)[static_cast<std::size_t>(attributes[0])];
  const std::span<const T> in = operand.values<T>();
  const std::span<T> out = result.values<T>();
  pool.parallel_for(result.type().element_count(), grain_for(extent), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      auto place = static_cast<std::size_t>((i / stride) * stride * extent + i % stride);
      T value = in[place];
      for (std::int64_t step = 1; step < extent; ++step) {
        place += static_cast<std::size_t>(stride);
        value = function(value, in[place]);
      }
      out[static_cast<std::size_t>(i)] = value;
    }
  });
}

// Row by row of the result; the innermost loop walks rows of the result and of the right matrix, which lie in memory
// so.
template <typename T>
void matmul(std::span<const TensorView> operands, Tensor& result, ThreadPool& pool) {
  const std::span<const T> left = operands[0].values<T>();
  const std::span<const T> right = operands[1].values<T>();
  const std::span<T> out = result.values<T>();
  const auto inner = static_cast<std::size_t>(operands[0].type().shape()[1]);
  const auto columns = static_cast<std::size_t>(operands[1].type().shape()[1]);
  const std::int64_t row_cost = static_cast<std::int64_t>(inner * columns);
  pool.parallel_for(result.type().shape()[0], grain_for(row_cost), [&](std::int64_t begin, std::int64_t end) {
    for (auto row = static_cast<std::size_t>(begin); row < static_cast<std::size_t>(end); ++row) {
      const std::span<T> out_row = out.subspan(row * columns, columns);
      for (std::size_t k = 0; k < inner; ++k) {
        const T factor = left[row * inner + k];
        const std::span<const T> right_row = right.subspan(k * columns, columns);
        for (std::size_t j = 0; j < columns; ++j) out_row[j] = add(out_row[j], multiply(factor, right_row[j]));
      }
    }
  });
}

void copy(const TensorView& operand, Tensor& result) {
  std::copy(operand.bytes().begin(), operand.bytes().end(), result.bytes().begin());
}

template <typename To>
void cast_all(const TensorView& operand, Tensor& result, ThreadPool& pool) {
  visit_dtype(operand.type().dtype(), [&]<typename From>(std::type_identity<From>) {
    map<To, From>(operand, result, pool, [](From a) { return cast<To>(a); });
  });
}

// The operations that floating-point numbers have and integers have not.
template <typename T>
void run_float_unary(Op op, const TensorView& operand, Tensor& result, ThreadPool& pool) {
  switch (op) {
    case Op::kExp:
      return map<T, T>(operand, result, pool, [](T a) { return std::exp(a); });
    case Op::kLog:
      return map<T, T>(operand, result, pool, [](T a) { return std::log(a); });
    case Op::kSqrt:
      return map<T, T>(operand, result, pool, [](T a) { return std::sqrt(a); });
    case Op::kTanh:
      return map<T, T>(operand, result, pool, [](T a) { return std::tanh(a); });
    default:
      throw std::logic_error("not an operation on floating-point numbers");
  }
}

template <typename T>
void run_typed(Op op, std::span<const TensorView> operands, std::span<const std::int64_t> attributes, Tensor& result,
               ThreadPool& pool) {
  switch (op) {
    case Op::kNegate:
      return map<T, T>(operands[0], result, pool, negate);
    case Op::kAbsolute:
      return map<T, T>(operands[0], result, pool, absolute);
    case Op::kRelu:
      return map<T, T>(operands[0], result, pool, [](T a) { return maximum(a, T{0}); });
    case Op::kAdd:
      return zip<T>(operands, result, pool, add);
    case Op::kSubtract:
      return zip<T>(operands, result, pool, subtract);
    case Op::kMultiply:
      return zip<T>(operands, result, pool, multiply);
    case Op::kDivide:
      return zip<T>(operands, result, pool, divide);
    case Op::kMinimum:
      return zip<T>(operands, result, pool, minimum);
    case Op::kMaximum:
      return zip<T>(operands, result, pool, maximum);
    case Op::kMatmul:
      return matmul<T>(operands, result, pool);
    case Op::kSum:
      return reduce<T>(operands[0], attributes, result, pool, add);
    case Op::kReduceMinimum:
      return reduce<T>(operands[0], attributes, result, pool, minimum);
    case Op::kReduceMaximum:
      return reduce<T>(operands[0], attributes, result, pool, maximum);
    default:
      if constexpr (std::is_floating_point_v<T>) return run_float_unary<T>(op, operands[0], result, pool);
      throw std::logic_error("not an operation on integers");
  }
}

// Back to front: what was the innermost dimension is the outermost.
Strides transposed_strides(const Shape& shape) {
  Strides strides = row_major_strides(shape);
  std::reverse(strides.begin(), strides.end());
  return strides;
}

}  // namespace

void run_kernel(Op op, std::span<const TensorView> operands, std::span<const std::int64_t> attributes, Tensor& result,
                ThreadPool& pool) {
  const TensorView& first = operands[0];
  switch (op) {
    case Op::kTranspose:
      return gather(first, transposed_strides(first.type().shape()), result, pool);
    case Op::kReshape:
      return copy(first, result);
    case Op::kBroadcast:
      return gather(first, broadcast_strides(first.type().shape(), result.type().shape()), result, pool);
    case Op::kToF32:
      return cast_all<float>(first, result, pool);
    case Op::kToF64:
      return cast_all<double>(first, result, pool);
    case Op::kToI64:
      return cast_all<std::int64_t>(first, result, pool);
    default:
      return visit_dtype(first.type().dtype(), [&]<typename T>(std::type_identity<T>) {
        run_typed<T>(op, operands, attributes, result, pool);
      });
  }
}

}  // namespace abacus
