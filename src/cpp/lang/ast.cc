#include "lang/ast.h"

#include <sstream>
#include <string_view>
#include <variant>

#include "support/text.h"

namespace abacus {
namespace {

class Printer {
 public:
  void operator()(const InputStatement& statement) {
    out_ << "(input " << statement.name.text << " " << statement.type << ")\n";
  }
  void operator()(const LetStatement& statement) { binding("let", statement.name, *statement.value); }
  void operator()(const OutputStatement& statement) { binding("output", statement.name, *statement.value); }

  void operator()(const InvalidStatement& statement) { out_ << "(invalid " << statement.name.text << ")\n"; }

  void operator()(const Number& number) {
    std::visit([&](auto value) { out_ << number_text(value); }, number.value);
  }
  void operator()(const Reference& reference) { out_ << reference.name; }
  void operator()(const List& list) {
    out_ << "(list";
    for (const ExprPtr& element : list.elements) child(*element);
    out_ << ")";
  }
  void operator()(const Call& call) {
    out_ << "(" << call.callee.text;
    for (const ExprPtr& operand : call.operands) child(*operand);
    for (const Keyword& keyword : call.keywords) {
      out_ << " :" << keyword.name.text << " (" << join(keyword.values, " ") << ")";
    }
    out_ << ")";
  }

  std::string text() const { return out_.str(); }

 private:
  void binding(std::string_view keyword, const Identifier& name, const Expr& value) {
    out_ << "(" << keyword << " " << name.text;
    child(value);
    out_ << ")\n";
  }

  void child(const Expr& expr) {
    out_ << " ";
    std::visit(*this, expr.content);
  }

  std::ostringstream out_;
};

}  // namespace

std::string to_text(const Module& module) {
  Printer printer;
  for (const Statement& statement : module.statements) std::visit(printer, statement);
  return printer.text();
}

}  // namespace abacus
