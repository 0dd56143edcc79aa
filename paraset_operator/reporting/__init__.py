"""Telling what happened: status, Events, metrics, and plans for people and programs."""
