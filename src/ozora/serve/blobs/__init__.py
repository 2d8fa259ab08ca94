"""Files that belong to records, asked for by name: films, thumbnails, what a job was given."""
