"""How the engine's functions are compiled.

They allocate nothing, so the compiler may leave out reference counting: a day's step passes a
dozen arrays through some twenty functions, and counting them would cost more than the prices.

Most of the time of a first run goes into making a library of machine code of every function, with
copies of all that it calls. So only what Python calls gets the two wrappers that make it callable,
and a step that has one caller is written into that caller, where the two stay of moderate size:
merging takes time with the square of it.
"""

from typing import Any

from numba import njit

from alvh._blas import load_blas_table

load_blas_table()

_OPTIONS: dict[str, Any] = {"cache": True, "_nrt": False}
compiled: Any = njit(**_OPTIONS)
# array loops of arithmetic, where a division by zero is infinite rather than an error to test for
vectorised: Any = njit(error_model="numpy", **_OPTIONS)
_INSIDE = _OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
internal: Any = njit(**_INSIDE)  # called by compiled functions only
merged: Any = njit(inline="always", **_INSIDE)  # likewise, and by one of them
