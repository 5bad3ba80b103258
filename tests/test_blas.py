"""The table of linear algebra that numba asks for comes alone, and is the one scipy has."""

import subprocess
import sys

SCRIPT = """
import sys
import numpy as np
import alvh.kernel.jit
from numba import njit

@njit
def solved(matrix, vector):
    return np.linalg.solve(matrix, np.dot(matrix, vector))

def dot(matrix, vector):
    return np.dot(matrix, vector)

vector = np.array([1.0, 2.0])
assert (njit(dot)(np.eye(2), vector) == vector).all()
assert "scipy.linalg" not in sys.modules
assert np.allclose(solved(np.array([[2.0, 1.0], [1.0, 3.0]]), vector), vector)
import scipy.linalg
from scipy.linalg import cython_blas
assert cython_blas is sys.modules["scipy.linalg.cython_blas"]
assert scipy.linalg.det(2.0 * np.eye(2)) == 4.0
"""


def test_compiled_products_work_without_the_rest_of_scipy():
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)
