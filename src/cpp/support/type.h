// Tensor types: an element type and a static shape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace abacus {

// The numbers are part of the bytecode format.
enum class DType : std::uint8_t { kF32 = 0, kF64 = 1, kI64 = 2 };

std::string_view name(DType dtype);
std::size_t item_size(DType dtype);
std::optional<DType> dtype_from_name(std::string_view name);
std::optional<DType> dtype_from_code(std::uint8_t code);

// Calls `visitor` with the `std::type_identity` of the C++ type of `dtype`'s elements.
template <typename Visitor>
decltype(auto) visit_dtype(DType dtype, Visitor&& visitor) {
  switch (dtype) {
    case DType::kF32:
      return visitor(std::type_identity<float>());
    case DType::kF64:
      return visitor(std::type_identity<double>());
    case DType::kI64:
      return visitor(std::type_identity<std::int64_t>());
  }
  throw std::logic_error("not a dtype");
}

// Sizes from the outermost dimension to the innermost; none for a scalar.
using Shape = std::vector<std::int64_t>;

// The type of a tensor. One that exists is valid: no dimension is empty, and sizes in bytes fit every integer used
// here.
class TensorType {
 public:
  static constexpr std::size_t kMaxRank = 8;
  static constexpr std::int64_t kMaxElements = std::int64_t{1} << 28;

  // Throws TypeError for a shape over these limits, or with a dimension below one.
  TensorType(DType dtype, Shape shape);

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::size_t rank() const { return shape_.size(); }
  std::int64_t element_count() const { return element_count_; }
  std::size_t byte_size() const { return static_cast<std::size_t>(element_count_) * item_size(dtype_); }

  bool operator==(const TensorType&) const = default;

 private:
  DType dtype_;
  Shape shape_;
  std::int64_t element_count_;
};

// As in a source: `f32[2, 3]`, and `f32` for a scalar.
std::ostream& operator<<(std::ostream& out, const TensorType& type);

// Something that a program takes or makes, as its user knows it.
struct Parameter {
  std::string name;
  TensorType type;
};

// Whether `text` is a letter or underscore, then letters, digits and underscores: at most 255, all ASCII.
bool is_identifier(std::string_view text);

}  // namespace abacus
