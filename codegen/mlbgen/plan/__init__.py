"""What an edit of the mappings will change, before anything does: `mlbgen plan`."""
