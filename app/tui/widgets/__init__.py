"""Widgets: they hold a picture or a list, paint it, and say what was chosen. They ask nothing."""
