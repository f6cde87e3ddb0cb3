#pragma once

#include <stdexcept>
#include <string>

#define ENGINE_API __attribute__((visibility("default")))

namespace engine {

class ENGINE_API EngineError : public std::runtime_error {
 public:
  EngineError(const std::string& message, int code);
  ~EngineError() override;
  int code() const { return code_; }

 private:
  int code_;
};

class ENGINE_API Part {
 public:
  virtual ~Part();
};

class ENGINE_API Wheel : public Part {
 public:
  ~Wheel() override;
};

// Neither has a function of its own out of line: each user of the header has its own copy of their type information.
class ENGINE_API Named {
 public:
  virtual ~Named() = default;
  virtual std::string name() const = 0;
};

class ENGINE_API Task {
 public:
  virtual ~Task() = default;
  virtual void run() = 0;
};

// Throws: "runtime" a std::runtime_error, "custom" an EngineError, "int" an int.
ENGINE_API void fail(const std::string& kind);

// What a task threw, as text.
ENGINE_API std::string outcome(Task& task);

// A Wheel, of which the caller only sees that it is a Part.
ENGINE_API Part* make_wheel();

// What dynamic_cast finds a part to be.
ENGINE_API std::string kind(Part& part);

// How often this was called in the process: there is one library, however many extensions use it.
ENGINE_API int count();

}  // namespace engine
