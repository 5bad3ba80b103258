"""The version of the code, as it is printed beside every result."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("alvh")
except PackageNotFoundError:  # pragma: no cover - running from a tree that is not installed
    VERSION = "uninstalled"
