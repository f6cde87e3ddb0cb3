#include "passes/constant_folding.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "support/error.h"
#include "vm/kernels.h"
#include "vm/thread_pool.h"

namespace abacus {
namespace {

// A larger result costs more in the bytecode than it saves in a run.
constexpr std::int64_t kMaxFoldedElements = 1024;

std::optional<Tensor> try_fold(const Graph& graph, const Node& node) {
  const auto* apply = std::get_if<ApplyNode>(&node.content);
  if (apply == nullptr || node.type.element_count() > kMaxFoldedElements) return std::nullopt;
  std::vector<TensorView> operands;
  for (NodeId id : apply->operands) {
    const auto* constant = std::get_if<ConstantNode>(&graph.nodes[id].content);
    if (constant == nullptr) return std::nullopt;
    operands.push_back(constant->value->view());
  }
  try {
    ThreadPool caller_only(1);
    Tensor result(node.type);
    run_kernel(apply->op, operands, apply->attributes, result, caller_only);
    return result;
  } catch (const ExecutionError&) {
    return std::nullopt;
  }
}

}  // namespace

Graph fold_constants(const Graph& graph) {
  Graph folded = {{}, graph.outputs};  // nodes keep their places
  for (const Node& node : graph.nodes) {
    if (std::optional<Tensor> value = try_fold(folded, node)) {
      folded.add_constant(std::move(*value));
    } else {
      folded.add(node);
    }
  }
  return folded;
}

}  // namespace abacus
