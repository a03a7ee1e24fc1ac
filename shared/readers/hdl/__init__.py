"""Reader of Oracle's HCM Data Loader files: bytes in, a table of the wanted columns of each worker out."""
