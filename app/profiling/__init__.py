"""Profiles of tables: one pass over any batch gives what is known of its columns, small, mergeable, fit to be stored.

:func:`app.profiling.profile.profile` reads a table; :class:`app.profiling.profile.Profile` is what comes out.
"""
