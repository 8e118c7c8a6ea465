"""Word the sentences that outputs share.

Words of evidence stand in its rows (model/evidence.py); words about the limits of a capture where its format finds
them.
"""
