"""Who films an order, and how a film becomes the files that were asked for."""
