"""Experiments on an optimizer class: made-up gradients in, facts about its steps out. No data, no training."""
