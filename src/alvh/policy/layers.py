"""One layer of a hedge: what is bought, how far out, how it rolls, and its schedule."""

from typing import Literal, Self

from pydantic import Field, model_validator

from alvh.policy.checks import Count, Flag, PolicyModel, Ratio, Real, refuse, require_ascending

LayerName = Literal["short", "medium", "tail"]
Instrument = Literal[
    "vix_call",
    "vix_call_spread",
    "vix_backspread",
    "vix_future",
    "vix_futures_spread",
    "basket_short",
    "basket_mid",
    "spx_put",
    "spx_put_backspread",
]

RollTo = Literal["tenor", "least_cost"]

LAYER_ORDER: tuple[LayerName, ...] = ("short", "medium", "tail")
SPREADS = frozenset({"vix_call_spread"})
BACKSPREADS = frozenset({"vix_backspread", "spx_put_backspread"})
FUTURES = frozenset({"vix_future", "vix_futures_spread", "basket_short", "basket_mid"})
BASKETS = frozenset({"basket_short", "basket_mid"})


class Schedule(PolicyModel):
    """Factor on a layer's weight, read on the same-expiry VIX future at the moment of buying.

    A future at or below ``breakpoints[0]`` gives ``weights[0]``; one above ``breakpoints[i]`` and
    not above the next gives ``weights[i + 1]``.
    """

    breakpoints: tuple[Real, ...] = Field(
        min_length=1,
        max_length=6,
        description="VIX futures levels, points, ascending",
        examples=[[15, 30, 50]],
    )
    weights: tuple[Real, ...] = Field(
        description="factor per interval, one more than breakpoints", examples=[[0, 1, 0.5, 0]]
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        require_ascending("breakpoints", self.breakpoints)
        if self.breakpoints[0] <= 0:
            refuse(
                "breakpoints",
                was=list(self.breakpoints),
                wanted="VIX levels above 0",
                remedy="remove those at or below 0",
            )
        wanted = len(self.breakpoints) + 1
        if len(self.weights) != wanted:
            refuse(
                "weights",
                was=list(self.weights),
                wanted=f"{wanted} weights for {len(self.breakpoints)} breakpoints",
                remedy="give one weight below the first breakpoint, one between each two "
                "and one above the last",
            )
        if min(self.weights) < 0:
            refuse(
                "weights",
                was=list(self.weights),
                wanted="factors of 0 or more",
                remedy="write 0 where nothing is to be bought",
            )
        return self


class Layer(PolicyModel):
    """One layer of the hedge: what is bought, how far out, and when it is rolled.

    A spread buys the option at ``delta`` and sells one at the smaller ``short_delta``, further
    out of the money. A back-spread sells one option at the larger ``short_delta`` and buys two at
    ``delta``. Futures and baskets have neither.
    """

    name: LayerName = Field(description="sleeve of the layer", examples=["short"])
    weight: Ratio = Field(ge=0, le=1, description="share of the hedge", examples=[0.4])
    instrument: Instrument = Field(description="what the layer holds", examples=["vix_call"])
    tenor_days: Count = Field(
        gt=0, le=1100, description="target calendar days to expiry at entry", examples=[30]
    )
    roll_days: Count = Field(
        default=0,
        ge=0,
        description="roll at this many calendar days to expiry or fewer; 0 holds to settlement",
        examples=[21],
    )
    delta: Real | None = Field(
        default=None, gt=0, lt=1, description="absolute delta of the bought option", examples=[0.5]
    )
    short_delta: Real | None = Field(
        default=None, gt=0, lt=1, description="absolute delta of the sold option", examples=[0.2]
    )
    strike: Real | None = Field(
        default=None, gt=0, description="fixed strike, points, in place of delta", examples=[40]
    )
    weeklies: Flag = Field(
        default=False, description="whether weekly expiries may be chosen", examples=[False]
    )
    financing: Ratio | None = Field(
        default=None,
        gt=0,
        le=0.5,
        description="premium of the sold option over that of the bought one, in place of "
        "short_delta",
        examples=[0.25],
    )
    roll_to: RollTo = Field(
        default="tenor",
        description="the expiry nearest the tenor, or the one of least cost per spot-VIX delta, "
        "holding that delta",
        examples=["tenor"],
    )
    roll_extrinsic: Ratio | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="roll when this share of the time value paid is left, or less",
        examples=[0.3],
    )
    roll_days_inverted: Count | None = Field(
        default=None,
        ge=1,
        description="roll_days while VIX is above VIX3M",
        examples=[7],
    )
    roll_strength: Real | None = Field(
        default=None,
        gt=0,
        lt=100,
        description="RSI of the front future above which a roll is brought forward",
        examples=[65],
    )
    roll_strength_days: Count = Field(
        default=14, ge=1, description="days a roll is brought forward by at most", examples=[14]
    )
    spans_event: Flag = Field(
        default=False,
        description="whether what is held must outlive the next FOMC, CPI or PPI",
        examples=[True],
    )
    schedule: Schedule | None = Field(
        default=None,
        description="factor on the weight by the same-expiry VIX future",
        examples=[{"breakpoints": [15, 30, 50], "weights": [0, 1, 0.5, 0]}],
    )

    @property
    def is_option(self) -> bool:
        """Whether the layer buys options, so that premium is what it can lose."""
        return self.instrument not in FUTURES

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.roll_days >= self.tenor_days:
            refuse(
                "roll_days",
                was=self.roll_days,
                wanted=f"fewer days than tenor_days {self.tenor_days}",
                remedy="lower roll_days, or raise tenor_days",
            )
        if self.instrument in FUTURES:
            self._check_future()
        else:
            self._check_option()
        self._check_roll()
        return self

    def _check_roll(self) -> None:
        on_vix = self.instrument.startswith("vix_")
        rules = {
            "roll_to": None if self.roll_to == "tenor" else self.roll_to,
            "roll_extrinsic": self.roll_extrinsic,
            "roll_days_inverted": self.roll_days_inverted,
            "roll_strength": self.roll_strength,
            "spans_event": self.spans_event or None,
        }
        for key, value in rules.items():
            if value is not None and not on_vix:
                refuse(
                    key,
                    was=value,
                    wanted=f"no {key} for a {self.instrument}",
                    remedy="remove the line, or choose a VIX option or future",
                )
        if self.roll_extrinsic is not None and self.instrument in FUTURES:
            refuse(
                "roll_extrinsic",
                was=self.roll_extrinsic,
                wanted="no roll_extrinsic for a future, which has no time value",
                remedy="remove the line",
            )

    def _check_future(self) -> None:
        for key in ("delta", "short_delta", "strike", "financing"):
            value = getattr(self, key)
            if value is not None:
                refuse(
                    key,
                    was=value,
                    wanted=f"no {key} for a {self.instrument}",
                    remedy="remove the line, or choose an option as the instrument",
                )
        if self.instrument in BASKETS and self.roll_days:
            refuse(
                "roll_days",
                was=self.roll_days,
                wanted="0 for a basket, which rolls a little every day",
                remedy="remove the line",
            )

    def _check_option(self) -> None:
        if (self.delta is None) == (self.strike is None):
            refuse(
                "delta",
                was=self.delta,
                wanted=f"either delta or strike for a {self.instrument}",
                remedy="write delta: 0.5" if self.delta is None else "remove delta or strike",
            )
        self._check_sold_option()
        if self.delta is not None and self.short_delta is not None:
            self._check_delta_order(self.delta, self.short_delta)

    def _check_sold_option(self) -> None:
        two_legs = self.instrument in SPREADS or self.instrument in BACKSPREADS
        if self.financing is not None and self.instrument not in SPREADS:
            refuse(
                "financing",
                was=self.financing,
                wanted=f"no financing for a {self.instrument}",
                remedy="remove the line, or choose vix_call_spread",
            )
        given = self.short_delta is not None or self.financing is not None
        if two_legs != given or (self.short_delta is not None and self.financing is not None):
            refuse(
                "short_delta",
                was=self.short_delta,
                wanted=f"{'one' if two_legs else 'no'} short_delta or financing for a "
                f"{self.instrument}",
                remedy="add the delta of the sold option"
                if two_legs and not given
                else "remove the line",
            )

    def _check_delta_order(self, delta: float, short_delta: float) -> None:
        if self.instrument in SPREADS and short_delta >= delta:
            refuse(
                "short_delta",
                was=short_delta,
                wanted=f"less than delta {delta}, the sold option being further out of the money",
                remedy="lower short_delta, or raise delta",
            )
        if self.instrument in BACKSPREADS and short_delta <= delta:
            refuse(
                "short_delta",
                was=short_delta,
                wanted=f"more than delta {delta}, the sold option being nearer the money",
                remedy="raise short_delta, or lower delta",
            )
