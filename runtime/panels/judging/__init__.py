"""How good a network is, seen in the samples: confusions, figures of each class, mistakes."""
