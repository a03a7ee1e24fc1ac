"""What became of everybody: entries of Entra's provisioning log joined to the people they are about."""
