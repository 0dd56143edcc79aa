"""Observing and writing the cluster: bytes in, model values out; nothing here decides."""
