"""Keys of a policy that change nothing as long as the others are what they are.

A key that is written down and does nothing misleads; ``alvh policy show`` and ``check`` name them,
and every other key, changed, changes a number somewhere.
"""

from collections.abc import Iterator

from alvh.policy.hedge import HedgePolicy
from alvh.policy.layers import BASKETS, Layer
from alvh.policy.programme import CondorProgramme

LABELS = ("name", "description")


def inactive_keys(policy: HedgePolicy) -> tuple[str, ...]:
    """Return the keys of a hedge policy that have no effect, dotted, in the order of the file.

    Parameters
    ----------
    policy : HedgePolicy

    Returns
    -------
    tuple of str
        Such as ``tilt.window`` or ``layers.short.roll_strength_days``. Names and descriptions are
        labels and are not listed.
    """
    if not policy.layers:
        return tuple(_all_but_condor_limits(policy))
    parts = (_layers, _sizing, _monetisation, _tilt, _rebalancing, _inversion, _reentry,
             _execution, _lag)  # fmt: skip
    return tuple(key for part in parts for key in part(policy))


def _all_but_condor_limits(policy: HedgePolicy) -> Iterator[str]:
    """Without layers only the limits on the book are left."""
    for key, value in policy:
        if key in (*LABELS, "layers", "limits"):
            continue
        fields = getattr(type(value), "model_fields", None)
        yield from ([f"{key}.{name}" for name in fields] if fields else [key])


def _layers(policy: HedgePolicy) -> Iterator[str]:
    for layer in policy.layers:
        for key in _of_layer(policy, layer):
            yield f"layers.{layer.name}.{key}"


def _of_layer(policy: HedgePolicy, layer: Layer) -> Iterator[str]:
    if layer.weight == 0.0:
        yield from (key for key in Layer.model_fields if key not in ("name", "weight"))
        return
    if layer.instrument in BASKETS:
        yield "weeklies"
    if not layer.instrument.startswith("vix_"):
        yield "weeklies" if layer.instrument not in BASKETS else "roll_days"
    if layer.roll_strength is None:
        yield "roll_strength_days"


def _sizing(policy: HedgePolicy) -> Iterator[str]:
    sizing, by_count = policy.sizing, policy.weight_basis == "contracts"
    if by_count or sizing.mode != "budget":
        yield "sizing.budget"
    if sizing.mode != "spend":
        yield "sizing.spend_per_year"
        yield "sizing.spend_base"
    if by_count or sizing.mode != "offset":
        yield "sizing.offset"
        yield "sizing.offset_cap"
        if policy.weight_basis != "stress":
            yield "sizing.stress_spx"
    if not by_count:
        yield "sizing.contracts_per_ten_condors"


def _monetisation(policy: HedgePolicy) -> Iterator[str]:
    ladder = policy.monetisation
    if not ladder.enabled:
        yield "monetisation.fraction"
        yield "monetisation.vix_levels"
    if not ladder.enabled or ladder.vix_levels:
        yield "monetisation.multiples"


def _tilt(policy: HedgePolicy) -> Iterator[str]:
    tilt = policy.tilt
    if not tilt.signals:
        yield "tilt.strength"
    if tilt.strength == 0.0:
        yield "tilt.signals"
    if not tilt.active:
        yield from (f"tilt.{key}" for key in ("floor", "cap", "band", "confirmations"))
    by_score = tilt.strength > 0.0 and bool(tilt.signals)
    if not (by_score or tilt.risk_premium):
        yield "tilt.window"
    if policy.layer("medium") is None:
        yield "tilt.risk_premium"


def _rebalancing(policy: HedgePolicy) -> Iterator[str]:
    if policy.rebalancing.mode == "roll":
        yield "rebalancing.band"
        yield "rebalancing.confirmations"


def _inversion(policy: HedgePolicy) -> Iterator[str]:
    rule = policy.inversion
    rolls = any(layer.roll_days_inverted is not None for layer in policy.layers)
    if not rule.enabled:
        yield "inversion.stop_buying"
        if not rolls:
            yield "inversion.threshold"
    if not (rule.enabled and policy.monetisation.enabled):
        yield "inversion.monetise"


def _reentry(policy: HedgePolicy) -> Iterator[str]:
    back = policy.reentry
    if not policy.monetisation.enabled:
        yield "reentry.stages"
    if back.stages == 0 or not policy.monetisation.enabled:
        yield "reentry.retrace"
    if back.stages < 2 or not policy.monetisation.enabled:
        yield "reentry.gap_days"


def _execution(policy: HedgePolicy) -> Iterator[str]:
    order = policy.execution
    on_vix = [layer for layer in policy.layers if layer.instrument.startswith("vix_")]
    if not any(layer.is_option for layer in on_vix):
        yield "execution.construction"
    if not on_vix:
        yield "execution.defer_distortion"
    if order.defer_distortion is None or not on_vix:
        yield "execution.defer_days"
    if order.depth is None:
        yield "execution.slice"


def _lag(policy: HedgePolicy) -> Iterator[str]:
    tilt, ladder = policy.tilt, policy.monetisation
    listens = (
        tilt.active
        or policy.inversion.enabled
        or policy.execution.defer_distortion is not None
        or (ladder.enabled and bool(ladder.vix_levels))
        or (ladder.enabled and policy.reentry.stages > 0)
        or any(layer.roll_days_inverted or layer.roll_strength for layer in policy.layers)
    )
    if not listens:
        yield "signal_lag"


def inactive_programme_keys(programme: CondorProgramme) -> tuple[str, ...]:
    """Return the keys of a condor programme that have no effect, dotted.

    Parameters
    ----------
    programme : CondorProgramme

    Returns
    -------
    tuple of str
    """
    if programme.kind != "condors":
        keys = [key for key in CondorProgramme.model_fields if key not in (*LABELS, "kind")]
        return tuple(key for key in keys if key != "time_shift") + tuple(
            f"time_shift.{key}" for key in type(programme.time_shift).model_fields
        )
    return tuple(_of_programme(programme))


def _of_programme(programme: CondorProgramme) -> Iterator[str]:
    if programme.expiry_rule == "third_friday":
        yield "tenor_days"
    if programme.range_multiple is None:
        yield "step"
        yield "containment"
        yield "credit_target"
    if programme.contracts is not None:
        yield "risk_fraction"
        yield "risk_basis"
    if not programme.skip_events:
        yield "skip_days"
    never_settles = programme.exit_days > 0  # a condor that is left before settlement has no loss
    if never_settles:
        yield "time_shift.enabled"
    if never_settles or not programme.time_shift.enabled:
        for key in type(programme.time_shift).model_fields:
            if key != "enabled":
                yield f"time_shift.{key}"
