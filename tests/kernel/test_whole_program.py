"""A program's own copies of what it calls are nobody else's."""

import numpy as np
from numba import njit

from alvh.kernel.whole_program import WholeProgram


@njit
def _part(values, unused, scale):
    """Long enough not to be written into its callers, with an argument that one never varies."""
    total = 0.0
    for value in values:
        if value > unused:
            total += np.sin(value * scale) / (1.0 + value * value)
        else:
            total -= np.cos(value) * scale
    for value in values[::-1]:
        total = total * 0.5 + np.exp(-value * value) * scale
    return total


@njit(pipeline_class=WholeProgram)
def _program(values):
    return _part(values, 0.5, 2.0) + _part(values[1:], 0.5, 2.0)


@njit
def _other(values):
    return _part(values, 0.1, 3.0) + _part(values[1:], 0.7, 4.0)


@njit
def _outer(values):
    return _program(values) - _other(values)


def test_the_program_and_others_call_one_function_each_as_it_is_written():
    values = np.linspace(0.0, 1.0, 11)
    part = _part.py_func
    program = part(values, 0.5, 2.0) + part(values[1:], 0.5, 2.0)
    other = part(values, 0.1, 3.0) + part(values[1:], 0.7, 4.0)
    assert np.isclose(_program(values), program, rtol=1e-13)
    assert np.isclose(_other(values), other, rtol=1e-13)  # compiled after the program
    assert np.isclose(_outer(values), program - other, rtol=1e-12)
    assert np.isclose(_part(values, 0.3, 1.0), part(values, 0.3, 1.0), rtol=1e-13)


def test_nothing_that_a_program_calls_can_be_entered_from_outside():
    _program(np.ones(3))
    (compiled,) = _program.overloads.values()
    functions = compiled.library._final_module.functions
    called = [function for function in functions if "_part" in function.name]
    assert all(function.linkage.name == "internal" for function in called)
    assert all(function.name.endswith("._program") for function in called)
