"""The plugin's rules obey what Pants 2.29 and newer demand. CI runs Pants 2.17.1, which demands less.

The newer versions read a rule's body when its decorator runs: the module is then complete only up to the rule. They
know a rule that is further down by its signature alone.
"""

from __future__ import annotations

import ast
import builtins
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
RULES = REPOSITORY / "rules"
PANTS_API = "spokeshave_pants.pants_api"
SHIM = f"{PANTS_API}.by_name"
CONCURRENT = ((PANTS_API, "concurrently"), (f"{PANTS_API}.batches", "in_batches"))
HALVES = (f"{PANTS_API}.on_2_17", f"{PANTS_API}.on_2_29")
OWN_TESTS = f"{SHIM}_test"
DECORATORS = ("rule", "goal_rule")
BY_TYPE = ("Get", "MultiGet", "Effect", *DECORATORS)
# The number of parameters that Pants' own rules have in each version from 2.29 to 2.34.
PANTS_RULES = {
    "add_prefix": 1,
    "create_digest": 1,
    "current_platform": 3,
    "determine_explicitly_provided_dependencies": 4,
    "determine_resolve_config": 4,
    "determine_source_files": 1,
    "digest_subset_to_digest": 1,
    "digest_to_snapshot": 1,
    "download_file": 3,
    "environment_vars_subset": 2,
    "execute_process": 2,
    "execute_process_or_raise": 3,
    "find_interpreter": 4,
    "get_digest_contents": 1,
    "get_digest_entries": 1,
    "get_optional_source_root": 2,
    "get_source_root": 1,
    "get_target_for_environment_name": 2,
    "hydrate_sources": 4,
    "merge_digests": 1,
    "path_globs_to_digest": 1,
    "path_globs_to_paths": 1,
    "remove_prefix": 1,
    "resolve_address": 1,
    "resolve_environment_name": 3,
    "resolve_source_paths": 2,
    "resolve_target": 3,
    "resolve_targets": 3,
    "resolve_unexpanded_targets": 1,
    "resolve_unparsed_address_inputs": 2,
    "run_interactive_process": 1,
    "strip_source_roots": 1,
    "transitive_targets": 3,
}

AnyFunction = (ast.FunctionDef, ast.AsyncFunctionDef)
Name = tuple[str, str]
"""A module and a name in it."""


@dataclass(frozen=True)
class Binding:
    """What a module's name stands for: a name of a module, or a module. `line` is where the name is bound."""

    target: Name
    line: int


@dataclass(frozen=True)
class Module:
    """A parsed module. Names that are bound for type checkers alone are not bound."""

    name: str
    tree: ast.Module

    @functools.cached_property
    def bindings(self) -> dict[str, Binding]:
        found: dict[str, Binding] = {}
        for statement in self._statements(self.tree.body):
            for name, target in self._bound(statement):
                found.setdefault(name, Binding(target, statement.lineno))
        return found

    def _statements(self, body: list[ast.stmt]) -> Iterator[ast.stmt]:
        for statement in body:
            if isinstance(statement, ast.If):
                checked = "TYPE_CHECKING" in ast.unparse(statement.test)
                yield from self._statements([*(() if checked else statement.body), *statement.orelse])
            elif isinstance(statement, ast.Try):
                yield from self._statements([*statement.body, *statement.orelse])
            else:
                yield statement

    def _bound(self, statement: ast.stmt) -> Iterator[tuple[str, Name]]:
        if isinstance(statement, ast.ImportFrom):
            yield from ((each.asname or each.name, (statement.module or "", each.name)) for each in statement.names)
        elif isinstance(statement, ast.Import):
            yield from ((each.asname or each.name.split(".")[0], (each.name, "")) for each in statement.names)
        elif isinstance(statement, (*AnyFunction, ast.ClassDef)):
            yield statement.name, (self.name, statement.name)
        else:
            yield from ((name, (self.name, name)) for name, _ in stored_names(statement))

    @functools.cached_property
    def functions(self) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
        """The functions at the top level."""
        return {node.name: node for node in self.tree.body if isinstance(node, AnyFunction)}

    @functools.cached_property
    def calls(self) -> list[ast.Call]:
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]

    def target(self, node: ast.expr) -> Name:
        """Return what an expression refers to: a name, or a name of an imported module."""
        if isinstance(node, ast.Attribute):
            module, name = self.target(node.value)
            return (f"{module}.{name}".rstrip("."), node.attr)
        binding = self.bindings.get(node.id) if isinstance(node, ast.Name) else None
        return binding.target if binding else ("", "")


def stored_names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the variables and parameters below a node, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno


