"""The one table of scipy that compiled code asks for, without the rest of scipy."""

import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec

_TABLE = "scipy.linalg.cython_blas"


def load_blas_table() -> None:
    """Load the addresses of the linear algebra routines before numba asks for them.

    numba imports ``scipy.linalg.cython_blas`` whenever it starts, and with it Python runs all of
    ``scipy.linalg``, which takes longer than any decision. The table is a module of its own that
    needs nothing of that; where it cannot be found alone, numba imports it as it always does.
    """
    scipy = None if _TABLE in sys.modules else find_spec("scipy")
    folders = [] if scipy is None else list(scipy.submodule_search_locations or ())
    spec = PathFinder.find_spec(_TABLE, [f"{folder}/linalg" for folder in folders])
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    sys.modules[_TABLE] = module
    try:
        spec.loader.exec_module(module)
    except ImportError:
        del sys.modules[_TABLE]
