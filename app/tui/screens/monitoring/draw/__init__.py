"""Pictures of Monitoring alone."""
