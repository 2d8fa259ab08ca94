"""The film set: a Shot becomes frames, depth, subject ids, a camera path and captions."""
