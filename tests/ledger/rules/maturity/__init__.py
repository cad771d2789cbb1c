"""Maturity: levels that rise and fall as docs/maturity.md says."""
