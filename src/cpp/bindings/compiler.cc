// The Python module abacus_compiler._native.

// A domain of its own, as runtime.cc explains.
#define NB_DOMAIN abacus_compiler

#include <cstdio>  // for nanobind.h

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>

#include <string>
#include <string_view>

#include "bytecode/encoder.h"
#include "lang/ast.h"
#include "lang/checker.h"
#include "lang/parser.h"
#include "passes/common_subexpressions.h"
#include "passes/constant_folding.h"
#include "passes/lowering.h"
#include "support/diagnostic.h"
#include "support/error.h"
#include "support/version.h"

namespace nb = nanobind;

namespace abacus {
namespace {

std::string compile_to_bytecode(std::string_view source, std::string_view name, bool optimize) {
  Diagnostics diagnostics(name, source);
  const Module module = parse(source, diagnostics);
  Graph graph = check(module, diagnostics);
  diagnostics.throw_if_any();
  if (optimize) graph = eliminate_common_subexpressions(fold_constants(graph));
  return encode(lower(graph));
}

nb::bytes compile(std::string_view source, std::string_view name, bool optimize) {
  std::string bytecode;
  {
    const nb::gil_scoped_release released;
    bytecode = compile_to_bytecode(source, name, optimize);
  }
  return nb::bytes(bytecode.data(), bytecode.size());
}

std::string dump_ast(std::string_view source, std::string_view name) {
  Diagnostics diagnostics(name, source);
  const Module module = parse(source, diagnostics);
  diagnostics.throw_if_any();
  return to_text(module);
}

}  // namespace
}  // namespace abacus

NB_MODULE(_native, m) {
  nb::exception<abacus::CompileError>(m, "CompileError");
  m.def("compile", abacus::compile, nb::arg("source"), nb::arg("name") = "<string>", nb::kw_only(),
        nb::arg("optimize") = true);
  m.def("dump_ast", abacus::dump_ast, nb::arg("source"), nb::arg("name") = "<string>");
  m.def("core_version", abacus::core_version);
}
