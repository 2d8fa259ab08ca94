"""The contract: how requests are read and how objects, lists and errors look on the wire."""
