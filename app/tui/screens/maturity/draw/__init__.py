"""Pictures of Maturity alone."""