def is_rule(function: ast.AST) -> bool:
    return isinstance(function, AnyFunction) and any(
        isinstance(name := d.func if isinstance(d, ast.Call) else d, ast.Name) and name.id in DECORATORS
        for d in function.decorator_list
    )


@dataclass(frozen=True)
class Plugin:
    """The modules of the plugin, and what is wrong with their rules."""

    modules: Mapping[str, Module]

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> Plugin:
        return cls({name: Module(name, ast.parse(text)) for name, text in texts.items()})

    def function(self, target: Name) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        module, name = target
        return self.modules[module].functions.get(name) if module in self.modules else None

    def arity(self, target: Name) -> int | None:
        """Return the number of parameters of a rule. None for anything else."""
        module, name = target
        if module == PANTS_API:
            return PANTS_RULES.get(name)
        function = self.function(target)
        return len(function.args.args) if function is not None and is_rule(function) else None

    def is_helper(self, target: Name) -> bool:
        """Return whether a name refers to a coroutine function that is not a rule."""
        function = self.function(target)
        return isinstance(function, ast.AsyncFunctionDef) and not is_rule(function)

    def faults(self) -> list[str]:
        checks = (self._imports, self._definitions, self._calls, self._callers, self._order, self._hidden)
        found = [
            f"{module.name}:{line}: {fault}"
            for module in self.modules.values()
            if module.name not in (SHIM, *HALVES)
            for check in checks
            for line, fault in check(module)
        ]
        return [*found, *self._ambiguous()]

    def _imports(self, module: Module) -> Iterator[tuple[int, str]]:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pants."):
                for name in (each.name for each in node.names):
                    if name in BY_TYPE or name in exported(HALVES[0]):
                        yield node.lineno, f"import {name} from {PANTS_API}, or call a rule by its name"

    def _definitions(self, module: Module) -> Iterator[tuple[int, str]]:
        for node in ast.walk(module.tree):
            if not (isinstance(node, AnyFunction) and is_rule(node)):
                continue
            if not isinstance(node, ast.AsyncFunctionDef) or node not in module.tree.body:
                yield node.lineno, f"{node.name} is not an `async def` at the top level"
            if not isinstance(node.returns, ast.Name):
                yield node.lineno, f"{node.name} returns something else than the plain name of a type"
            if not all(each.annotation for each in node.args.args):
                yield node.lineno, f"{node.name} has a parameter without a type"
            if node.args.defaults or node.args.kwonlyargs or node.args.vararg or node.args.kwarg:
                yield node.lineno, f"{node.name} has other parameters than positional ones without defaults"
            for name in (each.annotation for each in node.args.args if each.annotation is not None):
                if module.target(name) in self._unions:
                    yield node.lineno, f"{node.name} takes a union, {ast.unparse(name)}, without being polymorphic"

    @functools.cached_property
    def _unions(self) -> frozenset[Name]:
        return frozenset(
            module.target(call.args[0])
            for module in self.modules.values()
            for call in module.calls
            if module.target(call.func)[1] == "UnionRule"
        )

    def _calls(self, module: Module) -> Iterator[tuple[int, str]]:
        for node in module.calls:
            name = ast.unparse(node.func)
            target = module.target(node.func)
            arity = self.arity(target)
            if arity is not None:
                yield from ((node.lineno, f"{name} {fault}") for fault in self._call(module, node, arity))
                if target[0] == PANTS_API and len(node.args) > explicit_arity(target[1]):
                    yield node.lineno, f"{name} takes fewer arguments on Pants 2.17.1"
            elif target in CONCURRENT:
                for coroutine in (call for each in node.args for call in elements(each)):
                    if self.is_helper(module.target(coroutine.func)):
                        called = ast.unparse(coroutine.func)
                        yield node.lineno, f"{name} takes calls of rules on Pants 2.17.1, and {called} is not one"

    def _call(self, module: Module, call: ast.Call, arity: int) -> Iterator[str]:
        if any(isinstance(each, ast.Starred) for each in call.args):
            yield "has an unknown number of arguments"
        elif len(call.args) > arity:
            yield f"has {len(call.args)} arguments for {arity} parameters"
        given = [each.value for each in call.keywords if each.arg is None and isinstance(each.value, ast.Call)]
        if len(given) != len(call.keywords) or any(module.target(each.func)[1] != "implicitly" for each in given):
            yield "has another keyword argument than `**implicitly()`"
        elif bool(given) is (len(call.args) >= arity):
            no_need = "has `**implicitly()` for no parameter"
            yield no_need if given else "lacks `**implicitly()` for its other parameters"
        elif given and not is_readable(given[0]):
            yield "has an argument of `**implicitly()` that is neither one call of a type nor one dictionary of types"

    def _callers(self, module: Module) -> Iterator[tuple[int, str]]:
        """Find calls of rules that no version reads: they are not in a coroutine at the top level."""
        if module.name.endswith("_test"):
            return
        read = {id(n) for f in module.functions.values() if isinstance(f, ast.AsyncFunctionDef) for n in ast.walk(f)}
        for call in module.calls:
            if id(call) not in read and self.arity(module.target(call.func)) is not None:
                yield call.lineno, f"{ast.unparse(call.func)} is called outside of a coroutine at the top level"

    def _order(self, module: Module) -> Iterator[tuple[int, str]]:
        for function in module.functions.values():
            if not is_rule(function):
                continue
            line = function.decorator_list[0].lineno
            needed = {node.id for node in self._needed(module, function, set())}
            for name in sorted(needed):
                bound = module.bindings.get(name)
                if not hasattr(builtins, name) and (bound is None or bound.line >= line):
                    yield line, f"{name} is not bound above the rule {function.name}, which needs it"

    def _needed(
        self, module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef, seen: set[str]
    ) -> Iterator[ast.Name]:
        """Yield the names that must be bound when the decorator of a rule runs."""
        seen.add(function.name)
        if is_rule(function):
            signature = (function.returns, *(each.annotation for each in function.args.args))
            yield from (node for node in signature if isinstance(node, ast.Name))
        for node in ast.walk(function):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            called = module.functions.get(node.func.id)
            if module.target(node.func)[1] == "implicitly":
                yield from implicit_types(node)
            elif called is not None and is_rule(called):
                yield from (each for each in (called.returns,) if isinstance(each, ast.Name))
            elif isinstance(called, ast.AsyncFunctionDef):
                yield node.func
                if called.name not in seen:
                    yield from self._needed(module, called, seen)

    def _hidden(self, module: Module) -> Iterator[tuple[int, str]]:
        for function in module.functions.values():
            if not isinstance(function, ast.AsyncFunctionDef):
                continue
            for name, line in stored_names(function):
                target = module.target(ast.Name(name))
                if self.arity(target) is not None or self.is_helper(target):
                    yield line, f"a variable of {function.name} hides the rule {name}"

    def _ambiguous(self) -> Iterator[str]:
        """Find rules that a call cannot tell apart on Pants 2.17.1: same output, same first parameter."""
        seen: dict[tuple[Name, Name], str] = {}
        for module in self.modules.values():
            rules = [f for f in module.functions.values() if is_rule(f) and not module.name.endswith("_test")]
            for function in rules:
                first = function.args.args[0].annotation if function.args.args else None
                if first is None or function.returns is None:
                    continue
                types = (module.target(function.returns), module.target(first))
                where = f"{module.name}.{function.name}"
                if types in seen:
                    yield f"{where} has the same output and the same first parameter as {seen[types]}"
                seen.setdefault(types, where)


