"""The command line: the public face, typed.

Each command turns its options into one call of the public face, and the answer into a table for
people or JSON for programs. Nothing is computed here. A refusal is one line on the error stream
and exit code 1; a mistake in the command itself is exit code 2. Modules of this package import
nothing heavy at the top, so that help appears at once.
"""

from alvh.cli.app import app, main

__all__ = ["app", "main"]
