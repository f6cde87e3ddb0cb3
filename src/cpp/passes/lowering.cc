#include "passes/lowering.h"

#include <utility>
#include <variant>
#include <vector>

namespace abacus {
namespace {

std::vector<bool> find_needed(const Graph& graph) {
  std::vector<bool> needed(graph.nodes.size(), false);
  for (const GraphOutput& output : graph.outputs) needed[output.node] = true;
  for (NodeId id = graph.nodes.size(); id-- > 0;) {
    const auto* apply = std::get_if<ApplyNode>(&graph.nodes[id].content);
    if (apply == nullptr || !needed[id]) continue;
    for (NodeId operand : apply->operands) needed[operand] = true;
  }
  return needed;
}

class Lowering {
 public:
  explicit Lowering(const Graph& graph) : graph_(graph), needed_(find_needed(graph)), registers_(graph.nodes.size()) {}

  // The registers hold first the inputs, then the constants, then the results.
  Program run() {
    each<InputNode>([&](const Node& node, const InputNode& input, bool) {
      program_.inputs.push_back({input.name, node.type});
      return true;
    });
    each<ConstantNode>([&](const Node&, const ConstantNode& constant, bool is_needed) {
      if (is_needed) program_.constants.push_back(constant.value);
      return is_needed;
    });
    each<ApplyNode>([&](const Node&, const ApplyNode& apply, bool is_needed) {
      if (is_needed) add_instruction(apply);
      return is_needed;
    });
    for (const GraphOutput& output : graph_.outputs) {
      program_.outputs.push_back({output.name, registers_[output.node]});
    }
    return std::move(program_);
  }

 private:
  // Gives the next register to each node of a kind that `emit` says it has emitted.
  template <typename Content, typename Emit>
  void each(Emit emit) {
    for (NodeId id = 0; id < graph_.nodes.size(); ++id) {
      const auto* content = std::get_if<Content>(&graph_.nodes[id].content);
      if (content != nullptr && emit(graph_.nodes[id], *content, needed_[id])) registers_[id] = next_register_++;
    }
  }

  void add_instruction(const ApplyNode& apply) {
    Instruction instruction = {apply.op, {}, apply.attributes};
    for (NodeId operand : apply.operands) instruction.operands.push_back(registers_[operand]);
    program_.instructions.push_back(std::move(instruction));
  }

  const Graph& graph_;
  std::vector<bool> needed_;
  std::vector<Register> registers_;
  Register next_register_ = 0;
  Program program_;
};

}  // namespace

Program lower(const Graph& graph) { return Lowering(graph).run(); }

}  // namespace abacus
