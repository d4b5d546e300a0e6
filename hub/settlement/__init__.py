"""Paying shops and billing companies: names, banks, days and the bank's files.

What stands here decides and never acts: no clock, no database, no network. Whoever closes
a window brings the facts (payees, amounts, dates) and takes bytes or findings away.

    kana      what a name looks like in a bank file       banks     banks, branches, accounts
    calendar  when the banks are open, when we pay        zengin    the 総合振込 file, both ways
    validate  what is wrong with such a file, by name     result    what the bank says became of it
"""
