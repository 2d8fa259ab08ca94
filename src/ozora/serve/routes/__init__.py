"""Operations, each a few lines between the wire and the store."""
