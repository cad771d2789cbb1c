"""Questions of Audit alone."""
