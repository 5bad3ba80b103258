"""How the engine's functions are compiled.

They allocate nothing, so the compiler may leave out reference counting: a day's step passes a
dozen arrays through some twenty functions, and counting them would cost more than the prices.
"""

from typing import Any

from numba import njit

from alvh._blas import load_blas_table

load_blas_table()

_OPTIONS: dict[str, Any] = {"cache": True, "_nrt": False}
compiled: Any = njit(**_OPTIONS)
# array loops of arithmetic, where a division by zero is infinite rather than an error to test for
vectorised: Any = njit(error_model="numpy", **_OPTIONS)
