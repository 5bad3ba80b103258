"""How values are written: no p-value below what its resampled histories can show."""

import pytest

from alvh.formats import p_value


@pytest.mark.parametrize(
    ("value", "resamples", "text"),
    [
        (0.0, 200, "< 0.005"),  # 1 / 201 = 0.00498
        (0.0, 250, "< 0.004"),  # 1 / 251 = 0.00398
        (0.0, 300, "< 0.004"),  # 1 / 301 = 0.00332, rounded up: below 0.003 is not known
        (0.0, 1000, "< 0.001"),
        (0.0, 2000, "< 0.0005"),
        (0.0, 1, "< 0.5"),
        (1 / 200, 200, "= 0.005"),
        (1 / 2000, 2000, "= 0.0005"),
        (0.1394, 200, "= 0.139"),
        (1.0, 200, "= 1.000"),
        (float("nan"), 0, "= –"),
        (None, 200, "= –"),
    ],
)
def test_no_p_value_is_below_what_the_histories_can_show(
    value: float | None, resamples: int, text: str
) -> None:
    assert p_value(value, resamples) == text
