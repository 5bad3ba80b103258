"""What the decorators of the engine's functions promise."""

import pytest

from alvh.kernel.jit import compiled, internal, merged


@internal
def _twice(x):
    return 2.0 * x


@merged
def _less_one(x):
    if x > 100.0:
        return 100.0
    return x - 1.0


@compiled
def _through_both(x):
    return _less_one(_twice(x))


def test_a_compiled_function_calls_internal_and_merged_ones():
    assert _through_both(3.0) == 5.0
    assert _through_both(80.0) == 100.0


@pytest.mark.parametrize(("function", "value"), [(_twice, 6.0), (_less_one, 2.0)])
def test_python_is_refused_in_words_and_may_run_the_source(function, value):
    with pytest.raises(TypeError, match=f"{function.__name__} is compiled for compiled functions"):
        function(3.0)
    assert function.py_func(3.0) == value
