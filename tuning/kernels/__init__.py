"""Compiled code of replays: random numbers, the loop that plays any searcher in compiled form, its results."""
