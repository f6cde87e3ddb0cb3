#include "passes/common_subexpressions.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "ops/op.h"

namespace abacus {
namespace {

class Eliminator {
 public:
  Graph run(const Graph& graph) {
    for (const Node& node : graph.nodes) places_.push_back(place(node));
    for (const GraphOutput& output : graph.outputs) result_.outputs.push_back({output.name, places_[output.node]});
    return std::move(result_);
  }

 private:
  using ConstantKey = std::tuple<DType, Shape, std::string>;
  using ApplyKey = std::tuple<Op, std::vector<NodeId>, std::vector<std::int64_t>>;

  // Where the node's value is in the result.
  NodeId place(const Node& node) {
    if (const auto* constant = std::get_if<ConstantNode>(&node.content)) {
      const TensorView value = constant->value->view();
      const auto* bytes = reinterpret_cast<const char*>(value.bytes().data());
      return place_once(constants_, {node.type.dtype(), node.type.shape(), {bytes, value.bytes().size()}}, node);
    }
    if (const auto* apply = std::get_if<ApplyNode>(&node.content)) return place_apply(node.type, *apply);
    return result_.add(node);
  }

  NodeId place_apply(const TensorType& type, ApplyNode apply) {
    for (NodeId& operand : apply.operands) operand = places_[operand];
    ApplyKey key = {apply.op, apply.operands, apply.attributes};
    if (is_commutative(apply.op)) std::sort(std::get<1>(key).begin(), std::get<1>(key).end());
    return place_once(applies_, std::move(key), {type, std::move(apply)});
  }

  template <typename Key>
  NodeId place_once(std::map<Key, NodeId>& known, Key key, Node node) {
    const auto [entry, is_new] = known.try_emplace(std::move(key), result_.nodes.size());
    if (is_new) result_.add(std::move(node));
    return entry->second;
  }

  Graph result_;
  std::vector<NodeId> places_;
  std::map<ConstantKey, NodeId> constants_;
  std::map<ApplyKey, NodeId> applies_;
};

}  // namespace

Graph eliminate_common_subexpressions(const Graph& graph) { return Eliminator().run(graph); }

}  // namespace abacus
