"""Steps of the ledger: points, intake, settlement, chronicle."""
