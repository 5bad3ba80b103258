"""Validated policies turned into the kernel's records."""

import numpy as np
from numpy.typing import NDArray

from alvh.errors import PolicyError
from alvh.kernel import codes
from alvh.kernel.policies import ACCOUNT, HEDGE, LAYER, PROGRAMME, RUNGS, SCHEDULE_STEPS
from alvh.policy import CondorProgramme, HedgePolicy, Layer

Records = NDArray[np.void]


def compile_hedge(policy: HedgePolicy) -> tuple[Records, Records]:
    """Compile a hedge policy.

    Parameters
    ----------
    policy : HedgePolicy
        Validated policy.

    Returns
    -------
    hedge : ndarray of HEDGE, shape (1,)
    layers : ndarray of LAYER, shape (3,)
        Short, medium, tail; a layer the policy lacks has weight 0.

    Raises
    ------
    PolicyError
        If the policy asks for a combination that has no meaning.
    """
    _refuse_meaningless(policy)
    hedge = np.zeros(1, HEDGE)
    row, sizing, ladder = hedge[0], policy.sizing, policy.monetisation
    row["mode"] = codes.SIZING_MODES.index(sizing.mode)
    row["basis"] = codes.WEIGHT_BASES.index(policy.weight_basis)
    row["budget"] = sizing.budget
    row["spend"] = sizing.spend_per_year
    row["spend_on_credits"] = sizing.spend_base == "credits"
    row["offset"] = sizing.offset
    row["offset_cap"] = sizing.offset_cap
    row["stress_spx"] = sizing.stress_spx
    row["contracts_per_ten"] = sizing.contracts_per_ten_condors
    row["scale"] = sizing.scale
    row["monetise"] = ladder.enabled
    _fill_rungs(row, "multiples", "multiple", ladder.multiples)
    _fill_rungs(row, "vix_levels", "vix_level", ladder.vix_levels)
    row["fraction"] = ladder.fraction
    row["lag"] = policy.signal_lag
    _fill_adaptive(row, policy)
    layers = np.zeros(codes.LAYERS, LAYER)
    for layer in policy.layers:
        place = codes.SLEEVES.index(layer.name) - 1
        _fill_layer(layers[place], layer)
        layers[place]["place"] = place
        inversion = policy.inversion
        layers[place]["stops_inverted"] = inversion.enabled and layer.name in inversion.stop_buying
    return hedge, layers


def _fill_adaptive(row: np.void, policy: HedgePolicy) -> None:
    """Fill in what lets the hedge adapt; switched off it is the static hedge to the bit."""
    tilt, drift, back = policy.tilt, policy.rebalancing, policy.reentry
    row["tilts"] = tilt.active
    for name in ("floor", "cap", "band", "confirmations", "trailing_mirr"):
        row[name] = getattr(tilt, name)
    row["rebalances"] = drift.mode == "band"
    row["drift_band"], row["drift_confirmations"] = drift.band, drift.confirmations
    row["takes_inverted"] = policy.inversion.enabled and policy.inversion.monetise
    row["stages"], row["retrace"], row["gap"] = back.stages, back.retrace, back.gap_days
    order = policy.execution
    row["construction"] = codes.CONSTRUCTIONS.index(order.construction)
    row["defer"] = 0 if order.defer_distortion is None else order.defer_days
    row["depth"] = np.inf if order.depth is None else order.depth
    row["slice"] = order.slice
    limits = policy.limits
    row["quick_ratio"] = _or_nan(limits.quick_ratio if "quick_ratio" in limits.binding else None)
    row["steward"] = "steward_score" in limits.binding


def _refuse_meaningless(policy: HedgePolicy) -> None:
    plain = {"vix_future", "vix_futures_spread", "basket_short", "basket_mid"}
    for layer in policy.layers:
        if policy.weight_basis == "vega" and layer.instrument in plain:
            raise PolicyError(
                f"policy {policy.name}: weights by vega need options in every layer, the "
                f"{layer.name} layer holds {layer.instrument}; use weight_basis: premium"
            )
        if layer.instrument == "vix_futures_spread" and layer.roll_days == 0:
            raise PolicyError(
                f"policy {policy.name}: the {layer.name} layer's futures spread must be rolled "
                "before its near leg settles; give roll_days of 1 or more"
            )
    if policy.sizing.mode == "spend" and policy.weight_basis != "premium":
        raise PolicyError(
            f"policy {policy.name}: sizing by spend shares premium, weight_basis is "
            f"{policy.weight_basis}; use weight_basis: premium"
        )


