"""How good a network is on a split, by one look at each sample or by several."""
