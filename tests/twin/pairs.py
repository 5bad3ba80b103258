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

SIGNALS = [{"name": "vix_slope", "layer": "short"}, {"name": "rsi_gap", "layer": "medium"},
           {"name": "macd", "layer": "tail"}]  # fmt: skip
WEEKLY = CALL | {"weeklies": True, "roll_days": 9}

# Policies that hear signals or trade between rolls; the guides they are tried with are made up.
ADAPTIVE = {
    policy.name: policy
    for policy in (
        _hedge(
            "tilted", [CALL, SPREAD, TAIL],
            tilt={"strength": 0.25, "signals": SIGNALS, "band": 0.04, "confirmations": 3,
                  "trailing_mirr": 0.5},
        ),
        _hedge(
            "tilted-counts", [CALL, SPREAD, TAIL], basis="contracts",
            tilt={"strength": 0.25, "signals": SIGNALS, "band": 0.02, "confirmations": 1},
            rebalancing={"mode": "band", "band": 0.05},
        ),
        _hedge(
            "daily-motion", [CALL, SPREAD, TAIL], {"budget": 0.02},
            rebalancing={"mode": "band", "band": 0.0, "confirmations": 1},
        ),
        _hedge(
            "drifting-vega", [CALL, SPREAD, TAIL], {"budget": 0.03}, basis="vega",
            rebalancing={"mode": "band", "band": 0.08, "confirmations": 3},
        ),
        _hedge(
            "drifting-futures",
            [CALL | {"instrument": "vix_future", "delta": None}, SPREAD,
             TAIL | {"instrument": "vix_futures_spread", "delta": None}],
            {"budget": 0.2}, monetisation=NO_GAINS,
            rebalancing={"mode": "band", "band": 0.05}, tilt={"trailing_mirr": 1.0, "band": 0.01},
        ),
        _hedge(
            "inverting", [CALL | {"roll_days_inverted": 12}, SPREAD | {"roll_days_inverted": 40},
                          TAIL],
            inversion={"enabled": True, "stop_buying": ["short", "tail"]},
            reentry={"stages": 3, "retrace": 0.1, "gap_days": 4},
        ),
        _hedge(
            "inverting-by-level", [CALL, SPREAD, TAIL],
            monetisation={"multiples": [], "vix_levels": [16, 20, 25, 40], "fraction": 0.2},
            inversion={"enabled": True, "stop_buying": []},
            reentry={"stages": 2, "retrace": 0.05}, signal_lag=2,
        ),
        _hedge(
            "staged-spending", [CALL, SPREAD, TAIL], {"mode": "spend", "spend_per_year": 0.06},
            monetisation={"multiples": [1.2, 1.5, 2], "fraction": 0.3},
            reentry={"stages": 4, "retrace": 0.05, "gap_days": 2},
        ),
        _hedge(
            "staged-offset", [CALL, SPREAD, TAIL], {"mode": "offset", "offset_cap": 0.05},
            monetisation={"multiples": [1.2, 1.5, 2], "fraction": 0.3},
            reentry={"stages": 3, "retrace": 0.05, "gap_days": 2},
        ),
        _hedge(
            "rolling", [WEEKLY | {"roll_strength": 60, "spans_event": True},
                        SPREAD | {"roll_extrinsic": 0.6}, TAIL | {"roll_extrinsic": 0.5}],
            execution={"defer_distortion": 2.0, "defer_days": 4},
        ),
        _hedge(
            "strong", [CALL | {"roll_strength": 60, "roll_strength_days": 40},
                       SPREAD | {"roll_strength": 60}, TAIL], {"budget": 0.03}, basis="stress",
        ),
        _hedge(
            "least-cost", [CALL | {"roll_to": "least_cost"}, SPREAD | {"roll_to": "least_cost"},
                           TAIL | {"roll_to": "least_cost", "spans_event": True}], {"budget": 0.03},
        ),
        _hedge(
            "synthetic", [CALL, SPREAD, TAIL], {"budget": 0.08},
            execution={"construction": "synthetic", "depth": 60, "slice": 0.3},
            rebalancing={"mode": "band", "band": 0.2},
        ),
        _hedge(
            "financed", [CALL, SPREAD | {"short_delta": None, "financing": 0.3}, TAIL],
            execution={"construction": "cheapest", "depth": 20},
        ),
        _hedge(
            "careful", [CALL | {"instrument": "vix_future", "delta": None}, SPREAD, TAIL],
            {"budget": 0.05}, monetisation=NO_GAINS,
            limits={"quick_ratio": 12.0, "steward_score": 0.5,
                    "binding": ["quick_ratio", "steward_score"]},
        ),
    )
}  # fmt: skip

ADAPTIVE_PROGRAMMES = {
    programme.name: programme
    for programme in (
        _condors(
            "stepping-aside", short_delta=0.16, long_delta=0.05, tenor_days=30, exit_days=10,
            take_profit=0.5, skip_events=["fomc"], skip_days=2, premium_floor=0.4,
        ),
        _condors(
            "shifting", range_multiple=1.0, containment=0.8, width=25, tenor_days=2,
            entry="daily", risk_fraction=0.02,
            time_shift={"enabled": True, "vix": 11, "most_days": 9, "delta": 0.3, "rolls": 2},
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
