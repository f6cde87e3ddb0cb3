// From a graph to the program that the runtime executes.
#pragma once

#include "bytecode/program.h"
#include "ir/graph.h"

namespace abacus {

// Keeps every input, since callers name them, and of the rest only what an output needs.
Program lower(const Graph& graph);

}  // namespace abacus
