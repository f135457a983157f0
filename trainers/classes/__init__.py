"""Any `torch.optim.Optimizer` class, unmodified, as an update rule: a cell is a parameter group."""
