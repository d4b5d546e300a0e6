"""S1: who somebody is: MyKey IDs, card keys, account ids and organisations' own numbers.

A database and a chronicle of its own; nothing here knows what anybody did with it.
"""
