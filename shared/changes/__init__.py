"""Workers to a plan: who is sent, in which order, in which pages."""
