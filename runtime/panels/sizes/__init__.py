"""What the network costs at other input sizes."""
