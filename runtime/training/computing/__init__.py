"""How a network is computed: precision, memory order, threads, and what that takes of the machine."""
