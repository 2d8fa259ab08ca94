"""A request becomes takes. Import what you need from its module: nothing heavy is imported here."""
