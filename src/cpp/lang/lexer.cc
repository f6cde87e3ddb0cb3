#include "lang/lexer.h"

#include <cstddef>
#include <utility>

namespace abacus {
namespace {

constexpr std::string_view kPunctuation = "+-*/@()[],:;=";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_part(char c) { return is_name_start(c) || is_digit(c); }

class Lexer {
 public:
  Lexer(std::string_view source, Diagnostics& diagnostics) : source_(source), diagnostics_(diagnostics) {}

  std::vector<Token> run() {
    for (skip_blanks(); position_ < source_.size(); skip_blanks()) scan_token();
    emit(TokenKind::kEnd, position_);
    return std::move(tokens_);
  }

 private:
  // The character `ahead` of the position; NUL beyond the end, which is part of no token.
  char peek(std::size_t ahead = 0) const {
    return position_ + ahead < source_.size() ? source_[position_ + ahead] : '\0';
  }

  template <typename Predicate>
  void skip_while(Predicate predicate) {
    while (position_ < source_.size() && predicate(source_[position_])) ++position_;
  }

  void skip_blanks() {
    skip_while(is_space);
    while (peek() == '#') {
      skip_while([](char c) { return c != '\n'; });
      skip_while(is_space);
    }
  }

  void emit(TokenKind kind, std::size_t start) {
    tokens_.push_back({kind, source_.substr(start, position_ - start), {start, position_ - start}});
  }

  void emit_invalid(std::size_t start, const char* message) {
    diagnostics_.report({start, position_ - start}, message);
    emit(TokenKind::kInvalid, start);
  }

  void scan_token() {
    const std::size_t start = position_;
    if (is_name_start(peek())) {
      skip_while(is_name_part);
      emit(TokenKind::kName, start);
    } else if (is_digit(peek())) {
      scan_number();
    } else if (kPunctuation.find(peek()) != std::string_view::npos) {
      ++position_;
      emit(TokenKind::kPunctuation, start);
    } else {
      ++position_;
      skip_while(
          [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; });  // the rest of a UTF-8 character
      emit_invalid(start, "this character means nothing here");
    }
  }

  void scan_number() {
    const std::size_t start = position_;
    TokenKind kind = TokenKind::kInteger;
    skip_while(is_digit);
    if (peek() == '.') {
      kind = TokenKind::kFloat;
      ++position_;
      skip_while(is_digit);
    }
    const std::size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
    if ((peek() == 'e' || peek() == 'E') && is_digit(peek(1 + sign))) {
      kind = TokenKind::kFloat;
      position_ += 1 + sign;
      skip_while(is_digit);
    }
    const std::size_t end = position_;
    skip_while(is_name_part);
    if (position_ != end) return emit_invalid(start, "this is neither a number nor a name");
    emit(kind, start);
  }

  std::string_view source_;
  Diagnostics& diagnostics_;
  std::size_t position_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view source, Diagnostics& diagnostics) {
  return Lexer(source, diagnostics).run();
}

}  // namespace abacus
