"""People: the screens for the counter, and the front door of the command line."""
