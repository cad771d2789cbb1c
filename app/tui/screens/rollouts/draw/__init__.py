"""Pictures of Rollouts alone."""
