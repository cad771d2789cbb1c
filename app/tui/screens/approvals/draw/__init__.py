"""Pictures of Approvals alone."""
