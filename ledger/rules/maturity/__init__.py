"""How mature data, models and code are, as far as events prove it (docs/maturity.md).

``reading`` takes the model in, ``index`` the events, ``standing`` judges. Nothing here reads a clock or a file but the model's.
"""
