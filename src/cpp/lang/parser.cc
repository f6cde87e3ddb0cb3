#include "lang/parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "lang/lexer.h"
#include "support/error.h"
#include "support/text.h"

namespace abacus {
namespace {

// Ends the reading of one statement. The error is reported already.
struct StatementFailure {};

struct BinaryOperator {
  std::string_view token;
  std::string_view callee;
};

constexpr std::array<BinaryOperator, 2> kAdditive = {{{"+", "add"}, {"-", "sub"}}};
constexpr std::array<BinaryOperator, 3> kMultiplicative = {{{"*", "mul"}, {"/", "div"}, {"@", "matmul"}}};
constexpr std::array<std::string_view, 3> kReserved = {"input", "let", "output"};

bool is_reserved(const Token& token) {
  return token.kind == TokenKind::kName && std::find(kReserved.begin(), kReserved.end(), token.text) != kReserved.end();
}

class Parser {
 public:
  Parser(std::string_view source, Diagnostics& diagnostics)
      : diagnostics_(diagnostics), tokens_(tokenize(source, diagnostics)) {}

  Module run() {
    Module module;
    while (peek().kind != TokenKind::kEnd) {
      try {
        module.statements.push_back(statement());
      } catch (const StatementFailure&) {
        if (statement_name_) module.statements.push_back(InvalidStatement{*statement_name_});
        skip_statement();
      }
    }
    return module;
  }

 private:
  // Counts the calls that are under way, since each may hold one more of itself.
  class Nesting {
   public:
    explicit Nesting(Parser& parser) : parser_(parser) {
      if (parser_.nesting_ >= kMaxDepth) parser_.fail(parser_.peek().span, "this is nested too deeply");
      ++parser_.nesting_;
    }
    ~Nesting() { --parser_.nesting_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    Parser& parser_;
  };

  const Token& peek(std::size_t ahead = 0) const { return tokens_[std::min(next_ + ahead, tokens_.size() - 1)]; }

  const Token& take() {
    const Token& token = peek();
    if (token.kind != TokenKind::kEnd) ++next_;
    return token;
  }

  bool take_if(std::string_view punctuation) {
    if (!peek().is(punctuation)) return false;
    take();
    return true;
  }

  [[noreturn]] void fail(Span span, std::string message) {
    diagnostics_.report(span, std::move(message));
    throw StatementFailure();
  }

  [[noreturn]] void fail_expecting(std::string_view wanted) {
    const Token& token = peek();
    if (token.kind == TokenKind::kInvalid) throw StatementFailure();
    const bool at_end = token.kind == TokenKind::kEnd;
    fail(token.span, at_end ? concat("expected ", wanted, ", but the source ends")
                            : concat("expected ", wanted, ", not '", token.text, "'"));
  }

  Span expect(std::string_view punctuation) {
    if (!peek().is(punctuation)) fail_expecting(concat("'", punctuation, "'"));
    return take().span;
  }

  // To behind the next ';', or to the next word that can only begin a statement.
  void skip_statement() {
    while (peek().kind != TokenKind::kEnd && !is_reserved(peek())) {
      if (take().is(";")) return;
    }
  }

  Identifier identifier(std::string_view wanted) {
    const Token& token = peek();
    if (token.kind != TokenKind::kName || is_reserved(token)) fail_expecting(wanted);
    if (!is_identifier(token.text)) fail(token.span, "this name is longer than 255 characters");
    take();
    return {std::string(token.text), token.span};
  }

  Statement statement() {
    statement_name_.reset();
    if (!is_reserved(peek())) fail_expecting("'input', 'let' or 'output'");
    const std::string_view word = take().text;
    Identifier name = identifier("a name");
    statement_name_ = name;
    if (word == "input") {
      expect(":");
      TensorType declared = type();
      expect(";");
      return InputStatement{std::move(name), std::move(declared)};
    }
    expect("=");
    ExprPtr value = expression();
    expect(";");
    if (word == "let") return LetStatement{std::move(name), std::move(value)};
    return OutputStatement{std::move(name), std::move(value)};
  }

  TensorType type() {
    const Token& token = peek();
    const std::optional<DType> dtype = dtype_from_name(token.text);
    if (!dtype) fail_expecting("'f32', 'f64' or 'i64'");
    take();
    Shape shape;
    if (peek().is("[")) shape = integers();
    try {
      return {*dtype, std::move(shape)};
    } catch (const TypeError& error) {
      fail(token.span.through(previous().span), error.what());
    }
  }

  ExprPtr expression() {
    return binary(kAdditive, [this] { return binary(kMultiplicative, [this] { return unary(); }); });
  }

