"""The scripts of the documentation, importable as the site's builder imports them."""

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
sys.path[:0] = [str(DOCS), str(DOCS / "extensions")]
