"""The company's directory as one readable file: shown, checked, compared, applied (E3, X12).

The file is TOML. Each kind of entry is a list of tables and one class in ``kinds``; reading,
checking, showing, applying and the JSON Schema work over the list of these classes. What a file
does not name stays as it is, and ``active = false`` switches an entry off. Nothing is applied
unless all of it can be.
"""