def elements(node: ast.expr) -> Iterator[ast.Call]:
    """Yield the calls that an argument of `concurrently` consists of."""
    if isinstance(node, ast.Starred):
        yield from elements(node.value)
    elif isinstance(node, (ast.GeneratorExp, ast.ListComp)):
        yield from elements(node.elt)
    elif isinstance(node, (ast.List, ast.Tuple)):
        for element in node.elts:
            yield from elements(element)
    elif isinstance(node, ast.Call):
        yield node


def is_readable(implicit: ast.Call) -> bool:
    """Return whether newer versions can read the types of the arguments of `implicitly`."""
    if len(implicit.args) > 1 or implicit.keywords:
        return False
    for argument in implicit.args:
        if isinstance(argument, ast.Dict):
            return all(isinstance(value, ast.Name) for value in argument.values)
        if not isinstance(argument, ast.Call):
            return False
    return True


def implicit_types(implicit: ast.Call) -> Iterator[ast.Name]:
    for argument in implicit.args:
        named = argument.values if isinstance(argument, ast.Dict) else [getattr(argument, "func", argument)]
        yield from (node for node in named if isinstance(node, ast.Name))


def path_of(module: str) -> Path:
    return RULES / f"{module.replace('.', '/')}.py"


@functools.cache
def half(module: str) -> Module:
    return Module(module, ast.parse(path_of(module).read_text()))


@functools.cache
def exported(module: str) -> frozenset[str]:
    """Return `__all__` of a module."""
    return frozenset(ast.literal_eval(assigned(module)["__all__"]))


