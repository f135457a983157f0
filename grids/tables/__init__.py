"""Import tables and stores of other programs as surfaces, and export surfaces for other programs.

A table enters once: a source (`sources`) is read as text and typed columns with their rows and lines (`delimited`,
`records`, `files`, `study`, `blackbox`, `stores`: all yield a `Frame`), its columns get their meaning (`meaning`,
`rows`, `axes`), its rows become cells, seeds and learning curves (`cells`, `values`), and these a surface
(`importing`). A reader of a store never touches meaning: it gives hints, which the user's options replace.
"""
