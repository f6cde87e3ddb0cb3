// What a source text says, before anything is checked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "support/diagnostic.h"
#include "support/type.h"

namespace abacus {

struct Expr;
using ExprPtr = std::unique_ptr<Expr>;

struct Identifier {
  std::string text;
  Span span;
};

// A literal number. It has no type of its own: it takes that of what it is combined with.
struct Number {
  std::variant<std::int64_t, double> value;
};

// A literal tensor: numbers, or lists of them.
struct List {
  std::vector<ExprPtr> elements;
};

struct Reference {
  std::string name;
};

struct Keyword {
  Identifier name;
  std::vector<std::int64_t> values;
};

// A call. Operators are calls as well: `a + b` is `add(a, b)`.
struct Call {
  Identifier callee;
  std::vector<ExprPtr> operands;
  std::vector<Keyword> keywords;
};

struct Expr {
  Span span;
  int depth;  // of the tree below: 1 for a leaf
  std::variant<Number, List, Reference, Call> content;
};

struct InputStatement {
  Identifier name;
  TensorType type;
};

struct LetStatement {
  Identifier name;
  ExprPtr value;
};

struct OutputStatement {
  Identifier name;
  ExprPtr value;
};

// Could not be read. Its name is kept, so that nobody is told that the name does not exist.
struct InvalidStatement {
  Identifier name;
};

using Statement = std::variant<InputStatement, LetStatement, OutputStatement, InvalidStatement>;

struct Module {
  std::vector<Statement> statements;
};

// The tree as text, one S-expression for each statement.
std::string to_text(const Module& module);

}  // namespace abacus
