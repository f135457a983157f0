"""Images, and the few measured numbers that are trained alike: their sets, networks and tasks."""
