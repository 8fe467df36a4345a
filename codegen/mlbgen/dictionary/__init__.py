"""The data dictionary: tables, columns, views and responses, where values come from, and what refers to what."""
