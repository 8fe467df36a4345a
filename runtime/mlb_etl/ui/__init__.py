"""A local page that shows a database as it changes: what any project has. Other rooms add pages of their own."""
