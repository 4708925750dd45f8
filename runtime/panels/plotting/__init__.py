"""Lines and heat over a run or over sizes: columns of figures, plots of them, and what is asked of those."""
