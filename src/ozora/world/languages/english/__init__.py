"""English, the language with an engine of its own: its captions name every fact of a Shot in many ways."""
