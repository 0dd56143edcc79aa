"""Carrying decisions out: how a filler's pod is made, and the writes themselves."""
