"""Exports: tables and views as files that other tools read, from one moment, and brought up to date by document."""
