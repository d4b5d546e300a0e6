"""Documents -> marks on paper."""
