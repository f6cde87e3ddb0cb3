// Computes what can be computed now.
#pragma once

#include "ir/graph.h"

namespace abacus {

// Replaces operations on constants by their results, which the runtime's own kernels compute: bit for bit what a run
// would give. Leaves what would fail (it fails when it is run) and what would make a large constant.
Graph fold_constants(const Graph& graph);

}  // namespace abacus
