"""What a hedge policy is: layers, their split, how much is held, and when gains are taken."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from alvh.policy.adaptive import Execution, Inversion, Limits, Rebalancing, Reentry, Tilt
from alvh.policy.checks import (
    Count,
    Flag,
    PolicyModel,
    Ratio,
    Real,
    Text,
    refuse,
    require_ascending,
)
from alvh.policy.layers import LAYER_ORDER, Layer, LayerName

WeightBasis = Literal["premium", "contracts", "vega", "stress"]
SizingMode = Literal["budget", "spend", "offset"]
SpendBase = Literal["equity", "credits"]

_WEIGHT_TOLERANCE = 1e-9


class Sizing(PolicyModel):
    """How much hedge is held.

    ``budget`` holds a market value, ``spend`` meters the premium bought per year, ``offset``
    covers a part of the condors' loss in a stress. A future counts with its initial margin. Under
    the weight basis ``contracts`` the number of open condors sets the size and the mode must be
    ``budget``. ``scale`` multiplies whatever comes out.
    """

    mode: SizingMode = Field(default="budget", description="sizing rule", examples=["budget"])
    budget: Ratio = Field(
        default=0.01,
        ge=0,
        le=1,
        description="market value of the hedge, fraction of equity",
        examples=[0.01],
    )
    spend_per_year: Ratio = Field(
        default=0.03,
        ge=0,
        le=1,
        description="premium that may be bought in a year, fraction of spend_base",
        examples=[0.03],
    )
    spend_base: SpendBase = Field(
        default="equity", description="what spend_per_year is a fraction of", examples=["equity"]
    )
    offset: Ratio = Field(
        default=0.35,
        ge=0,
        description="fraction of the condors' stress loss that the hedge covers",
        examples=[0.35],
    )
    offset_cap: Ratio = Field(
        default=0.03,
        ge=0,
        le=1,
        description="most the offset hedge may cost, fraction of equity",
        examples=[0.03],
    )
    stress_spx: Real = Field(
        default=-0.04,
        gt=-1,
        lt=0,
        description="overnight move of the S&P 500 in the stress, fraction",
        examples=[-0.04],
    )
    contracts_per_ten_condors: Real = Field(
        default=10.0,
        ge=0,
        description="hedge contracts per ten open condors, all layers together",
        examples=[10],
    )
    scale: Real = Field(
        default=1.0, ge=0, description="multiplier of the whole hedge", examples=[1.0]
    )


class Monetisation(PolicyModel):
    """When a gain is taken before the next scheduled roll.

    Each multiple of cost, and each level of spot VIX, is a rung that fires once per holding and
    sells ``fraction`` of the contracts bought; the proceeds stay in cash until the next roll.
    """

    enabled: Flag = Field(default=True, description="whether gains are taken", examples=[True])
    multiples: tuple[Real, ...] = Field(
        default=(2.0, 4.0),
        max_length=4,
        description="multiples of cost, ascending",
        examples=[[2, 4]],
    )
    vix_levels: tuple[Real, ...] = Field(
        default=(),
        max_length=4,
        description="spot VIX levels, points, ascending",
        examples=[[30, 40, 50]],
    )
    fraction: Ratio = Field(
        default=1 / 3,
        gt=0,
        le=1,
        description="part of the contracts bought sold per rung",
        examples=["1/3"],
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        for key, values, floor in (
            ("multiples", self.multiples, 1.0),
            ("vix_levels", self.vix_levels, 0.0),
        ):
            require_ascending(key, values)
            if values and values[0] <= floor:
                refuse(
                    key,
                    was=list(values),
                    wanted=f"numbers above {floor:g}",
                    remedy=f"remove those at or below {floor:g}",
                )
        if self.enabled and not (self.multiples or self.vix_levels):
            refuse(
                "enabled",
                was=True,
                wanted="at least one of multiples and vix_levels to go with it",
                remedy="write multiples: [2, 4], or enabled: false",
            )
        return self


class HedgePolicy(PolicyModel):
    """A volatility hedge: up to three layers, their split, their size, and when gains are taken.

    Examples
    --------
    >>> from alvh.policy import load_policy
    >>> [layer.weight for layer in load_policy("alvh-40-40-20").layers]
    [0.4, 0.4, 0.2]
    """

    name: Text = Field(min_length=1, description="short name", examples=["my-hedge"])
    description: Text = Field(default="", description="one sentence", examples=["My hedge"])
    layers: tuple[Layer, ...] = Field(
        default=(), max_length=3, description="none to three layers, nearest first", examples=[[]]
    )
    weight_basis: WeightBasis = Field(
        default="premium", description="what the weights divide", examples=["premium"]
    )
    sizing: Sizing = Field(default=Sizing(), description="how much hedge is held", examples=[{}])
    monetisation: Monetisation = Field(
        default=Monetisation(), description="when gains are taken", examples=[{}]
    )
    tilt: Tilt = Field(default=Tilt(), description="how signals move the weights", examples=[{}])
    rebalancing: Rebalancing = Field(
        default=Rebalancing(), description="when weights are traded back to", examples=[{}]
    )
    inversion: Inversion = Field(
        default=Inversion(), description="what an inverted curve does", examples=[{}]
    )
    reentry: Reentry = Field(
        default=Reentry(), description="how a layer comes back after gains", examples=[{}]
    )
    execution: Execution = Field(
        default=Execution(), description="how orders are built and placed", examples=[{}]
    )
    limits: Limits = Field(
        default=Limits(), description="what the book's health is judged by", examples=[{}]
    )
    signal_lag: Count = Field(
        default=1,
        ge=1,
        description="sessions between the data a signal uses and the trade",
        examples=[1],
    )

    @field_validator("layers")
    @classmethod
    def _check_layers(cls, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        names = [layer.name for layer in layers]
        for place, name in enumerate(names):
            if name in names[:place]:
                refuse(
                    f"{place}.name",
                    was=name,
                    wanted="a different name for every layer",
                    remedy=f"choose among {', '.join(n for n in LAYER_ORDER if n not in names)}",
                )
        _check_tenors(layers)
        _check_weights(layers)
        return layers

    def layer(self, name: LayerName) -> Layer | None:
        """Return the layer of that name, or None where the policy has none.

        Parameters
        ----------
        name : {"short", "medium", "tail"}
            Name of the layer.

        Returns
        -------
        Layer or None
            The layer.
        """
        return next((layer for layer in self.layers if layer.name == name), None)

    def scaled(self, factor: float) -> Self:
        """Return the same policy with the whole hedge multiplied.

        Parameters
        ----------
        factor : float
            Multiplier of ``sizing.scale``, 0 or more.

        Returns
        -------
        HedgePolicy
            A copy; the name is kept.

        Raises
        ------
        ValueError
            If the factor is negative or not finite.
        """
        sizing = self.sizing.model_dump() | {"scale": self.sizing.scale * factor}
        return self.model_copy(update={"sizing": Sizing.model_validate(sizing)})


def _check_tenors(layers: tuple[Layer, ...]) -> None:
    """Refuse layers that do not run from short to tail with rising tenors."""
    for place in range(1, len(layers)):
        near, far = layers[place - 1], layers[place]
        if LAYER_ORDER.index(far.name) < LAYER_ORDER.index(near.name):
            refuse(
                f"{place}.name",
                was=far.name,
                wanted="layers in the order short, medium, tail",
                remedy=f"move the {far.name} layer above the {near.name} layer",
            )
        if far.tenor_days <= near.tenor_days:
            refuse(
                f"{place}.tenor_days",
                was=far.tenor_days,
                wanted=f"more than the {near.tenor_days} days of the {near.name} layer",
                remedy=f"raise the {far.name} layer's tenor_days, or lower the {near.name} layer's",
            )


def _check_weights(layers: tuple[Layer, ...]) -> None:
    """Refuse weights that do not share out the whole hedge."""
    total = sum(layer.weight for layer in layers)
    if layers and abs(total - 1.0) > _WEIGHT_TOLERANCE:
        parts = " + ".join(f"{layer.weight:g}" for layer in layers)
        refuse(
            f"{len(layers) - 1}.weight",
            was=layers[-1].weight,
            wanted=f"weights that sum to 1 ({parts} = {total:.6g})",
            remedy=f"{'lower' if total > 1 else 'raise'} the weights by {abs(total - 1):.6g} "
            "in all",
        )
