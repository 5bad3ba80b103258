"""The ideas of the method as numbers: one column per idea, each known by the close of its day."""
