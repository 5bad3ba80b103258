"""The policies and programmes that the engines are compared on, beyond the presets."""

from alvh.policy import CondorProgramme, HedgePolicy

CALL = {"name": "short", "weight": 0.4, "instrument": "vix_call", "tenor_days": 30,
        "roll_days": 7, "delta": 0.5}  # fmt: skip
SPREAD = {"name": "medium", "weight": 0.4, "instrument": "vix_call_spread", "tenor_days": 110,
          "roll_days": 75, "delta": 0.5, "short_delta": 0.2}  # fmt: skip
TAIL = {"name": "tail", "weight": 0.2, "instrument": "vix_call", "tenor_days": 220,
        "roll_days": 150, "delta": 0.25}  # fmt: skip
NO_GAINS = {"enabled": False}


def _hedge(name, layers, sizing=None, basis="premium", monetisation=None, **more):
    return HedgePolicy.model_validate(
        {"name": name, "layers": layers, "weight_basis": basis, "sizing": sizing or {},
         "monetisation": {} if monetisation is None else monetisation, **more}
    )  # fmt: skip


def _condors(name, **rules):
    return CondorProgramme.model_validate({"name": name, "kind": "condors", **rules})


HEDGES = {
    policy.name: policy
    for policy in (
        _hedge("spend", [CALL, SPREAD, TAIL], {"mode": "spend", "spend_per_year": 0.04}),
        _hedge(
            "spend-of-credits",
            [CALL, SPREAD, TAIL],
            {"mode": "spend", "spend_per_year": 0.3, "spend_base": "credits", "scale": 1.5},
        ),
        _hedge("offset", [CALL, SPREAD, TAIL], {"mode": "offset", "offset_cap": 0.02}),
        _hedge("vega", [CALL, SPREAD, TAIL], {"budget": 0.02}, basis="vega"),
        _hedge(
            "stress",
            [
                CALL | {"instrument": "vix_future", "delta": None},
                SPREAD | {"instrument": "spx_put", "delta": 0.2, "short_delta": None},
                TAIL,
            ],
            {"budget": 0.02},
            basis="stress",
        ),
        _hedge(
            "backspreads",
            [
                CALL | {"instrument": "vix_backspread", "delta": 0.25, "short_delta": 0.5},
                SPREAD | {"instrument": "spx_put_backspread", "delta": 0.1, "short_delta": 0.25},
                TAIL | {"delta": None, "strike": 40.0},
            ],
            {"budget": 0.05},
            monetisation={"multiples": [], "vix_levels": [25, 30, 40, 50]},
            signal_lag=2,
        ),
        _hedge(
            "futures-and-baskets",
            [
                CALL | {"instrument": "vix_futures_spread", "delta": None, "weight": 0.5},
                {"name": "medium", "weight": 0.3, "instrument": "basket_short", "tenor_days": 40},
                {"name": "tail", "weight": 0.2, "instrument": "basket_mid", "tenor_days": 150},
            ],
            {"budget": 0.5},
            monetisation=NO_GAINS,
        ),
        _hedge(
            "weekly-calls",
            [
                {"name": "short", "weight": 0.5, "instrument": "vix_call", "tenor_days": 9,
                 "delta": 0.4, "weeklies": True,
                 "schedule": {"breakpoints": [14, 18, 30], "weights": [0.5, 1, 2, 0]}},
                {"name": "medium", "weight": 0.5, "instrument": "spx_put", "tenor_days": 12,
                 "delta": 0.1},
            ],
            monetisation={"multiples": [1.5, 2, 3, 5], "fraction": 0.25},
        ),
    )
}  # fmt: skip

PROGRAMMES = {
    programme.name: programme
    for programme in (
        _condors(
            "stopped", short_delta=0.2, width=50, take_profit=0.6, stop=1.0, tenor_days=35,
            exit_days=7, entry="daily", risk_fraction=0.01, gate="C", fill=0.25,
        ),
        _condors(
            "range-gated", range_multiple=1.4, credit_target=1.6, width=25, tenor_days=1,
            entry="daily", risk_fraction=0.02, gate="A",
        ),
        _condors(
            "fixed-number", short_delta=0.25, long_delta=0.1, contracts=12, gate="B",
            tenor_days=60, exit_days=14, settlement="am", entry="weekly",
        ),
        _condors(
            "standard-range", range_multiple=5.0, width=75, step=25, settlement="am",
            expiry_rule="third_friday", tenor_days=30, entry="on_expiry", risk_fraction=0.4,
        ),
    )
}  # fmt: skip
