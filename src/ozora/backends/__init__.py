"""Who renders a take. Import what you need from its module: nothing heavy is imported here."""
