// From a source text to its tree.
//
//   module     = { statement }
//   statement  = "input" NAME ":" type ";" | ( "let" | "output" ) NAME "=" expr ";"
//   type       = ( "f32" | "f64" | "i64" ) [ integers ]
//   expr       = term { ( "+" | "-" ) term }
//   term       = unary { ( "*" | "/" | "@" ) unary }
//   unary      = "-" unary | primary
//   primary    = NUMBER | "(" expr ")" | "[" expr { "," expr } "]" | NAME [ "(" argument { "," argument } ")" ]
//   argument   = expr | NAME "=" ( integer | integers )
//   integers   = "[" [ integer { "," integer } ] "]"
//   integer    = [ "-" ] NUMBER
//
// A comment goes from "#" to the end of its line.
#pragma once

#include <string_view>

#include "lang/ast.h"
#include "support/diagnostic.h"

namespace abacus {

// Expressions nest no deeper, so that recursion over a tree is safe on any thread's stack.
inline constexpr int kMaxDepth = 200;

// Reports and goes on after each statement that it cannot read.
Module parse(std::string_view source, Diagnostics& diagnostics);

}  // namespace abacus
