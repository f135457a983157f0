"""Networks to train: plain modules, independent of cells, blocks and the engine."""
