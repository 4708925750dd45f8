"""How the network is to be trained: settings and their form, what they do to pictures, searches for good ones."""
