"""Settings, the loop, checkpoints, runs and their recorded events."""
