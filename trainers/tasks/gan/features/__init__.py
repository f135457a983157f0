"""Fixed networks by whose features sets of images are compared; one module for each, loaded when a task needs it."""
