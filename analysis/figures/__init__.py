"""Figures: each module draws one on a new sheet and gives the numbers it drew; `style` saves both."""
