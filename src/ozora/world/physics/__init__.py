"""Solids that obey a physics engine: scenes are simulated once, and films play what was recorded."""
