// The Python module abacus_runtime._native.

// Two modules of one domain share nanobind's tables, its exception translators included. A translator knows only the
// C++ types of its own image, so each module has a domain of its own. To be set before nanobind is included.
#define NB_DOMAIN abacus_runtime

#include <cstdio>  // for nanobind.h

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "bytecode/decoder.h"
#include "bytecode/listing.h"
#include "bytecode/verifier.h"
#include "support/error.h"
#include "support/tensor.h"
#include "support/text.h"
#include "support/version.h"
#include "vm/interpreter.h"
#include "vm/thread_pool.h"

namespace nb = nanobind;

namespace abacus {
namespace {

// Keeps the exporter's memory in place while it is alive.
using InputArray = nb::ndarray<nb::ro, nb::device::cpu>;
using OutputArray = nb::ndarray<nb::memview, nb::device::cpu>;

nb::dlpack::dtype to_dlpack(DType dtype) {
  return visit_dtype(dtype, []<typename T>(std::type_identity<T>) { return nb::dtype<T>(); });
}

bool is_row_major(const InputArray& array) {
  std::int64_t stride = 1;
  for (std::size_t i = array.ndim(); i-- > 0;) {
    if (array.shape(i) != 1 && array.stride(i) != stride) return false;
    stride *= static_cast<std::int64_t>(array.shape(i));
  }
  return true;
}

// Whether the array is flat, with as many elements as the type wants, or has the type's very shape.
bool has_shape_for(const InputArray& array, const TensorType& type) {
  if (array.ndim() == 1 && array.size() == static_cast<std::size_t>(type.element_count())) return true;
  return std::equal(array.shape_ptr(), array.shape_ptr() + array.ndim(), type.shape().begin(), type.shape().end());
}

// What keeps the array from being the input; nothing if it is fit.
std::optional<std::string> find_problem(const InputArray& array, const TensorType& type) {
  if (array.dtype() != to_dlpack(type.dtype())) return "its elements have another type";
  if (!has_shape_for(array, type)) {
    return concat("its shape is [", join(std::span(array.shape_ptr(), array.ndim()), ", "), "]");
  }
  if (!is_row_major(array)) return "its elements are not contiguous in row-major order";
  if (reinterpret_cast<std::uintptr_t>(array.data()) % item_size(type.dtype()) != 0)
    return "its elements are not aligned";
  return std::nullopt;
}

// The arrays for one run.
class Inputs {
 public:
  // Throws InputError with all that is wrong.
  Inputs(const std::vector<Parameter>& wanted, const nb::dict& given) {
    for (const Parameter& input : wanted) add(input, given);
    for (const nb::handle name : given.keys()) {
      const bool is_known = std::any_of(wanted.begin(), wanted.end(), [&](const Parameter& input) {
        return name.equal(nb::str(input.name.c_str()));
      });
      if (!is_known) problems_.push_back(concat("the program has no input ", nb::cast<std::string>(nb::repr(name))));
    }
    if (!problems_.empty()) throw InputError(join(problems_, "; "));
  }

  std::span<const TensorView> views() const { return views_; }

 private:
  void add(const Parameter& input, const nb::dict& given) {
    const nb::str name(input.name.c_str());
    if (!given.contains(name)) {
      problems_.push_back(concat("input '", input.name, "' (", input.type, ") is missing"));
      return;
    }
    InputArray array;
    const std::optional<std::string> problem = nb::try_cast(given[name], array, /* convert = */ false)
                                                   ? find_problem(array, input.type)
                                                   : "it is not a buffer of numbers";
    if (problem) {
      problems_.push_back(concat("input '", input.name, "' is no ", input.type, ": ", *problem));
      return;
    }
    views_.emplace_back(input.type, static_cast<const std::byte*>(array.data()));
    arrays_.push_back(std::move(array));
  }

  std::vector<InputArray> arrays_;
  std::vector<TensorView> views_;
  std::vector<std::string> problems_;
};

// A memoryview that owns the tensor.
nb::object to_memoryview(Tensor tensor) {
  auto owned = std::make_unique<Tensor>(std::move(tensor));
  const nb::capsule owner(owned.get(), [](void* pointer) noexcept { delete static_cast<Tensor*>(pointer); });
  Tensor& kept = *owned.release();
  const std::vector<std::size_t> shape(kept.type().shape().begin(), kept.type().shape().end());
  return nb::cast(
      OutputArray(kept.bytes().data(), shape.size(), shape.data(), owner, nullptr, to_dlpack(kept.type().dtype())));
}

Interpreter load(const nb::bytes& bytecode) {
  const std::span bytes(static_cast<const std::byte*>(bytecode.data()), bytecode.size());
  return Interpreter(VerifiedProgram(decode(bytes)));
}

std::vector<Parameter> outputs(const Interpreter& interpreter) {
  const VerifiedProgram& verified = interpreter.program();
  std::vector<Parameter> outputs;
  for (const ProgramOutput& output : verified.program().outputs) {
    outputs.push_back({output.name, verified.types()[output.value]});
  }
  return outputs;
}

nb::dict run(const Interpreter& interpreter, const nb::dict& given, int threads) {
  const Program& program = interpreter.program().program();
  const Inputs inputs(program.inputs, given);
  std::vector<Tensor> results;
  {
    const nb::gil_scoped_release released;
    ThreadPool pool(threads);
    results = interpreter.run(inputs.views(), pool);
  }
  nb::dict named;
  for (std::size_t i = 0; i < results.size(); ++i) {
    named[program.outputs[i].name.c_str()] = to_memoryview(std::move(results[i]));
  }
  return named;
}

nb::tuple shape(const Parameter& parameter) { return nb::tuple(nb::cast(parameter.type.shape())); }

}  // namespace
}  // namespace abacus

NB_MODULE(_native, m) {
  using namespace abacus;

  // The base first: the translators are asked from the last to the first.
  const nb::exception<Error> error(m, "AbacusError");
  nb::exception<BytecodeError>(m, "BytecodeError", error);
  nb::exception<InputError>(m, "InputError", error);
  nb::exception<ExecutionError>(m, "ExecutionError", error);

  m.def("core_version", core_version);
  m.attr("MAX_THREADS") = int{ThreadPool::kMaxThreads};

  nb::class_<Parameter>(m, "TensorSpec")
      .def_ro("name", &Parameter::name)
      .def_prop_ro("dtype", [](const Parameter& parameter) { return std::string(name(parameter.type.dtype())); })
      .def_prop_ro("shape", shape)
      .def("__repr__", [](const Parameter& parameter) { return concat(parameter.name, ": ", parameter.type); });

  nb::class_<Interpreter>(m, "Program")
      .def(nb::new_(&load), nb::arg("bytecode"))
      .def_prop_ro("inputs", [](const Interpreter& interpreter) { return interpreter.program().program().inputs; })
      .def_prop_ro("outputs", outputs)
      .def("listing", [](const Interpreter& interpreter) { return to_listing(interpreter.program()); })
      .def("run", run, nb::arg("inputs"), nb::kw_only(), nb::arg("threads") = 1);
}
