"""Questions of Risks alone."""
