#include "lang/checker.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "ops/inference.h"
#include "ops/op.h"
#include "support/error.h"
#include "support/text.h"

namespace abacus {
namespace {

// A value, or nothing after an error that has been reported.
using MaybeNode = std::optional<NodeId>;

// Whether the result's element type is that of the operands.
bool is_arithmetic(Op op) {
  const OpKind kind = info(op).kind;
  return kind == OpKind::kUnary || kind == OpKind::kFloatUnary || kind == OpKind::kBinary;
}

// Whether the expression has no element type of its own: a literal, or arithmetic on nothing but literals.
bool is_literal(const Expr& expr) {
  if (std::holds_alternative<Reference>(expr.content)) return false;
  const auto* call = std::get_if<Call>(&expr.content);
  if (call == nullptr) return true;
  const std::optional<Op> op = op_from_name(call->callee.text);
  return op && is_arithmetic(*op) &&
         std::all_of(call->operands.begin(), call->operands.end(),
                     [](const ExprPtr& operand) { return is_literal(*operand); });
}

bool has_fraction(const Expr& expr);

bool any_has_fraction(const std::vector<ExprPtr>& exprs) {
  return std::any_of(exprs.begin(), exprs.end(), [](const ExprPtr& expr) { return has_fraction(*expr); });
}

// Whether there is a literal with a fraction among those that the expression is made of.
bool has_fraction(const Expr& expr) {
  if (const auto* list = std::get_if<List>(&expr.content)) return any_has_fraction(list->elements);
  if (const auto* call = std::get_if<Call>(&expr.content)) return is_literal(expr) && any_has_fraction(call->operands);
  const auto* number = std::get_if<Number>(&expr.content);
  return number != nullptr && std::holds_alternative<double>(number->value);
}

class Checker {
 public:
  explicit Checker(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Graph run(const Module& module) {
    for (const Statement& statement : module.statements) std::visit(*this, statement);
    if (graph_.outputs.empty() && diagnostics_.empty()) diagnostics_.report({}, "there is no output");
    return std::move(graph_);
  }

  void operator()(const InputStatement& statement) {
    define(statement.name, graph_.add({statement.type, InputNode{statement.name.text}}));
  }

  void operator()(const LetStatement& statement) { define(statement.name, check(*statement.value)); }

  void operator()(const OutputStatement& statement) {
    const MaybeNode value = check(*statement.value);
    define(statement.name, value);
    if (value) graph_.outputs.push_back({statement.name.text, *value});
  }

  void operator()(const InvalidStatement& statement) { define(statement.name, std::nullopt); }

 private:
  void define(const Identifier& name, MaybeNode value) {
    if (!names_.emplace(name.text, value).second) {
      diagnostics_.report(name.span, concat("'", name.text, "' is defined already"));
    }
  }

  // `wanted` is the element type that the surroundings give to a literal.
  MaybeNode check(const Expr& expr, std::optional<DType> wanted = std::nullopt) {
    if (const auto* reference = std::get_if<Reference>(&expr.content)) return lookup(*reference, expr.span);
    if (const auto* content = std::get_if<Call>(&expr.content)) {
      return call(*content, expr.span, is_literal(expr) ? wanted : std::nullopt);
    }
    return literal(expr, wanted);
  }

  MaybeNode lookup(const Reference& reference, Span span) {
    const auto found = names_.find(reference.name);
    if (found != names_.end()) return found->second;
    diagnostics_.report(span, concat("'", reference.name, "' is not defined"));
    return std::nullopt;
  }

  MaybeNode call(const Call& call, Span span, std::optional<DType> wanted) {
    const std::optional<Op> op = op_from_name(call.callee.text);
    if (!op) {
      diagnostics_.report(call.callee.span, concat("there is no function '", call.callee.text, "'"));
      return std::nullopt;
    }
    const std::optional<std::vector<NodeId>> operands = check_operands(call.operands, wanted);
    if (!operands) return std::nullopt;
    try {
      std::vector<TensorType> types;
      for (NodeId operand : *operands) types.push_back(graph_.nodes[operand].type);
      std::vector<std::int64_t> attributes = attributes_for(*op, call.keywords, types);
      TensorType type = infer_type(*op, types, attributes);
      return graph_.add({std::move(type), ApplyNode{*op, *operands, std::move(attributes)}});
    } catch (const TypeError& error) {
      diagnostics_.report(span, error.what());
      return std::nullopt;
    }
  }

  // The other operands come first, since a literal takes their element type.
  std::optional<std::vector<NodeId>> check_operands(const std::vector<ExprPtr>& operands, std::optional<DType> wanted) {
    std::vector<MaybeNode> nodes(operands.size());
    for (const bool literals : {false, true}) {
      for (std::size_t i = 0; i < operands.size(); ++i) {
        if (is_literal(*operands[i]) != literals) continue;
        nodes[i] = check(*operands[i], wanted);
        if (nodes[i] && !wanted) wanted = graph_.nodes[*nodes[i]].type.dtype();
      }
      // Literals among themselves are f64 if one of them has a fraction.
      if (!wanted) wanted = any_has_fraction(operands) ? DType::kF64 : DType::kI64;
    }
    std::vector<NodeId> complete;
    for (const MaybeNode& node : nodes) {
      if (!node) return std::nullopt;
      complete.push_back(*node);
    }
    return complete;
  }

  static std::vector<std::int64_t> attributes_for(Op op, const std::vector<Keyword>& keywords,
                                                  std::span<const TensorType> operands) {
    const std::string_view wanted = keyword(op);
    for (const Keyword& given : keywords) {
      if (given.name.text != wanted)
        throw TypeError(concat(info(op).name, ": there is no keyword '", given.name.text, "'"));
    }
    if (keywords.size() > 1) throw TypeError(concat(info(op).name, ": '", wanted, "' is given twice"));
    if (keywords.empty()) {
      if (wanted == "shape") throw TypeError(concat(info(op).name, ": needs a shape, such as shape=[2, 3]"));
      return {};
    }
    std::vector<std::int64_t> attributes = keywords[0].values;
    if (wanted == "axis") normalize_axis(op, attributes, operands);
    return attributes;
  }

  // A negative axis counts from the innermost one. Any that does not exist is left for the inference to refuse.
  static void normalize_axis(Op op, std::vector<std::int64_t>& attributes, std::span<const TensorType> operands) {
    if (attributes.size() != 1) throw TypeError(concat(info(op).name, ": takes one axis, or none for all of them"));
    const auto rank = operands.empty() ? 0 : static_cast<std::int64_t>(operands[0].rank());
    if (attributes[0] < 0 && attributes[0] >= -rank) attributes[0] += rank;
  }

  MaybeNode literal(const Expr& expr, std::optional<DType> wanted) {
    const DType own = has_fraction(expr) ? DType::kF64 : DType::kI64;
    if (wanted == DType::kI64 && own == DType::kF64) {
      diagnostics_.report(expr.span, "this literal has a fraction, and an i64 is wanted");
      return std::nullopt;
    }
    Shape shape;
    std::vector<Number> numbers;
    if (!flatten(expr, 0, shape, numbers)) return std::nullopt;
    try {
      Tensor tensor(TensorType(wanted.value_or(own), std::move(shape)));
      fill(tensor, numbers);
      return graph_.add_constant(std::move(tensor));
    } catch (const TypeError& error) {
      diagnostics_.report(expr.span, error.what());
      return std::nullopt;
    }
  }

  // Gathers the numbers of a literal in order. The first element at each depth sets the size that its siblings must
  // have.
  bool flatten(const Expr& expr, std::size_t depth, Shape& shape, std::vector<Number>& numbers) {
    if (const auto* number = std::get_if<Number>(&expr.content)) {
      if (depth != shape.size()) return report(expr, "this list mixes numbers and lists");
      numbers.push_back(*number);
      return true;
    }
    const auto* list = std::get_if<List>(&expr.content);
    if (list == nullptr) return report(expr, "a list holds only numbers and lists of numbers");
    const auto size = static_cast<std::int64_t>(list->elements.size());
    if (depth == shape.size() && numbers.empty()) shape.push_back(size);
    if (depth >= shape.size()) return report(expr, "this list mixes numbers and lists");
    if (shape[depth] != size) {
      return report(expr, concat("this list has ", size, " elements, and its siblings have ", shape[depth]));
    }
    return std::all_of(list->elements.begin(), list->elements.end(),
                       [&](const ExprPtr& element) { return flatten(*element, depth + 1, shape, numbers); });
  }

  bool report(const Expr& expr, std::string message) {
    diagnostics_.report(expr.span, std::move(message));
    return false;
  }

  static void fill(Tensor& tensor, const std::vector<Number>& numbers) {
    visit_dtype(tensor.type().dtype(), [&]<typename T>(std::type_identity<T>) {
      std::transform(numbers.begin(), numbers.end(), tensor.values<T>().begin(), [](const Number& number) {
        return std::visit([](auto value) { return static_cast<T>(value); }, number.value);
      });
    });
  }

  Diagnostics& diagnostics_;
  Graph graph_;
  std::map<std::string, MaybeNode, std::less<>> names_;
};

}  // namespace

Graph check(const Module& module, Diagnostics& diagnostics) { return Checker(diagnostics).run(module); }

}  // namespace abacus
