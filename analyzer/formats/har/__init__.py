"""HAR 1.2, as each exporter writes it."""
