"""Pictures of Audit alone."""
