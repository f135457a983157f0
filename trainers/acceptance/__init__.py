"""What a new device is asked before surfaces are trained on it: is it right, and how fast is it?"""
