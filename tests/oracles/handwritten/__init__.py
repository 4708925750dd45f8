"""The ready modules as an engineer writes them by hand in PyTorch, with the settings at which they are compared."""
