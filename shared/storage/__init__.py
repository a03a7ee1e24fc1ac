"""How tables, blobs and the queue are read and written; nothing here knows what is in them."""
