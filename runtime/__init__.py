"""Everything that needs a tensor: source, modules, data, training, inspection, export."""
