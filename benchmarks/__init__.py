"""Measured speeds: what each target of docs/performance.md is compared with."""
