"""The guide, item by item."""
