"""Generative adversarial networks: the networks, their procedure, the distance that judges them, and tasks."""
