// The words of a source text.
#pragma once

#include <string_view>
#include <vector>

#include "support/diagnostic.h"

namespace abacus {

enum class TokenKind {
  kName,
  kInteger,
  kFloat,
  kPunctuation,  // one character
  kInvalid,      // has been reported
  kEnd,          // one, after all others
};

struct Token {
  TokenKind kind;
  std::string_view text;  // a part of the source
  Span span;

  bool is(std::string_view punctuation) const { return kind == TokenKind::kPunctuation && text == punctuation; }
};

// Reports what is no token, and goes on after it.
std::vector<Token> tokenize(std::string_view source, Diagnostics& diagnostics);

}  // namespace abacus
