"""Questions of Rollouts alone."""
