"""Parts on this node's disk while they are read, and afterwards those that are read often."""
