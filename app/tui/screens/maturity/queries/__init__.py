"""Questions of Maturity alone."""
