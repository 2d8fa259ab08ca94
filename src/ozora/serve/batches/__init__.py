"""Batches: reading a file of creates, keeping its films going, writing what became of them."""
