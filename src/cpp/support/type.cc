#include "support/type.h"

#include <algorithm>
#include <array>

#include "support/error.h"
#include "support/text.h"

namespace abacus {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"f32", "f64", "i64"};

std::int64_t checked_element_count(const Shape& shape) {
  if (shape.size() > TensorType::kMaxRank) {
    throw TypeError(concat("a tensor has at most ", TensorType::kMaxRank, " dimensions, not ", shape.size()));
  }
  std::int64_t count = 1;
  for (std::int64_t size : shape) {
    if (size < 1) throw TypeError(concat("a dimension must be at least 1, not ", size));
    if (size > TensorType::kMaxElements / count) {
      throw TypeError(concat("a tensor has at most ", TensorType::kMaxElements, " elements, and [", join(shape, ", "),
                             "] has more"));
    }
    count *= size;
  }
  return count;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string_view name(DType dtype) { return kNames.at(static_cast<std::size_t>(dtype)); }

std::size_t item_size(DType dtype) {
  return visit_dtype(dtype, []<typename T>(std::type_identity<T>) { return sizeof(T); });
}

std::optional<DType> dtype_from_name(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<DType>(found - kNames.begin());
}

std::optional<DType> dtype_from_code(std::uint8_t code) {
  if (code >= kNames.size()) return std::nullopt;
  return static_cast<DType>(code);
}

TensorType::TensorType(DType dtype, Shape shape)
    : dtype_(dtype), shape_(std::move(shape)), element_count_(checked_element_count(shape_)) {}

std::ostream& operator<<(std::ostream& out, const TensorType& type) {
  out << name(type.dtype());
  if (type.rank() != 0) out << "[" << join(type.shape(), ", ") << "]";
  return out;
}

bool is_identifier(std::string_view text) {
  return !text.empty() && text.size() <= 255 && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

}  // namespace abacus
