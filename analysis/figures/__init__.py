"""Figures: each module draws one and returns it with the numbers drawn; `style` saves both."""
