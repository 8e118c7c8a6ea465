"""Word the sentences that outputs share."""
