"""What the rest of the runtime needs of a database: powers, not statements. `mlb_etl.api` chooses who has them."""
