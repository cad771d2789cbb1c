"""Questions of Registry alone."""
