"""Every performance figure, each as a ratio to its limit or to a peer measured in the same run."""
