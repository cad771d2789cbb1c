"""Questions of Overview alone."""
