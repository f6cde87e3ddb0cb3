// A program between the source and the bytecode: a graph of typed values, each defined once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ops/op.h"
#include "support/tensor.h"
#include "support/type.h"

namespace abacus {

// The place of a value in its graph.
using NodeId = std::size_t;

struct InputNode {
  std::string name;
};

// Passes copy nodes from graph to graph, so they share the value.
struct ConstantNode {
  std::shared_ptr<const Tensor> value;
};

struct ApplyNode {
  Op op;
  std::vector<NodeId> operands;
  std::vector<std::int64_t> attributes;
};

struct Node {
  TensorType type;
  std::variant<InputNode, ConstantNode, ApplyNode> content;
};

struct GraphOutput {
  std::string name;
  NodeId node;
};

// Nodes in an order in which operands come before their users.
struct Graph {
  std::vector<Node> nodes;
  std::vector<GraphOutput> outputs;

  NodeId add(Node node) {
    nodes.push_back(std::move(node));
    return nodes.size() - 1;
  }

  NodeId add_constant(Tensor value) {
    const TensorType type = value.type();
    return add({type, ConstantNode{std::make_shared<const Tensor>(std::move(value))}});
  }
};

}  // namespace abacus
