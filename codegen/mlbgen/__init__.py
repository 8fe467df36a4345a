"""Code generator: one YAML mapping for each API method becomes models, DDL and extractors."""
