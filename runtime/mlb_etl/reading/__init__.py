"""What Python callers read: tables and views of a database, and the rows of a response, in the form that they want."""
