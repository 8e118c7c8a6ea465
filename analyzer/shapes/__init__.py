"""What the shape of a text shows: which of its parts are values that differ from run to run, and may be secret."""
