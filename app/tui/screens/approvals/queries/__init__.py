"""Questions of Approvals alone."""
