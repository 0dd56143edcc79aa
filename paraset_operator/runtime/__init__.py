"""The shell that wires it: objects in, the loop, the lease, health."""
