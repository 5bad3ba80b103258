"""How the engine's functions are compiled.

They allocate nothing, so the compiler may leave out reference counting: a day's step passes a
dozen arrays through some twenty functions, and counting them would cost more than the prices.

Most of the time of a first run goes into making a library of machine code of every function, with
copies of all that it calls. So only what Python calls gets the two wrappers that make it callable,
and a step that has one caller is written into that caller, where the two stay of moderate size:
merging takes time with the square of it.

What Python enters a run by is compiled as a :mod:`whole program <alvh.kernel.whole_program>`.
"""

import functools
from collections.abc import Callable
from typing import Any, NoReturn

from numba import njit, typeof
from numba.extending import typeof_impl

from alvh._blas import load_blas_table
from alvh.kernel.whole_program import WholeProgram

load_blas_table()

_OPTIONS: dict[str, Any] = {"cache": True, "_nrt": False}
_WITHOUT_WRAPPERS: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


class Internal:
    """A function that only compiled functions call; ``py_func`` is what it was compiled from.

    Without wrappers there is nothing that Python could enter it by, and trying would end the
    process.
    """

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        functools.update_wrapper(self, function)
        self.py_func = function
        self.dispatcher: Any = njit(**_OPTIONS, **_WITHOUT_WRAPPERS, **options)(function)
        self.targetoptions = self.dispatcher.targetoptions  # the compiler looks for ``inline`` here

    def __call__(self, *_args: Any) -> NoReturn:
        """Refuse."""
        raise TypeError(
            f"{self.py_func.__name__} is compiled for compiled functions only; what Python calls "
            "is decorated with `compiled`"
        )


@typeof_impl.register(Internal)
def _typeof_internal(function: Internal, _context: Any) -> Any:
    return typeof(function.dispatcher)  # type: ignore[no-untyped-call]


compiled: Any = njit(**_OPTIONS)
whole_program: Any = njit(pipeline_class=WholeProgram, **_OPTIONS)
# array loops of arithmetic, where a division by zero is infinite rather than an error to test for
vectorised: Any = njit(error_model="numpy", **_OPTIONS)
internal: Any = Internal
merged: Any = functools.partial(Internal, inline="always")  # into its one caller
