"""Pictures of Registry alone."""
