"""Follows games in progress, and polls finished ones again for corrections."""
