"""Inbound: what reads the outside world's files and services."""
