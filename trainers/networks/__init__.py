"""Networks to train: plain modules that know nothing of cells, blocks or the engine."""
