"""What a condor programme is: the rule by which the hedged book is opened and closed."""

from typing import Literal, Self

from pydantic import Field, model_validator

from alvh.policy.checks import Count, Flag, PolicyModel, Ratio, Real, Text, refuse

ProgrammeKind = Literal["condors", "index", "none"]
Settlement = Literal["am", "pm"]
ExpiryRule = Literal["third_friday", "nearest"]
Entry = Literal["on_expiry", "weekly", "daily"]
RiskBasis = Literal["max_loss", "width"]
Gate = Literal["none", "A", "B", "C"]
Event = Literal["fomc", "cpi", "ppi"]

_CONDOR_ONLY = (
    "short_delta",
    "long_delta",
    "width",
    "range_multiple",
    "credit_target",
    "take_profit",
    "stop",
    "contracts",
)


class TimeShift(PolicyModel):
    """Rolling a breached condor on instead of taking its loss.

    When a condor settles beyond a short strike, and either VIX or the expected daily range of the
    session before was above its threshold, a new condor of the same number is sold one to
    ``most_days`` days out at ``delta``, on the nearest day whose credit covers the loss. A
    position is shifted ``rolls`` times at most; where no day will do, the loss is taken.
    """

    enabled: Flag = Field(default=False, description="whether losses are shifted", examples=[True])
    vix: Real = Field(default=16.0, gt=0, description="VIX above which, points", examples=[16])
    expected_range: Real = Field(
        default=0.0094, gt=0, description="expected daily range above which", examples=[0.0094]
    )
    delta: Real = Field(
        default=0.18, gt=0, lt=0.5, description="delta of the sold options", examples=[0.18]
    )
    most_days: Count = Field(
        default=7, ge=1, le=30, description="calendar days to expiry at most", examples=[7]
    )
    rolls: Count = Field(default=2, ge=1, le=9, description="shifts at most", examples=[2])