@functools.cache
def assigned(module: str) -> dict[str, ast.expr]:
    """Return the values that a half assigns to names at the top level."""
    statements = (node for node in half(module).tree.body if isinstance(node, ast.Assign))
    return {ast.unparse(node.targets[0]): node.value for node in statements}


@functools.cache
def explicit_arity(name: str) -> int:
    """Return how many arguments one of Pants' rules takes on Pants 2.17.1."""
    by_type = assigned(HALVES[0])[name]
    assert isinstance(by_type, ast.Call)
    return len(by_type.args) - 1


@pytest.fixture(scope="module")
def plugin() -> Plugin:
    files = sorted(file for file in RULES.rglob("*.py") if file.resolve().is_relative_to(RULES))
    names = (str(file.relative_to(RULES).with_suffix("")).replace("/", ".") for file in files)
    return Plugin.of({name: file.read_text() for name, file in zip(names, files) if not name.endswith("__init__")})


def test_all_rules_are_as_newer_versions_demand(plugin: Plugin) -> None:
    rules = [f for module in plugin.modules.values() for f in module.functions.values() if is_rule(f)]
    assert len(rules) >= 89
    assert [fault for fault in plugin.faults() if not fault.startswith(f"{OWN_TESTS}:")] == []


# Planted faults.

PRELUDE = """
from pants.engine.process import Process
from spokeshave_pants.pants_api import concurrently, execute_process, implicitly, merge_digests, rule
from spokeshave_pants.pants_api.batches import in_batches
class A: ...
class B: ...
class C: ...
class Tool: ...
@rule
async def b_of(a: A) -> B: ...
@rule
async def c_of(b: B, tool: Tool) -> C: ...
async def helper(a: A) -> tuple[B, C]:
    b = await b_of(a)
    return b, await c_of(b, **implicitly())
"""
CORRECT = """
@rule
async def correct(tool: Tool) -> A:
    b = await b_of(A())
    first, second = await concurrently(b_of(A()), c_of(b, **implicitly()))
    rest = await concurrently(c_of(b, tool) for _ in range(3))
    helped = await helper(A())
    result = await execute_process(**implicitly({Process(): Process, tool: Tool}))
    return await below(**implicitly(C()))
@rule
async def below(c: C, tool: Tool) -> A: ...
"""


def planted(text: str, prelude: str = PRELUDE) -> list[str]:
    return Plugin.of({"planted": prelude + text}).faults()


