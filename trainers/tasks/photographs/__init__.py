"""Photographs that are read from files while training: the folder, the network, the procedure and the task."""
