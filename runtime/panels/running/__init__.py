"""The run that goes on: starting and stopping it, following it, and the queue behind it."""
