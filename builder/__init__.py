"""Everything that is known about a network before a tensor flows: no torch, and Qt only in widgets and editor."""
