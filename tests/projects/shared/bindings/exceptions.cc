#include <Python.h>

#include <memory>
#include <string>

#include "engine/engine.h"

namespace {

class Failing : public engine::Task {
 public:
  explicit Failing(std::string kind) : kind_(std::move(kind)) {}

  void run() override {
    if (kind_ == "runtime") throw std::runtime_error("thrown by the extension");
    if (kind_ == "custom") throw engine::EngineError("thrown by the extension", 8);
    if (kind_ == "int") throw 43;
  }

 private:
  std::string kind_;
};

std::string text_of(PyObject* argument) {
  Py_ssize_t size = 0;
  const char* text = PyUnicode_AsUTF8AndSize(argument, &size);
  return text == nullptr ? std::string() : std::string(text, static_cast<std::size_t>(size));
}

PyObject* from_library(PyObject*, PyObject* argument) {
  std::string caught = "nothing";
  try {
    engine::fail(text_of(argument));
  } catch (const engine::EngineError& error) {
    caught = "EngineError " + std::to_string(error.code()) + ": " + error.what();
  } catch (const std::runtime_error& error) {
    caught = std::string("runtime_error: ") + error.what();
  } catch (int value) {
    caught = "int: " + std::to_string(value);
  }
  return PyUnicode_FromString(caught.c_str());
}

PyObject* to_library(PyObject*, PyObject* argument) {
  Failing task(text_of(argument));
  return PyUnicode_FromString(engine::outcome(task).c_str());
}

PyObject* count(PyObject*, PyObject*) { return PyLong_FromLong(engine::count()); }

PyMethodDef methods[] = {
    {"from_library", from_library, METH_O, "What the extension catches of a failure in the library."},
    {"to_library", to_library, METH_O, "What the library catches of a failure in the extension."},
    {"count", count, METH_NOARGS, "How often the library was asked."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_exceptions", nullptr, -1, methods, nullptr, nullptr, nullptr,
                          nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__exceptions() { return PyModule_Create(&definition); }
