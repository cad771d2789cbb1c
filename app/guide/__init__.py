"""The guide: what a team must have, do and show on the way into governed production, each item found in the ledger.

Pure: items are judged over the evidence that maturity is judged by, as of a moment.
"""
