"""numba's compiler for functions that only compiled functions call: they are optimized once, with their callers.

numba makes machine code of every function, and optimizes a function that another one calls again there, and again in
the callers of that one. Here a *part* stays as it was lowered, until the function that Python calls, the *entry*, is
linked from all of its parts; only this one is optimized. And what type an operation on given types has is looked up
once, not at each operation: numba takes longer for that than for anything else.

This relies on numba's internal classes. Where they are not as expected, `tuning.kernels.compiling` uses numba's own
compiler; the compiled code gives the same results.
"""

import gc
from typing import Any

import numba
from numba import _dynfunc  # type: ignore[attr-defined]
from numba.core import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering, NopythonTypeInference

UNUSED = frozenset(
    {
        "DeadBranchPrune",
        "FindLiterallyCalls",
        "InlineClosureLikes",
        "InlineInlinables",
        "InlineOverloads",
        "LiteralPropagationSubPipelinePass",
        "LiteralUnroll",
        "MakeFunctionToJitFunction",
        "NopythonRewrites",
        "RewriteSemanticConstants",
        "WithLifting",
    }
)
"""numba's passes for what parts cannot have: closures, array expressions, `with`, arguments None."""


class PartLibrary(JITCodeLibrary):
    """The code of a part and of the parts that it calls, as it was lowered."""

    def add_llvm_module(self, module: Any) -> None:
        self._final_module.link_in(module)

    def finalize(self) -> None:
        for library in dict.fromkeys(self._linking_libraries):
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True


class EntryLibrary(JITCodeLibrary):
    """The code of an entry and all its parts, optimized once: numba's first pass serves to count references less often.

    Loops are not unrolled, which takes as long as all else; loops over the axes of a space are short.
    """

    def add_llvm_module(self, module: Any) -> None:
        self._final_module.link_in(module)

    def _optimize_final_module(self) -> None:
        builder = self._codegen._pass_builder()
        builder.loop_unrolling = False
        builder.getModulePassManager().run(self._final_module, builder)


class KnownTypes:
    """numba's typing context, which remembers the results of operations on types."""

    results: dict[Any, Any] = {}  # noqa: RUF012

    def __init__(self, context: Any) -> None:
        self._context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def resolve_function_type(self, function: Any, args: Any, named: Any) -> Any:
        if isinstance(function, types.Dispatcher) or named:
            return self._context.resolve_function_type(function, args, named)
        key = function, tuple(args)
        found = self.results.get(key) or self._context.resolve_function_type(function, args, named)
        if found is not None:
            self.results[key] = found
        return found


@register_pass(mutates_CFG=True, analysis_only=False)
class KnownTypeInference(NopythonTypeInference):
    """numba's type inference with `KnownTypes`."""

    _name = "known_type_inference"

    def run_pass(self, state: Any) -> bool:
        context = state.typingctx
        state.typingctx = KnownTypes(context)
        try:
            return bool(super().run_pass(state))
        finally:
            state.typingctx = context


def _refresh_once(context: Any) -> None:
    """Let a function's target context look for new implementations now, not again at each operation."""
    context.refresh()
    context.refresh = lambda: None


@register_pass(mutates_CFG=True, analysis_only=False)
class PartLowering(NativeLowering):
    """numba's lowering to LLVM's language, into a `PartLibrary`."""

    _name = "part_lowering"

    def run_pass(self, state: Any) -> bool:
        _refresh_once(state.targetctx)
        state.flags.no_compile = True
        state.library = PartLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        super().run_pass(state)
        lowered = state["cr"]
        names = lowered.fndesc.lookup_module(), lowered.fndesc.qualname, ""
        entry = _dynfunc.make_function(*names, 0, lowered.env, (state.library,))
        state.targetctx.insert_user_function(entry, lowered.fndesc, [state.library])
        state["cr"] = lowered._replace(cfunc=entry)
        return True


@register_pass(mutates_CFG=True, analysis_only=False)
class EntryLowering(NativeLowering):
    """numba's lowering to LLVM's language, into an `EntryLibrary`."""

    _name = "entry_lowering"

    def run_pass(self, state: Any) -> bool:
        _refresh_once(state.targetctx)
        state.library = EntryLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return bool(super().run_pass(state))


class PartCompiler(Compiler):
    """The compiler of parts."""

    passes: dict[Any, Any] = {NopythonTypeInference: KnownTypeInference, NativeLowering: PartLowering}  # noqa: RUF012
    unused: frozenset[str] = UNUSED

    def define_pipelines(self) -> list[Any]:
        (pipeline,) = super().define_pipelines()
        passes = [(self.passes.get(one, one), text) for one, text in pipeline.passes if one.__name__ not in self.unused]
        pipeline.passes = passes
        return [pipeline]


class EntryCompiler(PartCompiler):
    """The compiler of entries."""

    passes: dict[Any, Any] = {NopythonTypeInference: KnownTypeInference, NativeLowering: EntryLowering}  # noqa: RUF012
    unused: frozenset[str] = frozenset()

    def compile_extra(self, function: Any) -> Any:
        collects = gc.isenabled()
        gc.disable()
        try:
            return super().compile_extra(function)
        finally:
            if collects:
                gc.enable()


def jit(*, cache: bool = False, **options: Any) -> Any:
    """`numba.njit` by these compilers: a function that Python cannot call is a part, and is not cached."""
    is_part = options.get("no_cpython_wrapper", False)
    compiler = PartCompiler if is_part else EntryCompiler

    def decorate(function: Any) -> Any:
        made = numba.njit(pipeline_class=compiler, cache=cache and not is_part, **options)(function)
        template = made.get_call_template
        # An argument that is a literal number has the type of other numbers, so that nothing is compiled twice.
        made.get_call_template = lambda args, named: template([types.unliteral(one) for one in args], named)
        return made

    return decorate
