"""The sentences that all outputs share."""
