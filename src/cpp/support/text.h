// Small helpers to build messages.
#pragma once

#include <array>
#include <charconv>
#include <sstream>
#include <string>
#include <string_view>

namespace abacus {

// The parts one after the other, each as `<<` writes it.
template <typename... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

// The items with `separator` between them.
template <typename Range>
std::string join(const Range& items, std::string_view separator) {
  std::ostringstream out;
  std::string_view before;
  for (const auto& item : items) {
    out << before << item;
    before = separator;
  }
  return out.str();
}

// The shortest text that reads back as the very same number.
template <typename Number>
std::string number_text(Number value) {
  std::array<char, 32> buffer;
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), result.ptr};
}

}  // namespace abacus
