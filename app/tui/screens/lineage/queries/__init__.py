"""Questions of Lineage alone."""
