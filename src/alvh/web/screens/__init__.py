"""One module a screen: its page, the part of it that changes, its numbers as JSON and as CSV."""
