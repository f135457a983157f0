"""Tables that people bring, read into surfaces, and surfaces written for other tools.

In layers, a file each: a format is read into a `RawTable` (`delimited`, `files`, `study`, `blackbox`), its columns are
read as numbers, labels and flags (`numbers`, `columns`), its rows become cells, seeds and curves (`cells`), and those
a surface (`importing`).
"""
