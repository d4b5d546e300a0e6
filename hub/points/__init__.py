"""S3-S6: double-entry ledger, lots, tickets, grants, exchange. Knows account ids, no identities.

What enters an account, what leaves it and who bears a loss is decided here; who the resident is,
is not known here.
"""
