"""What a node makes of a picture: maps, live or computed behind the window."""
