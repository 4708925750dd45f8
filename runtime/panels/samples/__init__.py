"""The data: its samples, its classes and how to get it."""
