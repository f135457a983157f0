"""Ways to run the networks of many cells at once."""
