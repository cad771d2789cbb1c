"""What computes features, in a run's own process: it is kept with the run's code, so that the run can be made again.

Standard library alone, and relative imports alone: there it has another name, and meets the user's packages and not ours.
"""
