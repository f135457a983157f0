"""Networks whose features tell sets of images apart; one file for each, loaded only where a task needs it."""
