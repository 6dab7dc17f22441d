"""Benchmarks: each prints its figures beside those of a stock pipeline in the same run."""
