"""Values of the domain: frozen, integers only, no I/O, no clock."""
