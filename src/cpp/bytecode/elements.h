// The elements of a tensor as bytecode has them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <span>

namespace abacus {

// Turns each element from the machine's byte order to the bytecode's, or back.
inline void to_or_from_little_endian(std::span<std::byte> elements, std::size_t item_size) {
  if constexpr (std::endian::native == std::endian::big) {
    for (; !elements.empty(); elements = elements.subspan(item_size)) {
      std::reverse(elements.begin(), elements.begin() + static_cast<std::ptrdiff_t>(item_size));
    }
  } else {
    static_cast<void>(elements);
    static_cast<void>(item_size);
  }
}

}  // namespace abacus
