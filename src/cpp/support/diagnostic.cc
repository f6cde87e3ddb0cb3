#include "support/diagnostic.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "support/error.h"
#include "support/text.h"

namespace abacus {
namespace {

constexpr std::size_t kMostShown = 20;

// How much of a long line is shown on either side of where an error begins, in bytes.
constexpr std::size_t kMostContext = 100;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// How many characters the UTF-8 text has: every byte but the continuation bytes begins one.
std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

// The text's first or last kMostContext bytes, less the parts of characters at the cut.
std::string_view first_of(std::string_view text) {
  std::size_t size = std::min(text.size(), kMostContext);
  while (size < text.size() && size > 0 && is_continuation(text[size])) --size;
  return text.substr(0, size);
}
std::string_view last_of(std::string_view text) {
  std::size_t start = text.size() - std::min(text.size(), kMostContext);
  while (start > 0 && start < text.size() && is_continuation(text[start])) ++start;
  return text.substr(start);
}

// Blanks as wide as `text`. Tabs stay tabs, so that the caret stands below its character whatever their width.
std::string blanks_for(std::string_view text) {
  std::string blanks;
  for (char c : text) {
    if (!is_continuation(c)) blanks += c == '\t' ? '\t' : ' ';
  }
  return blanks;
}

}  // namespace

Diagnostics::Diagnostics(std::string_view source_name, std::string_view source)
    : source_name_(source_name), source_(source) {}

void Diagnostics::report(Span span, std::string message) { reported_.push_back({span, std::move(message)}); }

void Diagnostics::throw_if_any() const {
  if (reported_.empty()) return;
  std::vector<Diagnostic> sorted = reported_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Diagnostic& a, const Diagnostic& b) { return a.span.offset < b.span.offset; });
  std::vector<std::string> lines;
  for (const Diagnostic& diagnostic : sorted) {
    if (lines.size() == kMostShown) {
      lines.push_back(concat("and ", sorted.size() - kMostShown, " more errors"));
      break;
    }
    lines.push_back(render(diagnostic));
  }
  throw CompileError(join(lines, "\n"));
}

std::string Diagnostics::render(const Diagnostic& diagnostic) const {
  const std::string_view before = source_.substr(0, diagnostic.span.offset);
  const auto line_number = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0: the first line
  const std::string_view lead = before.substr(line_start);
  std::string_view rest = source_.substr(before.size());
  rest = rest.substr(0, rest.find_first_of("\r\n"));

  const std::string_view shown_lead = last_of(lead);
  const std::string_view shown_rest = first_of(rest);
  const std::size_t width = std::max<std::size_t>(count_characters(shown_rest.substr(0, diagnostic.span.length)), 1);
  return concat(source_name_, ":", line_number, ":", count_characters(lead) + 1, ": error: ", diagnostic.message,
                "\n  ", shown_lead, shown_rest, "\n  ", blanks_for(shown_lead), "^", std::string(width - 1, '~'));
}

}  // namespace abacus
