"""One self-contained page for a comparison: figures, tables, ledger and hashes in a single file.

Here live the figures as plain data, the tables as text, and the page around them. Nothing is
computed here that a comparison does not already hold, and nothing is fetched from any host: the
plotting library is inside the file.

The one idea: the page can be mailed, kept for years and opened offline, and it still says what was
tested, on what data, with which policy, and how much of it was priced by a model.
"""

from alvh.report.html import write_report

__all__ = ["write_report"]
