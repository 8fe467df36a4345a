"""Follows games while they are on, and comes back for what is corrected afterwards."""
