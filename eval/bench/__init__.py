"""Speed and memory, as ratios against a stock pipeline in the same run."""
