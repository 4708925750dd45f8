"""Searches before a run: for a learning rate and for a batch."""