class CondorProgramme(PolicyModel):
    """A programme of SPX iron condors, the index itself, or nothing.

    The short strikes are chosen by ``short_delta``, or by ``range_multiple`` × the expected daily
    range and then stepped by ``step`` points until the credit is ``credit_target``; the wings by
    ``long_delta`` or by ``width``. An entry risks ``risk_fraction`` of equity, unless
    ``contracts`` fixes the number.

    Examples
    --------
    >>> from alvh.policy import load_programme
    >>> load_programme("cndr").short_delta
    0.2
    """

    name: Text = Field(min_length=1, description="short name", examples=["my-condors"])
    description: Text = Field(default="", description="one sentence", examples=["My condors"])
    kind: ProgrammeKind = Field(description="what is hedged", examples=["condors"])
    settlement: Settlement = Field(
        default="pm",
        description="am: the standard third-Friday series; pm: prefer the close, as listed",
        examples=["pm"],
    )
    expiry_rule: ExpiryRule = Field(
        default="nearest", description="which expiries may be chosen", examples=["nearest"]
    )
    tenor_days: Count = Field(
        default=45,
        gt=0,
        le=1100,
        description="target calendar days to expiry at entry",
        examples=[45],
    )
    entry: Entry = Field(default="weekly", description="when condors open", examples=["weekly"])
    short_delta: Real | None = Field(
        default=None, gt=0, lt=1, description="absolute delta of the sold options", examples=[0.16]
    )
    long_delta: Real | None = Field(
        default=None, gt=0, lt=1, description="absolute delta of the wings", examples=[0.05]
    )
    width: Real | None = Field(
        default=None, gt=0, description="wing width, points, in place of long_delta", examples=[25]
    )
    range_multiple: Real | None = Field(
        default=None,
        gt=0,
        description="distance of the short strikes, multiples of the expected daily range",
        examples=[1.0],
    )
    credit_target: Real | None = Field(
        default=None, gt=0, description="credit sought, points", examples=[1.15]
    )
    step: Real = Field(
        default=5.0, gt=0, description="points a strike moves towards the credit", examples=[5]
    )
    take_profit: Ratio | None = Field(
        default=None, gt=0, le=1, description="leave at this part of the credit", examples=[0.5]
    )
    exit_days: Count = Field(
        default=0,
        ge=0,
        description="leave at this many calendar days to expiry or fewer; 0 holds to settlement",
        examples=[21],
    )
    stop: Real | None = Field(
        default=None, gt=0, description="leave at a loss of this × the credit", examples=[2.0]
    )
    risk_fraction: Ratio = Field(
        default=0.05,
        gt=0,
        le=1,
        description="maximum loss of one entry, fraction of equity",
        examples=[0.05],
    )
    risk_basis: RiskBasis = Field(
        default="max_loss",
        description="what risk_fraction limits: the loss net of the credit, or the full width",
        examples=["max_loss"],
    )
    contracts: Count | None = Field(
        default=None,
        gt=0,
        description="fixed condors per entry, in place of risk_fraction",
        examples=[10],
    )
    gate: Gate = Field(default="none", description="size factor by VIX", examples=["none"])
    skip_events: tuple[Event, ...] = Field(
        default=(), description="events before which no condor opens", examples=[["fomc"]]
    )
    skip_days: Count = Field(
        default=1,
        ge=1,
        le=30,
        description="calendar days ahead that an event is looked for",
        examples=[1],
    )
    containment: Ratio | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="share of sessions that the expected daily range is calibrated to hold",
        examples=[0.8],
    )
    premium_floor: Ratio | None = Field(
        default=None,
        ge=0,
        le=1,
        description="percentile of VIX over realised volatility below which no condor opens",
        examples=[0.2],
    )
    time_shift: TimeShift = Field(
        default=TimeShift(), description="rolling breached condors on", examples=[{}]
    )
    fill: Real | None = Field(
        default=None,
        ge=0,
        le=1,
        description="own fill, 0 mid to 1 touch; null takes the run's",
        examples=[0.5],
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kind != "condors":
            self._check_no_condors()
            return self
        self._check_strikes()
        self._check_wings()
        if self.exit_days >= self.tenor_days:
            refuse(
                "exit_days",
                was=self.exit_days,
                wanted=f"fewer days than tenor_days {self.tenor_days}",
                remedy="lower exit_days, or raise tenor_days",
            )
        self._check_range()
        return self

    def _check_range(self) -> None:
        if self.containment is not None and self.range_multiple is None:
            refuse(
                "containment",
                was=self.containment,
                wanted="a containment only beside range_multiple",
                remedy="write range_multiple: 1.0 in place of short_delta, or remove the line",
            )
        if self.time_shift.enabled and self.settlement != "pm":
            refuse(
                "time_shift.enabled",
                was=True,
                wanted="a time shift only with settlement: pm, where the close decides",
                remedy="write settlement: pm, or enabled: false",
            )

    def _check_no_condors(self) -> None:
        for key in _CONDOR_ONLY:
            value = getattr(self, key)
            if value is not None:
                refuse(
                    key,
                    was=value,
                    wanted=f"no {key} where kind is {self.kind}",
                    remedy="remove the line, or write kind: condors",
                )

    def _check_strikes(self) -> None:
        if (self.short_delta is None) == (self.range_multiple is None):
            refuse(
                "short_delta",
                was=self.short_delta,
                wanted="either short_delta or range_multiple",
                remedy="write short_delta: 0.16"
                if self.short_delta is None
                else "remove short_delta or range_multiple",
            )
        if self.credit_target is not None and self.range_multiple is None:
            refuse(
                "credit_target",
                was=self.credit_target,
                wanted="a credit_target only beside range_multiple",
                remedy="write range_multiple: 1.0 in place of short_delta, or remove the line",
            )

    def _check_wings(self) -> None:
        short, wing, width = self.short_delta, self.long_delta, self.width
        if (wing is None) == (width is None):
            refuse(
                "long_delta",
                was=wing,
                wanted="either long_delta or width",
                remedy="write long_delta: 0.05" if wing is None else "remove long_delta or width",
            )
        if short is not None and wing is not None and wing >= short:
            refuse(
                "long_delta",
                was=wing,
                wanted=f"less than short_delta {short}",
                remedy="lower long_delta, or raise short_delta",
            )
        if self.credit_target is not None and width is not None and self.credit_target >= width:
            refuse(
                "credit_target",
                was=self.credit_target,
                wanted=f"less than the width {width:g}",
                remedy="lower credit_target, or widen the wings",
            )
