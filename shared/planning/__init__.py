"""What becomes of everybody, decided and stored as a plan; nothing is committed here."""
