"""One whole run as text, one fact a line: what changes when nothing was meant to change."""
