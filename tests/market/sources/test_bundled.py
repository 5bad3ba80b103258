"""The bundled history."""

import subprocess
import sys
from datetime import date

import numpy as np
import pytest

from alvh.errors import DataError
from alvh.market.history import load_history
from alvh.market.sources import bundled


def test_range_and_spot_values():
    history = load_history("bundled")
    assert (str(history.dates[0]), str(history.dates[-1])) == ("2014-01-03", "2018-12-31")
    assert np.isfinite(history["spx"]).all()
    assert np.isfinite(history["vix"]).all()
    at = np.searchsorted(history.dates, np.datetime64("2018-02-05"))
    # data/README.md: SPX 2648.94, VIX 37.32 on 2018-02-05
    assert history["spx"][at] == pytest.approx(2648.94, abs=0.005)
    assert history["vix"][at] == 37.32


def test_every_exchange_session_is_there():
    from alvh import calendars

    known = calendars.sessions().astype("datetime64[D]")
    history = load_history("bundled")
    inside = (known >= history.dates[0]) & (known <= history.dates[-1])
    assert np.array_equal(known[inside], history.dates)


def test_the_bill_rate_is_a_discount_rate():
    history = load_history("bundled")
    at = np.searchsorted(history.dates, np.datetime64("2018-10-01"))
    # French's RF for October 2018 is 0.19 %: 0.0019 / 1.0019 × 360 / 31
    assert history["bill_rate"][at] == pytest.approx(0.0019 / 1.0019 * 360 / 31, rel=1e-12)
    assert np.isnan(history["bill_rate"][history.dates > np.datetime64("2018-11-30")]).all()
    assert (history["bill_rate"][history.dates < np.datetime64("2015-12-01")] == 0).all()


def test_it_agrees_with_the_exchange(real_history):
    history = load_history("bundled")
    real = real_history.between(date(2014, 1, 3), date(2018, 12, 31))
    assert np.array_equal(history.dates, real.dates)
    for name in ("spx", "vix"):
        assert np.abs(history[name] - real[name]).max() < 0.006  # two decimals in the package


def test_the_package_is_not_imported():
    code = (
        "import sys; from alvh.market.history import load_history; load_history('bundled'); "
        "print('arch' in sys.modules, 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_without_the_package(monkeypatch):
    monkeypatch.setattr(bundled.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="'arch', which holds the bundled series, is not installed"):
        load_history("bundled")


def test_without_its_data(monkeypatch, tmp_path):
    monkeypatch.setattr(bundled, "_data_folder", lambda: tmp_path)
    with pytest.raises(DataError, match=r"sp500\.csv\.gz cannot be read"):
        load_history("bundled")
