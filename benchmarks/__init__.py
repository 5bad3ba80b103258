"""Measurements of the performance targets; `make bench` prints them."""
