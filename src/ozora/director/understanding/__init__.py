"""Prompt understanding: free words → what a Shot would be, how surely, from which words. Local, and honest.

``understand`` reads a prompt with the words that the film set's captions are written from, in eight
languages, slips of the pen allowed for. No network, no model: what it knows is in ``ozora.world.languages``.
"""

from __future__ import annotations

from ozora.director.understanding.reading import Beat, Conflict, Reading, SubjectReading, Understood, Unknown
from ozora.director.understanding.understand import understand

__all__ = ["Beat", "Conflict", "Reading", "SubjectReading", "Understood", "Unknown", "understand"]
