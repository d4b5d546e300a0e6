"""Settlement: names, banks, days, files and results."""
