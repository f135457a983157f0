"""The CPU backend `direct`: convolutions computed without unfolding images, in small tiles of vector registers.

`tiles` emits the innermost loops, `convolution` and `norm` are the loops around them, `layers` are their forward and
backward passes for autograd, `features` are layers without positions, `network` runs a program of layers.

Activations are `[cells, slices, height, width, channels, LANES]`: a batch is cut into slices of `LANES` images, so that
all channels of a position, for one slice, lie together, and a slice of a whole layer fits a core's second-level cache.
The vector unit runs along the images, so any number of channels and any size of image fill it.
"""

LANES = 16
"""Images side by side in memory: two vectors of 8 float32."""
