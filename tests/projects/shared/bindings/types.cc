#include <Python.h>

#include <memory>
#include <string>
#include <typeinfo>

#include "engine/engine.h"

namespace {

class Door : public engine::Part, public engine::Named {
 public:
  std::string name() const override { return "door"; }
};

class Plain : public engine::Part {};

PyObject* from_library(PyObject*, PyObject*) {
  const std::unique_ptr<engine::Part> part(engine::make_wheel());
  const engine::Part& seen = *part;
  const bool same = typeid(seen) == typeid(engine::Wheel);
  const bool cast = dynamic_cast<engine::Wheel*>(part.get()) != nullptr;
  const bool other = dynamic_cast<Door*>(part.get()) != nullptr;
  return PyUnicode_FromFormat("same %d, cast %d, other %d", same, cast, other);
}

PyObject* to_library(PyObject*, PyObject*) {
  Door door;
  Plain plain;
  engine::Wheel wheel;
  const std::string kinds = engine::kind(door) + ", " + engine::kind(plain) + ", " + engine::kind(wheel);
  return PyUnicode_FromString(kinds.c_str());
}

PyObject* count(PyObject*, PyObject*) { return PyLong_FromLong(engine::count()); }

PyMethodDef methods[] = {
    {"from_library", from_library, METH_NOARGS, "What the extension sees in a part that the library made."},
    {"to_library", to_library, METH_NOARGS, "What the library sees in parts that the extension made."},
    {"count", count, METH_NOARGS, "How often the library was asked."},
    {nullptr, nullptr, 0, nullptr},
};

PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_types", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__types() { return PyModule_Create(&definition); }
