"""Screens, each in a folder of its own; what there is, is in the catalogue. Beside them what all of them share."""
