"""Recorded runs: their list, several side by side, and what is done with one."""
