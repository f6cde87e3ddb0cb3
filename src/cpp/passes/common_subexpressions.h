// Computes nothing twice.
#pragma once

#include "ir/graph.h"

namespace abacus {

// Gives equal constants, and equal operations on equal operands, one node. Constants are equal if their bits are.
Graph eliminate_common_subexpressions(const Graph& graph);

}  // namespace abacus
