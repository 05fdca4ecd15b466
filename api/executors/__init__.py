"""Outbound adapters: each applies approved bytes at one kind of place."""
