// Errors in a source text: collected while it is read, told all at once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace abacus {

// A stretch of the source text, in bytes.
struct Span {
  std::size_t offset = 0;
  std::size_t length = 0;

  // The stretch from the beginning of this one to the end of `last`.
  Span through(Span last) const { return {offset, last.offset + last.length - offset}; }
};

struct Diagnostic {
  Span span;
  std::string message;
};

// A named source text and what was found to be wrong in it.
class Diagnostics {
 public:
  // Neither view is copied: both must outlive this object.
  Diagnostics(std::string_view source_name, std::string_view source);

  void report(Span span, std::string message);
  bool empty() const { return reported_.empty(); }

  // Throws a CompileError that lists what was reported, in the order of the source; does nothing if that is nothing.
  void throw_if_any() const;

 private:
  std::string render(const Diagnostic& diagnostic) const;

  std::string_view source_name_;
  std::string_view source_;
  std::vector<Diagnostic> reported_;
};

}  // namespace abacus
