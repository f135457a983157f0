"""The acceptance of a new device before surfaces are trained on it: is it right, and how fast is it?"""
