"""Pictures of Risks alone."""
