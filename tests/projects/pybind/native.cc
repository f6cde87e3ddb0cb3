#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

class Counter {
 public:
  void add(const std::vector<std::string>& words) {
    for (const std::string& word : words) ++counts_[word];
  }

  const std::map<std::string, int>& counts() const { return counts_; }

 private:
  std::map<std::string, int> counts_;
};

int checked(int value) {
  if (value < 0) throw std::out_of_range("below zero");
  return value;
}

}  // namespace

PYBIND11_MODULE(_native, module) {
  module.def("checked", &checked);
  pybind11::class_<Counter>(module, "Counter")
      .def(pybind11::init<>())
      .def("add", &Counter::add)
      .def_property_readonly("counts", &Counter::counts);
}
