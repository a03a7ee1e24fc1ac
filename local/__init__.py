"""One machine in the place of Azure: storage, the functions host, Entra, and what drives them together."""
