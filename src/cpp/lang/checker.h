// From a tree to a typed graph: names, arguments, element types and shapes are checked.
#pragma once

#include "ir/graph.h"
#include "lang/ast.h"
#include "support/diagnostic.h"

namespace abacus {

// Reports every error. The graph is complete only if nothing was reported, while parsing or here.
Graph check(const Module& module, Diagnostics& diagnostics);

}  // namespace abacus
