"""Runtime: captures responses of the MLB Stats API, keeps them raw, and turns them into tables, safely."""