  template <std::size_t kCount, typename Operand>
  ExprPtr binary(const std::array<BinaryOperator, kCount>& operators, Operand operand) {
    ExprPtr left = operand();
    while (true) {
      const auto found =
          std::find_if(operators.begin(), operators.end(), [&](const auto& op) { return peek().is(op.token); });
      if (found == operators.end()) return left;
      const Span callee = take().span;
      ExprPtr right = operand();
      const Span span = left->span.through(right->span);
      left = call({std::string(found->callee), callee}, span, pair(std::move(left), std::move(right)));
    }
  }

  ExprPtr unary() {
    const Nesting nesting(*this);
    if (!peek().is("-")) return primary();
    if (is_number(peek(1))) return number();
    const Span callee = take().span;
    std::vector<ExprPtr> operands;
    operands.push_back(unary());
    const Span span = callee.through(operands[0]->span);
    return call({"neg", callee}, span, std::move(operands));
  }

  ExprPtr primary() {
    if (is_number(peek())) return number();
    if (peek().is("[")) return list();
    if (take_if("(")) {
      ExprPtr inner = expression();
      expect(")");
      return inner;
    }
    Identifier name = identifier("an expression");
    if (peek().is("(")) return named_call(std::move(name));
    const Span span = name.span;
    return leaf(span, Reference{std::move(name.text)});
  }

  ExprPtr list() {
    const Span open = expect("[");
    std::vector<ExprPtr> elements;
    do {
      elements.push_back(expression());
    } while (take_if(","));
    const Span span = open.through(expect("]"));
    const int depth = depth_above(elements, span);
    return std::make_unique<Expr>(Expr{span, depth, List{std::move(elements)}});
  }

  ExprPtr named_call(Identifier callee) {
    expect("(");
    std::vector<ExprPtr> operands;
    std::vector<Keyword> keywords;
    do {
      if (peek().kind == TokenKind::kName && peek(1).is("=")) {
        keywords.push_back(keyword());
      } else {
        operands.push_back(expression());
      }
    } while (take_if(","));
    const Span span = callee.span.through(expect(")"));
    return call(std::move(callee), span, std::move(operands), std::move(keywords));
  }

  Keyword keyword() {
    Identifier name = identifier("a keyword");
    expect("=");
    if (peek().is("[")) return {std::move(name), integers()};
    return {std::move(name), {integer()}};
  }

  std::vector<std::int64_t> integers() {
    std::vector<std::int64_t> values;
    expect("[");
    if (take_if("]")) return values;
    do {
      values.push_back(integer());
    } while (take_if(","));
    expect("]");
    return values;
  }

  std::int64_t integer() {
    const bool negative = take_if("-");
    if (peek().kind != TokenKind::kInteger) fail_expecting("an integer");
    return convert<std::int64_t>(take(), negative);
  }

  static bool is_number(const Token& token) {
    return token.kind == TokenKind::kInteger || token.kind == TokenKind::kFloat;
  }

  ExprPtr number() {
    const Span start = peek().span;
    const bool negative = take_if("-");
    const Token& token = take();
    const Span span = start.through(token.span);
    if (token.kind == TokenKind::kFloat) return leaf(span, Number{convert<double>(token, negative)});
    return leaf(span, Number{convert<std::int64_t>(token, negative)});
  }

  // The sign is part of what is converted, since the least integer has no positive counterpart.
  template <typename T>
  T convert(const Token& token, bool negative) {
    const std::string text = concat(negative ? "-" : "", token.text);
    T value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) fail(token.span, "this number is out of range");
    return value;
  }

  const Token& previous() const { return tokens_[next_ - 1]; }

  template <typename Content>
  static ExprPtr leaf(Span span, Content content) {
    return std::make_unique<Expr>(Expr{span, 1, std::move(content)});
  }

  static std::vector<ExprPtr> pair(ExprPtr left, ExprPtr right) {
    std::vector<ExprPtr> both;
    both.push_back(std::move(left));
    both.push_back(std::move(right));
    return both;
  }

  ExprPtr call(Identifier callee, Span span, std::vector<ExprPtr> operands, std::vector<Keyword> keywords = {}) {
    const int depth = depth_above(operands, span);
    return std::make_unique<Expr>(Expr{span, depth, Call{std::move(callee), std::move(operands), std::move(keywords)}});
  }

  // A long chain of operators is as deep as one of parentheses.
  int depth_above(const std::vector<ExprPtr>& children, Span span) {
    int depth = 1;
    for (const ExprPtr& child : children) depth = std::max(depth, child->depth + 1);
    if (depth > kMaxDepth) fail(span, "this expression is nested too deeply: name a part of it with 'let'");
    return depth;
  }

  Diagnostics& diagnostics_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  std::optional<Identifier> statement_name_;  // of the statement that is being read, once it is known
  int nesting_ = 0;
};

}  // namespace

Module parse(std::string_view source, Diagnostics& diagnostics) { return Parser(source, diagnostics).run(); }

}  // namespace abacus
