"""What makes a network learn: first weights, the gradient's way into them, and the course of the rate."""