def _fill_rungs(row: np.void, count: str, field: str, rungs: tuple[float, ...]) -> None:
    if len(rungs) > RUNGS:
        raise PolicyError(f"at most {RUNGS} monetisation rungs are supported, not {len(rungs)}")
    row[count] = len(rungs)
    row[field][: len(rungs)] = rungs


def _fill_layer(row: np.void, layer: Layer) -> None:
    row["weight"] = layer.weight
    row["instrument"] = codes.INSTRUMENTS.index(layer.instrument)
    row["tenor"] = layer.tenor_days
    row["roll"] = layer.roll_days
    row["delta"] = _or_nan(layer.delta)
    row["short_delta"] = _or_nan(layer.short_delta)
    row["strike"] = _or_nan(layer.strike)
    row["weeklies"] = layer.weeklies
    row["financing"] = _or_nan(layer.financing)
    row["least_cost"] = layer.roll_to == "least_cost"
    row["roll_extrinsic"] = _or_nan(layer.roll_extrinsic)
    row["roll_inverted"] = _or_nan(layer.roll_days_inverted)
    row["strength_days"] = 0 if layer.roll_strength is None else layer.roll_strength_days
    row["spans_event"] = layer.spans_event
    if layer.schedule is not None:
        steps = len(layer.schedule.breakpoints)
        if steps > SCHEDULE_STEPS:
            raise PolicyError(f"at most {SCHEDULE_STEPS} schedule breakpoints, not {steps}")
        row["schedule_steps"] = steps
        row["schedule_break"][:steps] = layer.schedule.breakpoints
        row["schedule_weight"][: steps + 1] = layer.schedule.weights


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def compile_programme(programme: CondorProgramme, fill: float, improvement: float = 0.0) -> Records:
    """Compile a condor programme; ``fill`` applies where the programme has none of its own.

    ``improvement`` is that of ``compile_account``: a condor is a package of four legs.

    Returns
    -------
    ndarray of PROGRAMME, shape (1,)
    """
    rows = np.zeros(1, PROGRAMME)
    row = rows[0]
    row["kind"] = codes.PROGRAMME_KINDS.index(programme.kind)
    row["am"] = programme.settlement == "am"
    row["expiry_rule"] = codes.EXPIRY_RULES.index(programme.expiry_rule)
    row["tenor"] = programme.tenor_days
    row["entry"] = codes.ENTRIES.index(programme.entry)
    for name in ("short_delta", "long_delta", "width", "range_multiple", "credit_target"):
        row[name] = _or_nan(getattr(programme, name))
    row["step"] = programme.step
    for name in ("take_profit", "stop", "contracts"):
        row[name] = _or_nan(getattr(programme, name))
    row["exit_days"] = programme.exit_days
    row["risk_fraction"] = programme.risk_fraction
    row["on_width"] = programme.risk_basis == "width"
    row["gate"] = codes.GATES.index(programme.gate)
    row["fill"] = fill if programme.fill is None else programme.fill
    row["fill"] *= (1.0 - improvement) ** 3
    row["calibrated"] = programme.containment is not None
    row["premium_floor"] = _or_nan(programme.premium_floor)
    shift = programme.time_shift
    row["shift_rolls"] = shift.rolls if shift.enabled else 0
    row["shift_vix"], row["shift_range"] = shift.vix, shift.expected_range
    row["shift_delta"], row["shift_days"] = shift.delta, shift.most_days
    return rows


def compile_account(
    equity: float, fill: float, fee_scale: float, commission: float, debit_spread: float,
    improvement: float = 0.0,
) -> Records:  # fmt: skip
    """Compile the account: USD, fill 0 … 1, multiplier of fees, USD a contract, rate per year.

    ``improvement``, 0 … 1, is the part of ``fill`` that every leg of a package after the first
    saves: n legs traded as one order give up fill · (1 − improvement)ⁿ⁻¹ of their half-spreads.

    Returns
    -------
    ndarray of ACCOUNT, shape (1,)

    Raises
    ------
    PolicyError
        If a figure is out of its range.
    """
    if not (np.isfinite(equity) and equity > 0):
        raise PolicyError(f"equity must be positive USD, was {equity}; give e.g. 1000000")
    if not 0.0 <= fill <= 1.0:
        raise PolicyError(f"fill must lie between 0 (mid) and 1 (touch), was {fill}")
    if not 0.0 <= improvement <= 1.0:
        raise PolicyError(
            f"improvement must lie between 0 (a package fills as its legs do) and 1 (at mid), was "
            f"{improvement}"
        )
    if min(fee_scale, commission, debit_spread) < 0:
        raise PolicyError("fees, commission and debit spread must not be negative")
    rows = np.zeros(1, ACCOUNT)
    rows[0] = (equity, fill, improvement, fee_scale, commission, debit_spread)
    return rows
