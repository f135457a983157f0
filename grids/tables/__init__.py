"""Import tables of other programs as surfaces, and export surfaces for other programs.

The layers of an import, one module each: a file format is read into a `RawTable` (`delimited`, `files`, `study`,
`blackbox`), its columns become numbers, labels and flags (`numbers`, `columns`), its rows become cells, seeds and
learning curves (`cells`), and these become a surface (`importing`).
"""
