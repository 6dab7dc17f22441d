"""Measures how right and how faithful the answers are."""
