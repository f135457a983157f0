"""Hyperparameters found on one network, trained on another and judged on examples that chose nothing."""
