"""The networks and their maths. Import what you need from its module: nothing heavy is imported here."""
