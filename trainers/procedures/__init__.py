"""How a block of cells is trained and judged, one file for each kind of learning; `base` says what the engine asks."""
