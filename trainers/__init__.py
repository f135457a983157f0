"""Update rules, tasks, the fused training of many cells, and the sweeps that train a surface."""
