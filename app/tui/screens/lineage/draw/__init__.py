"""Pictures of Lineage alone."""
