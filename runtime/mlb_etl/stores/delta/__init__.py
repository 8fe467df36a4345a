"""The store on Delta Lake: tables, captures and control tables in a folder or a bucket, without a server."""
