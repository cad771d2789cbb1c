"""Questions of Monitoring alone."""
