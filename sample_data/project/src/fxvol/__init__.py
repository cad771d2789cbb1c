"""Five-day volatility forecasts for a euro investor's currencies: ingest, features, training, evaluation, serving.

Needs numpy and nothing else. Each job is ``f(inputs, outputs, config, seed) -> metrics``: it reads the files it is given,
writes where it is told, and takes every date, window and threshold from its configuration.
"""
