"""Count many results: read them back from lines of NDJSON, count them in one frame, word it in tables."""
