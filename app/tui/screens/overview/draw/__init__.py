"""Pictures of Overview alone."""
