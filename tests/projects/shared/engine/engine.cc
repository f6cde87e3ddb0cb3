#include "engine/engine.h"

namespace engine {

EngineError::EngineError(const std::string& message, int code) : std::runtime_error(message), code_(code) {}
EngineError::~EngineError() = default;
Part::~Part() = default;
Wheel::~Wheel() = default;

void fail(const std::string& kind) {
  if (kind == "runtime") throw std::runtime_error("thrown by the library");
  if (kind == "custom") throw EngineError("thrown by the library", 7);
  if (kind == "int") throw 42;
}

std::string outcome(Task& task) {
  try {
    task.run();
  } catch (const EngineError& error) {
    return "EngineError " + std::to_string(error.code()) + ": " + error.what();
  } catch (const std::runtime_error& error) {
    return std::string("runtime_error: ") + error.what();
  } catch (int value) {
    return "int: " + std::to_string(value);
  }
  return "nothing";
}

Part* make_wheel() { return new Wheel; }

std::string kind(Part& part) {
  if (dynamic_cast<Wheel*>(&part) != nullptr) return "wheel";
  if (const auto* named = dynamic_cast<Named*>(&part)) return "named " + named->name();
  return "part";
}

int count() {
  static int calls = 0;
  return ++calls;
}

}  // namespace engine
