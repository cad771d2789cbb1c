"""Screens: each a module and its style sheet; what there is, is in the catalogue."""
