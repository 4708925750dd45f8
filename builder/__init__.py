"""Everything that is known about a network before a tensor flows; free of torch, and of Qt but for its two Qt halves."""