def test_a_correct_module_has_no_fault() -> None:
    assert planted(CORRECT) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("await b_of(A(), A())", "b_of has 2 arguments for 1 parameters"),
        ("await b_of(*values)", "b_of has an unknown number of arguments"),
        ("await b_of(a=A())", "b_of has another keyword argument than `**implicitly()`"),
        ("await b_of(**{})", "b_of has another keyword argument than `**implicitly()`"),
        ("await b_of(A(), **implicitly())", "b_of has `**implicitly()` for no parameter"),
        ("await c_of(B())", "c_of lacks `**implicitly()` for its other parameters"),
        ("await c_of(**implicitly(B(), Tool()))", "c_of has an argument of `**implicitly()` that is neither"),
        ("await c_of(**implicitly(tool))", "c_of has an argument of `**implicitly()` that is neither"),
        ("await merge_digests(A(), **implicitly())", "merge_digests has `**implicitly()` for no parameter"),
        ("await merge_digests()", "merge_digests lacks `**implicitly()`"),
        ("await execute_process(Process())", "execute_process lacks `**implicitly()`"),
        ("await execute_process(Process(), tool)", "execute_process takes fewer arguments on Pants 2.17.1"),
        ("await concurrently(helper(A()) for _ in range(3))", "concurrently takes calls of rules on Pants 2.17.1, and"),
        ("await in_batches(helper(A()) for _ in range(3))", "in_batches takes calls of rules on Pants 2.17.1, and"),
        ("await concurrently(*[helper(A())])", "concurrently takes calls of rules on Pants 2.17.1, and helper"),
        ("await below(A())", "Late is not bound above the rule planted, which needs it"),
        ("await needs_late()", "Late is not bound above the rule planted, which needs it"),
        ("await helper_below()", "helper_below is not bound above the rule planted, which needs it"),
        ("await c_of(**implicitly(Late()))", "Late is not bound above the rule planted, which needs it"),
        ("await c_of(**implicitly({tool: Late}))", "Late is not bound above the rule planted, which needs it"),
        ("b_of = await b_of(A())", "a variable of planted hides the rule b_of"),
        ("x, c_of = await helper(A())", "a variable of planted hides the rule c_of"),
        ("[helper for helper in ()]", "a variable of planted hides the rule helper"),
    ],
)
def test_a_fault_in_a_body_is_found(line: str, fault: str) -> None:
    text = f"""
async def needs_late() -> tuple[B]: return await below(A())
@rule
async def planted(tool: Tool) -> A:
    {line}
class Late: ...
@rule
async def below(a: A) -> Late: ...
async def helper_below() -> B: ...
"""
    found = planted(text)
    assert [each for each in found if fault in each] != []
    assert planted(text.replace(line, "...")) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("from pants.engine.rules import Get", "import Get from"),
        ("from pants.engine.internals.selectors import MultiGet", "import MultiGet from"),
        ("def test():\n    from pants.engine.rules import rule, Get", "import rule from"),
        ("from pants.core.util_rules.environments import LocalEnvironmentTarget", "import LocalEnvironmentTarget from"),
        ("@rule\ndef x(a: A) -> C: ...", "x is not an `async def` at the top level"),
        ("class D:\n    @rule(desc='x')\n    async def x(self: B) -> C: ...", "x is not an `async def` at the top"),
        ("@rule\nasync def x(a: A) -> module.C: ...", "x returns something else than the plain name of a type"),
        ("@rule\nasync def x(a: A): ...", "x returns something else than the plain name of a type"),
        ("@rule\nasync def x(a) -> C: ...", "x has a parameter without a type"),
        ("@rule\nasync def x(a: A = None) -> C: ...", "x has other parameters than positional ones without defaults"),
        ("@rule\nasync def x(*a: A) -> C: ...", "x has other parameters than positional ones without defaults"),
        ("@rule\nasync def x(a: A) -> Late: ...\nclass Late: ...", "Late is not bound above the rule x"),
        ("if TYPE_CHECKING:\n    import D\n@rule\nasync def x(a: D) -> C: ...", "D is not bound above the rule x"),
        ("@rule\nasync def x(b_of: Tool) -> C: ...", "a variable of x hides the rule b_of"),
        ("@rule\nasync def x(a: A, tool: Tool) -> B: ...", "x has the same output and the same first parameter as"),
        ("@rule\nasync def x(a: A) -> C: ...\nUnionRule(A, C)", "x takes a union, A,"),
        ("def x(): return b_of(A())", "b_of is called outside of a coroutine at the top level"),
        ("class D:\n    async def x(self): return await b_of(A())", "b_of is called outside of a coroutine at the top"),
    ],
)
def test_a_fault_in_a_definition_is_found(text: str, fault: str) -> None:
    prelude = f"from pants.engine.unions import UnionRule\n{PRELUDE}"
    assert [each for each in planted(text, prelude) if fault in each] != []


def test_a_rule_of_another_module_is_checked() -> None:
    lower = PRELUDE
    call = "from spokeshave_pants.pants_api import rule\nimport lower as low\nfrom lower import b_of\n"
    call += "async def x() -> tuple[low.B]: return await low.b_of(), await b_of()\n"
    found = Plugin.of({"lower": lower, "upper": call}).faults()
    missing = "lacks `**implicitly()` for its other parameters"
    assert found == [f"upper:4: low.b_of {missing}", f"upper:4: b_of {missing}"]


# The two halves of `pants_api`.


def test_both_halves_export_the_same_names() -> None:
    first, second = (exported(name) for name in HALVES)
    assert sorted(first ^ second) == []
    for name in HALVES:
        assert sorted(exported(name) - half(name).bindings.keys()) == []


def test_the_plugin_uses_every_exported_name() -> None:
    folder = path_of(SHIM).parent
    files = [path for path in folder.parent.rglob("*.py") if folder not in path.parents or path.stem == "batches"]
    names = {node.id for path in files for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
    assert exported(HALVES[0]) - names == set()


def test_every_rule_of_one_half_is_in_the_other() -> None:
    """The older half makes a rule by its types, the newer one imports it. The table above has its parameters."""
    by_type = {name for name, value in assigned(HALVES[0]).items() if isinstance(value, ast.Call)}
    newer = half(HALVES[1]).bindings
    imported = {name for name, bound in newer.items() if bound.target[0].startswith("pants.")}
    assert by_type == set(PANTS_RULES)
    assert by_type <= imported
    assert all(explicit_arity(name) <= parameters for name, parameters in PANTS_RULES.items())


def test_helpers_of_both_halves_have_the_same_signature() -> None:
    first, second = (
        {name: ast.unparse(function.args) for name, function in half(module).functions.items()} for module in HALVES
    )
    assert first == second != {}
