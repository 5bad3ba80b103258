"""Take the pictures of docs/fits.md: smiles through the quotes that they are fitted to.

    python -m docs.build_smiles --data ../shared/data

Needs a chromium; without one the old pictures stay.
"""

import argparse
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from docs.build_pictures import photograph
from plotly.subplots import make_subplots
from tests.market.chains.real import vix_chain

from alvh.market.chains.checks import believable
from alvh.market.chains.fitting import closing_quotes
from alvh.market.chains.importing import import_chains
from alvh.market.chains.smiles import Smiles, fit_chain
from alvh.market.chains.table import load_chains

PICTURES = Path(__file__).with_name("pictures")
SPX_DAYS = (date(2019, 6, 21), date(2022, 2, 4))
TENORS = (7, 30, 91, 365)  # days; the nearest expiry to each is drawn
BEYOND = 0.15  # of the range of quotes, drawn beyond it on both sides
SIZE = (1100, 800)  # pixels
MARGIN = 60  # a window shows less than its size, and pages have a margin
QUOTES, SMILE = "#8c8c8c", "#0b62a4"


def draw(smiles: Smiles, title: str, picture: Path) -> None:
    """Draw four expiries: bid to ask in volatility as bars, the smile as a line."""
    fitted = np.flatnonzero(np.isfinite(smiles.smile[:, 0]))
    nearest = {int(fitted[np.argmin(np.abs(smiles.strips.tau[fitted] - t))]): t for t in TENORS}
    heads = [smiles.strips.expiries.row(i, named=True) for i in nearest]
    names = [f"{h['root']} {h['expiry']}, {h['tau']:.0f} days" for h in heads]
    figure = make_subplots(rows=2, cols=2, subplot_titles=names)
    for place, i in enumerate(nearest):
        row, column = divmod(place, 2)
        for trace in _traces(smiles, i):
            figure.add_trace(trace, row=row + 1, col=column + 1)
    figure.update_xaxes(title_text="ln(strike / forward)")
    figure.update_yaxes(title_text="volatility, %")
    figure.update_layout(
        title=title, template="plotly_white", showlegend=False, width=SIZE[0], height=SIZE[1]
    )
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "smiles.html"
        figure.write_html(page, include_plotlyjs=True, config={"displayModeBar": False})
        photograph(page, picture, SIZE[0], SIZE[1] + MARGIN)


def _traces(smiles: Smiles, i: int) -> list[go.Scatter]:
    at = smiles.strips.rows(i)
    sigma, half = 100 * smiles.sigma[at], 100 * smiles.half[at]
    quoted = np.isfinite(sigma)
    forward = smiles.forwards.forward[i]
    x = np.log(smiles.strips.strike[at][quoted] / forward)
    spare = BEYOND * np.ptp(x)
    line = np.linspace(x.min() - spare, x.max() + spare, 400)
    return [
        go.Scatter(
            x=x, y=sigma[quoted], mode="markers", marker={"size": 2, "color": QUOTES},
            error_y={"array": half[quoted], "color": QUOTES, "thickness": 1, "width": 1},
        ),
        go.Scatter(
            x=line, y=100 * smiles.sigmas(i, forward * np.exp(line)), mode="lines",
            line={"color": SMILE, "width": 1.2, "simplify": False},
        ),
    ]  # fmt: skip


def main() -> None:
    """Import, fit, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    with tempfile.TemporaryDirectory() as scratch:
        import_chains([data / "chains"], Path(scratch))
        for day in SPX_DAYS:
            table = load_chains(scratch, ["SPX", "SPXW"], [day], unquoted=True).collect()
            smiles = fit_chain(closing_quotes(believable(table)))
            draw(smiles, f"S&P 500, {day}", PICTURES / f"smiles-spx-{day}.png")
    chain = vix_chain()
    draw(
        fit_chain(chain),
        f"VIX, {chain['date'][0]}",
        PICTURES / f"smiles-vix-{chain['date'][0]}.png",
    )


if __name__ == "__main__":
    main()
