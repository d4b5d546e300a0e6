"""Documents -> marks on paper.

The way of a document: :mod:`printer.documents` says what to tell, :mod:`printer.words` in which
words, :mod:`printer.compose` in which order, :mod:`printer.layout` in which lines and sizes,
:mod:`printer.raster` with which dots, :mod:`printer.escpos` in which bytes;
:mod:`printer.device` brings them to a printer, and :mod:`printer.spool` remembers what came of it.
Only the last two meet the outside.
"""
