"""Character models: texts, networks, the procedure that reads in order, and tasks."""
