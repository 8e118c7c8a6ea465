"""Source maps (ECMA-426): where the frames of a call stack are in the sources."""
