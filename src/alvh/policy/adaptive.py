"""What makes a hedge adaptive, as data: tilts, rebalancing, inversion, re-entry, execution, limits.

Everything here is off by default, so that a policy that says nothing of it is the static hedge.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from alvh.policy.checks import Count, Flag, PolicyModel, Ratio, Real, refuse
from alvh.policy.layers import LayerName

SignalName = Literal[
    "rsi_spx",
    "rsi_vix",
    "rsi_vx1",
    "rsi_gap",
    "hedge_cheap",
    "macd",
    "breadth",
    "advance_decline",
    "vix_slope",
    "contango",
    "roll_yield",
    "vvix",
    "skew",
    "vix_premium",
    "fair_vix",
    "fair_vix_residual",
    "event_density",
    "event_variance",
    "equity_risk_premium",
    "reer_residual",
    "policy_uncertainty",
    "reit_strength",
    "ipo_cluster",
    "index_pe",
    "basis_distortion",
    "big_top",
    "variance_premium",
    "expected_range",
    "range_multiple",
    "premium_gauge",
]
RebalanceMode = Literal["roll", "band"]
Construction = Literal["direct", "cheapest", "synthetic"]
Limit = Literal["quick_ratio", "steward_score"]

MOST_SIGNALS = 8  # signals that may act on one layer


class SignalWeight(PolicyModel):
    """One signal's say in one layer's weight.

    A positive score of a signal asks for more of the layer; a negative weight turns it round.
    """

    name: SignalName = Field(description="signal of the signal table", examples=["macd"])
    layer: LayerName = Field(description="layer whose weight it moves", examples=["tail"])
    weight: Real = Field(
        default=1.0, description="share in the layer's mean score, by size", examples=[1.0]
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.weight == 0:
            refuse(
                "weight",
                was=self.weight,
                wanted="a number other than 0",
                remedy="remove the signal, or give it a weight",
            )
        return self


class Tilt(PolicyModel):
    """How signals move the layers' weights, within bounds.

    A layer's factor is ``1 + strength × mean score`` of its signals, held between ``floor`` and
    ``cap``; weights are multiplied and brought back to their sum. The weights in force change
    only after the new ones have differed by more than ``band`` on ``confirmations`` sessions in a
    row.
    """

    strength: Ratio = Field(
        default=0.0, ge=0, le=2, description="factor per unit of score", examples=[0.25]
    )
    floor: Ratio = Field(default=0.5, gt=0, le=1, description="least factor", examples=["1/2"])
    cap: Ratio = Field(default=1.5, ge=1, le=10, description="largest factor", examples=["3/2"])
    band: Ratio = Field(
        default=0.10, ge=0, le=1, description="change of a weight that is let pass", examples=[0.1]
    )
    confirmations: Count = Field(
        default=2, ge=1, le=60, description="sessions in a row it must last", examples=[2]
    )
    window: Count = Field(
        default=756,
        ge=60,
        le=5000,
        description="sessions a score is standardised on",
        examples=[756],
    )
    signals: tuple[SignalWeight, ...] = Field(
        default=(), max_length=24, description="which signals move which layer", examples=[[]]
    )
    risk_premium: Flag = Field(
        default=False,
        description="whether the medium layer is scaled by the equity risk premium over its median",
        examples=[True],
    )
    trailing_mirr: Ratio = Field(
        default=0.0,
        ge=0,
        le=2,
        description="factor per unit of a layer's trailing return (MIRR) over the layers' mean",
        examples=[0.25],
    )

    @property
    def active(self) -> bool:
        """Whether any weight can move."""
        by_signal = self.strength > 0 and bool(self.signals)
        return by_signal or self.risk_premium or self.trailing_mirr > 0

    @model_validator(mode="after")
    def _check(self) -> Self:
        for layer in ("short", "medium", "tail"):
            mine = [one.name for one in self.signals if one.layer == layer]
            repeated = next((name for name in mine if mine.count(name) > 1), None)
            if repeated is not None:
                refuse(
                    "signals",
                    was=repeated,
                    wanted=f"every signal once for the {layer} layer",
                    remedy="remove one of the two",
                )
            if len(mine) > MOST_SIGNALS:
                refuse(
                    "signals",
                    was=len(mine),
                    wanted=f"at most {MOST_SIGNALS} signals for the {layer} layer",
                    remedy="remove some",
                )
        return self


class Rebalancing(PolicyModel):
    """When the layers' values are brought back to their weights.

    ``roll`` lets weights act when a layer is rolled; ``band`` trades between the layers held once
    a layer's share of their value is off by more than ``band`` on ``confirmations`` sessions in a
    row. A band of 0 with one confirmation rebalances daily.
    """

    mode: RebalanceMode = Field(default="roll", description="rule", examples=["roll"])
    band: Ratio = Field(
        default=0.10, ge=0, le=1, description="share of value that is let drift", examples=[0.1]
    )
    confirmations: Count = Field(
        default=2, ge=1, le=60, description="sessions in a row it must last", examples=[2]
    )


class Inversion(PolicyModel):
    """What an inverted term structure does: VIX over VIX3M above ``threshold``."""

    enabled: Flag = Field(default=False, description="whether the rule acts", examples=[True])
    threshold: Real = Field(
        default=1.0, gt=0, le=3, description="VIX over VIX3M that is inverted", examples=[1.0]
    )
    stop_buying: tuple[LayerName, ...] = Field(
        default=("short",), description="layers that do not buy meanwhile", examples=[["short"]]
    )
    monetise: Flag = Field(
        default=True,
        description="whether layers in profit sell a rung of their ladder a session meanwhile",
        examples=[True],
    )


class Reentry(PolicyModel):
    """How a layer that took gains comes back before its next roll.

    Once VIX has fallen by ``retrace`` from its highest close since the first rung, what is left
    is sold and the layer is bought anew in ``stages`` equal parts, ``gap_days`` apart.
    """

    stages: Count = Field(
        default=0, ge=0, le=6, description="parts; 0 waits for the next roll", examples=[3]
    )
    retrace: Ratio = Field(
        default=0.25, gt=0, lt=1, description="fall of VIX from its high, fraction", examples=[0.25]
    )
    gap_days: Count = Field(
        default=5, ge=1, le=90, description="calendar days between two parts", examples=[5]
    )


class Execution(PolicyModel):
    """How an order of the hedge is built and placed.

    ``construction`` builds each VIX option directly, as put and future, or whichever is cheaper
    after spread, fees and the cost of margin. ``depth`` lets a fill worsen with its size:
    half-spread × (1 + contracts / depth), where an order is cut into slices of ``slice`` × depth.
    """

    construction: Construction = Field(
        default="direct", description="how VIX options are built", examples=["cheapest"]
    )
    defer_distortion: Real | None = Field(
        default=None,
        gt=0,
        description="distortion of the front future, in median deviations, above which VIX orders "
        "wait; null never",
        examples=[2.0],
    )
    defer_days: Count = Field(
        default=3, ge=1, le=30, description="sessions an order waits at most", examples=[3]
    )
    depth: Real | None = Field(
        default=None, gt=0, description="contracts shown at the touch; null is deep", examples=[500]
    )
    slice: Ratio = Field(
        default=0.1, gt=0, le=1, description="share of the depth per slice", examples=[0.1]
    )


class Limits(PolicyModel):
    """What the health of the book is judged by; ``binding`` ones also block new condors."""

    quick_ratio: Real | None = Field(
        default=1.0, gt=0, description="least quick ratio", examples=[1.0]
    )
    steward_score: Real | None = Field(
        default=0.5, description="least score between promoter and steward", examples=[0.5]
    )
    protection_pe: Real | None = Field(
        default=1.0, gt=0, description="most carry per expected loss avoided", examples=[1.0]
    )
    dividend_value: Real | None = Field(
        default=1.0, gt=0, description="most cost per discounted pay-out", examples=[1.0]
    )
    wacc_drag: Real | None = Field(
        default=0.02, gt=0, description="most that the hedge adds to WACC a year", examples=[0.02]
    )
    shortfall: Real | None = Field(
        default=0.10, gt=0, description="most shortfall per premium traded", examples=[0.1]
    )
    binding: tuple[Limit, ...] = Field(
        default=(), description="limits that block new condors", examples=[["quick_ratio"]]
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in self.binding:
            if getattr(self, name) is None:
                refuse(
                    name,
                    was=None,
                    wanted=f"a number, as {name} is binding",
                    remedy=f"write {name}: {type(self).model_fields[name].examples[0]}",  # type: ignore[index]
                )
        return self
