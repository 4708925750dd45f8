"""The network as source."""
