"""Scripts that make the constants of the package from data or from mathematics."""
